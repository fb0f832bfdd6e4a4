"""Time and memory of the paper's model beside HiNet's."""

from __future__ import annotations

from training.report.cells import NOT_MEASURED, table
from training.report.results import Results

_METHODS = {"riis": "RIIS, 8 blocks", "hinet": "HiNet, 16 blocks"}


def speed_table(results: Results) -> str:
    """Medians of `riis-physical measure paper-speed`."""
    found = results.newest("paper-speed") or {}
    rows = [
        [
            _METHODS[row["method"]],
            f"{row['parameters'] / 1e6:.1f} M",
            row["precision"],
            *(f"{row[f'{part}_per_s']:.2f}" for part in ("hide", "reveal", "learn")),
            *(f"{row[f'{part}_cpu_s']:.2f} s" for part in ("hide", "reveal")),
            f"{row['hide_reveal_mb']} MB",
            f"{row['memory_mb']} MB",
        ]
        for row in found.get("rows", [])
    ]
    head = [
        "network", "parameters", "precision", "hides a second", "reveals", "learns from",
        "CPU time to hide", "to reveal", "memory", "learning",
    ]  # fmt: skip
    told = ""
    if found:
        machine = found["environment"]
        told = (
            f"\n\nPictures of {found['side_px']} px, one at a time, on {found['device']} "
            f"({machine['cpu']}, load average before {machine['load_average']}), {machine['date']}."
        )
    return table(head, rows or [[NOT_MEASURED] * len(head)]) + told
