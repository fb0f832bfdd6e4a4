"""Reading with what is known of messages: soft grids, and whole captures."""

from __future__ import annotations

from training.report.cells import NOT_MEASURED, interval, number, table
from training.report.results import Results

Json = dict[str, object]


def soft_table(results: Results) -> str:
    """Share of codes read under Gaussian noise, by wrong modules."""
    measured = results.newest("soft-reading")
    if measured is None:
        return NOT_MEASURED
    rows = measured["rows"]
    shares = sorted({row["wrong"] for row in rows})
    series: dict[tuple[str, str, int, int], dict[float, str]] = {}
    for row in rows:
        key = (row["messages"], row["known"], row["length"], row["version"])
        series.setdefault(key, {})[row["wrong"]] = f"{100 * row['share']:.1f}"
    n = rows[0]["n"]
    head = [f"read of {n}, %: messages", "known", "version", *(f"{100 * s:.0f} %" for s in shares)]
    lines = [
        [f"{kind}, {length} characters", known, str(version), *(found.get(s, "") for s in shares)]
        for (kind, known, length, version), found in series.items()
    ]
    return table(head, lines)


def known_table(results: Results) -> str:
    """Whole captures of addresses, read with nothing, a beginning or a list known."""
    rows = [
        [
            found["settings"]["messages"]["kind"],
            found["settings"]["messages"]["known"],
            group["preset"],
            f"{group['strength']:g}",
            number(group, "captures", "{:.0f}"),
            interval(group["decode"]),
            number(group["container"], "psnr", "{:.1f} dB", "mean"),
            number(group, "wrong_texts", "{:.0f}"),
        ]
        for found in results.known
        for group in found["groups"]
    ]
    head = [
        "messages", "known", "preset", "strength", "captures", "message read", "container, PSNR",
        "wrong texts",
    ]  # fmt: skip
    return table(head, rows) if rows else NOT_MEASURED
