"""From picture files to arrays.

Everything a file can bring along is settled here, once: the EXIF turn, colour
profiles, bit depth, transparency, animation, broken data and size limits. What
leaves is a uint8 RGB array (H, W, 3), upright. Every conversion that changes
pixels is named in `notes`, so that commands can tell the user.

Beside the picture as its file stores it and the result, memory holds only a band of rows.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from riis_physical.artifacts import UInt8Image
from riis_physical.errors import BadImageError
from riis_physical.images.bounds import WHOLE, Bounds, drafted, reduction, refuse_too_large
from riis_physical.images.colour import WHITE, Colours, colour_name
from riis_physical.images.jpeg_tables import jpeg_quality
from riis_physical.images.metadata import harmless_exif, is_deep, resolution
from riis_physical.images.opening import (
    DECODE_ERRORS,
    MIN_SIDE_PX,
    first_line,
    open_picture,
    refuse_animation,
    salvaged,
)
from riis_physical.images.raw import develop, is_raw

_BAND_PIXELS = 1 << 20
_ORIENTATION = 0x0112
_ON_ITS_SIDE = (5, 6, 7, 8)
_MOST_MISSING = 0.9  # of a file that is cut short
_SEEN_LEVELS, _SEEN_SHARE = 12, 0.005  # a difference, and how much of it, that shows something


@dataclass(frozen=True)
class LoadedImage:
    """A picture as it left its file.

    Attributes:
        pixels: uint8 RGB (H, W, 3), upright.
        jpeg_quality: 1 to 100 from the file's own quantisation tables, None
            where the file is no JPEG.
        icc_profile: profile of `pixels` that must be embedded again on saving;
            None stands for sRGB.
        dpi: (horizontal, vertical) resolution, None where the file has none.
        exif: the harmless part of the EXIF block, without any location.
        notes: one line for each conversion that changed pixels.
        reduced_by: pixels of the file along a side for each of `pixels`; 1 where the
            bounds did not ask for fewer.
        fault: what is wrong with the file although it was read; empty for nothing.
    """

    pixels: UInt8Image
    jpeg_quality: float | None = None
    icc_profile: bytes | None = None
    dpi: tuple[float, float] | None = None
    exif: bytes | None = None
    notes: tuple[str, ...] = ()
    reduced_by: int = 1
    fault: str = ""


def load_photo(path: str | Path, bounds: Bounds = WHOLE) -> LoadedImage:
    """Read a picture as sRGB; an embedded profile is converted away.

    A file that is cut short is read as far as it goes, and `fault` says so.

    Args:
        path: a JPEG, PNG, WebP, TIFF, HEIC or AVIF file, or a raw photo.
        bounds: of size and memory; larger pictures come reduced.

    Returns:
        the upright picture; `icc_profile` is None.

    Raises:
        BadImageError: missing, unreadable, broken, almost empty, animated, below
            MIN_SIDE_PX, above MAX_PIXELS, or more to decode than the bounds allow.
    """
    return _load(path, keep_profile=False, bounds=bounds, salvage=True)


def load_host(path: str | Path, background: tuple[int, int, int] | None = None) -> LoadedImage:
    """Read a host picture; an RGB profile is kept, pixels stay in its space.

    Args:
        path: as :func:`load_photo`.
        background: RGB that transparent parts are laid on; white by default.

    Raises:
        BadImageError: as :func:`load_photo`, or nothing is left to see on the background.
    """
    return _load(path, keep_profile=True, bounds=WHOLE, background=background or WHITE)


def _load(
    name: str | Path,
    *,
    keep_profile: bool,
    bounds: Bounds,
    salvage: bool = False,
    background: tuple[int, int, int] = WHITE,
) -> LoadedImage:
    if not str(name):
        raise BadImageError("an empty name: give the path of a picture")
    path = Path(name)
    if is_raw(path) and path.is_file():
        return _developed(path)
    with open_picture(path) as image:
        try:
            return _decoded(path, image, keep_profile, bounds, background)
        except _CutShort:
            if not salvage:
                raise
    with salvaged(), open_picture(path) as image:
        found = _decoded(path, image, keep_profile, bounds, background)
    missing = _missing_share(found.pixels)
    if missing > _MOST_MISSING:
        raise BadImageError(f"{path} is cut short, and almost nothing is left: get the file again")
    lost = f", up to {missing:.0%} of it is missing" if missing >= 0.01 else ""
    return replace(found, fault=f"the file is cut short or damaged{lost}: read as far as it goes")


class _CutShort(BadImageError):
    """Pixels of a picture could not be decoded to the end."""


def _decoded(
    path: Path,
    image: Image.Image,
    keep_profile: bool,
    bounds: Bounds,
    background: tuple[int, int, int],
) -> LoadedImage:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damaged metadata is no news to the user
        notes: list[str] = []
        try:
            refuse_animation(path, image, notes)
            quality = jpeg_quality(image)
            deep = is_deep(image)
            full = image.size
            factor = reduction(full, bounds)
            by_decoder = drafted(image, factor)
            refuse_too_large(path, image, full, bounds)
            image.load()
            dpi = resolution(image)
            exif = harmless_exif(image)
            profile = image.info.get("icc_profile")
            turn = image.getexif().get(_ORIENTATION, 1)
        except DECODE_ERRORS as error:
            raise _CutShort(
                f"{path} is damaged or cut short ({first_line(error)}): get the file again"
            ) from error
        if dpi and turn in _ON_ITS_SIDE:
            dpi = (dpi[1], dpi[0])
        if deep:
            notes.append("more than 8 bits a channel reduced to 8")
        try:
            colours = Colours(image, profile, keep_profile=keep_profile, background=background)
            pixels = _upright(image, colours, turn, factor // by_decoder)
        except DECODE_ERRORS as error:
            raise BadImageError(
                f"{path} has colours of an unknown kind ({image.mode}: {first_line(error)}): "
                "convert it to 8-bit RGB"
            ) from error
        notes += colours.notes
    if keep_profile and colours.was_transparent and _equals(pixels, background):
        raise BadImageError(
            f"nothing is left to see of {path} on {colour_name(background)}, which its transparent "
            "parts are laid on: give another colour with --background, for example '#204060'"
        )
    if factor > 1:
        shown = f"{pixels.shape[1]} x {pixels.shape[0]}"
        notes.append(f"{full[0]} x {full[1]} px reduced to {shown}")
        if min(pixels.shape[:2]) < MIN_SIDE_PX:
            raise BadImageError(f"{path} is too narrow ({full[0]} x {full[1]} px): crop it")
    return LoadedImage(pixels, quality, colours.profile, dpi, exif, tuple(notes), factor)


def _developed(path: Path) -> LoadedImage:
    """A raw photo with the camera's white balance."""
    pixels, factor = develop(path)
    notes = ["raw photo developed"] + (["reduced to half its size"] if factor > 1 else [])
    return LoadedImage(pixels, notes=tuple(notes), reduced_by=factor)


def _equals(pixels: UInt8Image, colour: tuple[int, int, int]) -> bool:
    """Whether a picture is of one colour, but for what nobody sees."""
    rows = (np.abs(row.astype(np.int16) - np.array(colour, np.int16)).max(-1) for row in pixels)
    different = sum(int((row > _SEEN_LEVELS).sum()) for row in rows)
    return different < _SEEN_SHARE * pixels.shape[0] * pixels.shape[1]


def _missing_share(pixels: UInt8Image) -> float:
    """The largest share of a picture at one of its sides that is of one colour."""
    turned = pixels.swapaxes(0, 1)
    shares = []
    for lines in (pixels, pixels[::-1], turned, turned[::-1]):
        even = (lines == lines[0, 0]).all(axis=(1, 2))
        shares.append(1.0 if even.all() else int(np.argmin(even)) / len(even))
    return max(shares)


def _upright(image: Image.Image, colours: Colours, turn: int, factor: int) -> UInt8Image:
    """Colours and turn of a decoded picture, whose sides are divided by `factor`."""
    width, height = image.width // factor, image.height // factor
    swapped = turn in _ON_ITS_SIDE
    upright = np.empty((width, height, 3) if swapped else (height, width, 3), np.uint8)
    stored = _as_stored(upright, turn)
    rows = max(1, _BAND_PIXELS // (image.width * factor))
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        band = colours.to_rgb(image.crop((0, top * factor, width * factor, bottom * factor)))
        stored[top:bottom] = np.asarray(band if factor == 1 else band.reduce(factor))
    return upright


def _as_stored(upright: UInt8Image, turn: int) -> UInt8Image:
    """A view of the upright picture in the order of its file, by the EXIF orientation."""
    views = {
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(upright, -1),
    }
    return views.get(turn, upright)
