"""Refining: less to see at the same reading, and never worse than it began."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from skimage import data

from riis_physical.hiding import Aim, Refinement, hide
from riis_physical.hiding import refine as refining
from riis_physical.hiding.plan import steadied
from riis_physical.hiding.refine import refine
from riis_physical.hiding.strength.draws import Scene
from riis_physical.hiding.strength.least import described
from riis_physical.model.revealer import Revealer
from riis_physical.qr.code.encode import encode

AIM = Aim(draws=8)
MESSAGE = "room12"


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    # With 8 the least likely draw decides, and that hangs on the rounding of sums.
    monkeypatch.setattr(refining, "_FRESH_DRAWS", 12)
    monkeypatch.setattr(refining, "_CHECK_DRAWS", 8)


@pytest.fixture(scope="module")
def revealer() -> Revealer:
    return Revealer.load()


@pytest.fixture(scope="module")
def scene(revealer: Revealer) -> Scene:
    return Scene(data.coffee(), encode(MESSAGE), revealer)


@pytest.fixture(scope="module")
def residual(scene: Scene, revealer: Revealer) -> np.ndarray:
    return steadied(revealer.embed(scene.frame, scene.code.modules))


def test_it_shows_less_and_reads_as_well(scene: Scene, residual: np.ndarray) -> None:
    told: list[float] = []
    choice = described(scene, residual, 0.7, AIM)
    done = refine(scene, residual, choice, AIM, seconds=600, steps=8, tell=told.append)
    assert done.steps == 8
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert done.kept
    assert done.after.seen_db > done.before.seen_db + 0.1
    assert done.after.predicted >= done.before.predicted - 0.005
    assert not np.allclose(done.residual, residual)
    parameters = list(scene.revealer.network.parameters())
    assert all(p.requires_grad and p.grad is None for p in parameters)


def test_what_is_no_better_is_not_kept(
    scene: Scene, residual: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(loop: refining._Loop, share: float) -> None:
        loop.steps += 1
        loop.best_residual = loop.best_residual * np.float32(0.02)

    monkeypatch.setattr(refining._Loop, "step", spoil)
    choice = described(scene, residual, 0.7, AIM)
    done = refine(scene, residual, choice, AIM, seconds=600, steps=1)
    assert not done.kept
    assert done.choice == choice
    assert done.residual is residual


def test_stopping_keeps_the_best_so_far(
    scene: Scene, residual: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = refining._Loop.step

    def stopped(loop: refining._Loop, share: float) -> None:
        if loop.steps == 1:
            raise KeyboardInterrupt
        step(loop, share)

    monkeypatch.setattr(refining._Loop, "step", stopped)
    choice = described(scene, residual, 0.7, AIM)
    done = refine(scene, residual, choice, AIM, seconds=600)
    assert done.steps == 1
    assert done.after.predicted >= 0  # measured all the same


def test_hide_refines_at_a_given_strength(revealer: Revealer) -> None:
    refinement = Refinement(seconds=600, steps=1, aim=AIM)
    result = hide(
        data.coffee(), MESSAGE, revealer=revealer, strength=0.8, refine=refinement,
        file_quality=90,
    )  # fmt: skip
    assert result.refined is not None
    assert result.refined.steps == 1
    assert result.choice is not None
    assert result.strength == result.choice.strength
    if not result.refined.kept:
        assert result.strength == 0.8


def test_the_files_compression_is_in_the_loop(revealer: Revealer) -> None:
    scene = Scene(data.coffee(), encode(MESSAGE), revealer, file_quality=40)
    plain = Scene(data.coffee(), encode(MESSAGE), revealer)
    still = plain.tensor(np.zeros_like(plain.frame))
    assert float((scene.container(still) - plain.container(still)).abs().mean()) > 0.005
    assert replace(AIM, seed=1).params(plain).batch == AIM.draws
