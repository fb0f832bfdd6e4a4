"""From arrays to picture files, the whole file or none."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, PngImagePlugin

from riis_physical.artifacts import UInt8Image
from riis_physical.errors import OutputError
from riis_physical.system.files import atomic_path

if TYPE_CHECKING:
    from riis_physical.images.load import LoadedImage

WRITABLE = {
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
}
#: Formats of WRITABLE that change pixels.
LOSSY = ("JPEG",)
#: Quality of JPEGs written for people who ask for one; 4:4:4, no chroma loss.
JPEG_SAVE_QUALITY = 95

_PNG_HEAD_BYTES = 33  # signature and IHDR; further chunks follow


def save_image(
    path: str | Path,
    pixels: UInt8Image,
    *,
    like: LoadedImage | None = None,
    icc_profile: bytes | None = None,
    dpi: tuple[float, float] | None = None,
    exif: bytes | None = None,
    force: bool = False,
    check: Callable[[Path], None] | None = None,
) -> tuple[str, ...]:
    """Write a picture in one step: the whole file or none.

    PNG, TIFF and WebP are written without loss, JPEG at quality 95.

    Args:
        path: the suffix chooses the format, see WRITABLE.
        pixels: uint8 RGB (H, W, 3).
        like: a picture whose profile, dpi and EXIF the file gets.
        check: called with the finished file before it moves to `path`; what it
            raises is passed on and leaves nothing written.

    Returns:
        warnings for people; empty when nothing is lost.

    Raises:
        OutputError: unknown suffix, file exists and `force` is off, folder
            missing or not writable, picture too large for the format.
    """
    target = Path(path)
    kind = image_format(target)
    if like is not None:
        icc_profile, dpi, exif = like.icc_profile, like.dpi, like.exif
    options: dict[str, Any] = {}
    notes: list[str] = []
    if icc_profile:
        options["icc_profile"] = icc_profile
    if exif:
        options["exif"] = exif
    if dpi and kind != "WEBP":
        options["dpi"] = dpi
    elif dpi:
        notes.append("WebP cannot hold the dpi of the host: save as PNG or TIFF to keep it")
    if kind == "PNG":
        data = encode_png(pixels, icc_profile, dpi, exif)
        with atomic_path(target, force=force) as part:
            part.write_bytes(data)
            if check is not None:
                check(part)
        return ()
    if kind == "TIFF":
        options["compression"] = "tiff_lzw"
    elif kind == "WEBP":
        options |= {"lossless": True, "exact": True, "method": 0}
    else:
        options |= {"quality": JPEG_SAVE_QUALITY, "subsampling": 0}
        notes.append("JPEG loses a little of what is hidden: save as PNG for the best reading")
    with atomic_path(target, force=force) as part:
        try:
            Image.fromarray(pixels).save(part, kind, **options)
        except ValueError as error:
            raise OutputError(f"cannot write {target} as {kind}: {error}") from error
        if check is not None:
            check(part)
    return tuple(notes)


def encode_png(
    pixels: UInt8Image,
    icc_profile: bytes | None = None,
    dpi: tuple[float, float] | None = None,
    exif: bytes | None = None,
) -> bytes:
    """A PNG file; several times faster than Pillow, which tries every filter on each row."""
    import cv2

    settings = []
    if hasattr(cv2, "IMWRITE_PNG_FILTER"):  # older releases choose by the compression level
        settings += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_AVG]
    settings += [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    settings += [cv2.IMWRITE_PNG_COMPRESSION, 1]
    done, encoded = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), settings)
    if not done:
        raise OutputError(
            f"cannot encode a picture of {pixels.shape[1]} x {pixels.shape[0]} as PNG"
        )
    extra = io.BytesIO()
    if icc_profile:
        profile = b"ICC profile\0\0" + zlib.compress(icc_profile)
        PngImagePlugin.putchunk(extra, b"iCCP", profile)
    if dpi:
        per_metre = (round(value / 0.0254) for value in dpi)
        PngImagePlugin.putchunk(extra, b"pHYs", struct.pack(">IIB", *per_metre, 1))
    if exif:
        PngImagePlugin.putchunk(extra, b"eXIf", exif.removeprefix(b"Exif\0\0"))
    data = encoded.tobytes()
    return data[:_PNG_HEAD_BYTES] + extra.getvalue() + data[_PNG_HEAD_BYTES:]


def image_format(path: Path) -> str:
    """Pillow's name of the format that the suffix of `path` stands for.

    Raises:
        OutputError: the suffix is none of WRITABLE.
    """
    try:
        return WRITABLE[path.suffix.lower()]
    except KeyError:
        raise OutputError(
            f"cannot tell the format of {path} from its suffix {path.suffix!r}: "
            f"expected one of {', '.join(sorted(WRITABLE))}"
        ) from None
