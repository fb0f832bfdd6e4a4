"""What is kept of every capture of a benchmark; one JSON object a line."""

from __future__ import annotations

from dataclasses import dataclass, field

from training.measure.common.records import Record
from training.measure.sweeps.settings import Point


@dataclass(frozen=True)
class BenchmarkRecord(Record):
    """One capture.

    Attributes:
        sweep, value, preset, margin: of its point.
        index: number of the capture; host, message, pose and light follow from it.
        host, background: file names, None for a procedural wall.
        medium: `print` or `screen`.
        version: of the QR code.
        size: [height, width] of the photo.
        width_px, px_per_module: of the container in the photo, as `CaptureRecord`.
        status: of the scan, or `not_hidden`.
        right: exactly the hidden message came back. right_given: also where scan was
            told the true corners.
        wrong_texts: texts of both scans that are not the message.
        found_by: which step of detection found what was returned.
        result_error, result_worst: mean over the four corners and largest distance of
            the returned corners from their true places, of the container's width;
            None where none came back.
        candidate_error, candidate_worst: the same for the best of detection's
            candidates; None where the result was within CLOSE_WITHIN (detection was not
            asked then) or there was no candidate.
        visible: by decoder, whether it read the visible code from the photo as it is.
        timings_ms: by stage; those of the scan begin with `scan.`.
    """

    sweep: str
    value: float | None
    preset: str
    margin: float
    index: int
    host: str
    medium: str
    version: int
    status: str
    background: str | None = None
    size: list[int] = field(default_factory=list)
    width_px: float | None = None
    px_per_module: float | None = None
    right: bool = False
    right_given: bool = False
    wrong_texts: int = 0
    found_by: str | None = None
    result_error: float | None = None
    result_worst: float | None = None
    candidate_error: float | None = None
    candidate_worst: float | None = None
    visible: dict[str, bool] = field(default_factory=dict)
    timings_ms: dict[str, float] = field(default_factory=dict)

    @property
    def point(self) -> Point:
        """Where it was made."""
        return Point(self.sweep, self.value, self.preset, self.margin)
