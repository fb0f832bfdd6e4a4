"""Results as tables in the README, and the rate against visibility as a picture.

A table lies between two comments and is never typed by hand:

    <!-- results:NAME -->
    <!-- /results:NAME -->

`python -m training.report.tables` writes all of them from results/*.json, and
docs/rate-against-psnr.png; `--check` only tells whether they are in step. Cells
without a measurement say so. Only whole-pipeline results count: corners found
in the photo, widths as the preset draws them, both media.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from riis_physical.errors import ConfigError
from riis_physical.system.files import make_folder, write_text

NOT_MEASURED = "not measured"
PRESETS = ("easy", "normal", "hard")
#: At least so many captures for a rate that is stated.
ENOUGH = 300

Json = dict[str, Any]


@dataclass(frozen=True)
class Results:
    """The measurements of one model, or of the best-measured one.

    Attributes:
        model: name, None where nothing was measured.
        groups: by preset and strength, of the evaluation with the most captures.
        negatives, bench, calibration, visible: the newest of each, None where there is none.
        captures: rows of `benchmark capture` by part (`detection` or a sweep's name).
        fused: results of `benchmark fuse`, one for each preset and margin.
    """

    model: str | None
    groups: dict[tuple[str, float], Json]
    negatives: Json | None
    bench: Json | None
    captures: dict[str, list[Json]] = field(default_factory=dict)
    fused: list[Json] = field(default_factory=list)
    calibration: Json | None = None
    visible: Json | None = None

    def at(self, preset: str, strength: float = 1.0) -> Json | None:
        """Figures of a preset and strength."""
        return self.groups.get((preset, strength))

    def curve(self, preset: str) -> list[tuple[float, Json]]:
        """Strengths and figures of a preset, weakest first."""
        return [(key[1], self.groups[key]) for key in sorted(self.groups) if key[0] == preset]


def load_results(folder: Path, model: str | None = None) -> Results:
    """Read results/*.json.

    Args:
        model: whose figures; None for the last name by version (print-2 before print-1).

    Raises:
        ConfigError: a file is no result.
    """
    files = [_read(path) for path in sorted(folder.glob("*.json"))]
    whole = [found for found in files if found["kind"] == "evaluation" and _is_whole(found)]
    names = sorted({str(found["model"]["name"]) for found in whole}, key=_version)
    chosen = model or (names[-1] if names else None)
    groups: dict[tuple[str, float], Json] = {}
    for found in whole:
        if found["model"]["name"] != chosen:
            continue
        for group in found["groups"]:
            key = (group["preset"], float(group["strength"]))
            if key not in groups or groups[key]["captures"] <= group["captures"]:
                groups[key] = _with_bound(group, groups.get(key))
    return Results(
        chosen,
        groups,
        _last(files, "negatives"),
        _last(files, "bench"),
        _capture_rows(files, chosen),
        _fused(files, chosen),
        _last(files, "calibration"),
        _last(files, "visible"),
    )


def _capture_rows(files: Sequence[Json], model: str | None) -> dict[str, list[Json]]:
    """Of each part of the capture benchmark the rows of the file with the most captures.

    Any model's where no evaluation has chosen one.
    """
    chosen: dict[str, list[Json]] = {}
    for found in files:
        if found["kind"] != "capture-benchmark" or model not in (None, found["model"]["name"]):
            continue
        for part, rows in {"detection": found["detection"], **found["sweeps"]}.items():
            if rows and (part not in chosen or _least(chosen[part]) <= _least(rows)):
                chosen[part] = rows
    return chosen


def _fused(files: Sequence[Json], model: str | None) -> list[Json]:
    """Of each preset, margin, number of photos and strength the result with the most containers.

    Any model's where no evaluation has chosen one.
    """
    chosen: dict[tuple[str, float, int, float], Json] = {}
    for found in files:
        if found["kind"] != "fuse-benchmark" or model not in (None, found["model"]["name"]):
            continue
        settings = found["settings"]
        key = (
            settings["preset"],
            float(settings["margin"]),
            int(settings["frames"]),
            -float(settings.get("strength", 1.0)),
        )
        if key not in chosen or chosen[key]["containers"] <= found["containers"]:
            chosen[key] = found
    return [chosen[key] for key in sorted(chosen)]


def _least(rows: Sequence[Json]) -> int:
    return min(int(row["captures"]) for row in rows)


def _with_bound(group: Json, earlier: Json | None) -> Json:
    """The group, with the visible code of an equally large one where it has none.

    The bound depends on the captures alone, not on the model or the code that scans.
    """
    measured = group["visible"]["readable"] is not None
    if measured or earlier is None or earlier["captures"] != group["captures"]:
        return group
    return {**group, "visible": earlier["visible"]}


def update(text: str, results: Results) -> str:
    """A document with the contents of all its tables replaced.

    Raises:
        ConfigError: a table of an unknown name, or one that does not end.
    """

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if name not in TABLES:
            raise ConfigError(f"unknown table {name!r}: known are {', '.join(TABLES)}")
        return f"<!-- results:{name} -->\n{TABLES[name](results)}\n<!-- /results:{name} -->"

    opened = re.findall(r"<!-- results:([\w-]+) -->", text)
    filled, count = re.subn(
        r"<!-- results:([\w-]+) -->.*?<!-- /results:\1 -->", fill, text, flags=re.DOTALL
    )
    if count != len(opened):
        raise ConfigError(f"{len(opened)} tables begin and {count} end: close each of {opened}")
    return filled


def decode_table(results: Results) -> str:
    """Rates by preset at strength 1."""
    rows = []
    for preset in PRESETS:
        group = results.at(preset)
        visible = (group or {}).get("visible") or {}
        detection = (group or {}).get("detection") or {}
        rows.append([
            preset,
            _number(group, "captures", "{:.0f}"),
            _rate((group or {}).get("decode")),
            _rate(visible.get("in_photo")),
            _rate(visible.get("readable")),
            _share(group, "module_accuracy", "mean"),
            _share(group, "module_accuracy", "p5"),
            _rate(detection.get("recall")),
            _number(group, "wrong_texts", "{:.0f}"),
        ])  # fmt: skip
    head = [
        "preset", "captures", "message read", "visible code, photo alone",
        "visible code, corners known", "modules right, mean", "5th percentile", "container found",
        "wrong texts",
    ]  # fmt: skip
    return _table(head, rows)


def width_table(results: Results) -> str:
    """Rates by the container's width in the photo, preset normal."""
    group = results.at("normal")
    rows = [
        [
            f"{row['from_px']} to {row['to_px']} px",
            str(row["captures"]),
            _rate(row["decode"]),
            _rate(row["visible"]["readable"]),
            _share(row, "module_accuracy", "mean"),
        ]
        for row in (group or {}).get("by_width", [])
    ]
    head = ["width in the photo", "captures", "message read", "visible code", "modules right"]
    return _table(head, rows or [[NOT_MEASURED] * len(head)])


def medium_table(results: Results) -> str:
    """Rates by medium and by what is behind the sheet."""
    rows = []
    for preset in PRESETS:
        group = results.at(preset) or {}
        for label in ("by_medium", "by_background"):
            for name, row in group.get(label, {}).items():
                where = name if label == "by_medium" else f"before a {name}"
                rows.append([preset, where, str(row["captures"]), _rate(row["decode"])])
    head = ["preset", "captured", "captures", "message read"]
    return _table(head, rows or [[NOT_MEASURED] * len(head)])


def visibility_table(results: Results) -> str:
    """PSNR, SSIM and FLIP of containers at strength 1, whole and on the smoothest tenth."""
    group = next((g for p in ("normal", "easy", "hard") if (g := results.at(p))), None)
    container = None if group is None else group["container"]
    rows = []
    for label, suffix in (("whole picture", ""), ("smoothest tenth of each host", "_smooth")):
        rows.append([
            label,
            _number(container, f"psnr{suffix}", "{:.2f} dB", "mean"),
            _number(container, f"psnr{suffix}", "{:.2f} dB", "p5"),
            _number(container, f"ssim{suffix}", "{:.4f}", "mean"),
            _number(container, f"flip{suffix}", "{:.4f}", "mean"),
        ])  # fmt: skip
    return _table(["measured on", "PSNR, mean", "5th percentile", "SSIM", "FLIP"], rows)


def strength_table(results: Results) -> str:
    """Rate against visibility, preset normal."""
    rows = [
        [
            f"{strength:g}",
            _number(group["container"], "psnr", "{:.2f} dB", "mean"),
            _number(group["container"], "psnr_smooth", "{:.2f} dB", "mean"),
            str(group["captures"]),
            _rate(group["decode"]),
            _share(group, "module_accuracy", "mean"),
        ]
        for strength, group in results.curve("normal")
    ]
    head = ["--strength", "PSNR", "smoothest tenth", "captures", "message read", "modules right"]
    return _table(head, rows or [[NOT_MEASURED] * len(head)])


def negatives_table(results: Results) -> str:
    """Texts from pictures that hide nothing."""
    names = {
        "original": "originals",
        "crop": "crops of them",
        "print": "photographed as prints with a margin",
        "bare_print": "photographed as prints without a margin",
        "visible_code": "prints of visible QR codes",
    }
    found = (results.negatives or {}).get("by_kind", {})
    counted = [(label, found.get(kind)) for kind, label in names.items()]
    whole = (results.negatives or {}).get("without_codes")
    rows = [
        [
            label,
            _number(counts, "scans", "{:.0f}"),
            _number(counts, "texts", "{:.0f}"),
            _number(counts, "unreadable", "{:.0f}", "hits"),
            _interval((counts or {}).get("unreadable")),
            _number(counts, "scan_ms", "{:.0f} ms", "median"),
            _number(counts, "scan_ms", "{:.0f} ms", "p95"),
        ]
        for label, counts in [*counted, ("all but visible codes", whole)]
    ]
    head = [
        "pictures", "scans", "texts returned", "reported as unreadable", "share (95 % interval)",
        "median time", "95th percentile",
    ]  # fmt: skip
    return _table(head, rows)


def calibration_table(results: Results) -> str:
    """How well calibration recovers what the channel did."""
    found = results.calibration or {}
    names = {
        "tone": ("tone, worst of 17 greys and 3 colours, sRGB", "{:.3f}"),
        "blur": ("blur sigma, relative", "{:.3f}"),
        "noise": ("noise sigma at mid-grey, relative", "{:.3f}"),
        "lens_px": ("lens distortion, worst dot, px", "{:.2f}"),
    }
    rows = []
    for key, (label, form) in names.items():
        part = found.get(key, {})
        if not part.get("measured"):
            rows.append([label, *[NOT_MEASURED] * 6])
            continue
        low, high = (100 * value for value in part["interval"])
        share = f"{100 * part['within'] / part['measured']:.0f} % ({low:.0f} to {high:.0f})"
        sizes = [form.format(part[size]) for size in ("median", "p95", "largest")]
        target = form.format(found["targets"][key])
        rows.append([label, str(part["measured"]), target, share, *sizes])
    head = [
        "error of", "measured", "target", "within it (95 % interval)", "median",
        "95th percentile", "largest",
    ]  # fmt: skip
    return _table(head, rows)


def visible_table(results: Results) -> str:
    """Visible codes in real photos, by reader."""
    found = results.visible or {"read": {}}
    rows = [
        [name, str(counts["trials"]), str(counts["hits"]), _interval(counts),
         str(found["wrong"][name])]
        for name, counts in found["read"].items()
    ]  # fmt: skip
    head = ["reader", "photos", "read", "share (95 % interval)", "wrong texts"]
    return _table(head, rows or [[NOT_MEASURED] * len(head)])


def detection_table(results: Results) -> str:
    """What `benchmark capture` found, by preset and border."""
    rows = []
    for row in results.captures.get("detection", []):
        rows.append([
            row["preset"],
            "none" if row["margin"] == 0 else f"{100 * row['margin']:g} % of the width",
            str(row["captures"]),
            _interval(row["recall"]),
            _interval(row["recall_close"]),
            _number(row, "corner_error", "{:.2%}", "mean"),
            _number(row, "corner_error", "{:.2%}", "p90"),
            _interval(row["decode"]),
            _interval(row["decode_given"]),
            _number(row, "ratio", "{:.3f}"),
        ])  # fmt: skip
    head = [
        "preset", "border", "captures", "found within 2 %", "within 1 %", "corners off, mean",
        "90th percentile", "message read", "with the true corners", "ratio",
    ]  # fmt: skip
    return _table(head, rows or [[NOT_MEASURED] * len(head)])


def sweep_table(name: str, label: str) -> Callable[[Results], str]:
    """A table of one sweep of `benchmark capture`."""

    def table(results: Results) -> str:
        rows = [
            [
                f"{row['value']:g}",
                str(row["captures"]),
                _interval(row["decode"]),
                _interval(row["decode_given"]),
                *(_interval(row["visible"].get(d)) for d in ("pyzbar", "zxing-cpp", "opencv")),
            ]
            for row in results.captures.get(name, [])
        ]
        head = [
            label, "captures", "message read", "with the true corners", "visible code, zbar",
            "visible, zxing-cpp", "visible, OpenCV",
        ]  # fmt: skip
        return _table(head, rows or [[NOT_MEASURED] * len(head)])

    return table


def fuse_table(results: Results) -> str:
    """What `benchmark fuse` found: shares of messages that were not read."""
    rows = []
    for found in results.fused:
        failures = found["failures"]
        rows.append([
            found["settings"]["preset"],
            f"{found['settings'].get('strength', 1.0):g}",
            str(found["containers"]),
            str(found["settings"]["frames"]),
            _interval(failures["first"]),
            f"{100 * failures['single']['rate']:.1f} %",
            _interval(failures["best"]),
            _interval(failures["fused"]),
            *(_difference(found[key]) for key in ("fused_minus_first", "fused_minus_best")),
        ])  # fmt: skip
    head = [
        "preset", "strength", "containers", "photos of each", "not read from the first",
        "from one, mean", "from whichever reads alone", "from all added up", "added up minus first",
        "added up minus whichever",
    ]  # fmt: skip
    return _table(head, rows or [[NOT_MEASURED] * len(head)])


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
        for row in (results.bench or {}).get("folder") or []
    ]
    head = ["photos of", "scanned by", "photos", "photos a minute", "first after"]
    return _table(head, rows or [[NOT_MEASURED] * len(head)])


def _workers(row: Json) -> str:
    return "one process" if row["jobs"] == 1 else f"{row['jobs']} {row['workers']}"


def speed_table(results: Results) -> str:
    """Medians of `riis-physical measure speed`."""
    bench = results.bench
    rows = []
    for name, label in (
        ("hide", "`hide`, 24 megapixels, with quality figures"),
        ("scan", "`scan`, 12 megapixels"),
        ("scan_empty", "`scan`, 12 megapixels, no container in the photo"),
    ):
        figures = (bench or {}).get(name)
        rows.append([
            label,
            _number(figures, "median_s", "{:.2f} s"),
            _number(figures, "limit_s", "{:.0f} s"),
            _number(figures, "peak_rss_mb", "{:.0f} MB"),
            _number(bench, "memory_limit_mb", "{:.0f} MB"),
        ])  # fmt: skip
    return _table(["command", "median time", "to reach", "peak memory", "to reach"], rows)


def stages_table(results: Results) -> str:
    """Milliseconds by stage of the captures at preset normal, one thread each."""
    group = results.at("normal") or {}
    rows = [
        [stage, f"{ms['median']:.0f} ms", f"{ms['p95']:.0f} ms"]
        for stage, ms in group.get("timings_ms", {}).items()
        if ms
    ]
    head = ["stage", "median", "95th percentile"]
    return _table(head, rows or [[NOT_MEASURED] * len(head)])


TABLES: dict[str, Callable[[Results], str]] = {
    "decode": decode_table,
    "width": width_table,
    "medium": medium_table,
    "visibility": visibility_table,
    "strength": strength_table,
    "negatives": negatives_table,
    "speed": speed_table,
    "stages": stages_table,
    "folder": folder_table,
    "fuse": fuse_table,
    "calibration": calibration_table,
    "visible": visible_table,
    "capture-detection": detection_table,
    "capture-width": sweep_table("width", "width in the photo, px"),
    "capture-angle": sweep_table("angle", "angle, degrees"),
    "capture-blur": sweep_table("blur", "defocus, px at 512 px width"),
    "capture-exposure": sweep_table("exposure", "exposure, stops"),
    "capture-glare": sweep_table("glare", "glare, share of white"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check; the exit status is 1 where --check finds a table out of step."""
    parser = argparse.ArgumentParser(description="Tables of the README from results/*.json.")
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--document", type=Path, default=Path("README.md"))
    parser.add_argument("--plot", type=Path, default=Path("docs/rate-against-psnr.png"))
    parser.add_argument("--model", help="whose figures; the newest by default")
    parser.add_argument("--check", action="store_true", help="write nothing")
    given = parser.parse_args(arguments)
    from training.report.rate_plot import plot_curve

    results = load_results(given.results, given.model)
    before = given.document.read_text(encoding="utf-8")
    after = update(before, results)
    if given.check:
        if before != after:
            print(f"{given.document} is out of step: run python -m training.report.tables")
        return int(before != after)
    write_text(given.document, after, force=True)
    make_folder(given.plot.parent)
    drawn = plot_curve(results, given.plot)
    print(f"{given.document} written" + (f", {given.plot} drawn" if drawn else ""))
    return 0


def _read(path: Path) -> Json:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read {path} ({error}): measure again or remove it") from error
    if not isinstance(found, dict) or "kind" not in found:
        raise ConfigError(f"{path} is no result: remove it from the folder")
    return found


def _is_whole(found: Json) -> bool:
    settings = found["settings"]
    return bool(
        settings["corners"] == "detect"
        and settings["width_px"] is None
        and settings["medium"] == "mixed"
    )


def _last(files: Sequence[Json], kind: str) -> Json | None:
    own = [found for found in files if found["kind"] == kind]
    return max(own, key=lambda found: str(found["environment"]["date"]), default=None)


def _version(name: str) -> tuple[int, str]:
    match = re.search(r"-(\d+)$", name)
    return (int(match[1]) if match else 0, name)


def _rate(found: Json | None) -> str:
    if found is None:
        return NOT_MEASURED
    return (
        f"{100 * found['rate']:.1f} % ({100 * found['low']:.1f} to {100 * found['high']:.1f})"
        f"{'' if found['trials'] >= ENOUGH else ', n = ' + str(found['trials'])}"
    )


def _interval(found: Json | None) -> str:
    """A rate for tables that have a column with the number of captures."""
    if found is None:
        return NOT_MEASURED
    rate, low, high = (100 * found[part] for part in ("rate", "low", "high"))
    return f"{rate:.1f} % ({low:.1f} to {high:.1f})"


def _difference(found: Json) -> str:
    """Of two rates, with its interval."""
    apart, low, high = (100 * found[part] for part in ("difference", "low", "high"))
    return f"{apart:+.1f} % ({low:+.1f} to {high:+.1f})"


def _number(found: Json | None, key: str, form: str, part: str | None = None) -> str:
    value = (found or {}).get(key)
    if part is not None:
        value = (value or {}).get(part)
    return NOT_MEASURED if value is None else form.format(value)


def _share(found: Json | None, key: str, part: str) -> str:
    value = ((found or {}).get(key) or {}).get(part)
    return NOT_MEASURED if value is None else f"{100 * value:.2f} %"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ConfigError as error:
        sys.exit(f"Error: {error}")
