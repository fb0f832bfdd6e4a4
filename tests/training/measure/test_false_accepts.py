"""Counting messages in grids that hold none, and in codes of other messages."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from riis_physical.errors import ConfigError
from training.measure.negatives.false_accepts import evaluate_false_accepts, upper_bound
from training.measure.negatives.grids import GROUP, GridReader, GridSettings


def test_a_small_run_accepts_nothing_and_is_written(tmp_path: Path) -> None:
    settings = GridSettings(grids=GROUP, structured=GROUP, seed=3)
    result = evaluate_false_accepts(settings, tmp_path / "out.json", reader=GridReader(settings))
    written = json.loads((tmp_path / "out.json").read_text())
    assert written == json.loads(json.dumps(result))
    assert written["complete"]
    assert written["all"]["grids"] == 4 * GROUP
    assert written["all"]["accepted"] == 0
    assert written["all"]["rate_below"] == pytest.approx(3 / (4 * GROUP), rel=0.02)
    assert set(written["by_kind"]) == {"coins", "patterns", "foreign", "smooth"}


def test_a_grid_that_holds_its_own_message_is_no_false_one() -> None:
    reader = GridReader(GridSettings(grids=0, structured=GROUP, seed=2, known=True))
    records = list(reader.run("foreign", 0))
    assert sum(record.passed for record in records) > GROUP / 4  # many could be read
    assert sum(record.accepted for record in records) == 0


def test_groups_are_the_same_every_time_and_spread_over_all_kinds() -> None:
    settings = GridSettings(grids=40 * GROUP, structured=GROUP, seed=1)
    kinds = [kind for kind, _ in settings.tasks()]
    assert (kinds.count("coins"), kinds.count("smooth"), kinds.count("pictures")) == (40, 1, 0)
    assert "smooth" in kinds[:6]
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
