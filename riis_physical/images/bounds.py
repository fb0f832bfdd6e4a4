"""What decoding a picture takes, told from its header, and how much is allowed.

Figures are bytes for each pixel of the file, measured as the growth of the peak resident
memory with Pillow 13: WebP keeps two canvases and two copies, HEIC its planes and two
copies, TIFF its strips beside the picture, a progressive JPEG all of its coefficients;
other formats only the picture in Pillow's own layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from riis_physical.errors import BadImageError
from riis_physical.images.opening import MAX_PIXELS

_BYTES_A_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
_OTHER_MODES = 4
_WHOLE_FORMATS = {"WEBP": 16.5, "HEIF": 7.5}
_STRIPS = 1.3
_LARGEST_DRAFT = 8


@dataclass(frozen=True)
class Bounds:
    """How much of a picture is wanted, and what decoding may take.

    Attributes:
        pixels: larger pictures are reduced by 2, 4 or 8 to this many or fewer.
        decode_bytes: pictures that take more are refused.
    """

    pixels: int
    decode_bytes: int


#: Hosts, containers and all that is needed pixel by pixel.
WHOLE = Bounds(MAX_PIXELS, 1_600_000_000)
#: Photos to scan: with models and search a scan stays below 1 GB.
PHOTO = Bounds(50_000_000, 380_000_000)


def reduction(size: tuple[int, int], bounds: Bounds) -> int:
    """1, 2, 4 ...: by how much the sides of a picture (w, h) are divided."""
    factor = 1
    while (size[0] // factor) * (size[1] // factor) > bounds.pixels:
        factor *= 2
    return factor


def drafted(image: Image.Image, factor: int) -> int:
    """Let a JPEG be decoded at a reduced size; by how much it will be, 1 for other formats."""
    full = image.size
    if factor > 1 and image.format in ("JPEG", "MPO"):
        by = min(factor, _LARGEST_DRAFT)
        image.draft(None, (full[0] // by, full[1] // by))
    return round(full[0] / image.size[0])


def refuse_too_large(path: Path, image: Image.Image, full: tuple[int, int], bounds: Bounds) -> None:
    """See that decoding stays within bounds; call it after :func:`drafted`.

    Args:
        full: (w, h) of the file, before a draft.

    Raises:
        BadImageError: it takes more; says how many megapixels are read.
    """
    pixels = full[0] * full[1]
    needed = _decode_bytes(image, full)
    if needed > bounds.decode_bytes:
        most = pixels * bounds.decode_bytes / needed
        raise BadImageError(
            f"{path} has {pixels / 1e6:.0f} megapixels; of such a {image.format} at most "
            f"{most / 1e6:.0f} can be read within {bounds.decode_bytes / 1e6:.0f} MB of memory: "
            "scale it down first, or save it as a baseline JPEG"
        )


def _decode_bytes(image: Image.Image, full: tuple[int, int]) -> float:
    pixels = full[0] * full[1]
    if image.format in _WHOLE_FORMATS:
        return pixels * _WHOLE_FORMATS[image.format]
    here = float(image.size[0] * image.size[1] * _BYTES_A_PIXEL.get(image.mode, _OTHER_MODES))
    if image.format == "TIFF":
        return here * _STRIPS
    if image.info.get("progressive"):
        return here + 2 * pixels * _coefficients(image)
    return here


def _coefficients(image: Image.Image) -> float:
    """Coefficients that a JPEG stores for each of its pixels."""
    layers = getattr(image, "layer", [])
    if not layers:
        return 3.0
    widest, highest = max(layer[1] for layer in layers), max(layer[2] for layer in layers)
    return sum(layer[1] * layer[2] for layer in layers) / (widest * highest)
