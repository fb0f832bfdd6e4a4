"""A picture out of a photo of it, by corners, by a known picture, or not at all."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage import data

from capture.find.reference import Reference, References
from capture.straighten import straighten
from riis_physical.artifacts import UInt8Image
from riis_physical.errors import RectificationError

CORNERS = np.array([[120, 60], [500, 90], [480, 420], [100, 380]], np.float32)


@pytest.fixture(scope="module")
def picture() -> UInt8Image:
    return np.ascontiguousarray(data.astronaut()[:448, :])


@pytest.fixture(scope="module")
def photo(picture: UInt8Image) -> UInt8Image:
    """The picture before a plain wall, seen from the side."""
    height, width = picture.shape[:2]
    outer = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    to_photo = cv2.getPerspectiveTransform(outer, CORNERS)
    wall = np.full((480, 640, 3), 190, np.uint8)
    return np.asarray(
        cv2.warpPerspective(
            picture, to_photo, (640, 480), wall, cv2.INTER_AREA, cv2.BORDER_TRANSPARENT
        )
    )


def likeness(one: UInt8Image, other: UInt8Image) -> float:
    small = [cv2.resize(image, (64, 56), interpolation=cv2.INTER_AREA) for image in (one, other)]
    return float(np.corrcoef(small[0].ravel(), small[1].ravel())[0, 1])


def test_by_corners(photo: UInt8Image, picture: UInt8Image) -> None:
    found = straighten(photo, corners=CORNERS, size=(448, 512))
    assert found is not None and found.found_by == "given"
    assert found.image.shape == (448, 512, 3) and likeness(found.image, picture) > 0.99
    own = straighten(photo, corners=CORNERS)
    assert own is not None and own.image.shape[0] % 16 == own.image.shape[1] % 16 == 0
    assert 320 <= own.image.shape[0] <= 336 and 368 <= own.image.shape[1] <= 400


def test_by_a_known_picture(photo: UInt8Image, picture: UInt8Image) -> None:
    known = References((Reference.of(picture, "astronaut"),))
    found = straighten(photo, references=known, size=(448, 512), seek=False)
    assert found is not None and found.found_by == "reference"
    assert np.abs(found.corners - CORNERS).max() < 3
    assert likeness(found.image, picture) > 0.98


def test_nothing_there_is_an_answer(photo: UInt8Image) -> None:
    assert straighten(photo, seek=False) is None
    with pytest.raises(RectificationError):
        straighten(photo, corners=CORNERS[::-1])
