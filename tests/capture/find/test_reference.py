"""Containers found by a picture that is known, and pictures registered to photos."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import data

from capture.find.reference import Reference, References, reference_quads
from capture.geometry.registration import register
from riis_physical.errors import BadImageError, RectificationError

CAT, COFFEE = data.chelsea(), data.coffee()
PLACE = np.array([[180, 130], [640, 190], [610, 500], [150, 470]], np.float32)


def wall(size: tuple[int, int] = (700, 1000)) -> np.ndarray:
    coarse = np.random.default_rng(1).integers(60, 180, (14, 20, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (size[1], size[0])), np.uint8)


def hang(photo: np.ndarray, picture: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The photo with a picture at its corners, darker and with other contrast."""
    h, w = picture.shape[:2]
    own = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32) - 0.5
    to_photo = cv2.getPerspectiveTransform(own, corners.astype(np.float32))
    size = (photo.shape[1], photo.shape[0])
    printed = (30 + 0.7 * picture.astype(np.float32)).astype(np.uint8)
    warped = cv2.warpPerspective(printed, to_photo, size, flags=cv2.INTER_LINEAR)
    cover = cv2.warpPerspective(np.full((h, w), 255, np.uint8), to_photo, size)[..., None] / 255
    return (photo * (1 - cover) + warped * cover).astype(np.uint8)


def error(found: np.ndarray, true: np.ndarray) -> float:
    """Mean corner error over the picture's width."""
    return float(np.linalg.norm(found - true, axis=1).mean() / np.linalg.norm(true[1] - true[0]))


@pytest.fixture(scope="module")
def cat() -> Reference:
    return Reference.of(CAT, "cat")


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_corners_are_exact_and_start_at_the_printed_top_left(cat: Reference, turn: int) -> None:
    true = np.roll(PLACE, turn, axis=0)
    photo = cv2.GaussianBlur(hang(wall(), CAT, true), (0, 0), 1.0)
    (quad,) = reference_quads(photo, cat)
    assert quad.name == "cat" and quad.inliers >= 20
    assert error(quad.corners, true) < 0.002


def test_a_smaller_file_of_the_picture_gives_the_same_corners() -> None:
    small = cv2.resize(CAT, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    (quad,) = reference_quads(hang(wall(), CAT, PLACE), Reference.of(small, "small"))
    assert error(quad.corners, PLACE) < 0.003


def test_one_picture_twice_beside_another(cat: Reference) -> None:
    places = [np.array([[30, 40], [430, 40], [430, 307], [30, 307]], np.float32)]
    places += [places[0] + [460, 30], places[0] + [250, 350]]
    photo = wall((700, 940))
    for picture, place in zip((CAT, CAT, COFFEE), places, strict=True):
        photo = hang(photo, picture, place)
    quads = reference_quads(photo, [cat, Reference.of(COFFEE, "coffee")])
    assert sorted(q.name for q in quads) == ["cat", "cat", "coffee"]
    for name, place in zip(("cat", "cat", "coffee"), places, strict=True):
        assert min(error(q.corners, place) for q in quads if q.name == name) < 0.003


def test_other_pictures_give_nothing(cat: Reference) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (500, 700, 3)).astype(np.uint8)
    for photo in (hang(wall(), COFFEE, PLACE), wall(), noise, np.full((300, 300, 3), 90, np.uint8)):
        assert reference_quads(photo, cat) == []


def test_a_folder_is_searched(tmp_path: Path) -> None:
    for number, picture in enumerate((COFFEE, data.astronaut(), data.rocket(), CAT)):
        for flip in (False, True):
            kept = picture[:, ::-1] if flip else picture
            Image.fromarray(kept).save(tmp_path / f"{number}-{flip}.png")
    Image.new("RGB", (200, 200), "white").save(tmp_path / "blank.png")
    (tmp_path / "notes.txt").write_text("no picture")
    references = References.load(tmp_path)
    assert len(references) == 8
    assert len(references.skipped) == 1 and "blank.png shows 0 details" in references.skipped[0]
    (quad,) = reference_quads(hang(wall(), CAT, PLACE), references)
    assert quad.name == "3-False.png"


def test_useless_references_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadImageError, match="does not exist"):
        References.load(tmp_path / "none.png")
    with pytest.raises(BadImageError, match="has no picture"):
        References.load(tmp_path)
    Image.new("RGB", (200, 200), "white").save(tmp_path / "blank.png")
    with pytest.raises(BadImageError, match="too little detail|shows 0 details"):
        References.load(tmp_path / "blank.png")
    with pytest.raises(BadImageError, match="none of 1 references is of use"):
        References.load(tmp_path)


def test_registration_takes_out_curl() -> None:
    h, w = CAT.shape[:2]
    y, x = np.mgrid[0:700, 0:1000].astype(np.float32)
    true = np.array([[200, 150], [700, 150], [700, 482.6], [200, 482.6]], np.float32) - 0.5
    u, v = (x - 199.5) / 500, (y - 149.5) / (true[2, 1] - true[0, 1])
    v = v + 0.01 * (1 - (2 * u - 1) ** 2)
    photo = cv2.remap(CAT, u * w - 0.5, v * h - 0.5, cv2.INTER_LINEAR)
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    shifted = true + np.array([[3, -2], [-2, 3], [4, 2], [-3, -3]], np.float32)
    placed = register(grey, cv2.cvtColor(CAT, cv2.COLOR_RGB2GRAY), shifted)
    assert placed.agreement > 0.9
    assert error(placed.corners, true) < 0.0015
    assert placed.bows * [500, 333, 500, 333] == pytest.approx([3.33, 0, -3.33, 0], abs=0.7)
    with pytest.raises(RectificationError):
        register(grey, grey, true - [650, 0])
