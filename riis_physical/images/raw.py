"""Raw photos as a camera's sensor saw them: DNG and makers' own kinds, through LibRaw."""

from __future__ import annotations

from pathlib import Path

from riis_physical.artifacts import UInt8Image
from riis_physical.errors import BadImageError
from riis_physical.images.opening import MAX_PIXELS, MIN_SIDE_PX, first_line

SUFFIXES = frozenset(
    {".dng", ".cr2", ".cr3", ".nef", ".nrw", ".arw", ".raf", ".rw2", ".orf", ".pef", ".srw"}
)
#: From here on photos are developed at half their size: LibRaw takes some 20 bytes a pixel.
_HALF_FROM = 18_000_000


def is_raw(path: Path) -> bool:
    """Whether a file is a raw photo, by its name."""
    return path.suffix.lower() in SUFFIXES


def develop(path: Path) -> tuple[UInt8Image, int]:
    """The photo as sRGB (H, W, 3), upright, with the camera's white balance.

    Returns:
        pixels, and by how much their sides were reduced: 1 or 2.

    Raises:
        BadImageError: the library is missing, or cannot read the file.
    """
    try:
        import rawpy
    except ImportError as error:
        raise BadImageError(
            f"{path} is a raw photo and rawpy is missing: run `pip install 'riis-physical[raw]'`, "
            "or save the photo as JPEG"
        ) from error
    try:
        with rawpy.imread(str(path)) as raw:
            width, height = raw.sizes.width, raw.sizes.height
            if width * height > MAX_PIXELS or min(width, height) < MIN_SIDE_PX:
                raise BadImageError(
                    f"{path} is {width} x {height} pixels: expected sides from {MIN_SIDE_PX} on "
                    f"and at most {MAX_PIXELS // 1_000_000} megapixels"
                )
            half = width * height > _HALF_FROM
            pixels = raw.postprocess(use_camera_wb=True, half_size=half, output_bps=8)
    except (rawpy.LibRawError, ValueError) as error:
        raise BadImageError(
            f"{path} is no raw photo that can be read ({first_line(error)}): save it as JPEG"
        ) from error
    return pixels, 2 if half else 1
