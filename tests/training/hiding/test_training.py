"""The training loop on a handful of pictures made in code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from riis_physical.errors import ConfigError, OutputError, TrainingError
from training.hiding.config import available, load_config
from training.hiding.export import export
from training.hiding.loop import main
from training.hiding.material.data import (
    draw_grids,
    draw_hosts,
    is_held_out,
    list_photos,
    load_photos,
    step_rng,
)
from training.hiding.running.checkpoint import AveragedWeights, load_checkpoint
from training.hiding.running.fit import any_asked
from training.hiding.steps.schedule import (
    ContainerSteering,
    channel_strength,
    learning_rate,
    psnr_target_db,
)

TINY = [
    "model.blocks=1",
    "model.growth=8",
    "model.cem_features=8",
    "model.cem_layers=2",
    "model.canp_features=8",
    "batch=2",
    "patch_modules=8",
    "modules_total=21",
    "display_px=8",
    "steps=6",
    "warmup=2",
    "secret_first=2",
    "ramp=2",
    "evaluate_every=100",
]


def weights_of(run: Path) -> dict[str, torch.Tensor]:
    state = load_checkpoint(run / "checkpoint.pt")
    return {**state["network"], **{f"average.{k}": v for k, v in state["average"].items()}}


def test_stopping_and_resuming_changes_nothing(photos_folder: Path, tmp_path: Path) -> None:
    through, parts = tmp_path / "through", tmp_path / "parts"
    extra = ["decouple_at=3", "steps=4", "checkpoint_minutes=0"]
    main("print", photos_folder, through, overrides=TINY + extra, cpu=True)
    main("print", photos_folder, parts, overrides=TINY + extra, cpu=True, stop_after=2)
    assert load_checkpoint(parts / "checkpoint.pt")["step"] == 2
    main("print", photos_folder, parts, resume=True, overrides=TINY + extra, cpu=True)
    (earlier,) = json.loads((parts / "run.json").read_text())["resumed"]
    assert earlier["until_step"] == 2 and earlier["settings"]["batch"] == 2
    a, b = weights_of(through), weights_of(parts)
    assert a.keys() == b.keys()
    assert any("backward_way" in key for key in a)
    for key in a:
        assert torch.equal(a[key], b[key]), key


def test_run_folder_says_how_it_was_made(photos_folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    extra = ["steps=2", "evaluate_every=2"]
    main("print", photos_folder, run, overrides=TINY + extra, cpu=True)
    record = json.loads((run / "run.json").read_text())
    held = (run / "held_out.txt").read_text().split()
    assert record["config"]["steps"] == 2 and len(record["manifest_sha256"]) == 64
    assert record["photographs"] + len(held) >= 24
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["kind"] == "validation" and 0 <= lines[-1]["module_accuracy"] <= 1
    with Image.open(run / "samples" / "step000002.png") as sample:
        assert sample.width > 500

    from riis_physical.model.revealer import Revealer

    target = tmp_path / "tiny.safetensors"
    export(run, target)
    with pytest.raises(OutputError, match="--force"):
        export(run, target)
    export(run, target, force=True)
    revealer = Revealer.load(target)
    frame = np.full((168, 168, 3), 0.5, np.float32)
    assert revealer.reveal(frame[None], [None]).logits.shape == (1, 21, 21)
    assert revealer.embed(frame, np.ones((21, 21), bool)).shape == (168, 168, 3)


def test_a_run_is_not_overwritten_and_not_resumed_in_another_shape(
    photos_folder: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    main("print", photos_folder, run, overrides=[*TINY, "steps=1"], cpu=True)
    with pytest.raises(TrainingError, match="--resume"):
        main("print", photos_folder, run, overrides=TINY, cpu=True)
    with pytest.raises(TrainingError, match="another shape"):
        main("print", photos_folder, run, True, [*TINY, "model.blocks=2"], cpu=True)
    (run / "checkpoint.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(TrainingError, match="cannot be read"):
        main("print", photos_folder, run, True, TINY, cpu=True)


def test_digital_channel_trains_the_paper_model(photos_folder: Path, tmp_path: Path) -> None:
    small = [
        "model.blocks=1",
        "model.growth=4",
        "model.dense_layers=2",
        "model.cem_features=8",
        "model.cem_layers=2",
        "model.n_secrets=2",
        "batch=2",
        "patch_px=32",
        "steps=2",
        "evaluate_every=2",
    ]
    run = main("paper", photos_folder, tmp_path / "paper", overrides=small, cpu=True)
    lines = (run / "metrics.jsonl").read_text().splitlines()
    assert "secret_psnr_db" in json.loads(lines[-1])


def test_explosion_rolls_back(
    photos_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import training.hiding.running.fit as fit

    sound, losses = fit.sound, []

    def explodes_once(row, level, *, settled):  # type: ignore[no-untyped-def]
        losses.append(row["loss"])
        return len(losses) != 2 and sound(row, level, settled=settled)

    monkeypatch.setattr(fit, "sound", explodes_once)
    run = main("print", photos_folder, tmp_path / "run", overrides=[*TINY, "steps=3"], cpu=True)
    state = load_checkpoint(run / "checkpoint.pt")
    assert state["roll_backs"] == 1 and state["step"] == 3
    assert state["rate_factor"] < 1
    first, again = losses[0], losses[2]
    assert len(losses) == 5 and first != again  # other draws from the snapshot on


@pytest.mark.parametrize("name", available())
def test_shipped_configurations_load(name: str) -> None:
    config = load_config(name)
    assert config.name == name and config.ramp < config.steps


def test_config_errors_name_the_nearest_key() -> None:
    with pytest.raises(ConfigError, match="did you mean 'learning_rate'"):
        load_config("print", ["learning_rat=1"])
    with pytest.raises(ConfigError, match="did you mean 'growth'"):
        load_config("print", ["model.growht=1"])
    with pytest.raises(ConfigError, match="expected one of colour, finetune, paper"):
        load_config("prnt")
    with pytest.raises(ConfigError, match="batch"):
        load_config("print", ["batch=0"])
    with pytest.raises(ConfigError, match="key=value"):
        load_config("print", ["batch"])
    with pytest.raises(ConfigError, match="steps") as known:
        load_config("print", ["steps=abc"])
    assert "did you mean" not in str(known.value)


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("steps=[", "'steps=\\[' is no valid YAML"),
        ("channel=digital", "hides 'images' secrets, the model's secret is 'modules'"),
        ("presets={nrmal: 1}", "expected one of easy, normal, hard; did you mean 'normal'"),
        ("presets={normal: 0}", "normal has share 0"),
        ("model.growth=none", "model.growth"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_is_written(
    photos_folder: Path, tmp_path: Path, override: str, expected: str
) -> None:
    with pytest.raises(ConfigError, match=expected) as refused:
        main("print", photos_folder, tmp_path / "run", overrides=[*TINY, override], cpu=True)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "run").exists()


def test_image_secrets_have_no_physical_channel() -> None:
    with pytest.raises(ConfigError, match="hides 'modules' secrets"):
        load_config("paper", ["channel=physical"])


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "1: 2", "model: 5\n", "a: ["])
def test_files_that_hold_no_settings_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="mine.yaml"):
        load_config(str(path))


def test_run_folder_that_cannot_be_made(photos_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    for out in (tmp_path / "file", tmp_path / "file" / "run", Path("/proc/run")):
        with pytest.raises(OutputError, match="cannot make the folder"):
            main("print", photos_folder, out, overrides=TINY, cpu=True)
    assert (tmp_path / "file").read_text() == "precious"


class Processes:
    """Two processes as the loop sees them; the other one reports `other`."""

    device = torch.device("cpu")

    def __init__(self, count: int, other: bool) -> None:
        self.num_processes, self.other, self.calls = count, other, 0

    def reduce(self, value: torch.Tensor, reduction: str) -> torch.Tensor:
        assert reduction == "sum"
        self.calls += 1
        return value + float(self.other)


def test_all_processes_stop_when_one_is_asked() -> None:
    for mine, other in ((False, False), (True, False), (False, True)):
        two = Processes(2, other)
        assert any_asked([True] if mine else [], two) == (mine or other)  # type: ignore[arg-type]
        assert two.calls == 1
    alone = Processes(1, False)
    assert any_asked([True], alone) and not any_asked([], alone)  # type: ignore[arg-type]
    assert alone.calls == 0


def test_schedules() -> None:
    config = load_config("print", ["secret_first=10", "ramp=100", "steps=1000", "warmup=10"])
    assert channel_strength(config, 0) == channel_strength(config, 10) == 0
    assert channel_strength(config, 200) == config.strength_final
    assert psnr_target_db(config, 0) == config.psnr_start
    assert psnr_target_db(config, 110) == config.psnr_final
    assert learning_rate(config, 0) < learning_rate(config, 20)
    assert learning_rate(config, 999) < 0.05 * config.learning_rate
    steering = ContainerSteering(config)
    before = float(steering.weight)
    steering.update(200, torch.tensor(config.psnr_final - 3))
    assert steering.weight > before
    steering.update(5, torch.tensor(0.0))
    assert steering.at(5) < steering.at(200)


def test_draws_depend_on_the_step_alone(photos_folder: Path) -> None:
    photos = load_photos(list_photos(photos_folder), 64)
    first = draw_hosts(photos, step_rng(0, 7), 2, 32, (0.4, 0.6))
    step_rng(0, 6).random(100)
    assert torch.equal(first, draw_hosts(photos, step_rng(0, 7), 2, 32, (0.4, 0.6)))
    assert first.shape == (2, 3, 32, 32) and first.min() >= 0 and first.max() <= 1
    grids = draw_grids(step_rng(0, 1), 64, 12)
    assert set(grids.unique().tolist()) == {-1.0, 1.0}


def test_some_hosts_are_plain_and_some_out_of_focus(photos_folder: Path) -> None:
    photos = load_photos(list_photos(photos_folder), 64)
    plain = draw_hosts(photos, step_rng(0, 1), 12, 64, (0.4, 0.6), plain=1.0)
    assert plain.dtype == torch.float32 and plain.min() >= 0 and plain.max() <= 1
    flat = plain.std(dim=(1, 2, 3)) < 1e-3 + plain.mean(dim=(2, 3)).std(dim=1)
    assert 1 <= int(flat.sum()) < 12  # flat ones, and ones with a gradient or lettering
    sharp = draw_hosts(photos, step_rng(0, 2), 1, 64, (0.4, 0.6), blurred=1e-9)
    soft = draw_hosts(photos, step_rng(0, 2), 1, 64, (0.4, 0.6), blurred=1.0)
    assert sharp.diff(dim=3).abs().mean() > soft.diff(dim=3).abs().mean()


def test_held_out_files_are_about_one_in_twenty() -> None:
    share = np.mean([is_held_out(f"{i:04d}.jpg") for i in range(4000)])
    assert 0.03 < share < 0.07


def test_folders_without_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no folder"):
        list_photos(tmp_path / "absent")
    with pytest.raises(TrainingError, match="holds no picture"):
        list_photos(tmp_path)


def test_average_follows_the_weights() -> None:
    layer = torch.nn.Linear(1, 1)
    average = AveragedWeights(layer, decay=0.5)
    with torch.no_grad():
        layer.weight += 1
    start = average.tensors["weight"].clone()
    average.update(step=1000)
    torch.testing.assert_close(average.tensors["weight"], start + 0.5)
