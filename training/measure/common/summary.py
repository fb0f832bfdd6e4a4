"""Captures to figures: rates with intervals, means, and where captures fail."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from riis_physical.metrics import wilson_interval
from training.measure.common.records import FOUND_WITHIN, NOT_HIDDEN, CaptureRecord

#: Edges of the bins of the container's width in the photo, px.
WIDTH_EDGES = (250, 350, 500, 700, 900, 1200)


def summarise(records: Sequence[CaptureRecord]) -> list[dict[str, Any]]:
    """One group of figures for each preset and strength, in order of appearance."""
    keys = dict.fromkeys((record.preset, record.strength) for record in records)
    return [
        {
            "preset": preset,
            "strength": strength,
            **summarise_group([r for r in records if (r.preset, r.strength) == (preset, strength)]),
        }
        for preset, strength in keys
    ]


def summarise_group(records: Sequence[CaptureRecord]) -> dict[str, Any]:
    """Figures of captures that share preset and strength.

    A container that `hide` refused counts as a capture that was not read.
    """
    taken = [record for record in records if record.status != NOT_HIDDEN]
    return {
        **_core(records),
        "wrong_texts": sum(record.wrong_texts for record in records),
        "not_hidden": len(records) - len(taken),
        "status": dict(Counter(record.status for record in records)),
        "decoder": dict(Counter(r.decoder or "none" for r in records if r.right)),
        "detection": _detection(taken),
        "failures": _failures(records),
        "container": _container(taken),
        "by_width": _by_width(taken),
        "by_medium": _by(records, lambda r: r.medium),
        "by_background": _by(records, lambda r: "photograph" if r.background else "wall"),
        "timings_ms": _timings(taken),
    }


def rate(outcomes: Iterable[bool | None]) -> dict[str, Any] | None:
    """Hits, trials, rate and its 95 % Wilson interval; None without any outcome."""
    known = [bool(outcome) for outcome in outcomes if outcome is not None]
    if not known:
        return None
    low, high = wilson_interval(sum(known), len(known))
    return {
        "hits": sum(known),
        "trials": len(known),
        "rate": round(sum(known) / len(known), 4),
        "low": round(low, 4),
        "high": round(high, 4),
    }


def spread(values: Iterable[float | None]) -> dict[str, float] | None:
    """Mean, 5th percentile, median, 95th percentile; None without any value."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    low, middle, high = (float(v) for v in np.percentile(known, [5, 50, 95]))
    figures = {"mean": float(np.mean(known)), "p5": low, "median": middle, "p95": high}
    return {key: round(value, 5) for key, value in figures.items()}


def _core(records: Sequence[CaptureRecord]) -> dict[str, Any]:
    return {
        "captures": len(records),
        "decode": rate(record.right for record in records),
        "truth_decode": rate(record.truth_right for record in records),
        "visible": {
            "in_photo": rate(record.visible_in_photo for record in records),
            "readable": rate(record.visible_readable for record in records),
        },
        "module_accuracy": spread(record.module_accuracy for record in records),
    }


def _detection(records: Sequence[CaptureRecord]) -> dict[str, Any]:
    return {
        "recall": rate(record.detected for record in records),
        "found_within": FOUND_WITHIN,
        "corner_error": spread(record.corner_error for record in records),
    }


def _failures(records: Sequence[CaptureRecord]) -> dict[str, int]:
    """Why captures were not read, by the first thing that went wrong."""
    causes: Counter[str] = Counter()
    for record in records:
        if record.right:
            continue
        if record.status == NOT_HIDDEN:
            causes["not hidden"] += 1
        elif not record.truth_right:
            causes["not readable at the true corners"] += 1
        elif record.detected is False:
            causes["readable at the true corners, not found"] += 1
        else:
            causes["found, readable at the true corners, not read"] += 1
    return dict(causes)


def _container(records: Sequence[CaptureRecord]) -> dict[str, Any]:
    """Visibility of the change; each container counts once."""
    names = ("psnr", "ssim", "psnr_smooth", "ssim_smooth", "flip", "flip_smooth")
    figures: dict[str, Any] = {name: spread(getattr(r, name) for r in records) for name in names}
    return {
        **figures,
        "containers": len(records),
        "hosts": len({record.host for record in records}),
        "flip_containers": sum(record.flip is not None for record in records),
    }


def _by_width(records: Sequence[CaptureRecord]) -> list[dict[str, Any]]:
    rows = []
    for low, high in zip(WIDTH_EDGES, WIDTH_EDGES[1:], strict=False):
        least = -math.inf if low == WIDTH_EDGES[0] else low
        most = math.inf if high == WIDTH_EDGES[-1] else high
        inside = [r for r in records if r.width_px is not None and least <= r.width_px < most]
        if inside:
            rows.append({"from_px": low, "to_px": high, **_core(inside)})
    return rows


def _by(
    records: Sequence[CaptureRecord], of: Callable[[CaptureRecord], str]
) -> dict[str, dict[str, Any]]:
    names = sorted({of(record) for record in records})
    return {name: _core([r for r in records if of(r) == name]) for name in names}


def _timings(records: Sequence[CaptureRecord]) -> dict[str, Any]:
    stages = dict.fromkeys(stage for record in records for stage in record.timings_ms)
    return {
        stage: {
            key: round(value, 1)
            for key, value in (spread(r.timings_ms.get(stage) for r in records) or {}).items()
        }
        for stage in stages
    }
