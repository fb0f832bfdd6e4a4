"""Reading without torch, and in a browser."""

from __future__ import annotations

from training.report.cells import NOT_MEASURED, interval, number, table
from training.report.results import Results

_PHOTOS = {"photo": "with a message", "empty": "without"}
_ENGINES = {"torch": "torch", "onnx": "ONNX Runtime"}
_READERS = {
    "scan": "`scan`",
    "photo": "the page, whole photos",
    "live": "the page, one frame of 1,280 px alone",
}


def engines_table(results: Results) -> str:
    """Medians of `riis-physical measure engines`, and what is installed."""
    found = results.newest("reading-engines") or {}
    rows = [
        [
            str(row["cores"]),
            _PHOTOS[row["photo"]],
            _ENGINES[row["engine"]],
            *(number(row[key], "median", "{:.1f} s") for key in ("command_s", "start_s", "cpu_s")),
            number(row["memory_mb"], "median", "{:.0f} MB"),
        ]
        for row in found.get("rows", [])
    ]
    head = ["cores", "photo", "engine", "command", "start-up in it", "CPU time", "memory"]
    sizes = found.get("installed_mb", {})
    load = (found.get("environment") or {}).get("load_average")
    note = ", ".join(f"{name} {size:,.0f} MB" for name, size in sizes.items()) or NOT_MEASURED
    return (
        f"{table(head, rows or [[NOT_MEASURED] * len(head)])}\n\n"
        f"Installed: {note}. Load average of the machine before: {load}."
    )


def page_table(results: Results) -> str:
    """Rates of `riis-physical measure page`."""
    readers = (results.newest("page") or {}).get("readers", {})
    rows = [
        [
            label,
            interval(readers[name]["read"]),
            interval(readers[name]["of_what_scan_reads"]),
            str(readers[name]["read"]["trials"]),
            f"{readers[name]['wrong_texts']} in {readers[name]['negatives']}",
            number(readers[name]["negative_cpu_ms"], "median", "{:.0f} ms"),
        ]
        for name, label in _READERS.items()
        if name in readers
    ]
    head = [
        "read by",
        "captures read",
        "of what `scan` reads",
        "captures",
        "wrong texts in photos without one",
        "CPU time of these",
    ]
    return table(head, rows or [[NOT_MEASURED] * len(head)])
