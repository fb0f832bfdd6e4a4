"""What is printed around containers: markers to find them, marks to cut by."""

from __future__ import annotations

import cv2
import numpy as np

from riis_physical.sheets.fiducials import FiducialLayout
from riis_physical.sheets.pages import Box, Ink, Page, Part

LINE_MM = 0.25
CROP_MM = 5.0  # length of crop marks
CROP_OFF_MM = 3.0  # least distance to the trim; the bleed where that is more


def fiducial_ink(box: Box, number: int, layout: FiducialLayout) -> Ink:
    """The four markers around a container that stands at `box`.

    Raises:
        ConfigError: the layout has no markers for that number.
    """
    dictionary = layout.opencv()
    cells = dictionary.markerSize + 2
    boxes = []
    places = layout.marker_corners((box.height, box.width))
    for marker_id, corners in zip(layout.ids(number), places, strict=True):
        pattern = cv2.aruco.generateImageMarker(dictionary, marker_id, cells) < 128
        x, y = (corners[0] + (box.left, box.top)).tolist()
        cell = float(corners[1, 0] - corners[0, 0]) / cells
        for row, dark in enumerate(pattern):
            edges = np.flatnonzero(np.diff(np.r_[False, dark, False])).reshape(-1, 2)
            boxes += [
                Box(x + start * cell, y + row * cell, (end - start) * cell, cell)
                for start, end in edges.tolist()
            ]
    return Ink(tuple(boxes))


def finish(page: Page, bleed_mm: float, crop_marks: bool) -> Page:
    """The page on a larger medium: bleed around it, and marks where to cut.

    Args:
        page: what remains after cutting; it may draw beyond its edges.
        bleed_mm: how far that is kept. 0 without.
        crop_marks: lines outside the bleed at the four corners.
    """
    if not bleed_mm and not crop_marks:
        return page
    off = max(bleed_mm + 1.0, CROP_OFF_MM)
    room = off + CROP_MM + 1.0 if crop_marks else bleed_mm
    trim = page.whole.moved(room, room)
    bleed = trim.grown(bleed_mm)
    items: list[Part | Ink] = [Part(bleed, page, room, room)]
    if crop_marks:
        lines = []
        for x in (trim.left, trim.right):
            for y in (trim.top - off - CROP_MM, trim.bottom + off):
                lines.append(Box(x - LINE_MM / 2, y, LINE_MM, CROP_MM))
        for y in (trim.top, trim.bottom):
            for x in (trim.left - off - CROP_MM, trim.right + off):
                lines.append(Box(x, y - LINE_MM / 2, CROP_MM, LINE_MM))
        items.append(Ink(tuple(lines)))
    size = page.width + 2 * room, page.height + 2 * room
    return Page(*size, tuple(items), trim=trim, bleed=bleed)
