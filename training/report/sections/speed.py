"""Time and memory."""

from __future__ import annotations

from training.report.cells import (
    NOT_MEASURED,
    Json,
    number,
    table,
)
from training.report.results import Results
from training.report.sections.study_speed import study_speed_rows


def folder_table(results: Results) -> str:
    """Photos a minute of `scan DIR`, of `riis-physical measure speed`."""
    rows = [
        [
            f"{row['megapixels']:g} megapixels",
            _workers(row),
            str(row["photos"]),
            f"{row['photos_per_minute']:.0f}",
            f"{row['start_s']:.1f} s",
        ]
        for row in (results.newest("bench") or {}).get("folder") or []
    ]
    head = ["photos of", "scanned by", "photos", "photos a minute", "first after"]
    return table(head, rows or [[NOT_MEASURED] * len(head)])


def study_speed_table(results: Results) -> str:
    """Photos a minute of `study run`, of `riis-physical study bench`."""
    measured = results.newest("study-bench")
    head = ["scanned by", "workers", "photos", "photos a minute", "times one process"]
    rows = study_speed_rows(measured) if measured else [[NOT_MEASURED] * len(head)]
    return table(head, rows)


def _workers(row: Json) -> str:
    return "one process" if row["jobs"] == 1 else f"{row['jobs']} {row['workers']}"


def speed_table(results: Results) -> str:
    """Medians of `riis-physical measure speed`."""
    bench = results.newest("bench")
    rows = []
    for name, label in (
        ("hide", "`hide`, 24 megapixels, with quality figures"),
        ("scan", "`scan`, 12 megapixels"),
        ("scan_empty", "`scan`, 12 megapixels, no container in the photo"),
    ):
        figures = (bench or {}).get(name)
        rows.append([
            label,
            number(figures, "median_s", "{:.2f} s"),
            number(figures, "limit_s", "{:.0f} s"),
            number(figures, "peak_rss_mb", "{:.0f} MB"),
            number(bench, "memory_limit_mb", "{:.0f} MB"),
        ])  # fmt: skip
    return table(["command", "median time", "to reach", "peak memory", "to reach"], rows)


def stages_table(results: Results) -> str:
    """Milliseconds by stage of the captures at preset normal, one thread each."""
    group = results.at("normal") or {}
    rows = [
        [stage, f"{ms['median']:.0f} ms", f"{ms['p95']:.0f} ms"]
        for stage, ms in group.get("timings_ms", {}).items()
        if ms
    ]
    head = ["stage", "median", "95th percentile"]
    return table(head, rows or [[NOT_MEASURED] * len(head)])


def start_up_table(results: Results) -> str:
    """Start-up of commands, by commit."""
    rows = [
        [
            row["command"],
            row["commit"],
            *(f"{row[key]:.2f} s" for key in ("start_s", "start_cpu_s", "work_s", "work_cpu_s")),
        ]
        for row in sorted(
            (results.newest("start-up") or {}).get("rows", []), key=lambda row: row["command"]
        )
    ]
    head = ["command", "commit", "start-up", "CPU time of it", "work", "CPU time of it"]
    return table(head, rows or [[NOT_MEASURED] * len(head)])
