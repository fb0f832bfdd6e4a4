"""Schedules over steps and over minutes, and what the steering holds."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from tests.training.hiding.test_training import TINY
from training.hiding.config import load_config
from training.hiding.loop import main
from training.hiding.running.checkpoint import load_checkpoint
from training.hiding.steps import schedule
from training.hiding.steps.schedule import Clock, ContainerSteering, learning_rate


class Time:
    """A time that tests set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(schedule.time, "monotonic", lambda: self.now)


def test_a_run_of_minutes_goes_through_the_same_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    time = Time(monkeypatch)
    config = load_config("print", ["steps=1000", "minutes=10", "decay_from=0.5"])
    clock = Clock(config)
    assert clock.place(step=77) == 0 and not clock.over(step=10**6)
    for share in (0.25, 0.5, 0.75):
        time.now = 1000.0 + 600 * share
        clock.read()
        assert clock.place(step=3) == pytest.approx(1000 * share)
    assert learning_rate(config, clock.place(3)) < 0.6 * config.learning_rate
    by_steps = Clock(load_config("print", ["steps=1000"]))
    assert by_steps.place(250) == 250 and by_steps.over(1000) and not by_steps.over(999)


def test_a_run_of_minutes_ends_before_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    time = Time(monkeypatch)
    clock = Clock(load_config("print", ["minutes=1"]))
    readings = 0
    while not clock.over(step=0, reserve=5.0):  # an evaluation takes 5 s, a reading comes each 7 s
        time.now += 7.0
        clock.read()
        readings += 1
    assert readings == 7 and clock.seconds + 5.0 <= 60


def test_a_resumed_clock_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    time = Time(monkeypatch)
    config = load_config("print", ["steps=1000", "minutes=10"])
    clock = Clock(config, seconds=300.0)
    assert clock.place(0) == 500
    time.now += 60
    assert clock.read() == pytest.approx(360)
    assert clock.place(0) == pytest.approx(600)


def test_a_timed_run_is_finished_and_resumes_its_own_schedule(
    photos_folder: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    overrides = [*TINY, "steps=40", "minutes=2", "evaluate_every=1000"]
    run = main("print", photos_folder, tmp_path / "run", overrides=overrides, cpu=True,
               stop_after=2)  # fmt: skip
    state = load_checkpoint(run / "checkpoint.pt")
    assert state["step"] == 2 and state["config"]["minutes"] == 2
    # Two minutes later: what is left of the schedule is its end.
    state["seconds"] = 119.9
    torch.save(state, run / "checkpoint.pt")
    main("print", photos_folder, run, resume=True, overrides=TINY, cpu=True)
    again = load_checkpoint(run / "checkpoint.pt")
    assert again["config"]["minutes"] == 2 and again["seconds"] >= 119.9
    assert '"validation"' in (run / "metrics.jsonl").read_text().splitlines()[-1]


def test_steering_holds_accuracy_too() -> None:
    config = load_config("print", ["hold=accuracy", "accuracy_final=0.96", "secret_first=0"])
    steering = ContainerSteering(config)
    before = float(steering.weight)
    psnr = torch.tensor(99.0)
    steering.update(500, psnr, torch.tensor(0.98))
    assert float(steering.weight) == pytest.approx(before * math.exp(0.004 * 2), rel=1e-4)
    steering.update(500, psnr, torch.tensor(math.nan))  # a batch without the preset looked at
    assert float(steering.weight) == pytest.approx(before * math.exp(0.004 * 2), rel=1e-4)
    for _ in range(3):
        steering.update(500, psnr, torch.tensor(0.90))
    assert float(steering.weight) < before


def test_steering_may_go_as_low_as_configured() -> None:
    config = load_config("print", ["least_weight=0.5", "secret_first=9", "control_rate=0.1"])
    steering = ContainerSteering(config, weight=2.5)
    assert float(steering.at(3)) == 0.5  # while the secret is learnt first
    steering.update(5000, torch.tensor(99.0))  # far less to see than asked
    assert float(steering.weight) == pytest.approx(2.5 * math.exp(-0.6), rel=1e-4)
    for _ in range(40):
        steering.update(5000, torch.tensor(99.0))
    assert float(steering.weight) == 0.5
