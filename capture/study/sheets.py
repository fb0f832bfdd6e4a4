"""One sheet of a study: the container at its size, a short id, and a marker in the margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.errors import ConfigError
from riis_physical.sheets.fiducials import DEFAULT_LAYOUT
from riis_physical.sheets.fonts import Font, load_font
from riis_physical.sheets.formats.raster import render
from riis_physical.sheets.layout import SheetOptions, arrange
from riis_physical.sheets.pages import MM_PER_INCH, Box, Ink, Item, Page, Paper, Part, Picture
from riis_physical.sheets.sources import Source

#: Markers that stand far apart from each other: small ones are told apart from a distance.
TAGS = cv2.aruco.DICT_APRILTAG_36h11
TAG_CELLS = 8
MOST_TAGS = 587
TAG_SAMPLES = 4  # of a cell, along each axis
TAG_BLUR_CELLS, TAG_BLUR_PX = 0.3, 0.8  # of a marker seen small: of ink, and of the photo
TAG_OFF_PX = np.arange(-1.0, 1.01, 0.5, dtype=np.float32)  # from where it must be
LEAST_CONTRAST = 2.0  # grey levels
#: Correlation with a marker looked for at its place, and how much more than with the next.
TAG_ALIKE, TAG_CLEAR = 0.6, 0.15
TAG_SHARE, TAG_MM = 0.09, (8.0, 60.0)  # of the container's width, and its bounds
PRINTER_EDGE_MM = 5.0  # that no printer prints on
BORDER_MM = 10.0  # of white around a sheet once it is cut, as simulated
CAPTION_ROOM_MM = 7.0
PAPERS = ("A4", "A3", "A2", "A1", "A0")


def sheet_name(number: int) -> str:
    """A short id for people: A01 to A99, B01 ... Z99, then AA01."""
    block, rest = divmod(number, 99)
    letters = ""
    while True:
        letters = chr(ord("A") + block % 26) + letters
        block = block // 26 - 1
        if block < 0:
            return f"{letters}{rest + 1:02d}"


@dataclass(frozen=True)
class StudySheet:
    """A sheet to be printed or shown.

    Attributes:
        page: what stands on it. paper: its name. source: the container.
        box: of the container on the page, in mm.
        cut: what is left of the page once it is cut, in mm.
        tag_box: of the marker, in mm; None without.
    """

    page: Page
    paper: str
    source: Source
    box: Box
    cut: Box
    tag_box: Box | None

    @property
    def tag_place(self) -> list[float] | None:
        """Left and top from the container's top-left corner, and side, of the marker in mm."""
        if self.tag_box is None:
            return None
        at = self.tag_box
        places = (at.left - self.box.left, at.top - self.box.top, at.width)
        return [round(value, 3) for value in places]

    def picture(self, container_px: int) -> tuple[UInt8Image, FloatArray]:
        """The cut sheet as pixels, and where the container is in it.

        Args:
            container_px: width of the container.

        Returns:
            uint8 sRGB (H, W, 3); xy (4, 2) outer corners, clockwise from the top-left.
        """
        dpi = container_px * MM_PER_INCH / self.box.width
        scale = container_px / self.box.width
        # The container starts on a whole pixel, so that its pixels stay as they are.
        left = round((self.box.left - self.cut.left) * scale) / scale
        top = round((self.box.top - self.cut.top) * scale) / scale
        shifted = _moved(self.page, left - self.box.left, top - self.box.top)
        page = replace(shifted, width=self.cut.width, height=self.cut.height)
        pixels = render(page, [self.source], load_font(), dpi)  # type: ignore[arg-type]
        x, y, right = round(left * scale), round(top * scale), round(left * scale) + container_px
        bottom = round((top + self.box.height) * scale)
        corners = np.array([[x, y], [right, y], [right, bottom], [x, bottom]], np.float32)
        return pixels, corners - np.float32(0.5)


def compose_sheet(
    source: Source,
    *,
    name: str,
    study: str,
    width_mm: float,
    page: str = "auto",
    tag: int | None = None,
    fiducials: bool = False,
) -> StudySheet:
    """Put a container on its sheet.

    Args:
        name: the sheet's id. study: name of the study; left out where the font has no letters.
        width_mm: of the container.
        page: a paper, or `auto`.
        tag: number of the marker in the margin; None without.

    Raises:
        ConfigError: it does not fit, has too few pixels, or the marker's number is too high.
    """
    font = load_font()
    side = 0.0 if tag is None else min(max(TAG_SHARE * width_mm, TAG_MM[0]), TAG_MM[1])
    off = max(3.0, side / TAG_CELLS + 1.0)
    margin = max(10.0, off + side + PRINTER_EDGE_MM - CAPTION_ROOM_MM)
    layout = DEFAULT_LAYOUT if fiducials else None
    long = f"{name}   {width_mm:g} mm   {study}"
    room = width_mm / 2 - (side + 2)
    caption = long if _fits(font, long, room) else name
    options = SheetOptions(
        Paper("sheet", 5000, 5000), width_mm, margin, fiducials=layout, caption=caption
    )
    sheet, paper = _on_paper(source, options, page, font)
    box = sheet.pictures()[0].box
    reach = 0.0
    if layout is not None:
        reach = (layout.gap + 1) * layout.marker * min(box.width, box.height)
    tag_box = None
    if tag is not None:
        tag_box = Box(box.left, box.bottom + reach + off, side, side)
        sheet = replace(sheet, items=(*sheet.items, tag_ink(tag_box, tag)))
    low = max(CAPTION_ROOM_MM + reach, 0.0 if tag_box is None else tag_box.bottom - box.bottom)
    border = max(BORDER_MM, side / TAG_CELLS) + reach
    cut = Box(
        max(0.0, box.left - border),
        max(0.0, box.top - border),
        min(box.width + 2 * border, sheet.width),
        min(box.height + border + low + 4.0, sheet.height),
    )
    return StudySheet(sheet, paper, source, box, cut, tag_box)


def tag_ink(box: Box, tag: int) -> Ink:
    """The marker of that number, black cells only.

    Raises:
        ConfigError: there is no such marker.
    """
    if not 0 <= tag < MOST_TAGS:
        raise ConfigError(
            f"sheet {tag + 1} has no marker of its own, there are {MOST_TAGS}: plan fewer sheets, "
            "or set `margin_code: false`"
        )
    dictionary = cv2.aruco.getPredefinedDictionary(TAGS)
    dark = cv2.aruco.generateImageMarker(dictionary, tag, TAG_CELLS) < 128
    cell = box.width / TAG_CELLS
    boxes = []
    for row, cells in enumerate(dark):
        edges = np.flatnonzero(np.diff(np.r_[False, cells, False])).reshape(-1, 2)
        boxes += [
            Box(box.left + a * cell, box.top + row * cell, (b - a) * cell, cell)
            for a, b in edges.tolist()
        ]
    return Ink(tuple(boxes))


def tag_at(
    grey: UInt8Image, to_photo: NDArray[np.floating], marks: Sequence[tuple[int, list[float]]]
) -> int | None:
    """Which of a few markers stands where it must, far below what is found by itself.

    Args:
        grey: photo (H, W).
        to_photo: (3, 3) from mm off the container's top-left corner to the photo.
        marks: number and place of each marker, as :attr:`StudySheet.tag_place`.

    Returns:
        the number of the marker that is clearly likeliest; None where none is.
    """
    fine = TAG_CELLS * TAG_SAMPLES
    cells = (np.arange(fine) + 0.5) / fine
    scores: list[tuple[float, int]] = []
    for tag, (left, top, side) in marks:
        x, y = np.meshgrid(left + cells * side, top + cells * side)
        points = np.stack([x, y], axis=-1).reshape(1, -1, 2)
        at = cv2.perspectiveTransform(points, np.asarray(to_photo, np.float64))
        place = np.asarray(at, np.float32).reshape(fine, fine, 2)
        pattern = _pattern(tag, place)
        likeness = max(
            _likeness(grey, place + np.array([right, down], np.float32), pattern)
            for right in TAG_OFF_PX for down in TAG_OFF_PX
        )  # fmt: skip
        scores.append((likeness, tag))
    scores.sort(reverse=True)
    if not scores or scores[0][0] < TAG_ALIKE:
        return None
    clear = len(scores) == 1 or scores[0][0] - scores[1][0] >= TAG_CLEAR
    return scores[0][1] if clear else None


def _pattern(tag: int, place: FloatArray) -> FloatArray:
    """The cells of a marker as a photo shows them that has its samples at `place`."""
    fine = TAG_CELLS * TAG_SAMPLES
    dictionary = cv2.aruco.getPredefinedDictionary(TAGS)
    drawn = cv2.aruco.generateImageMarker(dictionary, tag, TAG_CELLS)
    drawn = cv2.resize(drawn, (fine, fine), interpolation=cv2.INTER_NEAREST)
    room = fine // 2
    paper = np.pad(drawn, room, constant_values=255)
    across, down = (  # samples a px
        (fine - 1) / max(float(np.linalg.norm(ends)), 1e-3)
        for ends in (place[0, -1] - place[0, 0], place[-1, 0] - place[0, 0])
    )
    ink = TAG_BLUR_CELLS * TAG_SAMPLES
    sigmas = [float(np.hypot(ink, TAG_BLUR_PX * samples)) for samples in (across, down)]
    seen = cv2.GaussianBlur(paper.astype(np.float32), (0, 0), sigmas[0], sigmaY=sigmas[1])
    return _cells(np.asarray(seen[room:-room, room:-room], np.float32))


def _cells(fine: NDArray[np.floating]) -> FloatArray:
    """The mean of each cell's samples."""
    parts = fine.reshape(TAG_CELLS, TAG_SAMPLES, TAG_CELLS, TAG_SAMPLES)
    return np.asarray(parts.mean((1, 3)), np.float32)


def _likeness(grey: UInt8Image, at: FloatArray, pattern: NDArray[np.floating]) -> float:
    """Correlation of a marker's cells with the photo at points xy (rows, columns, 2)."""
    seen = _cells(cv2.remap(grey, at[..., 0], at[..., 1], cv2.INTER_LINEAR).astype(np.float64))
    if seen.std() < LEAST_CONTRAST:
        return 0.0
    return float(np.corrcoef(seen.ravel(), pattern.ravel())[0, 1])


def find_tags(grey: UInt8Image) -> dict[int, FloatArray]:
    """Markers in a photo (H, W): number to xy (4, 2) corners, clockwise from its top-left.

    Small markers are sought in an enlarged copy as well.
    """
    dictionary = cv2.aruco.getPredefinedDictionary(TAGS)
    settings = cv2.aruco.DetectorParameters()
    settings.minMarkerPerimeterRate = 0.015
    settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    detector = cv2.aruco.ArucoDetector(dictionary, settings)
    found: dict[int, FloatArray] = {}
    long = max(grey.shape)
    for scale in (min(1.0, 1600 / long), min(2.0, 4000 / long)):
        size = (round(grey.shape[1] * scale), round(grey.shape[0] * scale))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        copy = grey if scale == 1 else cv2.resize(grey, size, interpolation=method)
        corners, ids, _ = detector.detectMarkers(copy)
        for quad, number in zip(corners, [] if ids is None else ids.ravel(), strict=True):
            xy = (np.asarray(quad, np.float32).reshape(4, 2) + 0.5) / scale - 0.5
            found.setdefault(int(number), xy.astype(np.float32))
        if found:
            return found
    return found


def _on_paper(source: Source, options: SheetOptions, page: str, font: Font) -> tuple[Page, str]:
    """The smallest paper that it fits on, and its name."""
    names = PAPERS if page == "auto" else (page,)
    for number, name in enumerate(names):
        try:
            wanted = replace(options, paper=Paper.parse(name))
            return arrange([source], wanted, font).pages[0], name
        except ConfigError:
            if number == len(names) - 1:
                raise
    raise AssertionError("no paper")


def _fits(font: Font, text: str, half: float) -> bool:
    try:
        font.check(text)
    except ConfigError:
        return False
    return font.width(text, 3.0) / 2 <= half


def _moved(page: Page, x: float, y: float) -> Page:
    items: list[Item] = []
    for item in page.items:
        if isinstance(item, Ink):
            items.append(Ink(tuple(box.moved(x, y) for box in item.boxes)))
        elif isinstance(item, Picture | Part):
            items.append(replace(item, box=item.box.moved(x, y)))
        else:
            items.append(replace(item, x=item.x + x, y=item.y + y))
    return replace(page, items=tuple(items))
