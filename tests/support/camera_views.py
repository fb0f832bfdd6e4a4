"""Synthetic photos of the calibration board through a known lens."""

import cv2
import numpy as np

from calibration.board import Board, draw_board

SIZE = (750, 1000)
MATRIX = np.array([[880.0, 0.0, 510.0], [0.0, 884.0, 368.0], [0.0, 0.0, 1.0]])
DISTORTION = np.array([-0.14, 0.06, 0.0012, -0.0008, 0.0])
PX_PER_MM = 6.0
EDGE_MM = 12.0
# tilt x, tilt y, roll in degrees; centre x, y in parts of the picture; width in parts of it
POSES = (
    (0, 0, 0, 0.0, 0.0, 0.9),
    (30, 0, 90, 0.0, 0.0, 0.8),
    (-32, 8, 4, -0.2, 0.1, 0.6),
    (5, 33, -6, 0.2, -0.1, 0.6),
    (-6, -34, 92, 0.05, 0.1, 0.8),
    (22, 24, 45, 0.15, 0.05, 0.7),
    (-25, 20, -80, -0.15, -0.1, 0.7),
    (18, -28, 10, 0.2, 0.12, 0.6),
    (-20, -18, 170, -0.22, -0.05, 0.6),
)


def rays(size: tuple[int, int] = SIZE, matrix: np.ndarray = MATRIX) -> np.ndarray:
    """Undistorted rays (h, w, 2) of every pixel, by OpenCV and not by the code under test."""
    ys, xs = np.mgrid[: size[0], : size[1]].astype(np.float64)
    seen = np.stack([xs, ys], axis=-1).reshape(-1, 1, 2)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_COUNT, 100, 1e-12)
    undistort = getattr(cv2, "undistortPointsIter", None)  # one function from OpenCV 5 on
    if undistort is None:
        found = cv2.undistortPoints(seen, matrix, DISTORTION, criteria=stop)
    else:
        found = undistort(seen, matrix, DISTORTION, None, None, stop)
    return found.reshape(*size, 2)


def photograph_board(
    board: Board, pose: tuple[float, ...], directions: np.ndarray, blur_px: float = 0.7
) -> np.ndarray:
    """A photo (h, w, 3) uint8 of the board in a pose, in front of grey."""
    width, height = board.size_mm
    tilt_x, tilt_y, roll = np.deg2rad(pose[:3])
    turn = np.eye(3)
    for vector in ((0, 0, roll), (0, tilt_y, 0), (tilt_x, 0, 0)):
        turn = cv2.Rodrigues(np.asarray(vector, np.float64))[0] @ turn
    span = directions[..., 0].max() - directions[..., 0].min()
    depth = height / (span * pose[5])
    centre = np.array([pose[3] * span, pose[4] * span, 1.0]) * depth
    shift = centre - turn @ np.array([width / 2, height / 2, 0.0])
    to_plane = np.linalg.inv(np.stack([turn[:, 0], turn[:, 1], shift], axis=1))
    at = np.dstack([directions, np.ones(directions.shape[:2])]) @ to_plane.T
    place = (at[..., :2] / at[..., 2:] + EDGE_MM) * PX_PER_MM - 0.5
    edge = round(EDGE_MM * PX_PER_MM)
    sheet = np.pad(draw_board(board, PX_PER_MM), edge, constant_values=255)
    # The sheet has more pixels than the photo: average before sampling.
    sheet = cv2.GaussianBlur(sheet, (0, 0), 0.9)
    x, y = place.astype(np.float32).transpose(2, 0, 1)
    photo = cv2.remap(sheet, x, y, cv2.INTER_LINEAR, borderValue=90).astype(np.float32)
    photo = cv2.GaussianBlur(photo, (0, 0), blur_px) * 0.8 + 20
    photo += np.random.default_rng(0).normal(0, 2, photo.shape)
    return np.repeat(np.clip(photo, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
