"""Pages as pixels: PNG and TIFF with their resolution and colour profile."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from riis_physical.artifacts import UInt8Image
from riis_physical.errors import ConfigError, OutputError
from riis_physical.images import MAX_PIXELS, encode_png
from riis_physical.sheets.fonts import Font
from riis_physical.sheets.formats.resize import resized_rows
from riis_physical.sheets.pages import MM_PER_INCH, Box, Ink, Page, Part, Picture, Text
from riis_physical.sheets.profiles import Profile, convert, srgb
from riis_physical.sheets.sources import Source
from riis_physical.system.files import atomic_path, check_writable

MIN_DPI, MAX_DPI = 72, 2400
_STRIP_PIXELS = 1 << 20
_CHANNELS = {"RGB": 3, "CMYK": 4}
_LETTER_SCALE = 4  # letters are drawn larger and shrunk


def save_raster(
    path: str | Path,
    pages: Sequence[Page],
    sources: Sequence[Source],
    font: Font,
    dpi: int,
    *,
    printer: Profile | None = None,
    force: bool = False,
) -> None:
    """Write pages as PNG (one page) or TIFF, in one step: the whole file or none.

    Args:
        printer: colours are converted to it and it is embedded; sRGB without.

    Raises:
        ConfigError: more pixels than can be written, or unusable profiles.
        OutputError: more pages or other colours than a PNG holds, or the file
            exists and `force` is off, or cannot be written.
    """
    target = Path(path)
    profile = printer or srgb()
    if target.suffix.lower() == ".png":
        if len(pages) > 1:
            raise OutputError(f"a PNG holds one page and these are {len(pages)}: save as PDF")
        if profile.mode != "RGB":
            raise OutputError(
                f"a PNG has no room for the {profile.mode} colours of {profile.name!r}: save as "
                "TIFF or PDF"
            )
    for page in pages:
        check_size(page, dpi)
    check_writable(target, force=force)  # before the pages take time and memory
    sources = [_in_srgb(source) for source in sources]
    if target.suffix.lower() == ".png":
        pixels = np.asarray(_coloured(render(pages[0], sources, font, dpi), profile), np.uint8)
        with atomic_path(target, force=force) as part:
            part.write_bytes(encode_png(pixels, profile.data, (dpi, dpi)))
        return
    with atomic_path(target, force=force) as part:
        _write_tiff(part, pages, sources, font, dpi, profile)


def _write_tiff(
    part: Path,
    pages: Sequence[Page],
    sources: Sequence[Source],
    font: Font,
    dpi: int,
    profile: Profile,
) -> None:
    """Pages strip by strip: no page is ever in memory as a whole."""
    import tifffile

    drawing = Drawing(sources, font, dpi)
    with tifffile.TiffWriter(part) as writer:
        for page in pages:
            height, width = drawing.size(page)
            rows = max(1, _STRIP_PIXELS // width)
            strips = (
                zlib.compress(
                    _coloured(drawing.rows(page, top, min(height, top + rows)), profile).tobytes()
                )
                for top in range(0, height, rows)
            )
            writer.write(
                strips,
                shape=(height, width, _CHANNELS[profile.mode]),
                dtype=np.uint8,
                photometric="rgb" if profile.mode == "RGB" else "separated",
                extrasamples=(),
                rowsperstrip=rows,
                compression="adobe_deflate",
                resolution=(dpi, dpi),
                resolutionunit="INCH",
                iccprofile=profile.data,
                metadata=None,
                software=False,
                contiguous=False,
            )


def check_size(page: Page, dpi: int) -> None:
    """See that a page is not too large to be drawn.

    Raises:
        ConfigError: it, or what a part of it comes from, has more than MAX_PIXELS.
    """
    for item in page.items:
        if isinstance(item, Part):
            check_size(item.page, dpi)
    pixels = page.width * page.height * (dpi / MM_PER_INCH) ** 2
    if pixels > MAX_PIXELS:
        raise ConfigError(
            f"a page of {page.width:.0f} x {page.height:.0f} mm has {pixels / 1e6:.0f} megapixels "
            f"at {dpi} dpi, at most {MAX_PIXELS // 1_000_000} are drawn: save as PDF, which keeps "
            "the container's own pixels, or take a lower --dpi"
        )


def render(page: Page, sources: Sequence[Source], font: Font, dpi: int) -> UInt8Image:
    """A page as uint8 sRGB (H, W, 3).

    Pictures lie on whole pixels, at most half a pixel off their place; black
    boxes lie exactly, with grey edges. Sources are taken as sRGB.
    """
    drawing = Drawing(sources, font, dpi)
    return drawing.rows(page, 0, drawing.size(page)[0])


def _in_srgb(source: Source) -> Source:
    if not source.icc_profile:
        return source
    pixels = np.asarray(convert(source.pixels, source.icc_profile, srgb()), np.uint8)
    return replace(source, pixels=pixels, icc_profile=None)


def _coloured(pixels: UInt8Image, profile: Profile) -> Image.Image:
    if profile.data == srgb().data:
        return Image.fromarray(pixels)
    return convert(pixels, srgb().data, profile)


class Drawing:
    """Draws rows of pages; any rows, and the same pixels as the whole page has there."""

    def __init__(self, sources: Sequence[Source], font: Font, dpi: int) -> None:
        self._sources = [source.pixels for source in sources]
        self._font = font
        self._scale = dpi / MM_PER_INCH

    def size(self, page: Page) -> tuple[int, int]:
        """(h, w) of a page in pixels."""
        return round(page.height * self._scale), round(page.width * self._scale)

    def rows(self, page: Page, top: int, bottom: int) -> UInt8Image:
        """Rows from `top` to before `bottom`, uint8 sRGB (bottom - top, W, 3)."""
        canvas = np.full((bottom - top, self.size(page)[1], 3), 255, np.uint8)
        self._draw(canvas, top, page, 0.0, 0.0, page.whole)
        return canvas

    def _draw(
        self, canvas: UInt8Image, top: int, page: Page, x: float, y: float, window: Box
    ) -> None:
        """Draw with the page's corner at (x, y) mm and nothing outside of the window."""
        scale = self._scale
        rows = _span(window.top, window.bottom, scale)
        columns = _span(window.left, window.right, scale)
        low, start = max(top, rows[0]), max(0, columns[0])
        view = canvas[low - top : max(low, rows[1]) - top, start : max(start, columns[1])]
        if not view.size:
            return
        origin = np.array([start, low])
        for item in page.items:
            if isinstance(item, Picture):
                _paste(view, self._sources[item.source], item.box.moved(x, y), scale, origin)
            elif isinstance(item, Ink):
                for box in item.boxes:
                    _fill(view, box.moved(x, y), scale, origin)
            elif isinstance(item, Text):
                _write(view, item, x, y, self._font, scale, origin)
            elif isinstance(item, Part):
                inner = _common(item.box.moved(x, y), window)
                self._draw(canvas, top, item.page, x + item.x, y + item.y, inner)


def _span(first: float, last: float, scale: float) -> tuple[int, int]:
    return round(first * scale), round(last * scale)


def _common(a: Box, b: Box) -> Box:
    left, top = max(a.left, b.left), max(a.top, b.top)
    width, height = min(a.right, b.right) - left, min(a.bottom, b.bottom) - top
    return Box(left, top, max(0.0, width), max(0.0, height))


def _paste(
    view: UInt8Image, pixels: UInt8Image, box: Box, scale: float, origin: NDArray[np.int_]
) -> None:
    """Draw a picture; it is resized only where it is seen."""
    (left, right), (top, bottom) = (
        _span(box.left, box.right, scale),
        _span(box.top, box.bottom, scale),
    )
    size = max(1, right - left), max(1, bottom - top)
    target = Box(left - origin[0], top - origin[1], *size)
    seen = _common(target, Box(0, 0, view.shape[1], view.shape[0]))
    if not seen.width or not seen.height:
        return
    y, x = round(seen.top), round(seen.left)
    high, wide = round(seen.height), round(seen.width)
    from_y, from_x = y - round(target.top), x - round(target.left)
    if (size[1], size[0]) == pixels.shape[:2]:
        rows = pixels[from_y : from_y + high]
    else:
        rows = resized_rows(pixels, size, from_y, from_y + high)
    view[y : y + high, x : x + wide] = rows[:, from_x : from_x + wide]


def _fill(view: UInt8Image, box: Box, scale: float, origin: NDArray[np.int_]) -> None:
    """Darken by how much of each pixel the box covers; boxes that touch add up."""
    across, x = _coverage(box.left * scale - origin[0], box.right * scale - origin[0])
    down, y = _coverage(box.top * scale - origin[1], box.bottom * scale - origin[1])
    skip_x, skip_y = max(0, -x), max(0, -y)
    across, down, x, y = across[skip_x:], down[skip_y:], max(0, x), max(0, y)
    region = view[y : y + len(down), x : x + len(across)]
    if not region.size:
        return
    ink = 255 * np.outer(down[: region.shape[0]], across[: region.shape[1]])
    dark = np.rint(region - ink[..., None])
    region[...] = np.clip(dark, 0, 255).astype(np.uint8)


def _coverage(first: float, last: float) -> tuple[NDArray[np.float64], int]:
    """Share of each pixel between two places, from the pixel of the first on."""
    start = int(np.floor(first))
    edges = np.arange(start, int(np.ceil(last)) + 1, dtype=np.float64)
    return np.clip(np.minimum(edges[1:], last) - np.maximum(edges[:-1], first), 0, 1), start


def _write(
    view: UInt8Image,
    item: Text,
    x: float,
    y: float,
    font: Font,
    scale: float,
    origin: NDArray[np.int_],
) -> None:
    letters = ImageFont.truetype(str(font.path), item.size * scale * _LETTER_SCALE)
    left, top, right, bottom = letters.getbbox(item.text, anchor="ms")
    pad = 2 * _LETTER_SCALE
    size = int(right - left) + 2 * pad, int(bottom - top) + 2 * pad
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).text((pad - left, pad - top), item.text, 255, letters, anchor="ms")
    small = (max(1, size[0] // _LETTER_SCALE), max(1, size[1] // _LETTER_SCALE))
    ink = np.asarray(mask.resize(small, Image.Resampling.BOX), np.float64)
    at_x = round((x + item.x) * scale + (left - pad) / _LETTER_SCALE) - int(origin[0])
    at_y = round((y + item.y) * scale + (top - pad) / _LETTER_SCALE) - int(origin[1])
    ink = ink[max(0, -at_y) :, max(0, -at_x) :]
    at_x, at_y = max(0, at_x), max(0, at_y)
    region = view[at_y : at_y + ink.shape[0], at_x : at_x + ink.shape[1]]
    ink = ink[: region.shape[0], : region.shape[1]]
    region[...] = np.clip(region - ink[..., None], 0, 255).astype(np.uint8)
