"""Reading without torch, and in a browser."""

from __future__ import annotations

from typing import Any

from training.report.cells import NOT_MEASURED, interval, number, table
from training.report.results import Results

_PHOTOS = {"photo": "with a message", "empty": "without"}
_ENGINES = {"torch": "torch", "onnx": "ONNX Runtime"}
_READERS = {
    "scan": "`scan`",
    "photo": "the page, whole photos",
    "live": "the page, frames of 1,280 px",
    "two": "the same, with two threads",
}
_WORTH_A_ROW_MB = 10.0


def engines_table(results: Results) -> str:
    """Medians of `riis-physical measure engines`."""
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
    load = (found.get("environment") or {}).get("load_average")
    return (
        f"{table(head, rows or [[NOT_MEASURED] * len(head)])}\n\n"
        f"Load average of the machine before: {load}."
    )


def installed_table(results: Results) -> str:
    """What `riis-physical measure installed` added up, by package."""
    found = (results.newest("installed") or {}).get("environments", [])
    if not found:
        return NOT_MEASURED
    sizes = [{one["name"]: one for one in each["packages"]} for each in found]
    names = sorted({name for each in sizes for name in each}, key=lambda name: -_most(sizes, name))
    large = [name for name in names if _most(sizes, name) >= _WORTH_A_ROW_MB]
    rows = [
        [name, *(f"{each[name]['mb']:.0f} MB" if name in each else "none" for each in sizes)]
        for name in large
    ]
    rest = [sum(one["mb"] for name, one in each.items() if name not in large) for each in sizes]
    rows.append(["all others", *(f"{mb:.0f} MB" for mb in rest)])
    rows.append(["together", *(f"{each['mb']:.0f} MB" for each in found)])
    rows.append([".pyc files in it", *(f"{each['pyc_mb']:.0f} MB" for each in found)])
    return table(["package", *(each["name"] for each in found)], rows)


def _most(sizes: list[dict[str, Any]], name: str) -> float:
    return max(float(each[name]["mb"]) for each in sizes if name in each)


def page_table(results: Results) -> str:
    """Rates of `riis-physical measure page`."""
    readers = (results.newest("page") or {}).get("readers", {})
    rows = [
        [
            label,
            interval(readers[name]["read"]),
            interval(readers[name]["of_what_scan_reads"]),
            number(readers[name]["read"], "trials", "{}"),
            f"{readers[name]['wrong_texts']} in {readers[name]['negatives']}",
            ", ".join(map(str, readers[name].get("threads", []))) or NOT_MEASURED,
            number(readers[name].get("negative_look_cpu_ms"), "median", "{:.0f} ms"),
            number(readers[name].get("negative_look_ms"), "median", "{:.0f} ms"),
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
        "threads",
        "CPU time of a look at these",
        "time",
    ]
    return table(head, rows or [[NOT_MEASURED] * len(head)])
