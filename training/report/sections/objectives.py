"""Variants of the training's objective, compared where the worst captures are read equally."""

from __future__ import annotations

from training.report.cells import NOT_MEASURED, table
from training.report.results import Results


def objectives_table(results: Results) -> str:
    """Each variant at strength 1, and where its worst captures have the share compared at."""
    found = results.newest("objectives")
    if found is None:
        return NOT_MEASURED
    settings = found["settings"]
    own = {name: ", ".join(changed) for name, changed in settings["variants"]}
    head = [
        "variant", "settings", "modules right, mean", f"{found['percentile']}th percentile",
        "visibility-weighted PSNR", "at equal reading: strength", "visibility-weighted PSNR",
        "against the first", "SSIMULACRA 2",
    ]  # fmt: skip
    rows = []
    first = found["variants"][0]["at_equal_reading"]["seen_db"] if found["variants"] else None
    for row in found["variants"]:
        one = next(s for s in row["strengths"] if s["strength"] == 1.0)
        there = row["at_equal_reading"]
        seen = there["seen_db"]
        gain = "" if seen is None or first is None else f"{seen - first:+.2f} dB"
        rows.append(
            [
                row["variant"],
                own[row["variant"]],
                f"{100 * one['accuracy']:.1f} %",
                f"{100 * one['worst']:.1f} %",
                f"{one['seen_db']:.2f} dB",
                _figure(there["strength"], "{:.3f}"),
                _figure(seen, "{:.2f} dB"),
                gain,
                _figure(there.get("ssimulacra2"), "{:.1f}"),
            ]
        )
    steps = found["variants"][0]["steps"]
    fewer = [
        f"{row['variant']} {row['steps']}" for row in found["variants"] if row["steps"] != steps
    ]
    missing = [name for name in own if name not in {row["variant"] for row in found["variants"]}]
    text = (
        f"{steps} steps each from {settings['init'] or 'nothing'}, the same seed, hosts and draws; "
        f"{settings['items']} simulated captures of patches, compared where the "
        f"{found['percentile']}th percentile is {100 * found['equal_worst_accuracy']:.1f} %; "
        f"commit {found['environment']['commit'][:12]}."
    )
    if fewer:
        text += f" Other numbers of steps: {', '.join(fewer)}."
    if missing:
        text += f" Not measured: {', '.join(missing)}."
    return f"{table(head, rows)}\n\n{text}"


def _figure(value: float | None, form: str) -> str:
    return "not reached" if value is None else form.format(value)
