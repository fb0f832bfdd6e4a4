"""Lens distortion from the chart's dots, in one photo or in several of one size.

Each photo has its own homography; all share the radial distortion about the middle of
the picture. The focal length cannot be told from a flat chart seen from the front and is
not needed to take the distortion out: a nominal one is written, with an error as large.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from calibration.chart.find import SeenChart

LEAST_REACH = 0.55  # of the half diagonal, for the outermost dot
K2_GAIN = 0.03  # by which k2 must lower the error, as a share of it

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LensFit:
    """Radial distortion of photos of one size.

    Attributes:
        size: (h, w) of the photos.
        focal_px: nominal.
        k1, k2: OpenCV's.
        rms_px: of all dots about the fit.
        reach: of the outermost dot from the middle, in half diagonals.
        dots, gaps: (N, 2) px, all dots of the photos and by how much they miss the fit.
    """

    size: tuple[int, int]
    focal_px: float
    k1: float
    k2: float
    rms_px: float
    reach: float
    dots: Array
    gaps: Array


def fit_lens(photos: Sequence[SeenChart]) -> LensFit | None:
    """Fit photos of one size; None where the dots do not reach far enough out."""
    height, width = photos[0].photo.shape[:2]
    middle = (np.array([width, height]) - 1) / 2
    focal = float(max(height, width))
    dots = np.concatenate([seen.dots_px for seen in photos])
    reach = float(np.linalg.norm(dots - middle, axis=1).max() / np.linalg.norm(middle))
    if reach < LEAST_REACH:
        return None
    corners = _chart_corners(photos[0])
    starts = [cv2.perspectiveTransform(corners[None], seen.homography)[0] for seen in photos]

    def gaps(p: Array) -> Array:
        k1, k2 = p[0], p[1] if len(p) % 8 == 2 else 0.0
        rest = p[-8 * len(photos) :].reshape(-1, 4, 2)
        found = []
        for seen, own in zip(photos, rest, strict=True):
            homography = cv2.getPerspectiveTransform(
                corners.astype(np.float32), own.astype(np.float32)
            )
            places = cv2.perspectiveTransform(seen.dots_mm[None], homography)[0]
            ray = (places - middle) / focal
            square = (ray**2).sum(axis=1, keepdims=True)
            bent = ray * (1 + square * (k1 + square * k2)) * focal + middle
            found.append(bent - seen.dots_px)
        return np.concatenate(found).ravel()

    single = np.concatenate([[0.0], np.ravel(starts)])
    one = least_squares(gaps, single, x_scale="jac", diff_step=1e-5, loss="soft_l1", f_scale=0.5)
    both = np.concatenate([[one.x[0], 0.0], one.x[1:]])
    two = least_squares(gaps, both, x_scale="jac", diff_step=1e-5, loss="soft_l1", f_scale=0.5)
    better = _rms(gaps(two.x)) < (1 - K2_GAIN) * _rms(gaps(one.x))
    best = two.x if better else one.x
    missed = gaps(best)
    return LensFit(
        (height, width),
        focal,
        float(best[0]),
        float(best[1]) if better else 0.0,
        _rms(missed),
        reach,
        dots,
        missed.reshape(-1, 2),
    )


def _rms(gaps: Array) -> float:
    return float(np.sqrt(np.mean((gaps.reshape(-1, 2) ** 2).sum(axis=1))))


def _chart_corners(seen: SeenChart) -> Array:
    width, height = seen.chart.size_mm
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
