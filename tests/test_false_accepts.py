"""Counting messages in grids that hold none, and the fast test that makes it possible."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from riis_physical.errors import ConfigError
from riis_physical.qr import soft, structure
from riis_physical.qr.encode import encode_as
from riis_physical.qr.structure import Level
from training.evaluation.grids import GROUP, GridReader, GridSettings
from training.evaluation.screening import Screen
from training.evaluation_false_accepts import evaluate_false_accepts, upper_bound


def test_a_small_run_accepts_nothing_and_is_written(tmp_path: Path) -> None:
    settings = GridSettings(grids=GROUP, structured=0, seed=3)
    result = evaluate_false_accepts(settings, tmp_path / "out.json", reader=GridReader(settings))
    written = json.loads((tmp_path / "out.json").read_text())
    assert written == json.loads(json.dumps(result))
    assert written["complete"]
    assert written["all"]["grids"] == 2 * GROUP
    assert written["all"]["accepted"] == 0
    assert written["all"]["rate_below"] == pytest.approx(3 / (2 * GROUP), rel=0.01)
    assert set(written["by_kind"]) == {"coins", "patterns"}


@pytest.mark.parametrize(("version", "level"), [(1, "H"), (3, "M"), (5, "H")])
def test_the_screen_passes_all_that_can_be_read(version: int, level: Level) -> None:
    rng = np.random.default_rng(version)
    sizes = soft.normalised(np.abs(rng.normal(size=(structure.grid_size(version),) * 2)), version)
    screen = Screen.of(sizes, version, level)
    most = {"H": 0.06, "M": 0.008}[level]
    grids, read = [], []
    for _ in range(8):
        message = rng.integers(0, 256, 7, dtype=np.uint8).tobytes()
        signs = np.where(encode_as(message, version, level).modules, 1, -1)
        # The surer a value is, the less often it is wrong.
        wrong = rng.random(signs.shape) < 2 * most * np.exp(-sizes)
        grid = (np.where(wrong, -signs, signs) * sizes).astype(np.float32)
        grids.append(grid)
        read.append(soft.read_grid(grid, version) is not None)
    assert sum(read) >= 4
    assert screen.passes(np.stack(grids))[np.array(read)].all()


def test_groups_are_the_same_every_time_and_spread_over_all_kinds() -> None:
    settings = GridSettings(grids=40 * GROUP, structured=1, seed=1)
    kinds = [kind for kind, _ in settings.tasks()]
    assert (kinds.count("coins"), kinds.count("smooth"), kinds.count("pictures")) == (40, 1, 0)
    assert "smooth" in kinds[:4]
    reader = GridReader(settings)
    assert list(reader.run("coins", 4)) == list(reader.run("coins", 4))


def test_revealed_pictures_are_cut_and_read_as_codes() -> None:
    revealed = np.random.default_rng(0).normal(size=(2, 57, 57)).astype(np.float32)
    reader = GridReader(GridSettings(0, 1), revealed)
    rng = np.random.default_rng(1)
    assert {reader._cut(rng, 3).shape for _ in range(8)} == {(29, 29)}


def test_the_bound_of_the_rate() -> None:
    assert upper_bound(0, 3_000_000) == pytest.approx(1e-6, rel=0.01)
    assert upper_bound(1, 1000) > upper_bound(0, 1000)
    assert upper_bound(0, 0) == 1.0


def test_nothing_to_do_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="0 grids"):
        evaluate_false_accepts(GridSettings(0, 0), tmp_path / "out.json")
    with pytest.raises(ConfigError, match="at least 1 worker"):
        evaluate_false_accepts(GridSettings(1, 1), tmp_path / "out.json", workers=0)
