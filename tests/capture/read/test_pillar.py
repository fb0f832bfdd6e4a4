"""Posters around a pillar: unrolled, and read there."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from capture.clock import Clock
from capture.find.candidates import Candidate
from capture.geometry.unroll import is_around_a_pillar, unroll
from capture.read.cascade import Cascade
from capture.read.search import Search
from riis_physical.artifacts import FloatArray
from tests.capture.read.test_scan import MESSAGE, TintRevealer, container

TILT = np.radians(12)
SIZE = (760, 900)


def around_a_pillar(
    picture: np.ndarray, half_deg: float, border: float = 0.0
) -> tuple[np.ndarray, FloatArray, FloatArray, FloatArray]:
    """A photo, the outline of the paper with its bows, and the picture's corners."""
    edge = round(border * picture.shape[1])
    paper = np.pad(picture, ((edge, edge), (edge, edge), (0, 0)), constant_values=250)
    height, width = paper.shape[:2]
    half, scale = np.radians(half_deg), 560 / picture.shape[1]
    radius = scale * width / (2 * half)
    ys, xs = np.mgrid[0 : SIZE[0], 0 : SIZE[1]].astype(np.float64)
    x, y = (xs - SIZE[1] / 2) / radius, ys - SIZE[0] / 2
    angle = np.arcsin(np.clip(x, -1, 1))
    fall = radius * (np.cos(angle) - 1) * np.sin(TILT)
    map_x = angle * radius / scale + width / 2 - 0.5
    map_y = (y - fall) / np.cos(TILT) / scale + height / 2 - 0.5
    photo = cv2.remap(
        paper, map_x.astype(np.float32), map_y.astype(np.float32), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT, borderValue=(120, 120, 120),
    )  # fmt: skip

    def seen(u: float, v: float) -> tuple[float, float]:
        turn = u * scale / radius
        down = v * scale * np.cos(TILT) + radius * (np.cos(turn) - 1) * np.sin(TILT)
        return SIZE[1] / 2 + radius * np.sin(turn) - 0.5, SIZE[0] / 2 + down - 0.5

    def corners(w: float, h: float) -> FloatArray:
        ends = [(-w, -h), (w, -h), (w, h), (-w, h)]
        return np.array([seen(a / 2, b / 2) for a, b in ends], np.float32)

    outer = corners(width, height)
    sag = (seen(0, -height / 2)[1] - outer[0, 1]) / float(outer[1, 0] - outer[0, 0])
    bows = np.array([-sag, 0, sag, 0], np.float32)
    return photo, outer, bows, corners(picture.shape[1], picture.shape[0])


@pytest.mark.parametrize(("half_deg", "border"), [(32, 0.0), (40, 0.06)])
def test_a_poster_around_a_pillar_reads_unrolled(half_deg: float, border: float) -> None:
    photo, outline, bows, corners = around_a_pillar(container(), half_deg, border)
    one = Cascade(Search(photo, 95, [TintRevealer()], Clock()))
    one._look_around([Candidate(outline, "learned", bows)])
    (found,) = one.findings
    assert found.reading is not None and found.reading.payload == MESSAGE.encode()
    assert found.source == "pillar"
    assert np.abs(found.corners - corners).max() < 12


def test_only_sides_that_bow_the_same_way_are_of_a_pillar() -> None:
    assert is_around_a_pillar(np.array([-0.02, 0, 0.02, 0]))
    assert not is_around_a_pillar(np.array([0.02, 0, 0.02, 0]))  # a lens
    assert not is_around_a_pillar(np.array([-0.001, 0, 0.02, 0]))
    assert not is_around_a_pillar(None)


def test_points_of_the_flat_picture_are_known_in_the_photo() -> None:
    photo, outline, bows, _ = around_a_pillar(container(), 40)
    flat = unroll(photo, outline, bows, float(np.radians(40)))
    np.testing.assert_allclose(flat.in_photo(flat.corners), outline, atol=0.5)
    middle = flat.corners.mean(0)
    x, y = np.rint(flat.in_photo(middle)).astype(int)
    u, v = np.rint(middle).astype(int)
    assert np.abs(flat.pixels[v, u].astype(int) - photo[y, x].astype(int)).max() < 12
