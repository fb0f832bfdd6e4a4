"""What training the paper's model does of its own: levels, weights held, grey hosts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from riis_physical.errors import ConfigError, TrainingError
from riis_physical.model.weights import load_tensors
from training.hiding.config import load_config
from training.hiding.export import export
from training.hiding.loop import main
from training.hiding.running.checkpoint import load_checkpoint
from training.hiding.running.fit import shown

SMALL_PAPER = [
    "model.blocks=1",
    "model.growth=4",
    "model.dense_layers=2",
    "model.cem_features=8",
    "model.cem_layers=2",
    "batch=2",
    "patch_px=32",
    "ramp=2",
]


def test_the_papers_container_weight_is_held_unless_it_is_steered(
    photos_folder: Path, tmp_path: Path
) -> None:
    for steer in (False, True):
        extra = [f"steer={steer}", "steps=3", "checkpoint_minutes=0"]
        run = main(
            "paper", photos_folder, tmp_path / str(steer), overrides=SMALL_PAPER + extra, cpu=True
        )
        held = load_checkpoint(run / "checkpoint.pt")["container_weight"] == 16
        assert held is not steer


def test_what_modulates_may_learn_slower(photos_folder: Path, tmp_path: Path) -> None:
    """The first step of Adam moves every parameter by its learning rate."""
    moved = {}
    for rate in (1.0, 0.1):
        extra = ["steps=1", "warmup=0", "ema=0", f"modulation_rate={rate}"]
        run = main(
            "paper", photos_folder, tmp_path / str(rate), overrides=SMALL_PAPER + extra, cpu=True
        )
        weights = load_checkpoint(run / "checkpoint.pt")["network"]
        alphas = [w for n, w in weights.items() if n.endswith("modulation.linear.bias")]
        assert alphas
        moved[rate] = max(float((w - 1).abs().max()) for w in alphas)
    assert moved[0.1] == pytest.approx(moved[1.0] / 10, rel=0.05)


def test_grey_hosts_hide_their_own_colours(photos_folder: Path, tmp_path: Path) -> None:
    extra = ["steps=2", "evaluate_every=2", "decouple_at=1"]
    run = main("colour", photos_folder, tmp_path / "grey", overrides=SMALL_PAPER + extra, cpu=True)
    last = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["estimate"] >= 0 and last["secret_psnr_db"] > 0
    record = export(run, tmp_path / "colour-tiny.safetensors")
    assert record["config"]["host_channels"] == 1 and record["config"]["decoupled"]


def test_the_progress_bar_speaks_of_what_is_hidden() -> None:
    assert shown({"psnr_db": 35.04, "secret_psnr_db": 24.96}) == {
        "secret": "25.0 dB",
        "container": "35.0 dB",
    }
    assert shown({"psnr_db": 35.0, "module_accuracy": 0.97})["right"] == "0.970"


@pytest.mark.parametrize(
    ("name", "override", "expected"),
    [
        ("paper", "patch_px=63", "multiple of 2: set it to 62"),
        ("paper", "distortions=[gauss]", "unknown distortion 'gauss'"),
        ("paper", "untold=0.9", "their sum is at most 1"),
        ("paper", "pairs=same", "goes with model.host_channels=1"),
        ("print", "model.host_channels=1", "hidden in colour"),
        ("colour", "model.n_secrets=2", "colours of one picture"),
    ],
)
def test_pictures_are_refused_what_cannot_be(name: str, override: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        load_config(name, [override])


def test_the_estimator_learns_alone(photos_folder: Path, tmp_path: Path) -> None:
    run = main(
        "paper", photos_folder, tmp_path / "a", overrides=[*SMALL_PAPER, "steps=2"], cpu=True
    )
    model = tmp_path / "small.safetensors"
    export(run, model)
    alone = [*SMALL_PAPER, "learn=estimate", "steps=4"]
    with pytest.raises(TrainingError, match="--init MODEL"):
        main("paper", photos_folder, tmp_path / "b", overrides=alone, cpu=True)
    after = main("paper", photos_folder, tmp_path / "c", overrides=alone, cpu=True, init=str(model))
    record = export(after, tmp_path / "after.safetensors")
    assert "4 steps of 2 in" in record["budget"]
    assert "after small (2 steps of 2 in" in record["budget"]
    old, new = load_tensors(model)[0], load_tensors(tmp_path / "after.safetensors")[0]
    changed = {key.split(".")[0] for key in old if not torch.equal(old[key], new[key])}
    assert changed == {"estimator"}
