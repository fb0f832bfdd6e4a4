"""The sheet's layout: where the markers stand, and which are whose."""

import pytest

from riis_physical.errors import ConfigError
from riis_physical.sheets.fiducials import DEFAULT_LAYOUT, FiducialLayout


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
