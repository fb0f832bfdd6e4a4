"""Containers to figures: failures of one photo, of any, and of all together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from training.measure.common.paired import paired_difference
from training.measure.common.summary import rate, spread
from training.measure.fusing.records import FuseRecord


def summarise_fuse(frames: int, records: Sequence[FuseRecord]) -> dict[str, Any]:
    """Failure rates; a container that `hide` refused fails everywhere.

    `first` is the first photo alone, `best` takes whichever photo reads alone, `fused`
    adds photos up. Rates have 95 % Wilson intervals over containers. `single`, the mean
    over all photos, has none of its own: photos of one container are alike.
    """
    first = [not record.single_right(0) for record in records]
    best = [not record.any_right(frames) for record in records]
    fused = [not record.fused_right(frames) for record in records]
    by_frame = [rate(not r.single_right(frame) for r in records) for frame in range(frames)]
    mean = sum(row["rate"] for row in by_frame if row) / frames if records else None
    taken = [record for record in records if record.is_hidden]
    return {
        "containers": len(records),
        "not_hidden": len(records) - len(taken),
        "failures": {
            "first": rate(first),
            "single": {
                "rate": None if mean is None else round(mean, 4),
                "trials": frames * len(records),
                "by_frame": by_frame,
            },
            "best": rate(best),
            "fused": rate(fused),
        },
        "fused_minus_first": paired_difference(fused, first),
        "fused_minus_best": paired_difference(fused, best),
        "ratio_to_first": _ratio(sum(fused), sum(first)),
        "ratio_to_single": None if mean is None else _ratio(sum(fused), mean * len(records)),
        "curve": [
            {
                "frames": count,
                "best": rate(not record.any_right(count) for record in records),
                "fused": rate(not record.fused_right(count) for record in records),
            }
            for count in range(1, frames + 1)
        ],
        "frames_used": spread(float(r.frames_used) for r in taken if r.fused_right(frames)),
        "wrong_texts": {
            "single": sum(record.wrong_single for record in records),
            "fused": sum(record.wrong_fused for record in records),
        },
        "status": dict(Counter(record.status for record in records)),
        "single_status": dict(Counter(s for record in taken for s in record.single_status)),
        "by_medium": {
            medium: {
                "first": rate(not r.single_right(0) for r in own),
                "fused": rate(not r.fused_right(frames) for r in own),
            }
            for medium in sorted({record.medium for record in records})
            if (own := [record for record in records if record.medium == medium])
        },
        "width_px": spread(width for record in taken for width in record.width_px),
        "scan_ms": spread(
            record.timings_ms["scan"] / len(record.single) for record in taken if record.single
        ),
    }


def _ratio(failures: float, of: float) -> float | None:
    return round(failures / of, 4) if of else None
