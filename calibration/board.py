"""The calibration chart: a ChArUco board, drawn to the millimetre.

A chessboard with a marker in every white square, so that each corner has a
number and part of the board is enough. Board coordinates are in mm, x to the
right and y down from the board's top-left outer corner.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from riis_physical.artifacts import FloatArray
from riis_physical.errors import ConfigError, OutputError
from riis_physical.system.files import atomic_path

MM_PER_INCH = 25.4
PAGES_MM = {"A4": (210.0, 297.0), "A3": (297.0, 420.0), "Letter": (215.9, 279.4)}
LEAST_EDGE_MM = 12.0  # white around the board: its own border, and room for the caption
RULER_MM = 100.0
FORMATS = {".png": "PNG", ".pdf": "PDF"}


@dataclass(frozen=True)
class Board:
    """A ChArUco board; as text `COLUMNSxROWS,SQUARE_MM,MARKER_MM,DICTIONARY`.

    Attributes:
        columns, rows: squares across and down.
        square_mm, marker_mm: sides of a square and of the marker within it.
        dictionary: OpenCV's name of the marker set, without `DICT_`.

    Raises:
        ConfigError: a board that cannot be drawn or found.
    """

    columns: int = 7
    rows: int = 10
    square_mm: float = 25.0
    marker_mm: float = 18.0
    dictionary: str = "5X5_100"

    def __post_init__(self) -> None:
        if not (3 <= self.columns <= 40 and 3 <= self.rows <= 40):
            raise ConfigError(f"a board of {self.columns}x{self.rows} squares; expected 3 to 40")
        if not 2.0 <= self.square_mm <= 500.0:
            raise ConfigError(f"squares of {self.square_mm:g} mm; expected 2 to 500 mm")
        if not 0.4 * self.square_mm <= self.marker_mm <= 0.85 * self.square_mm:
            raise ConfigError(
                f"markers of {self.marker_mm:g} mm in squares of {self.square_mm:g} mm; "
                "expected 0.4 to 0.85 of the square"
            )
        if not hasattr(cv2.aruco, f"DICT_{self.dictionary}"):
            raise ConfigError(
                f"unknown marker dictionary {self.dictionary!r}; for example 4X4_50, 5X5_100, "
                "6X6_250 or 7X7_1000"
            )
        needed, present = self.columns * self.rows // 2, len(self._dictionary().bytesList)
        if needed > present:
            raise ConfigError(
                f"the board needs {needed} markers, {self.dictionary} has {present}: "
                "take a larger dictionary or fewer squares"
            )

    @classmethod
    def parse(cls, text: str) -> Board:
        """A board from its text, for example `7x10,25,18,5X5_100`.

        Raises:
            ConfigError: it does not read, or describes an impossible board.
        """
        number = r"(\d+(?:\.\d+)?)"
        match = re.fullmatch(rf"(\d{{1,3}})x(\d{{1,3}}),{number},{number},(\w+)", text.strip())
        if match is None:
            raise ConfigError(
                f"{text!r} is no board: expected COLUMNSxROWS,SQUARE_MM,MARKER_MM,DICTIONARY, "
                f"for example {cls()}"
            )
        columns, rows, square, marker, dictionary = match.groups()
        return cls(int(columns), int(rows), float(square), float(marker), dictionary.upper())

    def __str__(self) -> str:
        return f"{self.columns}x{self.rows},{self.square_mm:g},{self.marker_mm:g},{self.dictionary}"

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height."""
        return self.columns * self.square_mm, self.rows * self.square_mm

    @property
    def corner_count(self) -> int:
        """Inner corners of the chessboard."""
        return (self.columns - 1) * (self.rows - 1)

    def corners_mm(self) -> FloatArray:
        """Inner corners (N, 3) in mm, z 0, row by row; a corner's number is its index."""
        return np.asarray(self.opencv().getChessboardCorners(), np.float32)

    def opencv(self) -> cv2.aruco.CharucoBoard:
        """The board as OpenCV detects it, in mm."""
        size = (self.columns, self.rows)
        return cv2.aruco.CharucoBoard(size, self.square_mm, self.marker_mm, self._dictionary())

    def _dictionary(self) -> cv2.aruco.Dictionary:
        number = getattr(cv2.aruco, f"DICT_{self.dictionary}")
        return cv2.aruco.getPredefinedDictionary(number)


def draw_board(board: Board, px_per_mm: float) -> NDArray[np.uint8]:
    """The board alone as a grey picture (h, w), black 0, white 255.

    Every edge lies on the pixel next to its place in mm, so no error adds up.
    """
    width, height = board.size_mm
    picture = np.full((round(height * px_per_mm), round(width * px_per_mm)), 255, np.uint8)

    def fill(x: float, y: float, side: float, value: int) -> None:
        left, right = round(x * px_per_mm), round((x + side) * px_per_mm)
        top, bottom = round(y * px_per_mm), round((y + side) * px_per_mm)
        picture[top:bottom, left:right] = value

    charuco = board.opencv()
    dictionary = charuco.getDictionary()
    starts = [np.asarray(points)[0, :2].tolist() for points in charuco.getObjPoints()]
    white = {(int(x // board.square_mm), int(y // board.square_mm)) for x, y in starts}
    for row in range(board.rows):
        for column in range(board.columns):
            if (column, row) not in white:
                fill(column * board.square_mm, row * board.square_mm, board.square_mm, 0)
    cells = dictionary.markerSize + 2
    cell = board.marker_mm / cells
    for number, (x, y) in zip(np.ravel(charuco.getIds()).tolist(), starts, strict=True):
        marker = cv2.aruco.generateImageMarker(dictionary, int(number), cells)
        fill(x, y, board.marker_mm, 0)
        for i, j in np.argwhere(np.asarray(marker) > 127).tolist():
            fill(x + j * cell, y + i * cell, cell, 255)
    return picture


def draw_page(board: Board, page: str = "A4", dpi: int = 300) -> Image.Image:
    """The board on a page, with its description and a ruler to check the printer.

    The page is turned where the board is wider than high.

    Raises:
        ConfigError: unknown page, resolution out of range, or the board does
            not fit.
    """
    if page not in PAGES_MM:
        raise ConfigError(f"unknown page {page!r}; choose {', '.join(PAGES_MM)}")
    if not 72 <= dpi <= 1200:
        raise ConfigError(f"{dpi} dpi; expected 72 to 1200")
    width, height = board.size_mm
    page_mm = PAGES_MM[page] if height >= width else PAGES_MM[page][::-1]
    room = (page_mm[0] - 2 * LEAST_EDGE_MM, page_mm[1] - 2 * LEAST_EDGE_MM)
    if width > room[0] or height > room[1]:
        raise ConfigError(
            f"the board is {width:g} x {height:g} mm, {page} has room for "
            f"{room[0]:g} x {room[1]:g} mm: take smaller squares or a larger page"
        )
    scale = dpi / MM_PER_INCH
    sheet = Image.new("L", (round(page_mm[0] * scale), round(page_mm[1] * scale)), 255)
    left, top = (page_mm[0] - width) / 2, (page_mm[1] - height) / 2
    sheet.paste(
        Image.fromarray(draw_board(board, scale)), (round(left * scale), round(top * scale))
    )
    _caption(sheet, board, left, top + height, scale)
    return sheet


def _caption(sheet: Image.Image, board: Board, left: float, below: float, scale: float) -> None:
    """A ruler and a line of text under the board; mm from the page's corner."""
    pen = ImageDraw.Draw(sheet)
    length = min(RULER_MM, board.size_mm[0])
    y = round((below + 4.0) * scale)
    ends = [round(left * scale), round((left + length) * scale)]
    thick = max(1, round(0.2 * scale))
    pen.line([(ends[0], y), (ends[1], y)], fill=0, width=thick)
    for x in ends:
        pen.line([(x, y - round(scale)), (x, y + round(scale))], fill=0, width=thick)
    font = ImageFont.load_default(size=2.6 * scale)
    text = f"The line is {length:g} mm: print at 100 %, glue flat. --board {board}"
    pen.text((ends[0], y + round(1.4 * scale)), text, fill=0, font=font)


def save_page(path: str | Path, sheet: Image.Image, dpi: int, *, force: bool = False) -> None:
    """Write a page as PNG with its resolution, or as PDF of the page's size.

    Raises:
        OutputError: another suffix, or the file exists or cannot be written.
    """
    target = Path(path)
    kind = FORMATS.get(target.suffix.lower())
    if kind is None:
        raise OutputError(
            f"cannot tell the format of {target} from its suffix {target.suffix!r}: "
            "expected .pdf or .png"
        )
    options = {"resolution": float(dpi)} if kind == "PDF" else {"dpi": (dpi, dpi)}
    with atomic_path(target, force=force) as part:
        sheet.save(part, kind, **options)
