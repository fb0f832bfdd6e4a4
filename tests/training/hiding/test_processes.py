"""Several processes and accumulated batches train what one process with one batch trains."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import torch
from places import ROOT

from riis_physical.distortion.level import Level
from riis_physical.distortion.simulated import Amounts
from training.baselines import make_network
from training.hiding.config import load_config
from training.hiding.loop import main
from training.hiding.material.batches import Batch
from training.hiding.running.checkpoint import load_checkpoint
from training.hiding.steps.step import TrainingStep, draw_noise

SMALL = [
    "model.blocks=1",
    "model.growth=4",
    "model.dense_layers=2",
    "model.cem_features=4",
    "model.cem_layers=2",
    "model.canp_blocks=1",
    "model.canp_features=4",
    "batch=2",
    "patch_px=16",
    "steps=3",
    "decouple_at=2",
    "warmup=1",
    "photos=6",
]
_LAUNCH = """
import json, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from training.hiding.loop import main
main("paper-cpu", Path(sys.argv[1]), Path(sys.argv[2]), overrides=json.loads(sys.argv[3]), cpu=True)
"""


def launch(photos: Path, out: Path, rank: int, port: int) -> subprocess.Popen[str]:
    """One of two processes that talk by gloo, as `accelerate launch --cpu` starts them."""
    environment = os.environ | {
        "ACCELERATE_USE_CPU": "true",
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "GLOO_SOCKET_IFNAME": "lo",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
    }
    arguments = [sys.executable, "-c", _LAUNCH, str(photos), str(out), json.dumps(SMALL)]
    return subprocess.Popen(
        arguments, env=environment, cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def test_two_processes_reach_the_parameters_of_one_with_the_doubled_batch(
    photos_folder: Path, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    both = [launch(photos_folder, tmp_path / "two", rank, port) for rank in range(2)]
    told = [process.communicate(timeout=240)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], "\n".join(told)
    main("paper-cpu", photos_folder, tmp_path / "one", overrides=[*SMALL, "accumulate=2"], cpu=True)
    main("paper-cpu", photos_folder, tmp_path / "half", overrides=SMALL, cpu=True)
    two, one, half = (
        load_checkpoint(tmp_path / name / "checkpoint.pt") for name in ("two", "one", "half")
    )
    assert two["step"] == one["step"] == 3 and two["decoupled"]
    assert two["network"].keys() == one["network"].keys()
    for key, value in one["network"].items():
        torch.testing.assert_close(two["network"][key], value, atol=2e-5, rtol=1e-4)
    key = "forward_way.flow.norm.bias"
    apart = (half["network"][key] - one["network"][key]).abs().max()
    assert apart > 1e-4  # half the batch ends elsewhere, so the above compares something


def test_accumulated_batches_have_the_gradient_of_the_whole() -> None:
    config = load_config(
        "paper-cpu", [*SMALL, "method=isn", "decouple_at=9", 'distortions=["none"]']
    )
    torch.manual_seed(0)
    step = TrainingStep(make_network("isn", config.model), config).train()
    host, secret = torch.rand(4, 3, 16, 16), torch.rand(4, 3, 16, 16)
    last = [p for p in step.parameters() if p.requires_grad]

    def gradient(rows: slice) -> torch.Tensor:
        step.zero_grad()
        pictures = host[rows], secret[rows]
        amounts = Amounts.of([Level()] * len(host[rows]))
        batch = Batch(*pictures, amounts.pack(), amounts, torch.ones(len(host[rows])), 0)
        shape = tuple(host[rows].shape)
        noise = draw_noise(shape, shape[-2:], config.model, torch.Generator())
        step(batch, torch.tensor(16.0), noise).loss.backward()
        return torch.cat([p.grad.flatten() for p in last if p.grad is not None])

    whole = gradient(slice(0, 4))
    parts = (gradient(slice(0, 2)) + gradient(slice(2, 4))) / 2
    assert whole.abs().max() > 1e-4
    torch.testing.assert_close(parts, whole, atol=1e-6, rtol=1e-4)
