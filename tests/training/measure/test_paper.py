"""The paper's models, trained for two steps and measured on pictures made in code."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from riis_physical.distortion.level import Level
from riis_physical.errors import BadImageError, ConfigError, ExplosionError
from training.hiding.loop import main
from training.hiding.running.checkpoint import load_checkpoint
from training.measure.paper import making
from training.measure.paper.data import Pairs, central, measured_paths, train_folder
from training.measure.paper.distorting import distorted_file
from training.measure.paper.making import models_there, overrides_of, train_missing
from training.measure.paper.models import BY_NAME, PLANS
from training.measure.paper.run import lines, measure_paper
from training.measure.paper.settings import PaperSettings
from training.report.cells import NOT_MEASURED
from training.report.paper.figures import draw_figures
from training.report.results import load_results
from training.report.tables import TABLES

TINY = (
    "model.blocks=1",
    "model.growth=4",
    "model.canp_blocks=1",
    "model.cem_features=4",
    "model.cem_layers=2",
    "batch=1",
    "patch_px=16",
    "photos=4",
)
MODELS = ("riis-star", "isn", "isn+@jpeg=40", "no-canp", "riis-star-2")


def settings_of(data: Path, runs: Path, **more: object) -> PaperSettings:
    given = {"models": MODELS, "seeds": 1, "n": 2, "size": 0, "crop": 64, "steps": 2, **more}
    return PaperSettings(str(data), str(runs), overrides=TINY, **given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of two parts, as DIV2K unpacks."""
    folder = tmp_path_factory.mktemp("DIV2K")
    rng = np.random.default_rng(0)
    for part, count in (("DIV2K_train_HR", 6), ("DIV2K_valid_HR", 4)):
        (folder / part).mkdir()
        for index in range(count):
            small = rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)
            image = Image.fromarray(small).resize((200, 160), Image.Resampling.BICUBIC)
            image.save(folder / part / f"{index:04d}.png")
    return folder


@pytest.fixture(scope="module")
def measured(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a result and its runs."""
    folder = tmp_path_factory.mktemp("results")
    result = measure_paper(settings_of(data, folder / "runs"), folder / "paper.json", cpu=True)
    assert result is not None
    return folder


def test_every_model_and_distortion_is_measured(measured: Path) -> None:
    result = json.loads((measured / "paper.json").read_text())
    groups = {(g["model"], g["distortion"]): g for g in result["groups"]}
    wanted = {(name, one) for name in MODELS for one in BY_NAME[name].tested}
    assert groups.keys() == wanted
    star = groups["riis-star", "none"]
    assert star["secret_psnr"]["n"] == 2 and star["seeds"] == [0]
    assert 3 < star["secret_psnr"]["low"] <= star["secret_psnr"]["mean"] < 60
    assert 0 <= star["container_ssim"]["mean"] <= 1
    steps = {m["name"]: m["steps"] for m in result["models"]}
    assert steps["riis-star"] == 2 and steps["isn+@jpeg=40"] == 1  # a quarter, one at least
    apart = {(row["model"], row["distortion"]): row for row in result["against_full"]}
    other = groups["isn", "none"]["secret_psnr"]["mean"]
    assert apart["isn", "none"]["mean"] == pytest.approx(star["secret_psnr"]["mean"] - other, 0.01)
    assert ("riis-star-2", "none") not in apart
    assert any(line.startswith("isn, none: secret ") for line in lines(result))


def test_what_is_trained_is_not_trained_again(measured: Path, data: Path, tmp_path: Path) -> None:
    told: list[str] = []
    checkpoint = measured / "runs" / "isn-s0" / "checkpoint.pt"
    before = checkpoint.stat().st_mtime_ns
    again = tmp_path / "again.json"
    measure_paper(settings_of(data, measured / "runs", steps=0), again, tell=told.append)
    assert not told and checkpoint.stat().st_mtime_ns == before
    first, second = (
        json.loads(place.read_text())["groups"] for place in (measured / "paper.json", again)
    )
    assert first == second  # the same weights and pictures give the same figures


def test_minutes_become_steps_and_a_stopped_training_keeps_its_own(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(data, tmp_path / "runs", models=("isn",), steps=0)
    output, run, told = tmp_path / "a.json", tmp_path / "runs" / "isn-s0", list[str]()

    def stopped(*given: Any, **more: Any) -> Path:
        """Training that is asked to stop after a step, but for the probe of its speed."""
        return main(*given, **{"stop_after": 1, **more})

    monkeypatch.setattr(making, "main", stopped)
    more = {"minutes": 0.08, "tell": told.append, "cpu": True}
    assert measure_paper(settings, output, **more) is None and not output.exists()
    steps = load_checkpoint(run / "checkpoint.pt")["config"]["steps"]
    assert steps > 1 and load_checkpoint(run / "checkpoint.pt")["step"] == 1
    monkeypatch.setattr(making, "main", main)
    result = measure_paper(settings, output, **more | {"minutes": 5})
    assert result is not None and result == json.loads(output.read_text())
    assert told == [f"training isn-s0, {steps} steps", f"going on with isn-s0, {steps} steps"]
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert {row["step"] for row in rows} and max(row["step"] for row in rows) == steps
    (model,) = result["models"]
    assert model["steps"] == steps and model["seconds"] > 0
    assert (result["minutes"], result["settings"]["steps"]) == (5, 0)


def test_missing_models_need_a_budget(data: Path, tmp_path: Path) -> None:
    nothing = settings_of(data, tmp_path / "none", steps=0)
    with pytest.raises(ConfigError, match="say --steps or --minutes"):
        measure_paper(nothing, tmp_path / "a.json")
    with pytest.raises(ConfigError, match="holds no finished model"):
        measure_paper(nothing, tmp_path / "a.json", train=False)
    with pytest.raises(ConfigError, match="no model 'rriis'"):
        settings_of(data, tmp_path, models=("rriis",))


def test_tables_and_figures_stand_without_the_models_that_are_missing(
    measured: Path, tmp_path: Path
) -> None:
    results = load_results(measured)
    first = TABLES["paper-1"](results).splitlines()
    assert NOT_MEASURED in first[2] and "27.61" in first[3]  # no model without 2DT here
    assert NOT_MEASURED not in first[8] and "44.19" in first[9]
    third = TABLES["paper-3"](results)
    (row,) = [line for line in third.splitlines() if line.startswith("| ISN+")]
    assert row.count(NOT_MEASURED) == 4  # of one distortion there is a model
    assert "2 steps" in TABLES["paper-budget"](results)
    assert "| JPEG 40 |" in TABLES["paper-all"](results)
    assert results.newest("paper") is not None
    names = {place.name for place in draw_figures(results.newest("paper"), measured, tmp_path)}
    for figure in ("5", "6", "7", "8", "9"):
        assert {f"paper-figure-{figure}.png", f"paper-figure-{figure}.svg"} <= names
    (measured / "paper-figure-5.png").rename(measured / "moved.png")
    try:
        with pytest.raises(ConfigError, match="paper-figure-5.png is missing"):
            draw_figures(results.newest("paper"), measured, tmp_path)
    finally:
        (measured / "moved.png").rename(measured / "paper-figure-5.png")


def test_plans_start_from_plans_that_come_before(data: Path, tmp_path: Path) -> None:
    names = [plan.name for plan in PLANS]
    assert len(set(names)) == len(names)
    for plan in PLANS:
        if plan.start is not None:
            assert names.index(plan.start) < names.index(plan.name)
    only = settings_of(data, tmp_path, models=("isn+@poisson",), seeds=2)
    assert [(p.name, seed) for p, seed in only.plans()] == [
        ("isn", 0), ("isn+@poisson", 0), ("isn", 1), ("isn+@poisson", 1),
    ]  # fmt: skip


def test_data_sets_are_found_as_they_unpack(data: Path, tmp_path: Path) -> None:
    assert train_folder(data) == data / "DIV2K_train_HR"
    assert {path.parent.name for path in measured_paths(data)} == {"DIV2K_valid_HR"}
    for train, test in (("ILSVRC/Data/CLS-LOC/train/n01440764", "ILSVRC/Data/CLS-LOC/val"),
                        ("train2017", "val2017")):  # fmt: skip
        root = tmp_path / train.partition("/")[0]
        for part, count in ((train, 1), (test, 2)):
            (root / part).mkdir(parents=True)
            for index in range(count):
                Image.new("RGB", (40, 40)).save(root / part / f"{index}.JPEG")
        assert len(measured_paths(root)) == 2
        assert train_folder(root) != root
    plain = tmp_path / "plain"
    plain.mkdir()
    for index in range(120):
        Image.new("L", (8, 8)).save(plain / f"{index}.png")
    assert train_folder(plain) == plain
    assert 2 <= len(measured_paths(plain)) < 20  # those that training leaves out


def test_pairs_hide_other_pictures_in_a_picture(data: Path) -> None:
    pairs = Pairs(measured_paths(data), 0, 64)
    host, secrets = pairs.host(0), pairs.secrets(0, 3)
    assert host.shape == (64, 64, 3) and host.dtype == np.uint8
    assert all(not np.array_equal(host, one) for one in secrets)
    assert np.array_equal(pairs.host(0), Pairs(measured_paths(data), 0, 64).host(0))
    with pytest.raises(BadImageError, match="smaller than 256 px"):
        central(measured_paths(data)[0], 0, 256)


def test_files_are_distorted_exactly() -> None:
    grey = np.full((200, 200, 3), 100, np.uint8)
    rng = np.random.default_rng(0)
    noisy = distorted_file(grey, Level.parse("sigma=10"), rng).astype(float)
    assert noisy.std() == pytest.approx(10, rel=0.02) and noisy.mean() == pytest.approx(
        100, abs=0.1
    )
    shot = distorted_file(grey, Level.parse("poisson"), rng).astype(float)
    assert shot.var() == pytest.approx(100, rel=0.03)  # its mean, as photons have it
    ramp = np.arange(64 * 64 * 3, dtype=np.uint32).reshape(64, 64, 3).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(ramp).save(file, "JPEG", quality=40)
    coded = distorted_file(ramp, Level.parse("jpeg=40"), rng)
    assert np.array_equal(coded, np.asarray(Image.open(file)))
    assert np.array_equal(distorted_file(ramp, Level.parse("none"), rng), ramp)


def test_quiet_training_says_nothing(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_of(data, tmp_path / "runs", models=("no-canp",))
    monkeypatch.setenv("TQDM_DISABLE", "1")  # as --quiet does
    told: list[str] = []
    assert train_missing(settings, None, told.append, cpu=True)
    assert told and capsys.readouterr() == ("", "")


def test_a_model_that_explodes_is_left_out_with_those_that_go_on_from_it(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exploding(config: str, images: Path, out: Path, *rest: object, **more: object) -> Path:
        if out.name == "isn-s0":
            raise ExplosionError("the loss exploded 21 times")
        return main(config, images, out, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(making, "main", exploding)
    settings = settings_of(data, tmp_path / "runs", models=("isn", "isn+@jpeg=40", "no-canp"))
    told: list[str] = []
    assert train_missing(settings, None, told.append, cpu=True)
    assert [model.plan.name for model in models_there(settings)] == ["no-canp"]
    assert "isn-s0 is left out: the loss exploded 21 times" in told
    assert "isn+@jpeg=40-s0 is left out: isn-s0 is not finished" in told


def test_an_auto_encoder_learns_the_host_from_its_first_step(tmp_path: Path) -> None:
    settings = PaperSettings("data", str(tmp_path))
    first = {
        plan.method: next(o for o in overrides_of(settings, plan, 0, 100) if "secret_first" in o)
        for plan in (BY_NAME["autoencoder-5"], BY_NAME["isn-5"])
    }
    assert first == {"autoencoder": "secret_first=0", "isn": "secret_first=10"}


@pytest.mark.parametrize(("config", "at"), [("paper-cpu", 80), ("paper-gpu", 50)])
def test_the_two_ways_part_at_the_configurations_share_or_half(config: str, at: int) -> None:
    settings = PaperSettings("data", "runs", config=config)
    assert f"decouple_at={at}" in overrides_of(settings, BY_NAME["riis-star"], 0, 100)
    assert not any(f"decouple_at={at}" == o for o in overrides_of(settings, BY_NAME["isn"], 0, 100))
