"""Relocation: a code that was found with a side at the wrong place leads to its true corners."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from capture.geometry.rectify import Region
from capture.read.rescue.relocate import is_uneven, relocate
from riis_physical.qr.code.encode import encode
from riis_physical.qr.soft.presence import function_modules
from tests.capture.read.test_align import CLEAN, CORNERS, WaveRevealer, capture

MESSAGE = "https://example.org/relocate"
MODULES = encode(MESSAGE).modules
VERSION = encode(MESSAGE).version
WIDTH = 480.0


def revealed_at(
    revealer: WaveRevealer, photo: NDArray[np.uint8], corners: NDArray[np.float32]
) -> NDArray[np.float32]:
    side = 8 * len(MODULES)
    frame = Region.cut(photo, corners).rectify((side, side)).image
    return revealer.reveal(frame[None], [CLEAN]).logits[0]


def one_corner_off(share: float) -> NDArray[np.float32]:
    start = CORNERS.copy()
    start[2] += np.float32(share * WIDTH) * np.array([-0.8, -0.6], np.float32)
    return start


@pytest.mark.parametrize("whole", [True, False])
def test_a_corner_off_by_two_modules_comes_back(whole: bool) -> None:
    revealer = WaveRevealer()
    photo, _ = capture(MESSAGE, revealer)
    known, modules = np.ones_like(MODULES), MODULES
    if not whole:  # before the message is read: finder, timing and alignment patterns
        known, modules = function_modules(VERSION)
    corners = one_corner_off(0.055)
    for _ in range(2):
        found = relocate(revealer, photo, corners, VERSION, CLEAN, known, modules)
        assert found is not None
        corners = found.corners
    assert np.linalg.norm(corners - CORNERS, axis=1).max() < 0.02 * WIDTH
    assert np.mean((revealed_at(revealer, photo, corners) > 0) == MODULES) > 0.99


def test_unevenness_tells_a_wrong_corner_from_a_right_one() -> None:
    revealer = WaveRevealer()
    photo, _ = capture(MESSAGE, revealer)
    assert not is_uneven(revealed_at(revealer, photo, CORNERS), MODULES)
    assert is_uneven(revealed_at(revealer, photo, one_corner_off(0.06)), MODULES)


def test_no_code_gives_no_corners() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (580, 640, 3), dtype=np.uint8)
    known, modules = function_modules(VERSION)
    assert relocate(WaveRevealer(), noise, CORNERS, VERSION, CLEAN, known, modules) is None
