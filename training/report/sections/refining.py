"""What a chosen strength and refining save, by several metrics of sight."""

from __future__ import annotations

from typing import Any

from training.report.cells import NOT_MEASURED, table
from training.report.results import Results

VERSIONS = {
    "one": "one strength for all hosts",
    "chosen": "chosen for each host",
    "refined": "chosen, and refined",
}
METRICS = {"ssimulacra2": "SSIMULACRA 2", "butteraugli": "butteraugli", "flip": "FLIP"}


def refining_table(results: Results) -> str:
    """Means over the hosts of each version, at one predicted rate."""
    found = results.newest("visibility")
    if found is None:
        return NOT_MEASURED
    mean = found["mean"]
    there = [label for label in METRICS if any(label in row for row in mean.values())]
    rows = [
        [
            VERSIONS[name],
            f"{row['strength']:.2f}",
            f"{row['psnr']:.1f} dB",
            *(_seen(row, label) for label in there),
            _read(row),
        ]
        for name, row in mean.items()
    ]
    named = [f"{METRICS[label]} (as JPEG quality)" for label in there]
    head = ["strength", "mean strength", "PSNR", *named, "simulated captures read"]
    settings = found["settings"]
    text = (
        f"{len(found['records'])} hosts, message {found['message']!r}, "
        f"{_refined_for(settings)}; model {found['model']['name']}, "
        f"commit {found['environment']['commit'][:12]}."
    )
    return f"{table(head, rows)}\n\n{text}"


def _refined_for(settings: dict[str, Any]) -> str:
    if not settings["seconds"]:
        return "not refined"
    steps = settings["steps"]
    return f"refined for {steps} steps" if steps else f"refined for {settings['seconds']:g} s"


def _seen(row: dict[str, Any], label: str) -> str:
    if label not in row:
        return NOT_MEASURED
    return f"{row[label]:.3g} ({row[f'{label}_as_jpeg']:.0f})"


def _read(row: dict[str, Any]) -> str:
    if "read" not in row:
        return NOT_MEASURED
    return f"{row['read']} of {row['captures']}"
