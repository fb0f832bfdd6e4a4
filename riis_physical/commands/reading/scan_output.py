"""What `riis-physical scan` prints: JSON lines for programs, short lines for people."""

from __future__ import annotations

import base64
import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Any

from riis_physical.commands import common
from riis_physical.system.files import is_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riis_physical.artifacts import CaptureQuality, ScanResult


def as_record(result: ScanResult) -> dict[str, Any]:
    """The JSON object of a result.

    `text` is null where nothing decoded or the message is no UTF-8; in the
    latter case `payload_base64` has the bytes.
    """
    record: dict[str, Any] = {
        "photo": result.photo,
        "status": str(result.status),
        "text": result.text,
        "corners": None,
        "decoder": result.decoder,
        "by": result.by,
        "evidence_bits": None
        if result.evidence_bits is None
        else round(float(result.evidence_bits), 1),
        "mirrored": result.mirrored,
        "fault": result.fault,
        "outside": round(float(result.outside), 4),
        "reference": result.matched if result.found_by == "reference" else None,
        "marker": int(result.matched or 0) if result.found_by == "fiducials" else None,
        **_facts(result.photo),
        "confidence": round(float(result.confidence), 4),
        "condition": None,
        "timings_ms": {key: round(float(ms), 2) for key, ms in result.timings_ms.items()},
        "index": result.index,
        "model": result.model,
        "detail": result.detail,
        "found_by": result.found_by,
        "quality": None if result.quality is None else _quality_record(result.quality),
    }
    if result.corners is not None:
        record["corners"] = [[round(float(x), 3), round(float(y), 3)] for x, y in result.corners]
    if result.condition is not None:
        condition = result.condition
        record["condition"] = {
            "blur": round(float(condition.blur), 4),
            "noise": round(float(condition.noise), 5),
            "jpeg_quality": round(float(condition.jpeg_quality), 1),
            "scale_px": round(float(condition.scale_px), 3),
        }
    if result.payload is not None and result.text is None:
        record["payload_base64"] = base64.b64encode(result.payload).decode("ascii")
    return record


def _facts(photo: str) -> dict[str, Any]:
    """What the photo's file says of its making; null where it does not."""
    from riis_physical.images.facts import PhotoFacts, read_facts

    facts = read_facts(photo) if is_file(photo) else PhotoFacts()
    return {
        "taken": facts.taken,
        "device": facts.device,
        "focal_mm35": facts.focal_mm35,
        "exposure_s": facts.exposure_s,
        "iso": facts.iso,
    }


def _quality_record(quality: CaptureQuality) -> dict[str, Any]:
    return {
        name: round(float(value), 4) if isinstance(value, (int, float)) else value
        for name, value in dataclasses.asdict(quality).items()
    }


def say(result: ScanResult, *, alone: bool) -> None:
    """One line for people: the message on standard output, all else on standard error.

    Args:
        result: of a container, or of a photo without any.
        alone: nothing else was scanned: the message needs no name before it, and a
            second line says how it was read.
    """
    where = result.photo if result.index == 0 else f"{result.photo} [{result.index}]"
    if result.status == "skipped":
        return  # told at the end, all together
    if result.fault:
        common.note(f"{where}: warning: {result.fault}")
    if result.payload is None:
        common.note(f"{where}: {result.status}: {result.detail}")
        return
    text = result.text
    if text is None:
        text = "base64:" + base64.b64encode(result.payload).decode("ascii")
    common.say_message(text, before="" if alone else f"{where}: ")
    if result.outside:
        common.note(f"{where}: {result.outside:.0%} of it lies outside the photo")
    if result.detail:
        common.note(f"{where}: {result.detail}")
    if result.mirrored and not alone:
        common.note(f"{where}: it is seen mirrored")
    if alone:
        mirrored = "mirrored, " if result.mirrored else ""
        common.note(
            f"{where}: {mirrored}decoded by {_how(result)} with model {result.model}, "
            f"confidence {result.confidence:.2f}, {result.timings_ms.get('total', 0.0):.0f} ms"
        )


def _how(result: ScanResult) -> str:
    """The decoder, and what was known that helped it."""
    if result.by is None or result.by == "code":
        return str(result.decoder)
    bits = "" if result.evidence_bits is None else f", {result.evidence_bits:.0f} bits of evidence"
    return f"{result.decoder} ({result.by} known{bits})"


def summary(photos: Sequence[Sequence[str]], seconds: float, skipped: Sequence[str]) -> str:
    """One line about a folder: how many photos of each status, the best of each counting.

    Args:
        photos: statuses of each file. seconds: that it took.
        skipped: suffixes of the files that are no photos.
    """
    order = ("decoded", "unreadable", "no_container", "bad_image")
    best = [min(of, key=order.index) for of in photos if "skipped" not in of]
    counts = Counter(best)
    parts = ", ".join(f"{counts[status]} {status}" for status in order if counts[status])
    line = f"{len(best)} photos in {seconds:.1f} s: {parts}"
    if not skipped:
        return line
    kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(skipped).most_common())
    return f"{line}; {len(skipped)} skipped, no photos or videos: {kinds}"
