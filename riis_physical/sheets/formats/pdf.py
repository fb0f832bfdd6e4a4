"""Pages as a PDF: pixels as they are, fonts and colour profiles embedded."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from reportlab.pdfbase import pdfdoc
from reportlab.pdfgen.canvas import Canvas

from riis_physical.artifacts import UInt8Image
from riis_physical.images import encode_png
from riis_physical.sheets.fonts import Font
from riis_physical.sheets.pages import MM_PER_INCH, Box, Ink, Page, Part, Picture, Text
from riis_physical.sheets.profiles import Profile, srgb
from riis_physical.sheets.sources import Source
from riis_physical.system.files import atomic_path

POINTS_PER_MM = 72 / MM_PER_INCH
_PNG_HEAD_BYTES = 8


def save_pdf(
    path: str | Path,
    pages: Sequence[Page],
    sources: Sequence[Source],
    font: Font,
    *,
    printer: Profile | None = None,
    title: str = "",
    force: bool = False,
) -> None:
    """Write pages in one step: the whole file or none.

    Every source is stored once and without loss, whatever the number of pages
    that show it, in its own colour space (ICC based; sRGB where it has none).

    Args:
        printer: profile of the press or printer the sheet is meant for, kept as
            the file's output intent.

    Raises:
        OutputError: the file exists and `force` is off, or cannot be written.
    """
    with atomic_path(path, force=force) as part:
        canvas = Canvas(
            str(part),
            pageCompression=1,
            invariant=1,
            pdfVersion=(1, 6),
            initialFontName=font.name,
            lang="en",
        )
        canvas.setTitle(title)
        canvas.setCreator("riis-physical")
        canvas.setViewerPreference("PrintScaling", "None")
        writer = _Writer(canvas, sources, font)
        if printer is not None:
            writer.add_output_intent(printer)
        for page in pages:
            writer.draw_page(page)
        part.write_bytes(canvas.getpdfdata())


class _IccSpace(pdfdoc.PDFObject):
    """`[/ICCBased stream]`."""

    def __init__(self, stream: pdfdoc.PDFObjectReference) -> None:
        self.stream = stream

    def format(self, document: pdfdoc.PDFDocument) -> bytes:
        parts = pdfdoc.PDFArray([pdfdoc.PDFName("ICCBased"), self.stream])
        return bytes(parts.format(document))


class _Pixels(pdfdoc.PDFObject):
    """An image of 8-bit RGB pixels, packed as PNG packs them."""

    __RefOnly__ = 1
    XObjects = None

    def __init__(self, pixels: UInt8Image, space: _IccSpace) -> None:
        self.height, self.width = pixels.shape[:2]
        self.packed = _pack(pixels)
        self.space = space

    def format(self, document: pdfdoc.PDFDocument) -> bytes:
        name = pdfdoc.PDFName
        predictor = {"Predictor": 15, "Colors": 3, "BitsPerComponent": 8, "Columns": self.width}
        entries = {
            "Type": name("XObject"),
            "Subtype": name("Image"),
            "Width": self.width,
            "Height": self.height,
            "BitsPerComponent": 8,
            "ColorSpace": self.space,
            "Interpolate": "false",
            "Filter": name("FlateDecode"),
            "DecodeParms": pdfdoc.PDFDictionary(predictor),
        }
        stream = pdfdoc.PDFStream(pdfdoc.PDFDictionary(entries), self.packed)
        return bytes(stream.format(document))


class _Writer:
    """Draws pages; sources and profiles are added when first needed."""

    def __init__(self, canvas: Canvas, sources: Sequence[Source], font: Font) -> None:
        self.canvas, self.sources, self.font = canvas, sources, font
        self.document = canvas._doc
        self.profiles: dict[bytes, pdfdoc.PDFObjectReference] = {}
        self.drawn: set[int] = set()

    def draw_page(self, page: Page) -> None:
        """Add a page of its own size."""
        self.canvas.setPageSize((page.width * POINTS_PER_MM, page.height * POINTS_PER_MM))
        self.canvas.setTrimBox(_corners(page.trim or page.whole, page.height))
        self.canvas.setBleedBox(_corners(page.bleed or page.whole, page.height))
        self.canvas.scale(POINTS_PER_MM, POINTS_PER_MM)
        self._items(page, 0.0, 0.0, page.height)
        self.canvas.showPage()

    def add_output_intent(self, printer: Profile) -> None:
        """Name what the sheet is meant to be printed with."""
        entries = {
            "Type": pdfdoc.PDFName("OutputIntent"),
            "S": pdfdoc.PDFName("GTS_PDFX"),
            "OutputConditionIdentifier": pdfdoc.PDFString("Custom"),
            "Info": pdfdoc.PDFString(printer.name),
            "DestOutputProfile": self._profile(printer.data, printer.channels),
        }
        catalog = self.document.Catalog
        catalog.__NoDefault__ = [*catalog.__NoDefault__, "OutputIntents"]
        catalog.OutputIntents = pdfdoc.PDFArray([pdfdoc.PDFDictionary(entries)])

    def _items(self, page: Page, x: float, y: float, height: float) -> None:
        """Draw with the page's corner at (x, y) of a medium `height` mm high."""
        canvas = self.canvas
        canvas.setFillGray(0)
        for item in page.items:
            if isinstance(item, Picture):
                box = item.box.moved(x, y)
                canvas.saveState()
                canvas.translate(box.left, height - box.bottom)
                canvas.scale(box.width, box.height)
                canvas.doForm(self._picture(item.source))
                canvas.restoreState()
            elif isinstance(item, Ink):
                path = canvas.beginPath()
                for box in (each.moved(x, y) for each in item.boxes):
                    path.rect(box.left, height - box.bottom, box.width, box.height)
                canvas.drawPath(path, stroke=0, fill=1)
            elif isinstance(item, Text):
                canvas.setFont(self.font.name, item.size)
                canvas.drawCentredString(x + item.x, height - (y + item.y), item.text)
            elif isinstance(item, Part):
                box = item.box.moved(x, y)
                canvas.saveState()
                path = canvas.beginPath()
                path.rect(box.left, height - box.bottom, box.width, box.height)
                canvas.clipPath(path, stroke=0, fill=0)
                self._items(item.page, x + item.x, y + item.y, height)
                canvas.restoreState()

    def _picture(self, number: int) -> str:
        name = f"source-{number}"
        if number not in self.drawn:
            source = self.sources[number]
            profile = self._profile(source.icc_profile or srgb().data, 3)
            pixels = _Pixels(source.pixels, _IccSpace(profile))
            self.document.Reference(pixels, self.document.getXObjectName(name))
            self.document.addForm(name, pixels)
            self.drawn.add(number)
        return name

    def _profile(self, data: bytes, channels: int) -> pdfdoc.PDFObjectReference:
        if data not in self.profiles:
            stream = pdfdoc.PDFStream(
                pdfdoc.PDFDictionary({"N": channels}), data, filters=[pdfdoc.PDFZCompress]
            )
            name = f"profile-{len(self.profiles)}"
            self.profiles[data] = self.document.Reference(stream, name)
        return self.profiles[data]


def _corners(box: Box, height: float) -> tuple[float, float, float, float]:
    """A box in points, lower left and upper right corner, y up."""
    mm = (box.left, height - box.bottom, box.right, height - box.top)
    left, low, right, high = (value * POINTS_PER_MM for value in mm)
    return left, low, right, high


def _pack(pixels: UInt8Image) -> bytes:
    """Pixels as in the data chunks of a PNG file, which PDF reads as they are."""
    png = encode_png(np.ascontiguousarray(pixels))
    at, found = _PNG_HEAD_BYTES, []
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        if kind == b"IDAT":
            found.append(png[at + 8 : at + 8 + length])
        at += 12 + length
    return b"".join(found)
