"""What each distortion of the channel costs, and which to work on next."""

from __future__ import annotations

from typing import Any

from training.measure.budget.groups import GROUPS, NOTHING
from training.report.cells import NOT_MEASURED, table
from training.report.results import Results

Json = dict[str, Any]


def budget_table(results: Results) -> str:
    """Accuracy and photos read with one group of distortions taken away at a time."""
    measured = results.newest("budget")
    if measured is None:
        return NOT_MEASURED
    presets = measured["presets"]
    head = ["without"]
    for found in presets:
        name = found["preset"]
        head += [
            f"{name}: modules right, mean",
            "gain",
            "5th percentile",
            f"read of {found['captures']}: true corners",
            "scan",
            "won back by search",
        ]
    rows = []
    for group in (NOTHING, *measured["settings"]["groups"]):
        cells = ["nothing" if group == NOTHING else GROUPS[group].label]
        for found in presets:
            cells += _cells(next(row for row in found["without"] if row["group"] == group))
        rows.append(cells)
    return "\n\n".join([table(head, rows), *(_next(found) for found in presets)])


def _cells(row: Json) -> list[str]:
    cells = ["", "", "", "", "", ""]
    if "accuracy" in row:
        half = row["gain_half"]
        gain = f"{round(100 * row['gain'], 1) + 0.0:+.1f}"
        gain += "" if half is None else f" ± {100 * half:.1f}"
        cells[:3] = [
            f"{100 * row['accuracy']:.1f} %",
            "" if row["group"] == NOTHING else gain,
            f"{100 * row['worst']:.1f} %",
        ]
    if "scanned" in row:
        cells[3:] = [str(row["at_truth"]), str(row["scanned"]), str(row["won_back"])]
    return cells


def _next(found: Json) -> str:
    """The groups that cost most, by the draws that were looked at."""
    rows = [row for row in found["without"] if row["group"] != NOTHING and "gain" in row]
    if not rows:
        return f"{found['preset']}: nothing looked at through the reveal."
    rows.sort(key=lambda row: -row["gain"])
    named = ", ".join(
        f"{GROUPS[row['group']].label} ({100 * row['gain']:+.1f} points)" for row in rows[:3]
    )
    plain = next(row for row in found["without"] if row["group"] == NOTHING)
    text = (
        f"{found['preset'].capitalize()}, {found['hosts']} hosts with {found['draws']} draws: "
        f"what costs most, and is the next thing worth doing, is {named}."
    )
    if "scanned" in plain:
        text += (
            f" Photos as they are, {found['captures']} in all: the scan reads {plain['scanned']}, "
            f"search wins back {plain['won_back']} that the true corners alone do not give and "
            f"loses {plain['lost_by_search']} that they give."
        )
    return text
