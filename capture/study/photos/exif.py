"""How a photo's file says that it is simulated, and how its location is taken out."""

from __future__ import annotations

import hashlib
import re
import struct
import warnings
from pathlib import Path

from PIL import ExifTags, Image

from riis_physical.errors import BadImageError
from riis_physical.images.facts import register_heif

FILM_DIAGONAL_MM = 43.2666  # of 36 x 24 mm
SIMULATED = "simulated by riis-physical, no camera took this"
_BASE, _OWN = ExifTags.Base, ExifTags.IFD
_GPS = 0x8825
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
# A location within an XMP packet, as attributes or as elements.
_XMP_LOCATION = re.compile(
    rb"""exif:GPS\w+\s*=\s*(?:"[^"]*"|'[^']*')|<exif:GPS(\w+)[^>]*>.*?</exif:GPS\1>""", re.DOTALL
)


def simulated_exif(
    model: str, exposure_s: float, iso: int, focal_mm35: float, zoom: float, number: int
) -> Image.Exif:
    """An EXIF block that says `simulated` in three places."""
    exif = Image.Exif()
    exif[_BASE.ImageDescription] = SIMULATED
    exif[_BASE.Make] = "simulated"
    exif[_BASE.Model] = model
    exif[_BASE.Software] = "riis-physical study simulate"
    own = exif.get_ifd(_OWN.Exif)
    own[_BASE.ExposureTime] = exposure_s
    own[_BASE.ISOSpeedRatings] = iso
    own[_BASE.DigitalZoomRatio] = zoom
    own[_BASE.FocalLengthIn35mmFilm] = round(focal_mm35 * zoom)
    own[_BASE.ImageUniqueID] = f"simulated-{number}"
    return exif


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def has_location(path: str | Path) -> bool:
    """Whether a file names a place, in its EXIF block or an XMP packet."""
    data = Path(path).read_bytes()
    if _XMP_LOCATION.search(data):
        return True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            register_heif()
            with Image.open(path) as picture:
                return bool(picture.getexif().get_ifd(_GPS))
    except (OSError, ValueError, SyntaxError, struct.error, Image.DecompressionBombError):
        return False


def without_location(data: bytes) -> bytes:
    """The same file with every location blanked, byte by byte: nothing else changes.

    The GPS directories of all EXIF blocks are zeroed in place and XMP's location is blanked.
    """
    out = bytearray(data)
    starts = [m.end() for m in re.finditer(rb"Exif\0\0(?=II\*\0|MM\0\*)", data)]
    starts += [m.end() for m in re.finditer(rb"(?:EXIF|eXIf).{0,4}?(?=II\*\0|MM\0\*)", data, re.S)]
    if data[:4] in (b"II*\0", b"MM\0*"):
        starts.append(0)
    for start in dict.fromkeys(starts):
        _blank_gps(out, start)
    for match in _XMP_LOCATION.finditer(data):
        out[match.start() : match.end()] = b" " * (match.end() - match.start())
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return _png_without_text(data)
    return bytes(out)


def _blank_gps(out: bytearray, start: int) -> None:
    """Zero the GPS directory of the TIFF structure at `start`, and the pointer to it."""
    order = "<" if out[start : start + 2] == b"II" else ">"
    try:
        (first,) = struct.unpack_from(order + "I", out, start + 4)
        for entry in _entries(out, start, first, order):
            tag, _, _, value = struct.unpack_from(order + "HHII", out, entry)
            if tag != _GPS:
                continue
            for inner in _entries(out, start, value, order):
                _, kind, count, place = struct.unpack_from(order + "HHII", out, inner)
                length = _TYPE_BYTES.get(kind, 1) * count
                if length > 4 and start + place + length <= len(out):
                    out[start + place : start + place + length] = bytes(length)
                out[inner : inner + 12] = bytes(12)
            out[start + value : start + value + 2] = bytes(2)  # a directory of no entries
    except struct.error:
        return  # cut short: nothing that could be read as a place


def _entries(out: bytearray, start: int, directory: int, order: str) -> list[int]:
    (count,) = struct.unpack_from(order + "H", out, start + directory)
    if start + directory + 2 + 12 * count > len(out):
        raise struct.error("a directory beyond the end")
    return [start + directory + 2 + 12 * number for number in range(count)]


def _png_without_text(data: bytes) -> bytes:
    """A PNG without the chunks that may name a place; they carry checksums."""
    kept, at = [data[:8]], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if data[at + 4 : at + 8] not in (b"eXIf", b"tEXt", b"zTXt", b"iTXt"):
            kept.append(data[at : at + 12 + length])
        at += 12 + length
    return b"".join(kept)


def check_clean(path: Path, source: Path) -> None:
    """See that a copy names no place.

    Raises:
        BadImageError: it still does.
    """
    if has_location(path):
        raise BadImageError(
            f"the location in {source} cannot be taken out of this kind of file: save the photo "
            "as JPEG, or pass --keep-location"
        )
