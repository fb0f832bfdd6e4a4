"""The error budget: what is taken away is one group, and what is told follows from the records."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
import torch

from riis_physical.channel.draw import sample_params
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.ranges import ChannelRanges
from riis_physical.errors import ConfigError
from training.measure.budget.groups import GROUPS, NEAR_PX, NOTHING, without
from training.measure.budget.run import BudgetSettings, summarised
from training.report.cells import NOT_MEASURED
from training.report.results import Results
from training.report.sections.budget import budget_table

SHAPE = {"aspect", "sharpen_sigma"}
"""Not distortions: a host's shape, and a radius that does nothing without its amount."""


def test_every_distortion_is_in_one_group() -> None:
    grouped = [name for group in GROUPS.values() for name in group.names]
    assert sorted(grouped) == sorted({f.name for f in fields(ChannelRanges)} - SHAPE)


@pytest.mark.parametrize("group", GROUPS)
def test_only_the_group_is_taken_away(group: str) -> None:
    generator = torch.Generator().manual_seed(3)
    params = sample_params("hard", 8, generator, medium="mixed")
    changed = without(params, group)
    touched = {*GROUPS[group].names, *(name for name, _ in GROUPS[group].more)}
    for item in fields(ChannelParams):
        one, other = getattr(params, item.name), getattr(changed, item.name)
        if not isinstance(one, torch.Tensor):
            assert one == other
        elif item.name not in touched:
            assert torch.equal(one, other), item.name
    if group == "width":
        assert float(changed.container_width_px.min()) >= NEAR_PX
    moved = [
        name for name in touched if not torch.equal(getattr(params, name), getattr(changed, name))
    ]
    assert moved


def test_unknown_groups_and_presets_are_named() -> None:
    params = sample_params("normal", 1, torch.Generator())
    with pytest.raises(ConfigError, match="unknown group 'fog'"):
        without(params, "fog")
    with pytest.raises(ConfigError, match="unknown preset 'harder'"):
        BudgetSettings("photos", presets=("harder",))
    with pytest.raises(ConfigError, match="unknown group 'fog'"):
        BudgetSettings("photos", groups=("fog",))


def records() -> list[dict[str, object]]:
    """Two hosts through the reveal, three photos; noise costs, width is in one photo alone."""
    rows: list[dict[str, object]] = [
        {"part": "reveal", "preset": "normal", "index": index, "host": "a.png",
         "accuracy": {NOTHING: [0.90, 0.80], "noise": [0.96 + index / 100, 0.90],
                      "width": [0.91, 0.80]}}
        for index in range(2)
    ]  # fmt: skip
    seen = [(True, True, True), (False, True, True), (True, False, True)]
    for index, (truth, scan, quiet) in enumerate(seen):
        at_truth, scanned = {NOTHING: truth, "noise": True}, {NOTHING: scan, "noise": quiet}
        rows.append({"part": "pipeline", "preset": "normal", "index": index, "host": "a.png",
                     "accuracy": {}, "at_truth": at_truth, "scanned": scanned})  # fmt: skip
    return rows


def test_gains_follow_from_the_records() -> None:
    settings = BudgetSettings("photos", presets=("normal",), groups=("noise", "width"))
    (found,) = summarised(records(), settings)["presets"]
    plain, noise, width = found["without"]
    assert (found["hosts"], found["draws"], found["captures"]) == (2, 4, 3)
    assert plain["accuracy"] == pytest.approx(0.85) and plain["gain"] == 0
    assert noise["gain"] == pytest.approx(0.0825) and noise["gain_half"] > 0
    assert (plain["at_truth"], plain["scanned"]) == (2, 2)
    assert (plain["won_back"], plain["lost_by_search"]) == (1, 1)
    assert noise["scanned"] == 3 and noise["against_as_it_is"]["first_only"] == 1
    assert width["scanned"] == plain["scanned"]  # photos that have none of it count as they are


def test_the_table_names_what_is_next() -> None:
    settings = BudgetSettings("photos", presets=("normal",), groups=("noise", "width"))
    result = {
        "kind": "budget",
        "environment": {"date": "2026-01-01"},
        "settings": settings.as_dict(),
        **summarised(records(), settings),
    }
    nothing = Results(None, {})
    text = budget_table(replace(nothing, files=[result]))
    assert "next thing worth doing, is sensor noise (+8.2 points)" in text
    assert "loses 1 that they give" in text
    assert budget_table(nothing) == NOT_MEASURED
