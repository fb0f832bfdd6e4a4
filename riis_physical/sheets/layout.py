"""Where containers, markers and captions stand on a page, to the millimetre."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from riis_physical.errors import ConfigError
from riis_physical.sheets.fiducials import FiducialLayout
from riis_physical.sheets.fonts import Font
from riis_physical.sheets.marks import fiducial_ink
from riis_physical.sheets.pages import Box, Item, Page, Paper, Picture, Text
from riis_physical.sheets.sources import Source

MIN_WIDTH_MM, MAX_WIDTH_MM = 10.0, 5000.0
MAX_MARGIN_MM = 500.0
MAX_CELLS = 400
_GUTTER_MM = 5.0  # least white between containers of one page
_CAPTION_MM, _LEAST_CAPTION_MM = 3.0, 1.6  # size of the letters
_CAPTION_OFF_MM, _CAPTION_ROOM_MM = 3.0, 7.0  # from the container: to the text, in all
_TOLERANCE_MM = 1e-6


@dataclass(frozen=True)
class SheetOptions:
    """What a sheet looks like.

    Attributes:
        paper: upright or lying; turned where only that fits.
        width_mm: of every container without its margin; None: the largest
            that fits and has pixels enough (LEAST_DPI).
        margin_mm: least white to the page's edges and between containers.
        grid: (columns, rows) of containers.
        fiducials: layout of the markers, None without.
        caption: under every container; {name} stands for the file's name.

    Raises:
        ConfigError: a value out of range.
    """

    paper: Paper
    width_mm: float | None = None
    margin_mm: float = 10.0
    grid: tuple[int, int] = (1, 1)
    fiducials: FiducialLayout | None = None
    caption: str | None = None

    def __post_init__(self) -> None:
        if self.width_mm is not None and not MIN_WIDTH_MM <= self.width_mm <= MAX_WIDTH_MM:
            raise ConfigError(
                f"a width of {self.width_mm:g} mm; expected {MIN_WIDTH_MM:g} to {MAX_WIDTH_MM:g} mm"
            )
        if not 0 <= self.margin_mm <= MAX_MARGIN_MM:
            raise ConfigError(
                f"a margin of {self.margin_mm:g} mm; expected 0 to {MAX_MARGIN_MM:g} mm"
            )
        if min(self.grid) < 1 or self.cells > MAX_CELLS:
            columns, rows = self.grid
            raise ConfigError(f"a grid of {columns}x{rows}; expected 1x1 to {MAX_CELLS} in all")
        if self.fiducials is not None and self.cells > self.fiducials.containers:
            raise ConfigError(
                f"a grid of {self.cells} containers with markers; "
                f"{self.fiducials.dictionary} tells {self.fiducials.containers} apart: "
                "take fewer, or --fiducials none"
            )

    @property
    def cells(self) -> int:
        """Containers to a page."""
        return self.grid[0] * self.grid[1]


@dataclass(frozen=True)
class Sheets:
    """Pages of one size. `width_mm` is that of every container on them."""

    pages: tuple[Page, ...]
    width_mm: float
    paper: Paper


def arrange(sources: Sequence[Source], options: SheetOptions, font: Font) -> Sheets:
    """Put containers onto as many pages as they need.

    A single container fills the grid of its page.

    Raises:
        ConfigError: the page is too small, or a caption cannot be printed.
    """
    paper, width = _choose(sources, options)
    options = replace(options, paper=paper)
    order = list(range(len(sources)))
    if len(order) == 1:
        order *= options.cells
    pages = [
        _page(sources, order[first : first + options.cells], options, width, font)
        for first in range(0, len(order), options.cells)
    ]
    return Sheets(tuple(pages), width, paper)


def largest_width(sources: Sequence[Source], options: SheetOptions) -> float:
    """The largest width in mm that fits the page as it lies; 0 where none does."""
    low, high = 0.0, MAX_WIDTH_MM
    if _fits(sources, options, high):
        return high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _fits(sources, options, middle) else (low, middle)
    return low


def _choose(sources: Sequence[Source], options: SheetOptions) -> tuple[Paper, float]:
    """The paper as it must lie, and the width of the containers."""
    ways = [options.paper, options.paper.turned]
    if options.width_mm is not None:
        for paper in ways:
            if _fits(sources, replace(options, paper=paper), options.width_mm):
                return paper, options.width_mm
    widths = [largest_width(sources, replace(options, paper=paper)) for paper in ways]
    best = max(widths)
    if options.width_mm is None and best >= MIN_WIDTH_MM:
        widest = max(MIN_WIDTH_MM, min(source.widest_mm for source in sources))
        wanted = min(best, widest)
        if wanted == best:
            return ways[widths.index(best)], best
        return next(way for way, most in zip(ways, widths, strict=True) if most >= wanted), wanted
    columns, rows = options.grid
    many = f" in a grid of {columns}x{rows}" if options.cells > 1 else ""
    extras = [f"margins of {options.margin_mm:g} mm"]
    extras += ["markers"] if options.fiducials else []
    extras += ["a caption"] if options.caption else []
    asked = options.width_mm if options.width_mm is not None else MIN_WIDTH_MM
    tallest = max(source.aspect for source in sources)
    told = f"a container of {asked:.4g} x {asked * tallest:.4g} mm{many} with {', '.join(extras)}"
    advice = (
        f"take --width-mm {math.floor(10 * best) / 10:g} or less, or a larger page"
        if best >= MIN_WIDTH_MM
        else "take a larger page or smaller margins"
    )
    raise ConfigError(f"{told} does not fit {options.paper}: {advice}")


@dataclass(frozen=True)
class _Grid:
    """Sizes in mm that all pages share: of a cell, around all cells, between them."""

    across: float
    down: float
    edge: float
    gutter: float

    def size(self, options: SheetOptions) -> tuple[float, float]:
        columns, rows = options.grid
        return (
            columns * self.across + (columns - 1) * self.gutter,
            rows * self.down + (rows - 1) * self.gutter,
        )


def _grid(sources: Sequence[Source], options: SheetOptions, width: float) -> _Grid:
    heights = [width * source.aspect for source in sources]
    layout, reach, quiet = options.fiducials, 0.0, 0.0
    if layout is not None:
        # The longest shorter side has the largest markers.
        side = layout.marker * max(min(width, height) for height in heights)
        reach, quiet = (layout.gap + 1) * side, layout.quiet * side
    caption = _CAPTION_ROOM_MM if options.caption else 0.0
    return _Grid(
        across=width + 2 * reach,
        down=max(heights) + 2 * reach + caption,
        edge=max(options.margin_mm, quiet),
        gutter=max(options.margin_mm, quiet, _GUTTER_MM),
    )


def _fits(sources: Sequence[Source], options: SheetOptions, width: float) -> bool:
    grid = _grid(sources, options, width)
    across, down = grid.size(options)
    return (
        across + 2 * grid.edge <= options.paper.width + _TOLERANCE_MM
        and down + 2 * grid.edge <= options.paper.height + _TOLERANCE_MM
    )


def _page(
    sources: Sequence[Source],
    numbers: Sequence[int],
    options: SheetOptions,
    width: float,
    font: Font,
) -> Page:
    grid, (columns, _), layout = _grid(sources, options, width), options.grid, options.fiducials
    across, down = grid.size(options)
    left, top = (options.paper.width - across) / 2, (options.paper.height - down) / 2
    items: list[Item] = []
    for place, number in enumerate(numbers):
        row, column = divmod(place, columns)
        height = width * sources[number].aspect
        reach = 0.0 if layout is None else (layout.gap + 1) * layout.marker * min(width, height)
        below = reach + (_CAPTION_ROOM_MM if options.caption else 0.0)
        x = left + column * (grid.across + grid.gutter) + (grid.across - width) / 2
        y = top + row * (grid.down + grid.gutter) + (grid.down - height - reach - below) / 2 + reach
        box = Box(x, y, width, height)
        items.append(Picture(number, box))
        if layout is not None:
            items.append(fiducial_ink(box, place, layout))
        if options.caption:
            text = options.caption.replace("{name}", sources[number].name)
            items.append(_caption(text, box, reach, font))
    return Page(options.paper.width, options.paper.height, tuple(items))


def _caption(text: str, box: Box, reach: float, font: Font) -> Text:
    font.check(text)
    room = box.width + 2 * reach
    size = min(_CAPTION_MM, _CAPTION_MM * room / max(font.width(text, _CAPTION_MM), 1e-9))
    if size < _LEAST_CAPTION_MM:
        raise ConfigError(
            f"the caption is {font.width(text, _LEAST_CAPTION_MM):.0f} mm long in the smallest "
            f"letters, and there are {room:.0f} mm: shorten it"
        )
    return Text(text, box.left + box.width / 2, box.bottom + reach + _CAPTION_OFF_MM + size, size)
