"""The loop of the detector's training: stopped and resumed it gives the same weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor

import training.detector.loop as loop
from capture.find.learned.networks.blocks import ScaledNetwork, convolution
from riis_physical.errors import TrainingError
from training.detector.export import export
from training.detector.loop import Settings, Task, run


class Tiny(ScaledNetwork):
    def __init__(self) -> None:
        super().__init__((4, 4, 4, 4))
        self.body = convolution(3, 4, 3)

    def forward(self, images: Tensor) -> Tensor:
        return torch.as_tensor(self.body(images).mean((1, 2, 3)))


@dataclass(frozen=True)
class Pictures:
    images: Tensor


def _task() -> Task[Tiny, Pictures]:
    def draw(step: int) -> Pictures:
        return Pictures(torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(step)))

    return Task(
        build=Tiny,
        draw=draw,
        losses=lambda answer, batch: {"off": (answer.float() - 1).square().mean()},
        weights={"off": 3.0},
        check=lambda network: {"parameters": sum(p.numel() for p in network.parameters())},
        about={"scenes": 7},
    )


def test_a_stopped_run_goes_on_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "CHECK_EVERY", 2)
    settings = Settings(steps=4, batch=2)
    whole = run(tmp_path / "whole", settings, _task()).state_dict()

    calls = 0

    def failing(step: int) -> Pictures:
        nonlocal calls
        calls += 1
        if step == 3:
            raise KeyboardInterrupt
        return _task().draw(step)

    stopped = Task(**{**_task().__dict__, "draw": failing})
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parts", settings, stopped)
    assert calls >= 4
    again = run(tmp_path / "parts", settings, _task(), resume=True).state_dict()
    for name, value in whole.items():
        assert torch.equal(value, again[name]), name
    with pytest.raises(TrainingError, match="exists: resume"):
        run(tmp_path / "parts", settings, _task())


def test_a_run_is_exported_with_what_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "CHECK_EVERY", 2)
    run(tmp_path / "run", Settings(steps=2, batch=2), _task())
    record = export(_task(), tmp_path / "run", tmp_path / "run.safetensors")
    assert record["training"]["steps"] == 2 and record["training"]["scenes"] == 7
    assert record["config"]["widths"] == [4, 4, 4, 4]
    assert (tmp_path / "run.safetensors").stat().st_size < 3000
    with pytest.raises(TrainingError, match="no checkpoint"):
        export(_task(), tmp_path / "none", tmp_path / "none.safetensors")
