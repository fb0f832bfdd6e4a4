"""A poster cut over pages that are glued together.

Neighbouring pages overlap. Every page but the first of its row or column is cut
along the edge of its picture, at the single marks, and laid onto the double
marks of the page before.
"""

from __future__ import annotations

import math

from riis_physical.errors import ConfigError
from riis_physical.sheets.fonts import Font
from riis_physical.sheets.marks import LINE_MM
from riis_physical.sheets.pages import Box, Ink, Item, Page, Paper, Part, Text

MIN_EDGE_MM = 8.0  # white around each tile: room for marks and a line of text
MAX_TILES = 400
_MARK_MM, _OFF_MM = 4.0, 0.8
_LETTERS_MM, _LEAST_LETTERS_MM = 2.2, 1.0


def cut(page: Page, paper: Paper, overlap_mm: float, edge_mm: float, font: Font) -> list[Page]:
    """Cut a page into tiles, row by row; the paper is turned where that saves pages.

    Args:
        page: the poster.
        overlap_mm: what neighbouring tiles both show.
        edge_mm: white around each tile, where marks stand; MIN_EDGE_MM at least.

    Raises:
        ConfigError: impossible settings, or too many tiles.
    """
    edge_mm = max(edge_mm, MIN_EDGE_MM)
    ways = [way for way in (paper, paper.turned) if _step(way, overlap_mm, edge_mm) is not None]
    if not ways:
        raise ConfigError(
            f"an overlap of {overlap_mm:g} mm on {paper} with margins of {edge_mm:g} mm; expected "
            "0 to half of what a tile shows: take a smaller overlap or larger tiles"
        )
    paper = min(ways, key=lambda way: math.prod(_counts(page, way, overlap_mm, edge_mm)))
    columns, rows = _counts(page, paper, overlap_mm, edge_mm)
    if columns * rows > MAX_TILES:
        raise ConfigError(
            f"{columns} x {rows} tiles; at most {MAX_TILES} are made: take larger tiles"
        )
    return [
        _tile(page, paper, (row, column), (rows, columns), overlap_mm, edge_mm, font)
        for row in range(rows)
        for column in range(columns)
    ]


def _step(paper: Paper, overlap: float, edge: float) -> tuple[float, float] | None:
    """From one tile to the next, across and down; None where that cannot be."""
    shown = paper.width - 2 * edge, paper.height - 2 * edge
    if not 0 <= overlap <= min(shown) / 2 or min(shown) <= 0:
        return None
    return shown[0] - overlap, shown[1] - overlap


def _counts(page: Page, paper: Paper, overlap: float, edge: float) -> tuple[int, int]:
    step = _step(paper, overlap, edge)
    assert step is not None
    across, down = (
        max(1, math.ceil((length - overlap) / each - 1e-9))
        for length, each in zip((page.width, page.height), step, strict=True)
    )
    return across, down


def _tile(
    page: Page,
    paper: Paper,
    place: tuple[int, int],
    counts: tuple[int, int],
    overlap: float,
    edge: float,
    font: Font,
) -> Page:
    step = _step(paper, overlap, edge)
    assert step is not None
    (row, column), (rows, columns) = place, counts
    left, top = column * step[0], row * step[1]
    shown = Box(
        edge,
        edge,
        min(step[0] + overlap, page.width - left),
        min(step[1] + overlap, page.height - top),
    )
    items: list[Item] = [Part(shown, page, edge - left, edge - top)]
    lines: list[Box] = []
    if column > 0:
        lines += _across_marks(shown, shown.left, 1)
    if column < columns - 1:
        lines += _across_marks(shown, shown.left + step[0], 2)
    if row > 0:
        lines += _down_marks(shown, shown.top, 1)
    if row < rows - 1:
        lines += _down_marks(shown, shown.top + step[1], 2)
    if lines:
        items.append(Ink(tuple(lines)))
    ends = shown.left, (shown.left + step[0] if column < columns - 1 else shown.right)
    items.append(_label(ends, shown.bottom, place, counts, font))
    return Page(paper.width, paper.height, tuple(items))


def _across_marks(shown: Box, x: float, lines: int) -> list[Box]:
    """Upright marks above and below the picture, for a cut or an edge at `x`."""
    return [
        Box(line - LINE_MM / 2, y, LINE_MM, _MARK_MM)
        for line in _lines(x, lines)
        for y in (shown.top - _OFF_MM - _MARK_MM, shown.bottom + _OFF_MM)
    ]


def _down_marks(shown: Box, y: float, lines: int) -> list[Box]:
    """Lying marks left and right of the picture, for a cut or an edge at `y`."""
    return [
        Box(x, line - LINE_MM / 2, _MARK_MM, LINE_MM)
        for line in _lines(y, lines)
        for x in (shown.left - _OFF_MM - _MARK_MM, shown.right + _OFF_MM)
    ]


def _lines(place: float, lines: int) -> list[float]:
    """Where the lines of a mark lie; an edge goes between two of them."""
    return [place + 3 * LINE_MM * (number - (lines - 1) / 2) for number in range(lines)]


def _label(
    ends: tuple[float, float],
    below: float,
    place: tuple[int, int],
    counts: tuple[int, int],
    font: Font,
) -> Text:
    """Which tile it is and how to glue it, between the marks under the picture."""
    text = (
        f"row {place[0] + 1} of {counts[0]}, column {place[1] + 1} of {counts[1]}: cut at single "
        "marks, lay the cut edge on the double marks of the page before"
    )
    room = ends[1] - ends[0] - 4.0
    size = min(_LETTERS_MM, _LETTERS_MM * room / font.width(text, _LETTERS_MM))
    if size < _LEAST_LETTERS_MM:  # a narrow last tile
        text, size = f"{place[0] + 1}, {place[1] + 1}", _LETTERS_MM
    return Text(text, sum(ends) / 2, below + _OFF_MM + 3.4, size)
