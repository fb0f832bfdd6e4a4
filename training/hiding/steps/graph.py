"""A step as one captured CUDA graph: a launch a step in place of one an operator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from riis_physical.channel.packing import float_fields
from riis_physical.channel.plan import CapturePlan
from riis_physical.errors import TrainingError
from training.hiding.material.batches import Batch
from training.hiding.steps.step import StepNoise

WARM_UP = 3  # passes before the capture, in which libraries choose their ways

Work = Callable[[Batch, Tensor, StepNoise], Any]


class GraphedStep:
    """Work on batches of one size, captured at the first and replayed for all after it.

    The work reads nothing back and leaves what it gives, gradients included, in the same
    memory each time.
    """

    def __init__(self, work: Work, clear: Callable[[], None]) -> None:
        """A step that is captured when it is first called.

        Args:
            work: what is done with a batch, a weight and noise.
            clear: lets go of gradients, so that the capture makes its own.
        """
        if not torch.cuda.is_available():
            raise TrainingError("graph=true needs a CUDA device: leave it away")
        self.work, self.clear = work, clear
        self.graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, batch: Batch, weight: Tensor, noise: StepNoise) -> Any:
        """The work's result, valid until the next call."""
        if self.graph is None:
            self._capture(batch, weight, noise)
        assert self.graph is not None
        for mine, new in zip(self.inputs, _tensors(batch, weight, noise), strict=True):
            mine.copy_(new, non_blocking=True)
        self.graph.replay()
        return self.result

    def _capture(self, batch: Batch, weight: Tensor, noise: StepNoise) -> None:
        assert isinstance(batch.plan, CapturePlan)  # as the configuration checks
        pack = batch.pack.clone()
        still = replace(
            batch,
            host=batch.host.clone(),
            secret=batch.secret.clone(),
            held=batch.held.clone(),
            pack=pack,
            plan=batch.plan.unpacked(pack),
        )
        still_weight = weight.clone()
        drawn = {name: one.clone() for name, one in float_fields(noise).items()}
        still_noise = replace(noise, **drawn)  # type: ignore[arg-type]
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                self.clear()
                self.work(still, still_weight, still_noise)
        torch.cuda.current_stream().wait_stream(stream)
        self.clear()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.result = self.work(still, still_weight, still_noise)
        self.inputs = _tensors(still, still_weight, still_noise)


def _tensors(batch: Batch, weight: Tensor, noise: StepNoise) -> list[Tensor]:
    """Everything that differs from step to step, the plan as its pack."""
    return [
        batch.host,
        batch.secret,
        batch.held,
        batch.pack,
        weight,
        *float_fields(noise).values(),
    ]
