"""Rectification: half pixels, turns, anti-aliasing, bends, lenses, refusals."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from capture.geometry.rectify import Region, frame_corners, homography, rectify
from capture.geometry.warp import Warp, bow_middles
from riis_physical.camera import CameraProfile, PhotoReport
from riis_physical.errors import ConfigError, RectificationError

QUAD = np.array([[110.0, 90.0], [520.0, 60.0], [560.0, 430.0], [80.0, 400.0]], np.float32)


def smooth_picture(size: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).uniform(0, 255, (size // 12, size // 12, 3))
    return cv2.resize(noise.astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC).clip(
        0, 255
    )


def test_homography_maps_outer_corners() -> None:
    to_photo = homography(QUAD, (168, 232))
    found = cv2.perspectiveTransform(frame_corners((168, 232))[None].astype(float), to_photo)[0]
    np.testing.assert_allclose(found, QUAD, atol=1e-3)


def test_an_upright_crop_is_exact() -> None:
    photo = np.random.default_rng(1).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    corners = frame_corners((168, 168)) + np.array([57, 43], np.float32)
    got = rectify(photo, corners, (168, 168))
    np.testing.assert_allclose(got.image * 255, photo[43:211, 57:225], atol=0.51)
    assert got.scale_px == pytest.approx(8.0)


@pytest.mark.parametrize("times", [2, 3, 8])
def test_an_enlarged_frame_comes_back(times: int) -> None:
    frame = np.random.default_rng(2).integers(0, 256, (168, 168, 3), dtype=np.uint8)
    photo = np.kron(frame, np.ones((times, times, 1), np.uint8))
    photo = np.pad(photo, ((20, 20), (30, 30), (0, 0)))
    corners = frame_corners((168 * times, 168 * times)) + np.array([30, 20], np.float32)
    got = rectify(photo, corners, (168, 168))
    inner = np.s_[2:-2, 2:-2]
    np.testing.assert_allclose(got.image[inner] * 255, frame[inner], atol=2.0)
    assert got.scale_px == pytest.approx(8.0 * times)


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_a_known_homography_is_undone(scale: float) -> None:
    frame = smooth_picture(232)
    corners = (QUAD + 0.5) * np.float32(scale) - np.float32(0.5)
    size = (round(640 * scale), round(480 * scale))
    photo = cv2.warpPerspective(
        frame, homography(corners, (232, 232)), size, flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    got = rectify(photo.clip(0, 255).astype(np.uint8), corners, (232, 232)).image * 255
    inner = np.s_[4:-4, 4:-4]
    assert np.abs(got[inner] - frame[inner]).mean() < 1.0
    for axis in (0, 1):  # least squares for the remaining shift, in frame pixels
        slope = np.gradient(frame, axis=axis)[inner]
        shift = float((slope * (got - frame)[inner]).sum() / (slope * slope).sum())
        assert abs(shift) < 0.05


def test_the_four_turns_rotate_the_frame() -> None:
    photo = smooth_picture(640, 3).astype(np.uint8)
    square = frame_corners((320, 320)) + np.float32(100)
    frames = [rectify(photo, np.roll(square, -k, axis=0), (160, 160)).image for k in range(4)]
    for turn in range(4):
        np.testing.assert_allclose(frames[turn], np.rot90(frames[0], turn), atol=0.01)


def test_a_window_is_a_crop_of_the_frame() -> None:
    photo = smooth_picture(640, 4).astype(np.uint8)
    region = Region.cut(photo, QUAD)
    whole = region.rectify((232, 232)).image
    part = region.rectify((232, 232), window=(40, 72, 96, 96)).image
    np.testing.assert_allclose(part, whole[40:136, 72:168], atol=0.01)


@pytest.mark.parametrize(
    ("corners", "says"),
    [
        (QUAD[::-1], "counter-clockwise"),
        (QUAD[[0, 2, 1, 3]], "cross"),
        (np.array([[0, 0], [50, 0], [100, 0], [50, 1]]), "shortest side|line"),
        (QUAD[:3], "four finite points"),
        (np.where(QUAD > 500, np.nan, QUAD), "four finite points"),
        (QUAD * 0.01, "shortest side"),
        (QUAD + 5000, "outside the photo"),
    ],
)
def test_impossible_corners_are_refused(corners: np.ndarray, says: str) -> None:
    with pytest.raises(RectificationError, match=says):
        rectify(np.zeros((480, 640, 3), np.uint8), corners, (168, 168))


CAMERA = CameraProfile(
    image_size=(480, 640),
    matrix=((600.0, 0.0, 320.0), (0.0, 600.0, 236.0), (0.0, 0.0, 1.0)),
    distortion=(-0.25, 0.08, 0.001, -0.0008, 0.0),
    rms_px=0.1,
    focal_error_px=1.0,
    photos=PhotoReport(used=12),
)
BOWS = np.array([0.012, -0.008, 0.006, 0.01], np.float32)


def bent_photo(frame: np.ndarray, warp: Warp, size: tuple[int, int]) -> np.ndarray:
    """The photo (h, w) that `warp` turns into a square frame, by inverting the warp."""
    xx, yy = np.meshgrid(np.arange(size[1]), np.arange(size[0]))
    target = np.stack([xx, yy], -1).astype(np.float64)
    to_frame = np.linalg.inv(homography(QUAD, frame.shape[:2]))
    at = cv2.perspectiveTransform(target.reshape(1, -1, 2), to_frame).reshape(target.shape)
    for _ in range(12):  # Newton with the homography's slope
        miss = warp.points(at) - target
        ahead = cv2.perspectiveTransform((target - miss).reshape(1, -1, 2), to_frame)
        back = cv2.perspectiveTransform(target.reshape(1, -1, 2), to_frame)
        at = at + (ahead - back).reshape(target.shape)
    x, y = at[..., 0].astype(np.float32), at[..., 1].astype(np.float32)
    photo = cv2.remap(frame, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return photo.clip(0, 255).astype(np.uint8)


def test_bowed_sides_pass_through_their_middles() -> None:
    warp = Warp.of(QUAD, (232, 168), BOWS)
    np.testing.assert_allclose(warp.points(frame_corners((232, 168))), QUAD, atol=0.01)
    around = np.linspace(-0.5, 167.5, 2001)
    top = warp.points(np.stack([around, np.full_like(around, -0.5)], -1))
    nearest = np.linalg.norm(top - bow_middles(QUAD, BOWS)[0], axis=1).min()
    assert nearest < 0.3


@pytest.mark.parametrize(("bows", "camera"), [(BOWS, None), (None, CAMERA), (BOWS, CAMERA)])
def test_a_bent_frame_is_undone(bows: np.ndarray | None, camera: CameraProfile | None) -> None:
    frame = smooth_picture(240)
    photo = bent_photo(frame, Warp.of(QUAD, (240, 240), bows, camera), (480, 640))
    inner = np.s_[6:-6, 6:-6]
    bent = rectify(photo, QUAD, (240, 240), bows=bows, camera=camera).image * 255
    straight = rectify(photo, QUAD, (240, 240)).image * 255
    assert np.abs(bent - frame)[inner].mean() < 1.5
    assert np.abs(straight - frame)[inner].mean() > 2 * np.abs(bent - frame)[inner].mean()


def test_bows_turn_with_the_corners_and_windows_are_crops() -> None:
    photo = smooth_picture(640, 3).astype(np.uint8)
    square = frame_corners((320, 320)) + np.float32(100)
    region = Region.cut(photo, square, bows=BOWS)
    first = region.rectify((160, 160)).image
    for turn in range(1, 4):
        turned = region.rectify((160, 160), corners=np.roll(square, -turn, axis=0)).image
        np.testing.assert_allclose(turned, np.rot90(first, turn), atol=0.012)
    part = region.rectify((160, 160), window=(40, 56, 80, 96)).image
    np.testing.assert_allclose(part, first[40:120, 56:152], atol=0.012)


def test_a_camera_of_another_aspect_is_refused() -> None:
    with pytest.raises(ConfigError, match="does not fit a camera profile"):
        rectify(np.zeros((480, 480, 3), np.uint8), QUAD * 0.7, (168, 168), camera=CAMERA)
