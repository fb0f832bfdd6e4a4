"""What a photo's file says of its making."""

from __future__ import annotations

import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

_BASE, _OWN = ExifTags.Base, ExifTags.IFD


@dataclass(frozen=True)
class PhotoFacts:
    """What a file says of itself; None where it does not.

    Attributes:
        width, height: px, upright. taken: local time, as written.
        device: model of the camera. exposure_s: seconds. iso: sensitivity.
        focal_mm35: focal length for 36 x 24 mm film.
        simulated: whether the file says so.
    """

    width: int | None = None
    height: int | None = None
    taken: str | None = None
    device: str | None = None
    exposure_s: float | None = None
    iso: int | None = None
    focal_mm35: float | None = None
    simulated: bool = False


def read_facts(path: str | Path) -> PhotoFacts:
    """Read a file's EXIF block; what is damaged or absent is None."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            register_heif()
            with Image.open(path) as picture:
                exif = picture.getexif()
                width, height = picture.size
                own = exif.get_ifd(_OWN.Exif)
    except (OSError, ValueError, SyntaxError, struct.error, Image.DecompressionBombError):
        return PhotoFacts()
    if exif.get(_BASE.Orientation) in (5, 6, 7, 8):
        width, height = height, width
    iso = own.get(_BASE.ISOSpeedRatings)
    return PhotoFacts(
        width=width,
        height=height,
        taken=_text(own.get(_BASE.DateTimeOriginal) or exif.get(_BASE.DateTime)),
        device=_text(exif.get(_BASE.Model)),
        exposure_s=_number(own.get(_BASE.ExposureTime)),
        iso=int(number) if (number := _number(iso[0] if isinstance(iso, tuple) else iso)) else None,
        focal_mm35=_number(own.get(_BASE.FocalLengthIn35mmFilm)),
        simulated="simulated" in (_text(exif.get(_BASE.ImageDescription)) or ""),
    )


def register_heif() -> None:
    """Let Pillow open HEIC files, where the extra `heif` is installed."""
    try:
        import pillow_heif
    except ImportError:
        return
    pillow_heif.register_heif_opener()


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    text = "" if value is None else str(value).strip("\0 \n\r\t")
    return text[:80] or None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if 0 < number < 1e9 else None
