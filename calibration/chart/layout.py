"""What stands where on the calibration chart.

The chart is 14 x 10 tiles. A tile holds a patch, white around it, and has a dot at
each of its inner corners; a field takes two tiles, a slanted edge four. Markers stand
in the corners and between them. The white between the tiles tells how the light falls.
Places are (x, y) in mm of the chart, y down, from its top-left corner; a chart that is
printed larger or smaller keeps these numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from riis_physical.errors import ConfigError
from riis_physical.sheets.pages import Box

COLUMNS, ROWS = 14, 10
TILE_MM = 18.0
GUTTER_MM = 6.0  # white between patches
DOT_MM = 2.8  # diameter
MARKER_MM = 14.0
EDGE_TURN_DEG = 5.0  # of the slanted squares, as ISO 12233 asks
EDGE_SIDE_MM = 16.0
EDGE_DARK, EDGE_LIGHT = 0.2, 0.75
DICTIONARY = "6X6_250"  # neither the sheets' nor the board's
MARKERS = 8
GREY_LEVELS = tuple(i / 16 for i in range(17))
GREY_REPEATS = 3
FIELD_LEVELS = (0.15, 0.35, 0.5, 0.65, 0.85)

#: (column, row) of the first tile. Fields reach one tile to the right, edges also down.
_MARKER_TILES = ((0, 0), (6, 0), (13, 0), (13, 4), (13, 9), (7, 9), (0, 9), (0, 5))
_EDGE_TILES = ((6, 4), (2, 1), (10, 1), (2, 7), (10, 7))
_FIELD_TILES = ((4, 3), (8, 3), (6, 7), (1, 4), (11, 5))
_TEXT_TILES = ((9, 9), (10, 9), (11, 9))
_SHUFFLE = 7  # seed of the patches' places, part of the chart's definition

Kind = Literal["grey", "colour", "field"]


@dataclass(frozen=True)
class Patch:
    """A box of one colour; `colour` is sRGB, 0 to 1."""

    kind: Kind
    box: Box
    colour: tuple[float, float, float]

    @property
    def level(self) -> float:
        """Of a grey."""
        return self.colour[0]


@dataclass(frozen=True)
class SlantedEdge:
    """A dark square, turned a little, in a light box."""

    box: Box
    centre: tuple[float, float]

    def corners(self) -> NDArray[np.float64]:
        """(4, 2) of the dark square, clockwise from its top left."""
        turn = np.deg2rad(EDGE_TURN_DEG)
        matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        half = EDGE_SIDE_MM / 2
        square = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
        return np.asarray(self.centre + square @ matrix)


@dataclass(frozen=True)
class Chart:
    """A calibration chart. `number` is printed on it and is in its markers.

    Raises:
        ConfigError: there are no markers for that number.
    """

    number: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.number < most_charts():
            raise ConfigError(f"chart number {self.number}; expected 0 to {most_charts() - 1}")

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height."""
        return COLUMNS * TILE_MM, ROWS * TILE_MM

    @cached_property
    def patches(self) -> tuple[Patch, ...]:
        """Greys (17 levels, 3 of each), 48 colours and 5 larger grey fields."""
        colours: list[tuple[Kind, tuple[float, float, float]]] = [
            ("grey", (level, level, level)) for level in GREY_LEVELS for _ in range(GREY_REPEATS)
        ]
        colours += [("colour", colour) for colour in _colours()]
        places = [tile for tile in _tiles() if tile not in _reserved()]
        order = np.random.default_rng(_SHUFFLE).permutation(len(places))
        if len(places) != len(colours):
            raise AssertionError(f"{len(colours)} patches for {len(places)} tiles")
        found = [
            Patch(kind, _inner(places[at], 1), colour)
            for at, (kind, colour) in zip(order, colours, strict=True)
        ]
        fields = zip(_FIELD_TILES, FIELD_LEVELS, strict=True)
        found += [Patch("field", _inner(tile, 2), (level,) * 3) for tile, level in fields]
        return tuple(found)

    @cached_property
    def edges(self) -> tuple[SlantedEdge, ...]:
        """Five slanted squares: the middle first, then towards the corners."""
        return tuple(
            SlantedEdge(_inner(tile, 2, 2), ((tile[0] + 1) * TILE_MM, (tile[1] + 1) * TILE_MM))
            for tile in _EDGE_TILES
        )

    @cached_property
    def dots(self) -> NDArray[np.float64]:
        """Middles (N, 2) of the dots."""
        covered = {(column + 1, row + 1) for column, row in _EDGE_TILES}
        return np.array(
            [
                (column * TILE_MM, row * TILE_MM)
                for row in range(1, ROWS)
                for column in range(1, COLUMNS)
                if (column, row) not in covered
            ]
        )

    @cached_property
    def gutters(self) -> NDArray[np.float64]:
        """Middles (N, 2) of bits of white paper between two tiles, clear of the dots."""
        blocked = _joined()
        found = []
        for column, row in _tiles():
            for right, down in ((1, 0), (0, 1)):
                neighbour = (column + right, row + down)
                if neighbour[0] == COLUMNS or neighbour[1] == ROWS:
                    continue
                if frozenset(((column, row), neighbour)) in blocked:
                    continue
                middle = ((column + 0.5 + right / 2) * TILE_MM, (row + 0.5 + down / 2) * TILE_MM)
                found.append(middle)
        return np.array(found)

    @property
    def text_box(self) -> Box:
        """Where the chart's name stands."""
        return _inner(_TEXT_TILES[0], len(_TEXT_TILES))

    @property
    def title(self) -> str:
        """What is printed on the chart."""
        return f"riis-physical chart 1, number {self.number}"

    def marker_boxes(self) -> tuple[Box, ...]:
        """Of the markers, in the order of their ids."""
        space = (TILE_MM - MARKER_MM) / 2
        return tuple(
            Box(column * TILE_MM + space, row * TILE_MM + space, MARKER_MM, MARKER_MM)
            for column, row in _MARKER_TILES
        )

    def marker_ids(self) -> tuple[int, ...]:
        """Of this chart's markers."""
        return tuple(range(MARKERS * self.number, MARKERS * (self.number + 1)))


def dictionary() -> cv2.aruco.Dictionary:
    """The markers of all charts."""
    return cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{DICTIONARY}"))


@lru_cache(maxsize=1)
def most_charts() -> int:
    """How many charts the markers can tell apart."""
    return len(dictionary().bytesList) // MARKERS


def _colours() -> list[tuple[float, float, float]]:
    """24 strong and 24 dull colours: a cube's points without its greys."""
    found = []
    for values in ((0.0, 0.5, 1.0), (0.35, 0.5, 0.65)):
        cube = [(r, g, b) for r in values for g in values for b in values]
        found += [colour for colour in cube if len(set(colour)) > 1]
    return found


def _tiles() -> list[tuple[int, int]]:
    return [(column, row) for row in range(ROWS) for column in range(COLUMNS)]


def _edge_tiles(first: tuple[int, int]) -> list[tuple[int, int]]:
    return [(first[0] + right, first[1] + down) for down in (0, 1) for right in (0, 1)]


def _reserved() -> set[tuple[int, int]]:
    """Tiles that hold no small patch."""
    taken = {*_MARKER_TILES, *_TEXT_TILES}
    for column, row in _FIELD_TILES:
        taken |= {(column, row), (column + 1, row)}
    for first in _EDGE_TILES:
        taken |= set(_edge_tiles(first))
    return taken


def _joined() -> set[frozenset[tuple[int, int]]]:
    """Pairs of tiles with no white between them."""
    groups = [_edge_tiles(first) for first in _EDGE_TILES]
    groups += [[(c, r), (c + 1, r)] for c, r in _FIELD_TILES]
    groups += [list(_TEXT_TILES)]
    return {frozenset((a, b)) for group in groups for a in group for b in group if a != b}


def _inner(tile: tuple[int, int], across: int, down: int = 1) -> Box:
    """What the white leaves of some tiles."""
    half = GUTTER_MM / 2
    return Box(
        tile[0] * TILE_MM + half,
        tile[1] * TILE_MM + half,
        across * TILE_MM - GUTTER_MM,
        down * TILE_MM - GUTTER_MM,
    )
