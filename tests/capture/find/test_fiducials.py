"""Containers found by their printed markers."""

import cv2
import numpy as np
import pytest
from marked_sheet import Sheet, draw_sheet

from capture.find.fiducials import fiducial_quads


def container(height: int = 300, width: int = 420, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(20, 200, (6, 8, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def desk(size: tuple[int, int] = (900, 1200)) -> np.ndarray:
    rng = np.random.default_rng(2)
    coarse = rng.integers(60, 140, (12, 16, 3)).astype(np.uint8)
    wood = cv2.resize(coarse, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(wood, np.uint8)


def lay(photo: np.ndarray, sheet: Sheet, outline: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put a sheet with its outline at (4, 2) into a photo; also the container's corners there."""
    h, w = sheet.image.shape[:2]
    own = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32) - 0.5
    to_photo = cv2.getPerspectiveTransform(own, outline.astype(np.float32))
    size = (photo.shape[1], photo.shape[0])
    warped = cv2.warpPerspective(sheet.image, to_photo, size, flags=cv2.INTER_AREA)
    cover = cv2.warpPerspective(np.full((h, w), 255, np.uint8), to_photo, size)[..., None] / 255
    mixed = (photo * (1 - cover) + warped * cover).astype(np.uint8)
    corners = cv2.perspectiveTransform(sheet.corners[None], to_photo.astype(np.float64))[0]
    return mixed, corners


def error(found: np.ndarray, true: np.ndarray) -> float:
    """Mean corner error over the container's width."""
    width = np.linalg.norm(true[1] - true[0])
    return float(np.linalg.norm(found - true, axis=1).mean() / width)


OUTLINE = np.array([[300, 220], [830, 260], [800, 690], [260, 640]], np.float32)


@pytest.mark.parametrize("turn", range(4))
def test_corners_start_at_the_printed_top_left(turn: int) -> None:
    sheet = draw_sheet(container(), 4)
    photo, true = lay(desk(), sheet, np.roll(OUTLINE, turn, axis=0))
    (quad,) = fiducial_quads(cv2.GaussianBlur(photo, (0, 0), 1.0))
    assert (quad.number, quad.markers) == (4, 4)
    assert error(quad.corners, true) < 0.003


@pytest.mark.parametrize("aspect", [(200, 500), (450, 220)])
def test_the_aspect_need_not_be_known(aspect: tuple[int, int]) -> None:
    sheet = draw_sheet(container(*aspect), 0)
    h, w = sheet.image.shape[:2]
    flat = np.array([[0, 0], [w, 20], [w - 30, h], [25, h - 15]]) + [200, 150]
    photo, true = lay(desk(), sheet, flat)
    (quad,) = fiducial_quads(photo)
    assert error(quad.corners, true) < 0.003


def covered(photo: np.ndarray, true: np.ndarray, corner: int) -> np.ndarray:
    """The photo with a blot on one of the markers."""
    out = true[corner] + 0.13 * (true[corner] - true.mean(0))
    return np.ascontiguousarray(
        cv2.circle(photo.copy(), [round(v) for v in out.tolist()], 34, (190, 140, 110), -1)
    )


def test_three_markers_are_enough_and_two_on_a_diagonal_will_do() -> None:
    photo, true = lay(desk(), draw_sheet(container(), 1), OUTLINE)
    three = covered(photo, true, 1)
    (quad,) = fiducial_quads(three)
    assert quad.markers == 3 and error(quad.corners, true) < 0.004
    (quad,) = fiducial_quads(covered(three, true, 3))
    assert quad.markers == 2 and error(quad.corners, true) < 0.02


def test_two_sheets_and_two_copies_of_one() -> None:
    photo = desk((1000, 1600))
    here = np.array([[40, 60], [560, 90], [540, 460], [60, 440]], np.float32)
    places = {0: here, 1: here + [700, 20], 2: here + [350, 480]}
    true = []
    for place, number in ((0, 0), (1, 5), (2, 0)):
        photo, corners = lay(photo, draw_sheet(container(seed=number), number), places[place])
        true.append((number, corners))
    quads = fiducial_quads(photo)
    assert sorted(q.number for q in quads) == [0, 0, 5]
    for number, corners in true:
        assert min(error(q.corners, corners) for q in quads if q.number == number) < 0.004


def test_nothing_is_found_without_markers() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (600, 800, 3)).astype(np.uint8)
    for photo in (desk(), noise, container(20, 25)):
        assert fiducial_quads(photo) == []
