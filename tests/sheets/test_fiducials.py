"""The sheet's layout: where the markers stand, and that drawing keeps to it."""

import numpy as np
import pytest

from riis_physical.errors import ConfigError
from riis_physical.sheets.fiducials import DEFAULT_LAYOUT, FiducialLayout, draw_sheet


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize("size", [(200, 300), (331, 187)])
def test_a_sheet_keeps_the_containers_pixels(size: tuple[int, int]) -> None:
    container = picture(*size)
    sheet = draw_sheet(container, 3)
    left, top = (sheet.corners[0] + 0.5).astype(int)
    assert np.array_equal(sheet.image[top : top + size[0], left : left + size[1]], container)
    assert sheet.corners[2] == pytest.approx([left + size[1] - 0.5, top + size[0] - 0.5])


def test_markers_are_dark_where_the_layout_puts_them_and_white_around() -> None:
    sheet = draw_sheet(np.full((200, 300, 3), 128, np.uint8), 0)
    side = DEFAULT_LAYOUT.marker * 200
    origin = sheet.corners[0] + 0.5
    for corners in DEFAULT_LAYOUT.marker_corners((200, 300)):
        x, y = np.rint(corners[0] + origin).astype(int)
        assert (sheet.image[y : y + 3, x : x + round(side)] < 60).all()
        assert (sheet.image[y - 3 : y - 1, x - 3 : x + round(side) + 3] == 255).all()


def test_the_layout_does_not_depend_on_the_unit() -> None:
    px, mm = DEFAULT_LAYOUT.marker_corners((400, 600)), DEFAULT_LAYOUT.marker_corners((40, 60))
    assert px == pytest.approx(10 * mm)
    # The corner nearest to the container lies a gap away along both axes.
    assert mm[0, 2] == pytest.approx([-1.0, -1.0])
    assert mm[2, 0] == pytest.approx([61.0, 41.0])


def test_ids_tell_container_and_corner() -> None:
    every = [i for n in range(DEFAULT_LAYOUT.containers) for i in DEFAULT_LAYOUT.ids(n)]
    assert DEFAULT_LAYOUT.containers == 12 and len(set(every)) == 48
    assert [DEFAULT_LAYOUT.place(i) for i in DEFAULT_LAYOUT.ids(7)] == [(7, c) for c in range(4)]
    assert DEFAULT_LAYOUT.place(48) is None
    with pytest.raises(ConfigError, match="container number 12; 4X4_50 has markers for 0 to 11"):
        DEFAULT_LAYOUT.ids(12)


def test_impossible_layouts_are_refused() -> None:
    with pytest.raises(ConfigError, match="expected 0.04 to 0.3"):
        FiducialLayout(marker=0.5)
    with pytest.raises(ConfigError, match="a gap of 0.05 marker sides"):
        FiducialLayout(gap=0.05)
    with pytest.raises(ConfigError, match="unknown marker dictionary 'NONE'"):
        FiducialLayout(dictionary="NONE")
    with pytest.raises(ConfigError, match="take a larger picture"):
        draw_sheet(picture(40, 50))
