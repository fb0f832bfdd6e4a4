"""Measuring what choosing and refining save, and the fit that strengths rest on."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from riis_physical.errors import ConfigError
from riis_physical.hiding import Aim
from training.measure.hiding import visibility
from training.measure.hiding.hard_hosts import HARD_HOSTS
from training.measure.hiding.strength import fit_curve


def test_the_fit_finds_the_curve_that_made_the_data() -> None:
    rng = np.random.default_rng(0)
    information = rng.uniform(0.2, 0.7, 4000)
    read = rng.random(4000) < 1 / (1 + np.exp(-(information - 0.42) / 0.03))
    middle, width = fit_curve(information, read)
    assert middle == pytest.approx(0.42, abs=0.01)
    assert width == pytest.approx(0.03, abs=0.006)
    with pytest.raises(ValueError, match="all draws were read, or none"):
        fit_curve(information, np.ones(4000, bool))


def test_one_row_a_host_and_means_of_each_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visibility, "MESSAGE", "room12")
    monkeypatch.setattr(visibility, "Aim", partial(Aim, draws=8))
    hosts, kept = tmp_path / "hosts", tmp_path / "kept"
    for folder in (hosts, kept):
        folder.mkdir()
    for name, picture in (("coffee", data.coffee()), ("cat", data.chelsea())):
        Image.fromarray(picture[:200, :300]).save(hosts / f"{name}.png")
    settings = visibility.VisibilitySettings(
        images=str(hosts), n=2, labels=("ssimulacra2",), keep=str(kept)
    )
    sights = visibility.Sights(settings)
    result = visibility.evaluate_visibility(settings, tmp_path / "r.json", sights=sights)
    assert json.loads((tmp_path / "r.json").read_text()) == result
    assert result["simulated"] is True
    assert {record["host"] for record in result["records"]} == {"coffee", "cat"}
    strengths = [record["chosen"]["strength"] for record in result["records"]]
    assert min(strengths) - 0.02 <= result["one_strength"] <= max(strengths) + 0.02
    for version in ("one", "chosen"):
        row = result["mean"][version]
        assert {"psnr", "ssimulacra2", "ssimulacra2_as_jpeg", "strength"} <= set(row)
        assert (kept / f"cat-{version}.png").is_file()
    assert "coffee" not in "\n".join(visibility.lines(result))
    with pytest.raises(ConfigError, match="no hosts"):
        visibility.evaluate_visibility(visibility.VisibilitySettings(), tmp_path / "s.json")


def test_hard_hosts_stay_the_same() -> None:
    for make in HARD_HOSTS.values():
        one = make()
        assert one.dtype == np.uint8
        assert one.ndim == 3
        assert np.array_equal(one, make())
