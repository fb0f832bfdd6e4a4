"""What reads, what is seen, and what must never come back."""

from __future__ import annotations

from training.report.cells import (
    NOT_MEASURED,
    difference,
    interval,
    number,
    rate,
    share,
    table,
)
from training.report.results import PRESETS, Results


def decode_table(results: Results) -> str:
    """Rates by preset at strength 1."""
    rows = []
    for preset in PRESETS:
        group = results.at(preset)
        visible = (group or {}).get("visible") or {}
        detection = (group or {}).get("detection") or {}
        rows.append([
            preset,
            number(group, "captures", "{:.0f}"),
            rate((group or {}).get("decode")),
            rate(visible.get("in_photo")),
            rate(visible.get("readable")),
            share(group, "module_accuracy", "mean"),
            share(group, "module_accuracy", "p5"),
            rate(detection.get("recall")),
            number(group, "wrong_texts", "{:.0f}"),
        ])  # fmt: skip
    head = [
        "preset", "captures", "message read", "visible code, photo alone",
        "visible code, corners known", "modules right, mean", "5th percentile", "container found",
        "wrong texts",
    ]  # fmt: skip
    return table(head, rows)


def pairs_table(results: Results) -> str:
    """The model beside former ones, on the same captures."""
    rows = [
        [
            pair.preset,
            "none" if pair.margin == 0 else f"{100 * pair.margin:.0f} %",
            f"{pair.strength:g}",
            str(pair.captures),
            f"{pair.models[0]}: {pair.read[0]} at {pair.psnr[0]:.1f} dB",
            f"{pair.models[1]}: {pair.read[1]} at {pair.psnr[1]:.1f} dB",
            difference(pair.difference),
        ]
        for pair in results.pairs
    ]
    head = [
        "preset", "border", "strength", "captures", "read", "read on the same captures",
        "difference (95 % interval), points",
    ]  # fmt: skip
    return table(head, rows or [[NOT_MEASURED] * len(head)])


def width_table(results: Results) -> str:
    """Rates by the container's width in the photo, preset normal."""
    group = results.at("normal")
    rows = [
        [
            f"{row['from_px']} to {row['to_px']} px",
            str(row["captures"]),
            rate(row["decode"]),
            rate(row["visible"]["readable"]),
            share(row, "module_accuracy", "mean"),
        ]
        for row in (group or {}).get("by_width", [])
    ]
    head = ["width in the photo", "captures", "message read", "visible code", "modules right"]
    return table(head, rows or [[NOT_MEASURED] * len(head)])


def medium_table(results: Results) -> str:
    """Rates by medium and by what is behind the sheet."""
    rows = []
    for preset in PRESETS:
        group = results.at(preset) or {}
        for label in ("by_medium", "by_background"):
            for name, row in group.get(label, {}).items():
                where = name if label == "by_medium" else f"before a {name}"
                rows.append([preset, where, str(row["captures"]), rate(row["decode"])])
    head = ["preset", "captured", "captures", "message read"]
    return table(head, rows or [[NOT_MEASURED] * len(head)])


def visibility_table(results: Results) -> str:
    """PSNR, SSIM and FLIP of containers at strength 1, whole and on the smoothest tenth."""
    group = next((g for p in ("normal", "easy", "hard") if (g := results.at(p))), None)
    container = None if group is None else group["container"]
    rows = []
    for label, suffix in (("whole picture", ""), ("smoothest tenth of each host", "_smooth")):
        rows.append([
            label,
            number(container, f"psnr{suffix}", "{:.2f} dB", "mean"),
            number(container, f"psnr{suffix}", "{:.2f} dB", "p5"),
            number(container, f"ssim{suffix}", "{:.4f}", "mean"),
            number(container, f"flip{suffix}", "{:.4f}", "mean"),
        ])  # fmt: skip
    return table(["measured on", "PSNR, mean", "5th percentile", "SSIM", "FLIP"], rows)


def strength_table(results: Results) -> str:
    """Rate against visibility, preset normal."""
    rows = [
        [
            f"{strength:g}",
            number(group["container"], "psnr", "{:.2f} dB", "mean"),
            number(group["container"], "psnr_smooth", "{:.2f} dB", "mean"),
            str(group["captures"]),
            rate(group["decode"]),
            share(group, "module_accuracy", "mean"),
        ]
        for strength, group in results.curve("normal")
    ]
    head = ["--strength", "PSNR", "smoothest tenth", "captures", "message read", "modules right"]
    return table(head, rows or [[NOT_MEASURED] * len(head)])


def negatives_table(results: Results) -> str:
    """Texts from pictures that hide nothing."""
    measured = results.newest("negatives")
    names = {
        "original": "originals",
        "crop": "crops of them",
        "print": "photographed as prints with a margin",
        "bare_print": "photographed as prints without a margin",
        "visible_code": "prints of visible QR codes",
    }
    found = (measured or {}).get("by_kind", {})
    counted = [(label, found.get(kind)) for kind, label in names.items()]
    whole = (measured or {}).get("without_codes")
    rows = [
        [
            label,
            number(counts, "scans", "{:.0f}"),
            number(counts, "texts", "{:.0f}"),
            number(counts, "unreadable", "{:.0f}", "hits"),
            interval((counts or {}).get("unreadable")),
            number(counts, "scan_ms", "{:.0f} ms", "median"),
            number(counts, "scan_ms", "{:.0f} ms", "p95"),
        ]
        for label, counts in [*counted, ("all but visible codes", whole)]
    ]
    head = [
        "pictures", "scans", "texts returned", "reported as unreadable", "share (95 % interval)",
        "median time", "95th percentile",
    ]  # fmt: skip
    return table(head, rows)
