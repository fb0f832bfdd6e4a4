"""A photograph of the board: its corners, or the reason why it is of no use."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.board import Board
from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.errors import CalibrationError

SEARCH_PX = 2400  # longer side of the copy in which the markers are searched
LEAST_CORNERS = 12
LEAST_SHARE = 0.25  # of the board's corners
BLUR_LIMIT = 0.0015  # sigma in parts of the photo's diagonal
PROFILE_REACH = 0.1  # of a square, to either side of an edge; short of the markers
PROFILE_STEPS = 33


@dataclass(frozen=True)
class View:
    """The board as one photo shows it.

    Attributes:
        board_mm: (N, 3) float32 corners on the board.
        photo_px: (N, 2) float32 the same in the photo, pixel centres at integers.
        blur_px: sigma of the blur at the board's edges.
    """

    board_mm: FloatArray
    photo_px: FloatArray
    blur_px: float


def find_view(photo: UInt8Image, board: Board) -> View:
    """Find the board's corners in a photo (H, W, 3), uint8 RGB.

    Raises:
        CalibrationError: too few corners, all on a line, or blurred.
    """
    gray = np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), np.uint8)
    points, numbers = _detect(gray, board)
    least = max(LEAST_CORNERS, math.ceil(LEAST_SHARE * board.corner_count))
    least = min(least, board.corner_count)
    if len(numbers) < least:
        raise CalibrationError(
            f"too few corners: {len(numbers)} of {board.corner_count}, expected {least} or more: "
            "show more of the board, sharp and without glare, and check --board"
        )
    if board.opencv().checkCharucoCornersCollinear(numbers):
        raise CalibrationError("the corners found lie on one line: show more of the board")
    sides = neighbours(board, points, numbers)
    points = _refine(gray, points, sides)
    blur = edge_blur(gray, neighbours(board, points, numbers))
    limit = BLUR_LIMIT * math.hypot(*gray.shape)
    if blur > limit:
        raise CalibrationError(
            f"blurred: sigma {blur:.1f} px at the board's edges, expected at most {limit:.1f} px: "
            "hold still and focus on the board"
        )
    return View(board.corners_mm()[numbers], points, blur)


def _detect(gray: NDArray[np.uint8], board: Board) -> tuple[FloatArray, NDArray[np.int32]]:
    """Corners (N, 2) in photo pixels and their numbers (N,)."""
    factor = min(1.0, SEARCH_PX / max(gray.shape))
    size = (max(1, round(gray.shape[1] * factor)), max(1, round(gray.shape[0] * factor)))
    small = gray if factor == 1.0 else cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    found, numbers, _, _ = cv2.aruco.CharucoDetector(board.opencv()).detectBoard(small)
    if found is None or numbers is None or len(numbers) == 0:
        return np.zeros((0, 2), np.float32), np.zeros(0, np.int32)
    stretch = np.asarray([gray.shape[1] / size[0], gray.shape[0] / size[1]])
    points = (np.asarray(found).reshape(-1, 2) + 0.5) * stretch - 0.5
    return points.astype(np.float32), np.ravel(numbers).astype(np.int32)


def neighbours(
    board: Board, points: FloatArray, numbers: NDArray[np.int32]
) -> list[NDArray[np.float32]]:
    """Sides between neighbouring corners: [(M, 2, 2) along the rows, (M, 2, 2) along columns]."""
    across = board.columns - 1
    place = {int(n): p for n, p in zip(numbers, points, strict=True)}
    out = []
    for step in (1, across):
        pairs = [
            (p, place[n + step])
            for n, p in place.items()
            if n + step in place and (step > 1 or n % across < across - 1)
        ]
        out.append(np.asarray(pairs, np.float32).reshape(-1, 2, 2))
    return out


def _refine(
    gray: NDArray[np.uint8], points: FloatArray, sides: list[NDArray[np.float32]]
) -> FloatArray:
    """Sub-pixel corners at full resolution, in windows that no marker reaches into."""
    lengths = np.concatenate([np.linalg.norm(s[:, 1] - s[:, 0], axis=1) for s in sides])
    if len(lengths) == 0:
        return points
    half = int(np.clip(PROFILE_REACH * np.percentile(lengths, 10), 2, 12))
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_COUNT, 40, 1e-3)
    start = np.ascontiguousarray(points.reshape(-1, 1, 2))
    refined = cv2.cornerSubPix(gray, start, (half, half), (-1, -1), stop)
    return np.asarray(refined, np.float32).reshape(-1, 2)


def edge_blur(gray: NDArray[np.uint8], sides: list[NDArray[np.float32]]) -> float:
    """Sigma in px of the blur across the squares' sides, in the direction where it is larger.

    From the steepest slope across the middle of each side: an edge of height h
    under a Gaussian has the slope h / (sigma sqrt(2 pi)).
    """
    sigmas = []
    for group in sides:
        if len(group) == 0:
            continue
        along = group[:, 1] - group[:, 0]
        length = np.linalg.norm(along, axis=1, keepdims=True)
        normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.maximum(length, 1e-6)
        reach = np.linspace(-PROFILE_REACH, PROFILE_REACH, PROFILE_STEPS, dtype=np.float32)
        offset = reach[None, :, None] * length[:, None] * normal[:, None]
        at = (group.mean(axis=1)[:, None] + offset).astype(np.float32)
        profile = cv2.remap(gray, at[..., 0], at[..., 1], cv2.INTER_LINEAR).astype(np.float32)
        step = length * (2 * PROFILE_REACH / (PROFILE_STEPS - 1))
        window = 4  # samples; a slope over fewer is mostly noise
        slope = np.abs(profile[:, window:] - profile[:, :-window]) / (window * step)
        low, high = np.percentile(profile, [10, 90])
        steepest = np.maximum(slope.max(axis=1), 1e-3)
        sigmas.append(float(np.median((high - low) / (math.sqrt(2 * math.pi) * steepest))))
    return max(sigmas, default=0.0)
