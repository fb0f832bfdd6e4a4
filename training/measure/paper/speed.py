"""Time and memory of the paper's model, hiding, revealing and learning, beside HiNet's depth.

Every case runs in a process of its own, one after the other, at the depths of the papers: RIIS as
the preset `paper`, HiNet with 16 blocks. Untrained weights cost what trained ones do.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from riis_physical.errors import RiisError
from training.measure.common.environment import describe_environment
from training.measure.common.output import write_result

KIND = "paper-speed"
CASES = (
    ("riis", "float32"),
    ("riis", "bfloat16"),
    ("hinet", "float32"),
    ("hinet", "bfloat16"),
)
"""Method and precision."""
HINET_BLOCKS = 16


def measure_speed(
    output: Path, *, side: int = 128, repeat: int = 5, device: str = "cpu", force: bool = False
) -> dict[str, Any]:
    """Measure every case and write `output`.

    Args:
        side: of the pictures in pixels. repeat: of each part, after one to warm up.

    Raises:
        RiisError: a case failed.
    """
    environment = describe_environment()
    rows = [_case(method, kind, side, repeat, device) for method, kind in CASES]
    figures = {
        "side_px": side,
        "repeat": repeat,
        "device": device,
        "environment": environment,
        "rows": rows,
    }
    return write_result(output, KIND, figures, force=force)


def _case(method: str, precision: str, side: int, repeat: int, device: str) -> dict[str, Any]:
    code = "import sys; from training.measure.paper.speed import one_case; one_case(*sys.argv[1:])"
    arguments = [method, precision, str(side), str(repeat), device]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    told = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or not told:
        raise RiisError(f"timing {method}, {precision} ended with status {process.returncode}")
    found: dict[str, Any] = json.loads(told.splitlines()[-1])
    memory = found.pop("device_mb") or used.ru_maxrss * 1024 / 1e6
    return {
        "method": method,
        "precision": precision,
        **found,
        "memory_mb": round(memory),
    }


def one_case(method: str, precision: str, side: str, repeat: str, device: str) -> None:
    """Time one case in this process and print it as JSON; the command line of `_case`."""
    import torch

    from riis_physical.model.config import PAPER
    from training.baselines import make_network

    blocks = HINET_BLOCKS if method == "hinet" else PAPER.blocks
    network = make_network(method, PAPER.model_copy(update={"blocks": blocks})).to(device)
    pixels = int(side)
    host, secret = (torch.rand(1, 3, pixels, pixels, device=device) for _ in range(2))
    condition = torch.zeros(1, 4, device=device)
    network.train()
    with torch.no_grad():
        z = torch.randn_like(network.hide(host, secret).z)  # sets the actnorm layers as well
    network.eval()
    autocast = torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16")

    def timed(part: Callable[[], Any]) -> tuple[float, float]:
        walls, works = [], []
        for index in range(int(repeat) + 1):
            wall, work = time.perf_counter(), time.process_time()
            part()
            if device == "cuda":
                torch.cuda.synchronize()
            if index:
                walls.append(time.perf_counter() - wall)
                works.append(time.process_time() - work)
        return statistics.median(walls), statistics.median(works)

    def learn() -> None:
        hidden = network.hide(host, secret)
        revealed = network.reveal_from(hidden.container, condition, z)
        (revealed.picture - secret).pow(2).mean().backward()

    found: dict[str, Any] = {"parameters": sum(p.numel() for p in network.parameters())}
    with torch.no_grad(), autocast:
        parts = {
            "hide": timed(lambda: network.hide(host, secret)),
            "reveal": timed(lambda: network.reveal_from(host, condition, z)),
        }
    # The most memory so far is that of hiding and revealing; learning takes more.
    found["hide_reveal_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)
    if device == "cuda":
        found["hide_reveal_mb"] = round(torch.cuda.max_memory_allocated() / 1e6)
    network.train()
    with autocast:
        parts["learn"] = timed(learn)
    for name, (wall, work) in parts.items():
        found[f"{name}_s"], found[f"{name}_cpu_s"] = round(wall, 4), round(work, 4)
        found[f"{name}_per_s"] = round(1 / wall, 3)
    found["device_mb"] = torch.cuda.max_memory_allocated() / 1e6 if device == "cuda" else None
    print(json.dumps(found))


def lines(result: dict[str, Any]) -> Iterator[str]:
    """A result for people."""
    for row in result["rows"]:
        yield (
            f"{row['method']}, {row['precision']}: "
            f"hides {row['hide_per_s']:.2f} and reveals {row['reveal_per_s']:.2f} pictures a "
            f"second, learns from {row['learn_per_s']:.2f}, {row['hide_reveal_mb']} MB, learning "
            f"{row['memory_mb']} MB"
        )
