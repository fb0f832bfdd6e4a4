"""measure pictures and measure tamper: hosts to figures, through the product itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from picture_models import picture, saved
from PIL import Image

from riis_physical.commands.measure.models import pictures as command
from riis_physical.errors import ConfigError
from training.measure.pictures import quality, tamper
from training.measure.pictures.edits import AREA, EDITS, place_of
from training.measure.pictures.settings import SECRETS, PictureSettings, pattern


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for index in range(3):
        Image.fromarray(picture(70, 90, index)).save(folder / f"{index}.png")
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("model"))


def settings_of(place: Path, model: Path, *levels: str) -> PictureSettings:
    return PictureSettings(str(model), str(place), 2, levels, size=64)


def test_pictures_are_measured_told_estimated_and_blind(
    place: Path, model: Path, tmp_path: Path
) -> None:
    settings = settings_of(place, model, "none", "jpeg=40")
    result = quality.measure_pictures(settings, tmp_path / "a.json")
    keys = {(group["distortion"], group["level"]) for group in result["groups"]}
    assert keys == {(d, how) for d in ("none", "jpeg=40") for how in quality.TELLING}
    assert all(group["secret_psnr"]["n"] == 2 for group in result["groups"])
    assert result["model"]["sha256"] and result["hosts"]["pictures"] == 3
    assert len(list(quality.lines(result))) == 6


def test_tampering_is_measured_by_edit(place: Path, model: Path, tmp_path: Path) -> None:
    result = tamper.measure_tamper(settings_of(place, model, "none"), tmp_path / "b.json")
    assert [group["edit"] for group in result["groups"]] == [*EDITS, "all"]
    assert all(0 <= group["auc"]["mean"] <= 1 for group in result["groups"])
    assert "area under the curve" in next(tamper.lines(result))


def test_the_area_under_the_curve_is_a_probability() -> None:
    mask = np.zeros((10, 10), bool)
    mask[:3] = True
    assert tamper.area_under_curve(mask.astype(float), mask) == 1
    assert tamper.area_under_curve(-mask.astype(float), mask) == 0
    assert tamper.area_under_curve(np.zeros((10, 10)), mask) == 0.5
    scores = np.random.default_rng(0).random((10, 10))
    wins = [a > b for a in scores[mask] for b in scores[~mask]]
    assert tamper.area_under_curve(scores, mask) == pytest.approx(np.mean(wins))
    with pytest.raises(ValueError, match="both"):
        tamper.area_under_curve(scores, np.ones((10, 10), bool))


@pytest.mark.parametrize("name", EDITS)
def test_edits_stay_within_their_mask(name: str) -> None:
    container, other = picture(96, 128), picture(80, 80, 1)
    rng = np.random.default_rng(0)
    mask = place_of((96, 128), rng)
    assert 0.8 * AREA[0] < mask.mean() < 1.2 * AREA[1]
    edited = EDITS[name](container, other, mask, rng)
    changed = (edited != container).any(axis=2)
    assert changed[mask].mean() > 0.5 and not changed[~mask].any()


def test_patterns_and_choices() -> None:
    assert pattern((50, 61), [0, 1]).shape == (50, 61, 3)
    assert not np.array_equal(pattern((50, 61), [0, 1]), pattern((50, 61), [0, 2]))
    assert command.SECRETS == SECRETS
    with pytest.raises(ConfigError, match="it is done, so it is known"):
        PictureSettings("m", "i", 2, ("blind",))
