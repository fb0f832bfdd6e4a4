"""The chart as pixels: every edge where it belongs to a fraction of a pixel."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from calibration.chart.layout import (
    DOT_MM,
    EDGE_DARK,
    EDGE_LIGHT,
    MARKER_MM,
    Chart,
    dictionary,
)
from riis_physical.artifacts import UInt8Image
from riis_physical.errors import ConfigError
from riis_physical.sheets.fonts import DEFAULT_FONT
from riis_physical.sheets.pages import Box

SAMPLES = 8  # across a pixel, for round and slanted edges
LEAST_PX_PER_MM = 3.0
TEXT_MM = 2.4  # height of the letters' box

Array = NDArray[np.float64]


def draw_chart(chart: Chart, px_per_mm: float) -> UInt8Image:
    """The chart alone, (h, w, 3) uint8 sRGB.

    Pixels on an edge take the mean of both sides. The size is rounded to whole pixels.

    Raises:
        ConfigError: too few pixels to draw the markers.
    """
    if px_per_mm < LEAST_PX_PER_MM:
        raise ConfigError(
            f"a chart of {px_per_mm:.2f} px per mm; at least {LEAST_PX_PER_MM:g} are needed: "
            "take more pixels"
        )
    width, height = (round(side * px_per_mm) for side in chart.size_mm)
    page = np.ones((height, width, 3))
    scale = np.array([width / chart.size_mm[0], height / chart.size_mm[1]])
    for patch in chart.patches:
        _fill(page, patch.box, scale, patch.colour)
    for edge in chart.edges:
        _fill(page, edge.box, scale, (EDGE_LIGHT,) * 3)
        _shape(page, edge.corners() * scale, EDGE_DARK)
    for middle in chart.dots:
        angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
        circle = middle + DOT_MM / 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        _shape(page, circle * scale, 0.0)
    cells = dictionary().markerSize + 2
    for number, box in zip(chart.marker_ids(), chart.marker_boxes(), strict=True):
        pattern = cv2.aruco.generateImageMarker(dictionary(), number, cells)
        side = MARKER_MM / cells
        for row, column in np.argwhere(np.asarray(pattern) < 128).tolist():
            cell = Box(box.left + column * side, box.top + row * side, side, side)
            _fill(page, cell, scale, (0.0, 0.0, 0.0))
    drawn = np.rint(255 * page).astype(np.uint8)
    return _write(drawn, chart, px_per_mm)


def _fill(page: Array, box: Box, scale: Array, colour: tuple[float, ...]) -> None:
    """Paint a box; adjoining boxes add up to whole pixels."""
    left, right = box.left * scale[0], box.right * scale[0]
    top, bottom = box.top * scale[1], box.bottom * scale[1]
    across, first_x = _cover(left, right)
    down, first_y = _cover(top, bottom)
    share = (down[:, None] * across[None])[..., None]
    part = page[first_y : first_y + len(down), first_x : first_x + len(across)]
    share = share[: part.shape[0], : part.shape[1]]
    part += share * (np.asarray(colour) - 1.0)


def _cover(low: float, high: float) -> tuple[Array, int]:
    """Share of each pixel that lies between two places, and the first pixel."""
    first = int(np.floor(low + 1e-9))
    edges = np.arange(first, int(np.ceil(high - 1e-9)) + 1)
    return np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), first


def _shape(page: Array, outline: Array, level: float) -> None:
    """Paint a polygon, (N, 2) in px from the page's corner."""
    first = np.floor(outline.min(axis=0)).astype(int)
    size = np.ceil(outline.max(axis=0)).astype(int) - first
    fine = np.zeros((size[1] * SAMPLES, size[0] * SAMPLES), np.float32)
    # Pixel centres at integers, and 4 binary places below the pixel.
    points = np.rint(((outline - first) * SAMPLES - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(fine, [points[:, None]], 1.0, lineType=cv2.LINE_8, shift=4)
    share = cv2.resize(fine, (int(size[0]), int(size[1])), interpolation=cv2.INTER_AREA)
    part = page[first[1] : first[1] + size[1], first[0] : first[0] + size[0]]
    part += share[..., None] * (level - part)


def _write(page: UInt8Image, chart: Chart, px_per_mm: float) -> UInt8Image:
    """The page with the chart's name."""
    picture = Image.fromarray(page)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.truetype(str(DEFAULT_FONT), max(6.0, TEXT_MM * px_per_mm))
    box = chart.text_box
    lines = f"{chart.title}\nsRGB, print at 100 %\nphotograph all of it, sharp and evenly lit"
    pen.multiline_text(
        (box.left * px_per_mm, (box.top + box.height / 2) * px_per_mm),
        lines,
        fill=(0, 0, 0),
        font=font,
        anchor="lm",
        spacing=px_per_mm,
    )
    return np.asarray(picture, np.uint8)
