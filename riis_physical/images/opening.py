"""Opening picture files without decoding them, after the checks that need only a header."""

from __future__ import annotations

import stat
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from riis_physical.errors import BadImageError

#: Decoding is refused above this many pixels (Pillow's own bound for bombs).
MAX_PIXELS = 178_956_970
#: Shorter sides than this carry nothing that could be read.
MIN_SIDE_PX = 32
READABLE = ("JPEG", "PNG", "WebP", "TIFF", "HEIC", "AVIF")

# Importing these plugins registers their formats; others are never tried. The
# JPEG plugin opens MPO files as well.
_FORMATS = tuple(
    reader.format
    for reader in (
        JpegImagePlugin.JpegImageFile,
        PngImagePlugin.PngImageFile,
        WebPImagePlugin.WebPImageFile,
        TiffImagePlugin.TiffImageFile,
        GifImagePlugin.GifImageFile,
        BmpImagePlugin.BmpImageFile,
        AvifImagePlugin.AvifImageFile,
    )
)
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
# What Pillow's decoders raise on files that are cut short or damaged.
DECODE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    RuntimeError,
    struct.error,
    Image.DecompressionBombError,
)


def open_picture(path: Path) -> Image.Image:
    """Open without decoding, after the checks that need only the header."""
    try:
        kind = path.stat().st_mode
        if not stat.S_ISREG(kind):
            raise BadImageError(f"{path} is no file: give the path of a picture")
        with path.open("rb") as stream:
            head = stream.read(12)
    except (FileNotFoundError, NotADirectoryError):
        raise BadImageError(f"{path} does not exist: check the name") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in a name
        reason = getattr(error, "strerror", None) or error
        raise BadImageError(f"cannot read {path}: {reason}") from error
    if not head:
        raise BadImageError(f"{path} is empty: get the file again")
    formats = list(_FORMATS)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        _register_heif(path)
        formats.append("HEIF")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(path, formats=formats)
    except Image.DecompressionBombError as error:
        raise BadImageError(
            f"{path} has more than {MAX_PIXELS // 1_000_000} megapixels: scale it down first"
        ) from error
    except DECODE_ERRORS as error:
        raise BadImageError(
            f"{path} is no picture that can be read: expected {', '.join(READABLE)}"
        ) from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        image.close()
        raise BadImageError(
            f"{path} has {width * height / 1e6:.0f} megapixels, at most "
            f"{MAX_PIXELS // 1_000_000} are read: scale it down first"
        )
    if min(width, height) < MIN_SIDE_PX:
        image.close()
        raise BadImageError(
            f"{path} is {width} x {height} pixels, at least {MIN_SIDE_PX} x {MIN_SIDE_PX} "
            "are needed: use a larger picture"
        )
    return image


_salvaging = threading.Lock()


@contextmanager
def salvaged() -> Iterator[None]:
    """In the body Pillow decodes files that are cut short as far as they go."""
    with _salvaging:
        before = ImageFile.LOAD_TRUNCATED_IMAGES
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before


def _register_heif(path: Path) -> None:
    try:
        import pillow_heif
    except ImportError as error:
        raise BadImageError(
            f"{path} is a HEIC picture and pillow-heif is missing: "
            "run `pip install 'riis-physical[heif]'` or save the photo as JPEG"
        ) from error
    pillow_heif.register_heif_opener()


def refuse_animation(path: Path, image: Image.Image, notes: list[str]) -> None:
    """Refuse animations; of several pages the first is taken, with a note.

    Raises:
        BadImageError: an animation.
    """
    if not getattr(image, "is_animated", False):
        return
    # A GIF would have to be decoded to be counted.
    frames = 2 if image.format == "GIF" else getattr(image, "n_frames", 1)
    # Phones put a depth or gain map behind the photo (MPO, HEIF); scanners
    # several pages into a TIFF. Only the rest is an animation.
    if image.format == "TIFF":
        notes.append(f"first of {frames} pages used")
    elif image.format not in ("MPO", "HEIF"):
        counted = "2 frames or more" if image.format == "GIF" else f"{frames} frames"
        raise BadImageError(
            f"{path} is an animation of {counted}, expected a still picture: export one frame of it"
        )


def first_line(error: BaseException) -> str:
    """The first line of an exception's text, which libraries in C give as bytes, for messages."""
    told = error.args[0] if len(error.args) == 1 else None
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(error)
    return (text.splitlines() or [type(error).__name__])[0]
