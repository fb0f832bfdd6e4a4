"""A finetune starts from a model's weights, and leaves the hiding side as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from riis_physical.errors import TrainingError, WeightsError
from riis_physical.model.weights import load_tensors
from tests.training.hiding.test_training import TINY, weights_of
from training.hiding.export import export
from training.hiding.loop import main

SHORT = ["warmup=0", "steps=3", "profiles=[office-laser, lcd-screen]"]


@pytest.fixture(scope="module")
def parted(photos_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """A tiny model whose two ways have parted."""
    folder = tmp_path_factory.mktemp("parted")
    main("print", photos_folder, folder / "run", overrides=[*TINY, "decouple_at=2"], cpu=True)
    export(folder / "run", folder / "tiny.safetensors")
    return folder / "tiny.safetensors"


def test_the_hiding_side_alone_learns_and_new_containers_read_as_before(
    photos_folder: Path,
    parted: Path,
    tmp_path: Path,  # noqa: F811
) -> None:
    run = tmp_path / "run"
    overrides = [*TINY, *SHORT, "learn=hide", "secret_first=0"]
    main("finetune", photos_folder, run, overrides=overrides, cpu=True, init=str(parted))
    before, _ = load_tensors(parted)
    after = weights_of(run)
    moved = {key for key in before if not torch.equal(after[key], before[key])}
    assert moved and all(key.startswith("forward_way.") for key in moved)


def test_the_reading_side_alone_learns(
    photos_folder: Path,
    parted: Path,
    tmp_path: Path,  # noqa: F811
) -> None:
    run = tmp_path / "run"
    overrides = [*TINY, *SHORT, "learn=reveal", "secret_first=0"]
    main("finetune", photos_folder, run, overrides=overrides, cpu=True, init=str(parted))
    before, record = load_tensors(parted)
    after = weights_of(run)
    for key, value in before.items():
        if key.startswith("forward_way."):
            assert torch.equal(after[key], value), key
    moved = [key for key in before if not torch.equal(after[key], before[key])]
    assert any(key.startswith("backward_way.") for key in moved)
    assert any(key.startswith("cem.") for key in moved)
    written = json.loads((run / "run.json").read_text())
    began = {"model": "tiny", "sha256": record["sha256"], "budget": record["budget"]}
    assert written["started_from"] == began
    assert [one["name"] for one in written["profiles"]] == ["office laser print", "LCD screen"]


def test_a_finetune_that_resumes_gives_the_same_weights(
    photos_folder: Path,
    parted: Path,
    tmp_path: Path,  # noqa: F811
) -> None:
    overrides = [*TINY, *SHORT, "learn=reveal", "secret_first=0"]
    through, parts = tmp_path / "through", tmp_path / "parts"
    main("finetune", photos_folder, through, overrides=overrides, cpu=True, init=str(parted))
    main(
        "finetune", photos_folder, parts, overrides=overrides, cpu=True, init=str(parted),
        stop_after=1,
    )  # fmt: skip
    main("finetune", photos_folder, parts, resume=True, overrides=overrides, cpu=True)
    one, other = weights_of(through), weights_of(parts)
    assert all(torch.equal(one[key], other[key]) for key in one)
    assert json.loads((parts / "run.json").read_text())["started_from"]["model"] == "tiny"


def test_what_cannot_be_started_from_is_refused(
    photos_folder: Path,
    parted: Path,
    tmp_path: Path,  # noqa: F811
) -> None:
    with pytest.raises(TrainingError, match="another shape"):
        main("print", photos_folder, tmp_path / "a", overrides=[*TINY, "model.growth=16"],
             cpu=True, init=str(parted))  # fmt: skip
    with pytest.raises(TrainingError, match="parted"):
        main("print", photos_folder, tmp_path / "b", overrides=[*TINY, "learn=reveal"], cpu=True)
    with pytest.raises(WeightsError):
        main("print", photos_folder, tmp_path / "c", overrides=TINY, cpu=True, init="print-99")
