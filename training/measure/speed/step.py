"""`riis-physical measure step`: the operators that a training step calls, and how long it takes.

Operators are what Python starts; on a GPU each is a launch, and a value read back or a constant
sent makes it wait. Counted is one whole step: batch to the device, noise, forward, backward,
optimiser, average; the drawing of a batch, which workers do ahead, by itself.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from training.hiding.config import load_config
from training.hiding.material.batches import Packet
from training.hiding.material.data import list_photos, load_photos, spread
from training.hiding.running.begin import open_run
from training.hiding.running.fit import Fit
from training.hiding.steps.operators import counted
from training.measure.common.environment import describe_environment
from training.measure.common.output import write_result

KIND = "step"
PHOTOS = 12
WARM_UP = 3
"""Steps in which constants are made, some with the first picture of their distortion."""

Json = dict[str, Any]


def measure_step(
    images: Path,
    output: Path,
    *,
    config: str = "print",
    overrides: tuple[str, ...] = (),
    init: str | None = None,
    repeat: int = 5,
    cpu: bool = False,
    force: bool = False,
) -> Json:
    """Count one step, time `repeat` more, and write `output`.

    Args:
        images: folder of photographs; the first few are used.
        config, overrides, init: as of training. cpu: even where there is an accelerator.
    """
    chosen = load_config(config, [*overrides, "secret_first=0"])
    accelerator = Accelerator(cpu=cpu, mixed_precision="bf16" if chosen.bf16 else "no")
    photos = load_photos(spread(list_photos(images), PHOTOS), 128)
    with tempfile.TemporaryDirectory() as folder:
        run, began = open_run(chosen, Path(folder), False, accelerator, init)
        fit = Fit(run, photos, photos, Path(folder), accelerator)
        fit.begin(workers=0, fresh=began is None)
        fit.bar.close()
        for _ in range(WARM_UP):
            fit.step()
        ahead: list[Packet] = []
        drawing = counted(
            lambda: ahead.extend(islice(fit.packets, chosen.accumulate * (repeat + 1)))
        )
        fit.packets = iter(ahead)
        calls = None if chosen.graph else counted(fit.step)
        seconds = [_timed(fit) for _ in range(repeat)]
    figures: Json = {
        "config": config,
        "overrides": list(overrides),
        "batch": chosen.batch,
        "graph": chosen.graph,
        "device": str(accelerator.device),
        "repeat": repeat,
        "seconds": round(statistics.median(seconds), 4),
        "environment": describe_environment(),
    }
    if calls is not None:
        figures |= {
            "operators": calls.total,
            "reads": calls.reads.total(),
            "uploads": calls.uploads.total(),
            "operators_of_drawing": drawing.total // (repeat + 1),
            "most_called": dict(calls.calls.most_common(20)),
        }
    return write_result(output, KIND, figures, force=force)


def _timed(fit: Fit) -> float:
    """Seconds of one step; the device has done it when the time is taken."""
    began = time.perf_counter()
    fit.step()
    if fit.accelerator.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def lines(result: Json) -> Iterator[str]:
    """A result for people."""
    if "operators" in result:
        yield (
            f"{result['operators']} operators a step, {result['reads']} values read back, "
            f"{result['uploads']} sent; {result['operators_of_drawing']} more draw the batch ahead"
        )
    yield f"{result['seconds']:.3f} s a step of {result['batch']} on {result['device']}"
