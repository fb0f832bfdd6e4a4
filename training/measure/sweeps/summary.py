"""Captures to figures, one row for each point."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from training.measure.common.paired import paired_difference
from training.measure.common.records import FOUND_WITHIN, NOT_HIDDEN
from training.measure.common.summary import rate, spread
from training.measure.sweeps.places import CLOSE_WITHIN
from training.measure.sweeps.records import BenchmarkRecord
from training.measure.sweeps.settings import Point
from training.measure.sweeps.varied import DETECTION


def summarise(points: Sequence[Point], records: Sequence[BenchmarkRecord]) -> dict[str, Any]:
    """Rows of detection and of each sweep, in the order of the points.

    A container that `hide` refused counts as a capture that was not read.
    """
    rows: dict[str, list[dict[str, Any]]] = {}
    for point in points:
        own = [record for record in records if record.point == point]
        if own:
            rows.setdefault(point.sweep, []).append(_row(point, own))
    return {
        "detection": rows.pop(DETECTION, []),
        "sweeps": rows,
        "wrong_texts": sum(record.wrong_texts for record in records),
    }


def _row(point: Point, records: Sequence[BenchmarkRecord]) -> dict[str, Any]:
    taken = [record for record in records if record.status != NOT_HIDDEN]
    right = [record.right for record in records]
    given = [record.right_given for record in records]
    row = {
        "value": point.value,
        "preset": point.preset,
        "margin": point.margin,
        "captures": len(records),
        "not_hidden": len(records) - len(taken),
        "decode": rate(right),
        "decode_given": rate(given),
        "ratio": round(sum(right) / sum(given), 4) if any(given) else None,
        "detected_minus_given": paired_difference(right, given),
        **_detection(taken),
        "visible": _visible(taken),
        "wrong_texts": sum(record.wrong_texts for record in records),
        "status": dict(Counter(record.status for record in records)),
        "width_px": spread(record.width_px for record in taken),
        "px_per_module": spread(record.px_per_module for record in taken),
        "scan_ms": spread(record.timings_ms.get("scan") for record in taken),
    }
    return row


def _detection(records: Sequence[BenchmarkRecord]) -> dict[str, Any]:
    """Recall of the result or a candidate, of the result alone, and errors of what was found."""
    errors = [error for record in records if (error := _found_error(record)) is not None]
    return {
        "recall": rate(_best_worst(record) <= FOUND_WITHIN for record in records),
        "recall_close": rate(_best_worst(record) <= CLOSE_WITHIN for record in records),
        "recall_result": rate(_worst(record.result_worst) <= FOUND_WITHIN for record in records),
        "corner_error": errors_of(errors),
        "found_by": dict(Counter(record.found_by or "none" for record in records)),
    }


def errors_of(errors: Sequence[float]) -> dict[str, float] | None:
    """Mean, median and 90th percentile of corner errors; None without any."""
    if not errors:
        return None
    figures = {
        "mean": float(np.mean(errors)),
        "median": float(np.median(errors)),
        "p90": float(np.percentile(errors, 90)),
        "captures": len(errors),
    }
    return {key: round(value, 5) for key, value in figures.items()}


def _worst(value: float | None) -> float:
    return float("inf") if value is None else value


def _best_worst(record: BenchmarkRecord) -> float:
    return min(_worst(record.result_worst), _worst(record.candidate_worst))


def _found_error(record: BenchmarkRecord) -> float | None:
    """Mean over the corners where they were found: of the result, else of a candidate."""
    if _worst(record.result_worst) <= FOUND_WITHIN:
        return record.result_error
    if _worst(record.candidate_worst) <= FOUND_WITHIN:
        return record.candidate_error
    return None


def _visible(records: Sequence[BenchmarkRecord]) -> dict[str, Any]:
    names = dict.fromkeys(name for record in records for name in record.visible)
    found = {name: rate(_of(records, name)) for name in names}
    if names:
        found["any"] = rate(any(record.visible.values()) for record in records if record.visible)
    return found


def _of(records: Sequence[BenchmarkRecord], name: str) -> Iterable[bool]:
    return [record.visible[name] for record in records if name in record.visible]
