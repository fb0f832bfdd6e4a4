"""A known picture registered to a photo of it, to a fraction of a pixel.

Coarse to fine, both are normalised by their local mean and contrast, so that
light, ink and exposure do not matter, and the difference is explained by a
perspective and the small bends of paper and lens (Gauss-Newton on the mean of
both gradients, outliers such as fingers and glare weighted down). Bends are
zero at the corners, which therefore keep their meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.geometry.rectify import frame_corners, homography, validate_corners
from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.errors import RectificationError

#: Long sides in px of the frames in which the picture is compared.
LEVELS_PX = (160, 320, 512)
STEPS = 8
#: Steps end when no corner moves by more, in frame px.
STILL_PX = 0.03
#: Local mean and contrast are taken over a Gaussian of this sigma, in frame px.
NEIGHBOURHOOD_PX = 6.0
#: Contrast (grey levels) below which an area counts as smooth, and ever less.
SMOOTH = 6.0
#: Expected size of bends, in half sides, against the weight of one pixel.
BEND_SIGMA = 0.02
#: A correlation in a coarse frame that no finer one mends.
HOPELESS = 0.25
#: Below this share of the picture inside the photo nothing is compared.
LEAST_SEEN = 0.3

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Registered:
    """Where a known picture lies.

    Attributes:
        corners: xy (4, 2) float32 outer corners in the photo, clockwise from
            the picture's top-left.
        agreement: correlation, -1 to 1, of the normalised picture and photo.
        bows: (4,) of the sides in the photo, see :mod:`capture.geometry.warp`.
    """

    corners: FloatArray
    agreement: float
    bows: FloatArray


def register(grey: UInt8Image, picture: UInt8Image, corners: NDArray[np.floating]) -> Registered:
    """Register a picture to its place in a photo.

    Args:
        grey: the photo, uint8 (H, W).
        picture: uint8 (h, w), the same picture at any resolution.
        corners: xy (4, 2) outer corners in the photo, right to within some 2 %
            of the width.

    Raises:
        RectificationError: the corners are, or become, those of no rectangle,
            or most of the picture lies outside the photo.
    """
    state = _State(validate_corners(corners).astype(np.float64), np.zeros(3))
    seen_px = float(np.linalg.norm(state.corners - np.roll(state.corners, -1, 0), axis=1).max())
    agreement = -1.0
    last = 0
    for long_px in LEVELS_PX:
        long = min(long_px, round(max(seen_px, LEVELS_PX[0])), max(picture.shape))
        if long <= last:
            break
        last = long
        state, agreement = _at_level(grey, picture, state, long)
        if agreement < HOPELESS:
            break
    return Registered(validate_corners(state.corners), agreement, _bows(state))


@dataclass(frozen=True)
class _State:
    corners: Matrix
    bends: NDArray[np.float64]


def _bows(state: _State) -> FloatArray:
    """How far the middles of the sides lie outside straight lines, in side lengths."""
    middles = np.array([[0, -1], [1, 0], [0, 1], [-1, 0]], np.float32)
    basis_x, basis_y = _basis(middles[:, 0], middles[:, 1], (1.0, 1.0))
    shift = np.stack([state.bends @ basis_x[8:], state.bends @ basis_y[8:]], axis=1)
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    to_photo = cv2.getPerspectiveTransform(square, state.corners.astype(np.float32))
    seen = cv2.perspectiveTransform((middles + shift)[None], to_photo)[0]
    along = np.roll(state.corners, -1, axis=0) - state.corners
    away = seen - state.corners
    return np.asarray(
        (along[:, 1] * away[:, 0] - along[:, 0] * away[:, 1]) / (along**2).sum(1), np.float32
    )


def _at_level(
    grey: UInt8Image, picture: UInt8Image, state: _State, long: int
) -> tuple[_State, float]:
    reduce = long / max(picture.shape)
    size = (max(16, round(picture.shape[0] * reduce)), max(16, round(picture.shape[1] * reduce)))
    crop, to_crop = _reduced(grey, state.corners, size)
    small = cv2.resize(picture, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small.astype(np.float32), (0, 0), 0.8)
    target = _normalised(np.asarray(soft, np.float32))
    slope = _gradient(target)
    fields = _Fields.of(size)
    agreement = -1.0
    for _ in range(STEPS):
        warped, inside = _warp(crop, to_crop, state, fields)
        seen = _normalised(warped)
        residual = seen - target
        used = inside & fields.interior
        if used.mean() < LEAST_SEEN:
            raise RectificationError("most of the picture lies outside the photo")
        spread = 1.4826 * float(np.median(np.abs(residual[used]))) + 1e-3
        weight = np.asarray(used / (1 + (residual / (1.5 * spread)) ** 2), np.float32)
        agreement = _correlation(seen, target, weight)
        own = _gradient(seen)
        half = np.float32(0.5)
        gx, gy = half * (slope[0] + own[0]), half * (slope[1] + own[1])
        step = _solve(fields, gx, gy, residual, weight, state.bends)
        state, moved = _moved(state, step, size, fields)
        if moved < STILL_PX:
            break
    return state, agreement


@dataclass(frozen=True)
class _Fields:
    """Coordinates of a frame's pixels, -1 to 1, and where values can be compared.

    Displacements are (shift, slope) fields: `basis_x`, `basis_y` are (11, h, w)
    in frame px, eight of a perspective and three bends.
    """

    x: FloatArray
    y: FloatArray
    basis_x: FloatArray
    basis_y: FloatArray
    interior: NDArray[np.bool_]
    half: tuple[float, float]

    @classmethod
    def of(cls, size: tuple[int, int]) -> _Fields:
        h, w = size
        half = (w / 2, h / 2)
        x = np.broadcast_to((np.arange(w) + 0.5) / half[0] - 1, (h, w)).astype(np.float32)
        y = np.broadcast_to(((np.arange(h) + 0.5) / half[1] - 1)[:, None], (h, w)).astype(
            np.float32
        )
        bx, by = _basis(x, y, half)
        interior = np.zeros((h, w), bool)
        interior[3:-3, 3:-3] = True
        return cls(x, y, bx, by, interior, half)


def _basis(
    x: FloatArray, y: FloatArray, half: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    one, none = np.ones_like(x), np.zeros_like(x)
    pull = x * x + y * y - 2
    along_x = [one, x, y, none, none, none, x * x, x * y, 1 - y * y, none, x * pull]
    along_y = [none, none, none, one, x, y, x * y, y * y, none, 1 - x * x, y * pull]
    return (
        np.asarray(np.stack(along_x) * half[0], np.float32),
        np.asarray(np.stack(along_y) * half[1], np.float32),
    )


def _reduced(grey: UInt8Image, corners: Matrix, size: tuple[int, int]) -> tuple[UInt8Image, Matrix]:
    """The photo around a quadrilateral, at about the frame's scale, and photo_to_crop."""
    height, width = grey.shape
    pad = 8 + 0.06 * float(np.ptp(corners, axis=0).max())
    low = np.clip(np.floor(corners.min(0) - pad), 0, (width - 2, height - 2)).astype(int)
    high = np.clip(np.ceil(corners.max(0) + pad), low + 2, (width, height)).astype(int)
    crop = grey[low[1] : high[1], low[0] : high[0]]
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    dense = min(sides[[0, 2]].max() / size[1], sides[[1, 3]].max() / size[0])
    scale = np.ones(2)
    if dense > 1.2:
        to = [max(2, round(n / dense)) for n in (crop.shape[1], crop.shape[0])]
        scale = np.array([to[0] / crop.shape[1], to[1] / crop.shape[0]])
        crop = np.asarray(cv2.resize(crop, (to[0], to[1]), interpolation=cv2.INTER_AREA), np.uint8)
    shift = (0.5 - low) * scale - 0.5
    return crop, np.array([[scale[0], 0, shift[0]], [0, scale[1], shift[1]], [0, 0, 1]])


def _warp(
    crop: UInt8Image, to_crop: Matrix, state: _State, fields: _Fields
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """The photo on the picture's frame, and which of it lies inside the photo."""
    h, w = fields.x.shape
    shift_x = np.tensordot(state.bends.astype(np.float32), fields.basis_x[8:], 1)
    shift_y = np.tensordot(state.bends.astype(np.float32), fields.basis_y[8:], 1)
    u = (fields.x + 1) * fields.half[0] - 0.5 + shift_x
    v = (fields.y + 1) * fields.half[1] - 0.5 + shift_y
    m = to_crop @ homography(state.corners, (h, w))
    depth = m[2, 0] * u + m[2, 1] * v + m[2, 2]
    at_x = ((m[0, 0] * u + m[0, 1] * v + m[0, 2]) / depth).astype(np.float32)
    at_y = ((m[1, 0] * u + m[1, 1] * v + m[1, 2]) / depth).astype(np.float32)
    warped = cv2.remap(crop, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = (at_x > 0) & (at_y > 0) & (at_x < crop.shape[1] - 1) & (at_y < crop.shape[0] - 1)
    return warped.astype(np.float32), inside


def _normalised(image: FloatArray) -> FloatArray:
    mean = cv2.GaussianBlur(image, (0, 0), NEIGHBOURHOOD_PX)
    away = image - mean
    contrast = cv2.GaussianBlur(away * away, (0, 0), NEIGHBOURHOOD_PX)
    return np.asarray(away / np.sqrt(contrast + SMOOTH**2), np.float32)


def _gradient(image: FloatArray) -> tuple[FloatArray, FloatArray]:
    kernel = np.array([[-0.5, 0, 0.5]], np.float32)
    return (
        np.asarray(cv2.filter2D(image, -1, kernel), np.float32),
        np.asarray(cv2.filter2D(image, -1, kernel.T), np.float32),
    )


def _correlation(one: FloatArray, other: FloatArray, weight: FloatArray) -> float:
    both = float((weight * one * other).sum())
    own = float((weight * one * one).sum()) * float((weight * other * other).sum())
    return both / max(own, 1e-12) ** 0.5


def _solve(
    fields: _Fields,
    gx: FloatArray,
    gy: FloatArray,
    residual: FloatArray,
    weight: FloatArray,
    bends: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Steps (11,) of the displacement fields that explain the residual best."""
    rows = fields.basis_x * gx + fields.basis_y * gy
    flat = rows.reshape(len(rows), -1)
    scaled = flat * weight.ravel()
    prior = np.zeros(len(rows))
    prior[8:] = 1 / BEND_SIGMA**2
    normal = (scaled @ flat.T).astype(np.float64) + np.diag(prior + 1e-6)
    right = -(scaled @ residual.ravel()).astype(np.float64)
    right[8:] -= prior[8:] * bends
    return np.asarray(np.linalg.solve(normal, right))


def _moved(
    state: _State, step: NDArray[np.float64], size: tuple[int, int], fields: _Fields
) -> tuple[_State, float]:
    """The state after a step, and how far its furthest corner went, in frame px."""
    outer = frame_corners(size).astype(np.float64)
    own = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    bx, by = _basis(own[:, 0], own[:, 1], fields.half)
    shift = np.stack([step[:8] @ bx[:8], step[:8] @ by[:8]], axis=1)
    far = float(np.abs(shift).max())
    if far > 0.06 * max(size):  # no step of a picture that is nearly in place
        shift *= 0.06 * max(size) / far
    to_photo = homography(state.corners, size)
    corners = cv2.perspectiveTransform((outer + shift)[None], to_photo)[0]
    bends = np.clip(state.bends + step[8:], -0.06, 0.06)
    return _State(np.asarray(corners, np.float64), bends), far
