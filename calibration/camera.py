"""Camera matrix and lens distortion from several photographs of the board."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.board import Board
from calibration.views import View, find_view
from riis_physical.artifacts import FloatArray
from riis_physical.camera import CameraProfile, PhotoReport, RefusedPhoto
from riis_physical.errors import BadImageError, CalibrationError
from riis_physical.images import load_photo

LEAST_PHOTOS = 5
OUTLIER_FACTOR = 3.0  # times the median error of the photos
OUTLIER_FLOOR_PX = 1.0
K3_SIGMAS = 4.0  # from which on k3 is taken to be seen
LEAST_REACH = 0.75  # of the half diagonal, for the outermost corner
FOCAL_ERROR_LIMIT = 0.02  # one sigma, in parts of the focal length


@dataclass(frozen=True)
class _Fit:
    matrix: NDArray[np.float64]
    distortion: NDArray[np.float64]
    rms_px: float
    view_rms_px: NDArray[np.float64]
    focal_error_px: float


def fit_camera(
    photos: Sequence[str | Path],
    board: Board | None = None,
    *,
    tell: Callable[[str], None] = lambda line: None,
) -> CameraProfile:
    """Fit a profile to photographs of the board.

    Photos of another size than most, without enough corners or blurred are
    refused, and so are those that the fit of the others does not explain.

    Args:
        photos: files; all from one camera, with one lens and zoom, held the
            same way up.
        board: as printed; the default board if None. The scale of the print
            does not matter to the result, its flatness does.
        tell: takes a line about each photo.

    Raises:
        CalibrationError: fewer than LEAST_PHOTOS are of use, or they do not
            determine the focal length.
    """
    names = [Path(photo).name for photo in photos]
    views, refused, size = _gather(photos, board or Board())
    fit = _fit_without_outliers(views, refused, names, size)
    for index, name in enumerate(names):
        if index in refused:
            tell(f"{name}: refused: {refused[index]}")
        else:
            count, blur = len(views[index].photo_px), views[index].blur_px
            tell(f"{name}: {count} corners, blur {blur:.1f} px")
    reach = _reach(list(views.values()), size)
    if reach < LEAST_REACH:
        tell(
            f"the corners reach to {100 * reach:.0f} % of the half diagonal: beyond, the "
            "distortion is a guess; add photos with the board in the picture's corners"
        )
    focal = float(min(fit.matrix[0, 0], fit.matrix[1, 1]))
    if not fit.focal_error_px <= FOCAL_ERROR_LIMIT * focal:
        raise CalibrationError(
            f"the focal length stays uncertain by {fit.focal_error_px:.0f} of {focal:.0f} px: "
            "take more photos with the board tilted by 20 to 40 degrees in all directions"
        )
    return _profile(fit, size, len(views), [(names[i], refused[i]) for i in sorted(refused)])


def _gather(
    photos: Sequence[str | Path], board: Board
) -> tuple[dict[int, View], dict[int, str], tuple[int, int]]:
    """Views and reasons of refusal by the photo's index, and the size (h, w) of most photos."""
    views: dict[int, View] = {}
    refused: dict[int, str] = {}
    sizes: dict[int, tuple[int, int]] = {}
    for index, photo in enumerate(photos):
        try:
            pixels = load_photo(photo).pixels
            sizes[index] = (pixels.shape[0], pixels.shape[1])
            views[index] = find_view(pixels, board)
        except (BadImageError, CalibrationError) as error:
            refused[index] = str(error)
    size = Counter(sizes.values()).most_common(1)[0][0] if sizes else (1, 1)
    for index, own in sizes.items():
        if own != size:
            views.pop(index, None)
            refused[index] = (
                f"another image size: {own[1]}x{own[0]}, most have {size[1]}x{size[0]}: use one "
                "camera, held the same way"
            )
    return views, refused, size


def _fit_without_outliers(
    views: dict[int, View], refused: dict[int, str], names: list[str], size: tuple[int, int]
) -> _Fit:
    """Fit, and move the worst photo from `views` to `refused` until all fit.

    One at a time, for a bad photo spoils the fit of all.
    """
    while True:
        _require(views, refused, names)
        fit = _solve(list(views.values()), size)
        limit = max(OUTLIER_FLOOR_PX, OUTLIER_FACTOR * float(np.median(fit.view_rms_px)))
        worst = int(np.argmax(fit.view_rms_px))
        if fit.view_rms_px[worst] <= limit:
            return fit
        index = list(views)[worst]
        refused[index] = (
            f"its corners miss the fit by {fit.view_rms_px[worst]:.1f} px, expected at most "
            f"{limit:.1f} px: keep the board flat, the zoom fixed"
        )
        del views[index]


def _reach(views: Sequence[View], size: tuple[int, int]) -> float:
    """Distance of the outermost corner from the middle, in half diagonals."""
    middle = (np.asarray([size[1], size[0]]) - 1) / 2
    points = np.concatenate([view.photo_px for view in views])
    return float(np.linalg.norm(points - middle, axis=1).max() / np.linalg.norm(middle))


def _require(views: dict[int, View], refused: dict[int, str], names: list[str]) -> None:
    """See that enough photos are left; the message has every reason."""
    if len(views) >= LEAST_PHOTOS:
        return
    reasons = "; ".join(f"{names[i]}: {refused[i]}" for i in sorted(refused))
    raise CalibrationError(
        f"{len(views)} of {len(names)} photos can be used, expected {LEAST_PHOTOS} or more: "
        "take more photos of the board" + (f" ({reasons})" if reasons else "")
    )


def _solve(views: Sequence[View], size: tuple[int, int]) -> _Fit:
    """Least squares over all corners.

    k3 is left out where the photos do not show it: it would bend freely beyond
    the outermost corner.

    Raises:
        CalibrationError: OpenCV finds no solution.
    """
    board = [view.board_mm[:, None] for view in views]
    seen = [view.photo_px[:, None] for view in views]
    try:
        fit, k3_error = _least_squares(board, seen, size, 0)
        if abs(fit.distortion[4]) < K3_SIGMAS * k3_error:
            fit, _ = _least_squares(board, seen, size, cv2.CALIB_FIX_K3)
    except cv2.error as error:
        raise CalibrationError(
            "these photos determine no camera: take them from more directions, "
            "the board tilted and in every part of the picture"
        ) from error
    return fit


def _least_squares(
    board: list[FloatArray],
    seen: list[FloatArray],
    size: tuple[int, int],
    flags: int,
) -> tuple[_Fit, float]:
    """OpenCV's fit, and the standard deviation of k3."""
    rms, matrix, distortion, _, _, deviation, _, by_view = cv2.calibrateCameraExtended(
        board, seen, (size[1], size[0]), np.eye(3), np.zeros(5), flags=flags
    )
    deviations = np.ravel(deviation)  # fx, fy, cx, cy, k1, k2, p1, p2, k3 ...
    fit = _Fit(
        np.asarray(matrix, np.float64),
        np.ravel(distortion).astype(np.float64)[:5],
        float(rms),
        np.ravel(by_view).astype(np.float64),
        float(np.max(deviations[:2])),
    )
    return fit, float(deviations[8])


def _profile(
    fit: _Fit, size: tuple[int, int], used: int, refused: list[tuple[str, str]]
) -> CameraProfile:
    (fx, _, cx), (_, fy, cy), _ = fit.matrix.tolist()
    k1, k2, p1, p2, k3 = fit.distortion.tolist()
    return CameraProfile(
        image_size=size,
        matrix=((fx, 0.0, cx), (0.0, fy, cy), (0.0, 0.0, 1.0)),
        distortion=(k1, k2, p1, p2, k3),
        rms_px=fit.rms_px,
        focal_error_px=fit.focal_error_px,
        photos=PhotoReport(
            used=used,
            refused=tuple(RefusedPhoto(photo=name, reason=why) for name, why in refused),
        ),
    )
