"""What a picture file says of itself: resolution, depth, and EXIF that does no harm."""

from __future__ import annotations

import math
import struct

from PIL import Image

# EXIF that may leave with a container: who, what and when, never where. Serial
# numbers, maker notes, thumbnails and the GPS block stay behind.
_EXIF_KEPT = (270, 271, 272, 306, 315, 33432)
_EXIF_IFD, _EXIF_IFD_KEPT = 34665, (33434, 33437, 34855, 36867, 36868, 37386)


def is_deep(image: Image.Image) -> bool:
    """True where the file holds more than 8 bits a channel."""
    if image.mode.startswith(("I", "F")) or image.info.get("bit_depth", 8) > 8:
        return True
    for tile in getattr(image, "tile", ()):
        raw_mode = tile[3] if isinstance(tile[3], str) else str(tile[3][:1])
        if "16" in raw_mode:
            return True
    return False


def resolution(image: Image.Image) -> tuple[float, float] | None:
    """(horizontal, vertical) dpi, None where the file says nothing usable."""
    try:
        x, y = (float(value) for value in image.info.get("dpi", (0, 0)))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    usable = math.isfinite(x) and math.isfinite(y) and x > 1 and y > 1
    return (x, y) if usable else None


def harmless_exif(image: Image.Image) -> bytes | None:
    """The part of the EXIF block that may leave with a container, None where there is none."""
    source = image.getexif()
    kept = Image.Exif()
    for tag in _EXIF_KEPT:
        if tag in source:
            kept[tag] = source[tag]
    details = source.get_ifd(_EXIF_IFD)
    chosen = {tag: details[tag] for tag in _EXIF_IFD_KEPT if tag in details}
    if chosen:
        kept.get_ifd(_EXIF_IFD).update(chosen)
    if not len(kept) and not chosen:
        return None
    try:
        return kept.tobytes()
    except (ValueError, TypeError, struct.error, OverflowError):
        return None  # entries of impossible types: nothing worth keeping
