"""Variants of an objective: what is compared, and where they read equally."""

from __future__ import annotations

from dataclasses import replace

import pytest

from riis_physical.errors import ConfigError
from training.measure.hiding.objectives import ObjectiveSettings, at_equal_reading, summarised
from training.report.cells import NOT_MEASURED
from training.report.results import Results
from training.report.sections.objectives import objectives_table

VARIANTS = (("base", ()), ("tails", ("tails=2",)))


def rows(base: float, other: float) -> list[dict[str, object]]:
    return [
        {"variant": name, "strengths": [
            {"strength": s, "worst": worst + (s - 1) / 4, "accuracy": 0.9, "seen_db": 40 - 10 * s,
             "psnr_db": 38.0} for s in (0.8, 1.0, 1.25)
        ]}
        for name, worst in (("tails", other), ("base", base))
    ]  # fmt: skip


def test_variants_are_compared_where_the_worst_read_equally() -> None:
    settings = ObjectiveSettings("print", VARIANTS, "train", "val", "runs")
    found = summarised(rows(0.85, 0.875), settings)
    assert [row["variant"] for row in found["variants"]] == ["base", "tails"]
    base, tails = (row["at_equal_reading"] for row in found["variants"])
    assert base["strength"] == 1.0 and base["seen_db"] == pytest.approx(30)
    assert tails["strength"] == pytest.approx(0.9) and tails["seen_db"] == pytest.approx(31)
    needed = ObjectiveSettings("print", VARIANTS, "train", "val", "runs", worst=0.825)
    found = summarised(rows(0.85, 0.875), needed)
    assert found["equal_worst_accuracy"] == 0.825
    base, tails = (row["at_equal_reading"] for row in found["variants"])
    assert base["strength"] == pytest.approx(0.9) and tails["strength"] == pytest.approx(0.8)
    never = summarised(rows(0.85, 0.7), settings)["variants"][1]["at_equal_reading"]
    assert never["seen_db"] is None
    assert at_equal_reading([{"worst": 0.9, "x": 1.0}], 0.9, "x") is None


def test_the_table_says_what_was_gained_and_what_is_missing() -> None:
    variants = (*VARIANTS, ("mask", ("mask_power=2",)))
    settings = ObjectiveSettings("print", variants, "train", "val", "runs")
    measured = [{**row, "steps": 45} for row in rows(0.85, 0.875)]
    found = {
        "kind": "objectives",
        "settings": settings.as_dict(),
        "environment": {"commit": "abc", "date": "2026-01-01"},
        **summarised(measured, settings),
    }
    text = objectives_table(Results(None, {}, files=[found]))
    assert "+1.00 dB" in text and "where the 5th percentile is 85.0 %" in text
    assert "Not measured: mask." in text
    assert objectives_table(Results(None, {})) == NOT_MEASURED
    # Where the first does not reach the share, no other one stands in for it.
    for strength in found["variants"][0]["strengths"]:
        strength["worst"] = 0.5
    never = {**found, **summarised(found["variants"], replace(settings, worst=0.875))}
    lines = objectives_table(Results(None, {}, files=[never])).splitlines()
    assert "dB |  |" in next(line for line in lines if line.startswith("| tails"))


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ConfigError, match="two or more"):
        ObjectiveSettings("print", VARIANTS[:1], "train", "val", "runs")
    with pytest.raises(ConfigError, match="did you mean 'tails'"):
        ObjectiveSettings("print", (*VARIANTS, ("x", ("tials=2",))), "train", "val", "runs")
    with pytest.raises(ConfigError, match="multiple of 8"):
        ObjectiveSettings("print", VARIANTS, "train", "val", "runs", items=12)
    with pytest.raises(ConfigError, match="physical"):
        ObjectiveSettings("paper", VARIANTS, "train", "val", "runs")
