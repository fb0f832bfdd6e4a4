"""What is found and read as captures get harder, and what devices and other readers are worth."""

from __future__ import annotations

from collections.abc import Callable

from training.report.cells import (
    NOT_MEASURED,
    difference,
    interval,
    number,
    rate,
    table,
)
from training.report.results import Results


def detection_table(results: Results) -> str:
    """What `benchmark capture` found, by preset and border."""
    rows = []
    for row in results.captures.get("detection", []):
        rows.append([
            row["preset"],
            "none" if row["margin"] == 0 else f"{100 * row['margin']:g} % of the width",
            str(row["captures"]),
            interval(row["recall"]),
            interval(row["recall_close"]),
            number(row, "corner_error", "{:.2%}", "mean"),
            number(row, "corner_error", "{:.2%}", "p90"),
            interval(row["decode"]),
            interval(row["decode_given"]),
            number(row, "ratio", "{:.3f}"),
        ])  # fmt: skip
    head = [
        "preset", "border", "captures", "found within 2 %", "within 1 %", "corners off, mean",
        "90th percentile", "message read", "with the true corners", "ratio",
    ]  # fmt: skip
    return table(head, rows or [[NOT_MEASURED] * len(head)])


def sweep_table(name: str, label: str) -> Callable[[Results], str]:
    """A table of one sweep of `benchmark capture`."""

    def made(results: Results) -> str:
        rows = [
            [
                f"{row['value']:g}",
                str(row["captures"]),
                interval(row["decode"]),
                interval(row["decode_given"]),
                *(interval(row["visible"].get(d)) for d in ("pyzbar", "zxing-cpp", "opencv")),
            ]
            for row in results.captures.get(name, [])
        ]
        head = [
            label, "captures", "message read", "with the true corners", "visible code, zbar",
            "visible, zxing-cpp", "visible, OpenCV",
        ]  # fmt: skip
        return table(head, rows or [[NOT_MEASURED] * len(head)])

    return made


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
            interval(failures["first"]),
            f"{100 * failures['single']['rate']:.1f} %",
            interval(failures["best"]),
            interval(failures["fused"]),
            *(difference(found[key]) for key in ("fused_minus_first", "fused_minus_best")),
        ])  # fmt: skip
    head = [
        "preset", "strength", "containers", "photos of each", "not read from the first",
        "from one, mean", "from whichever reads alone", "from all added up", "added up minus first",
        "added up minus whichever",
    ]  # fmt: skip
    return table(head, rows or [[NOT_MEASURED] * len(head)])


def calibration_table(results: Results) -> str:
    """How well calibration recovers what the channel did."""
    found = results.newest("calibration") or {}
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
    return table(head, rows)


def visible_table(results: Results) -> str:
    """Visible codes in real photos, by reader."""
    found = results.newest("visible") or {"read": {}}
    rows = [
        [name, str(counts["trials"]), str(counts["hits"]), interval(counts),
         str(found["wrong"][name])]
        for name, counts in found["read"].items()
    ]  # fmt: skip
    head = ["reader", "photos", "read", "share (95 % interval)", "wrong texts"]
    return table(head, rows or [[NOT_MEASURED] * len(head)])


def kinds_table(results: Results) -> str:
    """Photos as people take and send them, by kind: what reads at each effort, and the work."""
    efforts = list(results.kinds)
    rows = []
    for kind in dict.fromkeys(k for found in results.kinds.values() for k in found["kinds"]):
        parts = [found["kinds"].get(kind) for found in results.kinds.values()]
        first = next(part for part in parts if part is not None)
        rates = [
            "nothing hidden" if first["read"] is None else rate(p and p["read"]) for p in parts
        ]
        known = [part for part in parts if part is not None]
        work = first["modules"]
        rows.append([
            kind,
            str(first["photos"]),
            *rates,
            f"{first['containers_read']} of {first['containers']}",
            str(sum(part["wrong_texts"] for part in known)),
            f"{work['median']:,.0f}",
            f"{work['p95']:,.0f}",
        ])  # fmt: skip
    head = [
        "kind", "photos", *(f"all of it read, {effort}" for effort in efforts),
        "containers", "wrong texts", "modules revealed, median", "95th percentile",
    ]  # fmt: skip
    return table(head, rows or [[NOT_MEASURED] * len(head)])
