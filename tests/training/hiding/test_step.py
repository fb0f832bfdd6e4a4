"""A training step asks the host for nothing, and gives the same run for the same seed."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator

from riis_physical.channel.packing import float_fields
from riis_physical.channel.plan import CapturePlan
from riis_physical.errors import ConfigError, TrainingError
from riis_physical.model.network import HidingNetwork
from tests.training.hiding.test_training import TINY, weights_of
from tests.training.hiding.test_training_pictures import SMALL_PAPER
from training.hiding.config import load_config
from training.hiding.loop import main
from training.hiding.material.batches import Batch, Draws, Packet, Request, Unpacking, draw_params
from training.hiding.material.data import Photos, list_photos, load_photos
from training.hiding.running.begin import open_run
from training.hiding.running.fit import Fit
from training.hiding.steps.graph import GraphedStep
from training.hiding.steps.operators import OperatorCalls, counted
from training.hiding.steps.step import StepNoise, TrainingStep, draw_noise

MOST_CALLS = 4_200
"""Of a step of `print`: fewer than half of the 9,467 that it took while it asked the host."""
ALL_KINDS = ["distortions=[none,poisson,sigma=10..50,jpeg=40..95]", "batch=8", "untold=0.3",
             "estimated=0.3"]  # fmt: skip
OBJECTIVE = ["presets={normal: 3, hard: 1}", "hold=accuracy", "mask_power=1.3", "peaks=0.25",
             "contrast=0.5", "tails=2"]  # fmt: skip


@pytest.fixture(scope="module")
def photos(photos_folder: Path) -> Photos:  # noqa: F811
    return load_photos(list_photos(photos_folder), 64)


def fit_of(photos: Photos, out: Path, name: str, extra: list[str]) -> Fit:
    config = load_config(name, ["secret_first=0", *extra])
    accelerator = Accelerator(cpu=True)
    run, _ = open_run(config, out, False, accelerator, None)
    out.mkdir()
    fit = Fit(run, photos, photos, out, accelerator)
    fit.begin(workers=0, fresh=True)
    return fit


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        ("print", [*TINY, *OBJECTIVE]),
        ("paper", [*SMALL_PAPER, *ALL_KINDS]),
        ("colour", [*SMALL_PAPER, *ALL_KINDS]),
        (
            "paper",
            [*SMALL_PAPER, *ALL_KINDS, "method=hinet", "lambda_low=1", "steps=6", "decouple_at=9"],
        ),
    ],
)
def test_a_step_reads_nothing_back_and_sends_no_constant(
    photos: Photos, tmp_path: Path, name: str, extra: list[str]
) -> None:
    fit = fit_of(photos, tmp_path / "run", name, extra)
    ahead = islice(fit.packets, 3)
    *before, packet = sorted(ahead, key=lambda packet: packet.shot > 0 and packet.coded > 0)
    fit.packets = iter([*before, packet, packet])
    for _ in range(3):
        fit.step()  # what is made once is made here
    assert name == "print" or (packet.shot and packet.coded)
    calls = counted(fit.step)
    assert not calls.reads and not calls.uploads
    assert calls.total > 500  # it was the step that was counted


def test_the_count_sees_what_a_device_would_wait_for() -> None:
    values = torch.rand(4)

    def waits() -> None:
        bool(values.any())
        values[values > 0.5]
        torch.tensor([1.0, 2.0])
        torch.linalg.inv(torch.eye(2))

    calls = counted(waits)
    assert {"_local_scalar_dense", "index", "_linalg_check_errors"} <= set(calls.reads)
    assert calls.uploads["lift_fresh"] == 1


def meta_step() -> tuple[TrainingStep, Batch, StepNoise]:
    """A whole-size step of tensors without values: one that is asked for raises."""
    config = load_config("print", [*OBJECTIVE, "batch=2"])
    network = HidingNetwork(config.model)
    network.decouple()
    for name, buffer in network.named_buffers():
        if name.endswith("initialised"):
            buffer.fill_(True)
    network.load_state_dict(network.state_dict())
    like = Unpacking(config, torch.device("meta"))
    params, _ = draw_params(config, 20, 2, 1.0, 1)
    assert like.like is not None and params.batch == 2
    packet = Packet(
        torch.zeros(2, 3, 200, 200, dtype=torch.uint8),
        torch.ones(2, 1, 20, 20, dtype=torch.int8),
        like.like.pack().repeat(2, 1),
        torch.ones(2),
        0,
    )
    batch = like(packet)
    assert isinstance(batch.plan, CapturePlan)
    sizes = (2, 3, *batch.plan.canvas), batch.plan.frame_size
    noise = draw_noise(*sizes, config.model, torch.Generator())
    noise = replace(noise, **{name: one.to("meta") for name, one in float_fields(noise).items()})
    return TrainingStep(network, config).to("meta").train(), batch, noise


def test_a_step_needs_no_value_and_half_the_calls() -> None:
    step, batch, noise = meta_step()
    weight = torch.ones((), device="meta")
    step(batch, weight, noise)  # constants are sent once

    def work() -> None:
        step(batch, weight, noise).loss.backward()

    with OperatorCalls() as calls:
        work()
    assert not calls.reads and not calls.uploads
    assert calls.total < MOST_CALLS


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device could capture it")
def test_a_graph_without_a_device_is_refused() -> None:
    with pytest.raises(TrainingError, match="needs a CUDA device"):
        GraphedStep(lambda *_: None, lambda: None)
    with pytest.raises(ConfigError, match="one batch through the physical channel"):
        load_config("print", ["graph=true", "accumulate=2"])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_captured_step_does_what_the_step_does(photos: Photos, tmp_path: Path) -> None:
    weights = []
    for graph in ("false", "true"):
        config = load_config("print", [*TINY, *OBJECTIVE, "secret_first=0", f"graph={graph}"])
        run, _ = open_run(config, tmp_path, False, Accelerator(), None)
        fit = Fit(run, photos, photos, tmp_path, Accelerator())
        fit.begin(workers=0, fresh=True)
        for _ in range(3):
            fit.step()
        weights.append(torch.cat([p.detach().flatten() for p in run.network.parameters()]))
    torch.testing.assert_close(weights[0], weights[1], atol=1e-4, rtol=1e-3)


def test_the_same_seed_gives_the_same_run_with_and_without_workers(
    photos_folder: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    overrides = [*TINY, *OBJECTIVE, "steps=3"]
    one = main("print", photos_folder, tmp_path / "one", overrides=overrides, cpu=True)
    two = main("print", photos_folder, tmp_path / "two", overrides=overrides, cpu=True, workers=1)
    other = main(
        "print", photos_folder, tmp_path / "other", overrides=[*overrides, "seed=1"], cpu=True
    )
    first, second, third = weights_of(one), weights_of(two), weights_of(other)
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert any(not torch.equal(first[key], third[key]) for key in first)


def test_a_batch_holds_presets_by_their_shares_and_says_which_are_held(photos: Photos) -> None:
    config = load_config("print", [*TINY, "presets={normal: 3, hard: 1}", "batch=200"])
    params, held = draw_params(config, 8, 200, 1.0, seed=5)
    assert 0.65 < float(held.mean()) < 0.85
    covered = params.occlusion > 1e-4  # only `hard` covers anything
    assert bool(covered.any()) and not bool((covered & (held > 0)).any())
    packet = Draws(load_config("print", TINY), photos, 0)[Request(3, 0, 0, 1.0)]
    assert packet.host.dtype == torch.uint8 and packet.secret.unique().tolist() == [-1, 1]
