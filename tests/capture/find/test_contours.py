"""Blobs of one brightness are found where straight lines are no help."""

from __future__ import annotations

import cv2
import numpy as np

from capture.find.outlines.contours import contour_quads


def sheet_on(background: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A white sheet with a grey picture in it; outer and inner corners."""
    outer = np.array([[200, 180], [620, 150], [650, 430], [190, 470]], np.float32)
    middle = outer.mean(axis=0)
    inner = middle + 0.86 * (outer - middle)
    photo = background.copy()
    for corners, value in ((outer, 235), (inner, 95)):
        cv2.fillConvexPoly(photo, corners.round().astype(np.int32), (value,) * 3, cv2.LINE_AA)
    return photo, outer, inner


def test_sheet_and_picture_are_found_on_a_wall_full_of_lines() -> None:
    rows = (110 + 50 * np.sin(np.arange(600) / 2.0)).astype(np.uint8)
    wall = np.repeat(np.repeat(rows[:, None, None], 800, axis=1), 3, axis=2)
    photo, outer, inner = sheet_on(wall)
    found = contour_quads(photo)
    for true in (outer, inner):
        assert min(float(np.abs(quad - true).max()) for quad in found) < 3


def test_noise_and_plain_pictures_have_none() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (300, 400, 3), dtype=np.uint8)
    assert contour_quads(noise) == []
    assert contour_quads(np.full((300, 400, 3), 128, np.uint8)) == []
