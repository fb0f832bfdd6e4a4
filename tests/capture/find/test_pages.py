"""Flat pages: pictures between even lines, margins, and one picture repeated."""

import cv2
import numpy as np
import pytest
import skimage.data

from capture.find.pages import pictures_on_page, within_margin
from capture.find.repeats import repeated
from capture.read.parts import cut_off


def photograph(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A part of a photograph, another one for each seed."""
    whole = skimage.data.coffee()[..., :3]
    rng = np.random.default_rng(seed)
    top = int(rng.integers(whole.shape[0] - height + 1))
    left = int(rng.integers(whole.shape[1] - width + 1))
    return np.ascontiguousarray(whole[top : top + height, left : left + width])


def page(
    across: int, down: int, gap: int, colour: int = 250
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Pictures of 180 x 120 with gaps, and their corners."""
    sheet = np.full((gap + down * (120 + gap), gap + across * (180 + gap), 3), colour, np.uint8)
    corners = []
    for number in range(across * down):
        top, left = gap + number // across * (120 + gap), gap + number % across * (180 + gap)
        sheet[top : top + 120, left : left + 180] = photograph(120, 180, number)
        ends = [[left, top], [left + 180, top], [left + 180, top + 120], [left, top + 120]]
        corners.append(np.array(ends) - 0.5)
    return sheet, corners


@pytest.mark.parametrize(("across", "down", "gap", "colour"), [(6, 4, 12, 250), (2, 2, 8, 0)])
def test_even_lines_divide_the_pictures_of_a_page(
    across: int, down: int, gap: int, colour: int
) -> None:
    sheet, corners = page(across, down, gap, colour)
    found = pictures_on_page(sheet)
    assert len(found) == across * down
    for one, wanted in zip(found, corners, strict=True):
        np.testing.assert_allclose(one, wanted, atol=2)


def test_a_picture_that_melts_into_the_gap_is_told_by_the_others() -> None:
    sheet, corners = page(4, 3, 12)
    sheet[12:60, 12:192] = 250  # its upper part as white as the page
    sheet[144:264, 204:384] = 250  # all of another
    found = pictures_on_page(sheet)
    assert len(found) == 12
    for one, wanted in zip(found, corners, strict=True):
        np.testing.assert_allclose(one, wanted, atol=2)


def test_a_single_picture_is_no_page_of_several() -> None:
    assert pictures_on_page(photograph(300, 400)) == []
    assert pictures_on_page(np.pad(photograph(300, 400), ((30, 30), (30, 30), (0, 0)))) == []
    assert pictures_on_page(np.full((200, 300, 3), 240, np.uint8)) == []


def test_what_lies_within_a_margin_is_an_outline() -> None:
    picture = photograph(300, 400)
    framed = np.pad(picture, ((40, 40), (40, 0), (0, 0)), constant_values=245)
    inner = within_margin(framed)
    assert inner is not None
    wanted = np.array([[40, 40], [440, 40], [440, 340], [40, 340]]) - 0.5
    np.testing.assert_allclose(inner, wanted, atol=2)
    assert cut_off(inner, (framed.shape[0], framed.shape[1]))
    # A bright rim where the photo's edge cuts the picture off is no narrower margin.
    rim = picture.copy()
    rim[:9] = 245
    inner = within_margin(np.pad(rim, ((0, 40), (40, 40), (0, 0)), constant_values=245))
    assert inner is not None and inner[0].tolist() == [39.5, -0.5]
    assert within_margin(picture) is None
    assert within_margin(np.full((90, 90, 3), 245, np.uint8)) is None


def test_a_picture_that_repeats_is_found_whole() -> None:
    tile = photograph(150, 220)
    tiled = np.tile(tile, (4, 4, 1))[90:480, 130:690]
    places = repeated(np.ascontiguousarray(tiled))
    assert places
    near = []
    for corners in places:
        np.testing.assert_allclose(corners[2] - corners[0], (220, 150), atol=0.6)
        assert (corners > -1).all() and (corners < (560, 390)).all()
        off = (corners[0] + 0.5 + (130, 90) + (110, 75)) % (220, 150) - (110, 75)
        near.append(float(np.abs(off).max()))
    assert min(near) < 2


@pytest.mark.parametrize("slope", [-0.025, 0.025])
def test_what_repeats_may_lean_to_either_side(slope: float) -> None:
    tile = cv2.resize(photograph(200, 260), (170, 130))
    flat = np.ascontiguousarray(np.tile(tile, (4, 4, 1)))
    matrix = np.array([[1, slope, 0], [-slope, 1, 0]], np.float32)
    leaning = cv2.warpAffine(flat, matrix, flat.shape[1::-1], borderMode=cv2.BORDER_REFLECT)
    places = repeated(leaning)
    assert places
    sides = [np.ptp(place, axis=0) for place in places]
    assert all(np.abs(side - (170, 130)).max() < 3 for side in sides)


def test_what_does_not_repeat_has_no_places() -> None:
    assert repeated(photograph(390, 560)) == []
    assert repeated(np.full((200, 300, 3), 240, np.uint8)) == []
