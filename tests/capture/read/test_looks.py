"""Several looks at a place average what chance added to each, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from capture.clock import Clock
from capture.geometry.rectify import Region
from capture.read.place.finding import Finding
from capture.read.place.probe import Hypothesis
from capture.read.place.reveal import Place, Viewer
from capture.read.rescue.harder import read_harder
from capture.read.rescue.looks import averaged
from riis_physical.artifacts import Condition, RevealedGrid
from riis_physical.qr.code.encode import encode
from tests.capture.read.test_align import CLEAN, CORNERS, WaveRevealer, capture

MESSAGE = "https://example.org/steady"
CODE = encode(MESSAGE)


class UnsteadyRevealer(WaveRevealer):
    """Adds noise to each look, by the number of the look."""

    def __init__(self, noise: float) -> None:
        super().__init__()
        self.noise, self.looks = noise, 0

    def estimate(self, *_: object) -> Condition:
        return CLEAN

    def reveal(self, frames, conditions) -> RevealedGrid:  # type: ignore[no-untyped-def, override]
        grid = super().reveal(frames, conditions)
        self.looks += len(frames)
        rng = np.random.default_rng(self.looks)
        scale = float(np.abs(grid.logits).mean())

        def noisy(values: NDArray[np.float32]) -> NDArray[np.float32]:
            return values + rng.normal(0, self.noise, values.shape).astype(np.float32)

        return replace(grid, logits=noisy(grid.logits / scale), picture=noisy(grid.picture / scale))


def finding(noise: float) -> tuple[Viewer, Region, Finding]:
    """A look at the true corners that chance made too poor to read."""
    revealer = UnsteadyRevealer(noise)
    photo, version = capture(MESSAGE, revealer)
    viewer = Viewer(photo, 95.0, Clock.bare())
    region = Region.cut(photo, CORNERS)
    found = viewer.reveal(revealer, [Place(region, "given")], Hypothesis(0, 0, version))
    assert found is not None
    return viewer, region, found


def test_the_mean_of_several_looks_reads_where_one_does_not() -> None:
    viewer, region, found = finding(1.3)
    assert found.reading is None
    steady = averaged(viewer, region, found)
    assert steady.reading is not None and steady.reading.payload == MESSAGE.encode()
    assert steady.presence > found.presence
    right = [np.mean((one.logits > 0) == CODE.modules) for one in (found, steady)]
    assert right[1] > right[0] + 0.1


def test_a_code_that_anyone_can_see_is_not_tried_on(monkeypatch: pytest.MonkeyPatch) -> None:
    viewer, region, found = finding(1.3)
    monkeypatch.setattr(Viewer, "guard", lambda self, _: None)
    assert read_harder(viewer, [Place(region, "given")], found) is None
    assert not any(step.endswith(": patterns") for step in viewer.budget.spent)
    assert viewer.budget.step.endswith(": looks")


def test_corners_moved_by_so_little_lose_nothing() -> None:
    viewer, region, found = finding(0.0)
    again = averaged(viewer, region, found)
    assert again.reading is not None
    assert np.mean((again.logits > 0) == CODE.modules) == 1
