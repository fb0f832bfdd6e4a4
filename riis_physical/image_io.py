"""The only boundary between image files and arrays.

Everything a file can bring along is settled here, once: the EXIF turn, colour
profiles, bit depth, transparency, animation, broken data and size limits. What
leaves is a uint8 RGB array (H, W, 3), upright. Every conversion that changes
pixels is named in `notes`, so that commands can tell the user.
"""

from __future__ import annotations

import io
import math
import stat
import struct
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from riis_physical.artifacts import UInt8Image
from riis_physical.errors import BadImageError, OutputError
from riis_physical.files import atomic_path

#: Decoding is refused above this many pixels (Pillow's own bound for bombs).
MAX_PIXELS = 178_956_970
#: Shorter sides than this carry nothing that could be read.
MIN_SIDE_PX = 32
READABLE = ("JPEG", "PNG", "WebP", "TIFF", "HEIC")
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
    )
)
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_PNG_HEAD_BYTES = 33  # signature and IHDR; further chunks follow
# What Pillow's decoders raise on files that are cut short or damaged.
_DECODE_ERRORS = (
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
# EXIF that may leave with a container: who, what and when, never where. Serial
# numbers, maker notes, thumbnails and the GPS block stay behind.
_EXIF_KEPT = (270, 271, 272, 306, 315, 33432)
_EXIF_IFD, _EXIF_IFD_KEPT = 34665, (33434, 33437, 34855, 36867, 36868, 37386)

# The example luminance and chrominance tables of ITU-T T.81 annex K, row by row.
_LUMA_TABLE = (
    "16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56 14 17 22 29 51 87 80 "
    "62 18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92 49 64 78 87 103 121 120 101 72 92 95 "
    "98 112 100 103 99"
)
_CHROMA_TABLE = (
    "17 18 24 47 99 99 99 99 18 21 26 66 99 99 99 99 24 26 56 99 99 99 99 99 47 66 99 99 99 99 99 "
    "99 " + "99 " * 32
)


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
    """

    pixels: UInt8Image
    jpeg_quality: float | None = None
    icc_profile: bytes | None = None
    dpi: tuple[float, float] | None = None
    exif: bytes | None = None
    notes: tuple[str, ...] = ()


def load_photo(path: str | Path) -> LoadedImage:
    """Read a picture as sRGB; an embedded profile is converted away.

    Args:
        path: a JPEG, PNG, WebP, TIFF or HEIC file.

    Returns:
        the upright picture; `icc_profile` is None.

    Raises:
        BadImageError: missing, unreadable, broken, animated, below
            MIN_SIDE_PX or above MAX_PIXELS.
    """
    return _load(_named(path), keep_profile=False)


def load_host(path: str | Path) -> LoadedImage:
    """Read a host picture; an RGB profile is kept, pixels stay in its space.

    Raises:
        BadImageError: as :func:`load_photo`.
    """
    return _load(_named(path), keep_profile=True)


def save_image(
    path: str | Path,
    pixels: UInt8Image,
    *,
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


def jpeg_quality(image: Image.Image) -> float | None:
    """Quality (1 to 100) whose IJG tables lie nearest to the file's own.

    Least squares between logarithms over both tables, so that cameras with
    tables of their own get the quality of equal strength. None for a picture
    that was not opened from a JPEG.
    """
    tables = getattr(image, "quantization", None)
    if not tables:
        return None
    known = _ijg_tables()
    cost = np.zeros(100)
    for number in (0, 1):
        if number in tables and len(tables[number]) == 64:
            own = np.log(np.maximum(np.asarray(tables[number], float), 1))
            cost += ((known[number] - own) ** 2).sum(axis=1)
    return float(np.argmin(cost) + 1)


def luma_steps(qualities: np.ndarray) -> np.ndarray:
    """Quantisation steps (n, 8, 8) of libjpeg's luma at qualities 1 to 100, lowest first."""
    return np.exp(_ijg_tables()[0, np.asarray(qualities, int) - 1]).reshape(-1, 8, 8)


@lru_cache(maxsize=1)
def _ijg_tables() -> np.ndarray:
    """Logarithms of libjpeg's luma and chroma tables: (2, 100 qualities, 64)."""
    base = np.array([_LUMA_TABLE.split(), _CHROMA_TABLE.split()], int)
    quality = np.arange(1, 101)
    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    tables = (base[:, None, :] * scale[None, :, None] + 50) // 100
    return np.log(np.clip(tables, 1, 255))


def _named(path: str | Path) -> Path:
    """The path; an empty name would be that of the current folder."""
    if not str(path):
        raise BadImageError("an empty name: give the path of a picture")
    return Path(path)


def _load(path: Path, *, keep_profile: bool) -> LoadedImage:
    with _open(path) as image, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damaged metadata is no news to the user
        notes: list[str] = []
        _refuse_animation(path, image, notes)
        quality = jpeg_quality(image)
        deep = _is_deep(image)
        try:
            image.load()
            dpi = _dpi(image)
            exif = _harmless_exif(image)
            profile = image.info.get("icc_profile")
            upright = ImageOps.exif_transpose(image)
        except _DECODE_ERRORS as error:
            raise BadImageError(
                f"{path} is damaged or cut short ({_line(error)}): get the file again"
            ) from error
        if dpi and upright.size != image.size:
            dpi = (dpi[1], dpi[0])
        if deep:
            notes.append("more than 8 bits a channel reduced to 8")
        try:
            rgb, profile = _to_rgb(upright, profile, keep_profile, notes)
        except _DECODE_ERRORS as error:
            raise BadImageError(
                f"{path} has colours of an unknown kind ({upright.mode}: {_line(error)}): "
                "convert it to 8-bit RGB"
            ) from error
        pixels = np.array(rgb, dtype=np.uint8)
    return LoadedImage(pixels, quality, profile, dpi, exif, tuple(notes))


def _open(path: Path) -> Image.Image:
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
    except _DECODE_ERRORS as error:
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


def _register_heif(path: Path) -> None:
    try:
        import pillow_heif
    except ImportError as error:
        raise BadImageError(
            f"{path} is a HEIC picture and pillow-heif is missing: "
            "run `pip install pillow-heif` or save the photo as JPEG"
        ) from error
    pillow_heif.register_heif_opener()


def _refuse_animation(path: Path, image: Image.Image, notes: list[str]) -> None:
    frames = getattr(image, "n_frames", 1)
    if frames == 1:
        return
    # Phones put a depth or gain map behind the photo (MPO, HEIF); scanners
    # several pages into a TIFF. Only the rest is an animation.
    if image.format == "TIFF":
        notes.append(f"first of {frames} pages used")
    elif image.format not in ("MPO", "HEIF"):
        raise BadImageError(
            f"{path} is an animation of {frames} frames, expected a still picture: "
            "export one frame of it"
        )


def _is_deep(image: Image.Image) -> bool:
    """True where the file holds more than 8 bits a channel."""
    if image.mode.startswith(("I", "F")) or image.info.get("bit_depth", 8) > 8:
        return True
    for tile in getattr(image, "tile", ()):
        raw_mode = tile[3] if isinstance(tile[3], str) else str(tile[3][:1])
        if "16" in raw_mode:
            return True
    return False


def _to_rgb(
    image: Image.Image, profile: bytes | None, keep_profile: bool, notes: list[str]
) -> tuple[Image.Image, bytes | None]:
    """8-bit RGB and the profile that it still needs, None for sRGB."""
    if image.mode.startswith("I"):
        image = _grey_from_16_bit(image)
    elif image.mode == "F":
        raise ValueError("floating-point pixels")
    if image.mode in ("LA", "PA", "La", "RGBA", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        if int(np.asarray(rgba.getchannel("A")).min()) < 255:
            notes.append("transparency laid on white")
        white = Image.new("RGBA", rgba.size, "white")
        image = Image.alpha_composite(white, rgba).convert("RGB")
    elif image.mode in ("P", "1", "YCbCr", "HSV", "RGBX"):
        image = image.convert("RGB")
    if image.mode in ("CMYK", "LAB"):
        notes.append(f"{image.mode} colours converted to sRGB")
    if image.mode == "RGB" and (not profile or keep_profile or _is_srgb(profile)):
        return image, (profile if keep_profile else None)
    converted = _through_profile(image, profile)
    if converted is not None:
        if image.mode == "RGB":
            notes.append("embedded colour profile converted to sRGB")
        return converted, None
    if image.mode == "LAB":
        raise ValueError("LAB without a usable profile")
    return image.convert("RGB"), None


def _grey_from_16_bit(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    if int(values.max()) > 255:
        values = np.clip(values, 0, 65535).astype(np.uint16) >> 8
    return Image.fromarray(values.astype(np.uint8))


def _through_profile(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """Convert to sRGB by the embedded profile, None where that is impossible."""
    if not profile:
        return None
    try:
        return ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            _srgb(),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


@lru_cache(maxsize=1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _is_srgb(profile: bytes) -> bool:
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return True  # an unreadable profile says nothing: take the pixels as sRGB
    return "srgb" in name.lower()


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    try:
        x, y = (float(value) for value in image.info.get("dpi", (0, 0)))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    usable = math.isfinite(x) and math.isfinite(y) and x > 1 and y > 1
    return (x, y) if usable else None


def _harmless_exif(image: Image.Image) -> bytes | None:
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


def _line(error: BaseException) -> str:
    """The first line of an exception's text, for one-line messages."""
    return (str(error).splitlines() or [type(error).__name__])[0]
