"""What is kept of every capture; one JSON object a line."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

#: Status of a capture whose container was refused by `hide` before any photo.
NOT_HIDDEN = "not_hidden"
#: Corners count as found when none is off by more than this share of the width.
FOUND_WITHIN = 0.02


class Record:
    """A frozen dataclass that is kept as one JSON object."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, rounded; infinities become null."""
        return {key: plain(value) for key, value in asdict(self).items()}  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The inverse of :meth:`as_dict`; raises TypeError on missing keys."""
        known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
        return cls(**{key: value for key, value in values.items() if key in known})


@dataclass(frozen=True)
class CaptureRecord(Record):
    """One capture.

    Attributes:
        index: number of the capture; message and host follow from it.
        preset, strength: its group.
        host: file name. message_bytes: length of the message in UTF-8.
        version, level: of the QR code.
        medium: `print` or `screen`. background: file name, None for a wall.
        width_px: mean length of the container's top and bottom edge in the photo.
        px_per_module: photo pixels per module along the shorter axis.
        status: of the scan (`decoded` ...), or NOT_HIDDEN.
        right: exactly the hidden message came back.
        wrong_texts: texts returned that are not the message.
        decoder, confidence, detail: of the scan.
        corner_error: largest distance of a found corner from its true place, as
            a share of the container's width; None where no corners came back.
        detected: all four corners within FOUND_WITHIN of the width, in what the
            scan returned or, where it was not read, in what detection proposes;
            None where the corners were given.
        psnr, ssim: of the container; `_smooth` on the smoothest tenth.
        flip, flip_smooth: None except for the first capture of each host.
        module_accuracy: share of modules right at the true corners.
        truth_right: the message reads at the true corners.
        visible_in_photo, visible_readable: see bound.BoundReading; None where
            it was not measured.
        timings_ms: by stage; those of the scan begin with `scan.`.
    """

    index: int
    preset: str
    strength: float
    host: str
    message_bytes: int
    version: int
    level: str
    medium: str
    background: str | None
    status: str
    right: bool
    wrong_texts: int = 0
    width_px: float | None = None
    px_per_module: float | None = None
    decoder: str | None = None
    confidence: float = 0.0
    detail: str = ""
    corner_error: float | None = None
    detected: bool | None = None
    psnr: float | None = None
    ssim: float | None = None
    psnr_smooth: float | None = None
    ssim_smooth: float | None = None
    flip: float | None = None
    flip_smooth: float | None = None
    module_accuracy: float | None = None
    truth_right: bool | None = None
    visible_in_photo: bool | None = None
    visible_readable: bool | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)

    @property
    def key(self) -> tuple[int, str, float]:
        """Tells captures of one evaluation apart."""
        return (self.index, self.preset, self.strength)


def plain(value: Any) -> Any:
    """A value for JSON: numbers rounded to five places, infinities as None."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, float):
        return round(value, 5) if math.isfinite(value) else None
    return value
