"""Pictures that reach the edge of a page go on into the bleed, mirrored.

The container keeps its exact size; what lies beyond is only there to be cut
off, and so that a cut beside the line leaves no white edge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from riis_physical.sheets.pages import Box, Page, Picture
from riis_physical.sheets.sources import Source

_TOUCH_MM = 0.01


def fill_bleed(
    page: Page, sources: Sequence[Source], bleed_mm: float
) -> tuple[Page, tuple[Source, ...]]:
    """Continue every picture that touches the page's edge.

    Returns:
        the page with the strips; all sources, those of the strips last.
    """
    strips: list[Picture] = []
    every = list(sources)
    for picture in page.pictures() if bleed_mm else []:
        source = every[picture.source]
        for box, pixels in _strips(picture.box, source.pixels, page, bleed_mm):
            strips.append(Picture(len(every), box))
            every.append(replace(source, name=f"bleed of {source.name}", pixels=pixels))
    return replace(page, items=(*strips, *page.items)), tuple(every)


def _strips(
    box: Box, pixels: np.ndarray, page: Page, bleed_mm: float
) -> list[tuple[Box, np.ndarray]]:
    per_mm = pixels.shape[1] / box.width
    wanted = min(math.ceil(bleed_mm * per_mm), *pixels.shape[:2])
    left = wanted if box.left < _TOUCH_MM else 0
    right = wanted if box.right > page.width - _TOUCH_MM else 0
    deep, long = wanted / per_mm, box.width + (left + right) / per_mm
    start = box.left - left / per_mm
    found = []
    if left:
        found.append((Box(start, box.top, deep, box.height), pixels[:, :left][:, ::-1]))
    if right:
        found.append((Box(box.right, box.top, deep, box.height), pixels[:, -right:][:, ::-1]))
    sides = ((0, 0), (left, right), (0, 0))
    if box.top < _TOUCH_MM:
        strip = np.pad(pixels[:wanted], sides, "symmetric")[::-1]
        found.append((Box(start, box.top - deep, long, deep), strip))
    if box.bottom > page.height - _TOUCH_MM:
        strip = np.pad(pixels[-wanted:], sides, "symmetric")[::-1]
        found.append((Box(start, box.bottom, long, deep), strip))
    return [(place, np.ascontiguousarray(strip)) for place, strip in found]
