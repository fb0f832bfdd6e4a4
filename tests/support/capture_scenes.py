"""Synthetic photographs of a framed picture, for the tests of capture/.

A light stand-in for the physical channel: it needs numpy and OpenCV only and
knows the true outer corners exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
UInt8Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Scene:
    """One synthetic photograph and its truth.

    Attributes:
        photo: uint8 RGB (H, W, 3).
        corners: xy (4, 2) outer corners of the picture.
        jpeg: the photo's file.
    """

    photo: UInt8Image
    corners: FloatArray
    jpeg: bytes


def rotation(yaw_deg: float, pitch_deg: float, roll_deg: float) -> NDArray[np.float64]:
    """Rotation matrix (3, 3) from angles in degrees."""
    y, p, r = np.radians([yaw_deg, pitch_deg, roll_deg])
    ry = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    rx = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    rz = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray(rz @ rx @ ry)


def plane_to_photo(
    angles_deg: tuple[float, float, float], width_px: float, centre: tuple[float, float], long: int
) -> NDArray[np.float64]:
    """Homography from a plane (unit = picture width, origin = picture centre) to the photo."""
    r = rotation(*angles_deg)
    focal = 1.1 * long
    depth = focal / width_px
    h = np.stack([r[:, 0], r[:, 1], np.array([0, 0, depth])], axis=1)
    k = np.array([[focal, 0, centre[0]], [0, focal, centre[1]], [0, 0, 1]])
    return np.asarray(k @ h)


def photograph_flat(
    picture: UInt8Image,
    background: UInt8Image,
    rng: np.random.Generator,
    *,
    size: tuple[int, int] = (1200, 1600),
    margin: float = 0.06,
    medium: str = "print",
    width_px: float = 700.0,
    angle_deg: float = 25.0,
    roll_deg: float = 8.0,
    blur: float = 1.0,
    noise: float = 0.015,
    jpeg: int = 80,
    turns: int = 0,
    aged_light: bool = True,
) -> Scene:
    """Photograph a picture with a white margin, or on a screen with a dark bezel.

    Args:
        picture: uint8 RGB (h, w, 3).
        background: uint8 RGB, scaled to fill the photo.
        rng: source of all chance.
        size: (h, w) of the photo.
        margin: width of the margin as a fraction of the picture's width.
        medium: "print" or "screen".
        width_px: width of the picture in the photo when seen straight on.
        angle_deg: yaw and pitch are uniform in plus or minus this.
        roll_deg: roll likewise.
        blur: Gaussian sigma in px of a picture 512 px wide.
        noise: standard deviation, sRGB units of [0, 1].
        jpeg: quality of the file.
        turns: quarter turns (clockwise) of the sheet.
        aged_light: whether gain, colour cast and a gradient are applied.
    """
    h, w = size
    ph, pw = picture.shape[:2]
    aspect = ph / pw
    width_px = min(width_px, 0.8 * h / aspect) if turns % 2 == 0 else min(width_px, 0.8 * h)
    angles = (
        rng.uniform(-angle_deg, angle_deg),
        rng.uniform(-angle_deg, angle_deg),
        rng.uniform(-roll_deg, roll_deg) + 90 * turns,
    )
    unit = plane_to_photo(angles, width_px, (0.0, 0.0), max(h, w))
    half = np.array(
        [[-0.5, -aspect / 2], [0.5, -aspect / 2], [0.5, aspect / 2], [-0.5, aspect / 2]]
    )
    sheet = half + np.sign(half) * margin
    outline = cv2.perspectiveTransform(sheet[None], unit)[0]
    low, high = outline.min(0), outline.max(0)
    space = np.array([w, h]) - (high - low)
    offset = -low + (space * rng.uniform(0.15, 0.85, 2) if (space > 0).all() else space / 2)
    shift = np.array([[1, 0, offset[0]], [0, 1, offset[1]], [0, 0, 1]])
    unit = shift @ unit
    corners = cv2.perspectiveTransform(half[None], unit)[0]

    # Super-sampled by two, so that the true edges are clean.
    twice = np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]])
    big = (2 * w, 2 * h)
    scene = cv2.resize(background, big, interpolation=cv2.INTER_LINEAR)
    paper = 250 if medium == "print" else int(rng.integers(8, 30))
    scene = _lay(scene, np.full((64, 64, 3), paper, np.uint8), sheet, twice @ unit)
    ink = picture
    if medium == "print":
        ink = (22 + picture.astype(np.float32) * (226 / 255)).astype(np.uint8)
    scene = _lay(scene, ink, half, twice @ unit)
    scene = cv2.resize(scene, (w, h), interpolation=cv2.INTER_AREA) / 255
    if aged_light:
        yy, xx = np.mgrid[0:h, 0:w].astype(np.float32)
        turn = rng.uniform(0, 2 * np.pi)
        ramp = (np.cos(turn) * (xx / w - 0.5) + np.sin(turn) * (yy / h - 0.5)).astype(np.float32)
        gain = np.float32(rng.uniform(0.75, 1.2)) * (1 + np.float32(rng.uniform(0, 0.35)) * ramp)
        cast = rng.uniform(0.88, 1.12, 3).astype(np.float32)
        scene = scene * gain[..., None] * cast
    sigma = blur * width_px / 512
    if sigma > 0.05:
        scene = cv2.GaussianBlur(scene, (0, 0), sigma)
    scene = scene + rng.normal(0, noise, scene.shape).astype(np.float32) if noise else scene
    photo = (np.clip(scene, 0, 1) * 255 + 0.5).astype(np.uint8)
    ok, data = cv2.imencode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, jpeg])
    assert ok
    photo = np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])
    return Scene(photo, corners.astype(np.float32), data.tobytes())


def _lay(
    scene: UInt8Image, layer: UInt8Image, corners: NDArray[np.float64], plane: NDArray[np.float64]
) -> UInt8Image:
    """Put a picture over the scene; its edge is half transparent right on the outline."""
    lh, lw = layer.shape[:2]
    own = np.array([[-0.5, -0.5], [lw - 0.5, -0.5], [lw - 0.5, lh - 0.5], [-0.5, lh - 0.5]])
    to_plane = cv2.getPerspectiveTransform(own.astype(np.float32), corners.astype(np.float32))
    warp = plane @ to_plane
    size = (scene.shape[1], scene.shape[0])
    colour = cv2.warpPerspective(
        layer, warp, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    # Magnified, so that the ramp at the outline is narrow whatever the layer's size.
    large = cv2.getPerspectiveTransform(
        np.array([[-0.5, -0.5], [2047.5, -0.5], [2047.5, 2047.5], [-0.5, 2047.5]], np.float32),
        corners.astype(np.float32),
    )
    solid = np.full((2048, 2048), 255, np.uint8)
    alpha = cv2.warpPerspective(solid, plane @ large, size, flags=cv2.INTER_LINEAR)
    share = alpha[..., None].astype(np.float32) / 255
    return (scene * (1 - share) + colour * share + 0.5).astype(np.uint8)
