"""How well the detector finds pictures in composites that it has not seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.find.learned.detector import LearnedDetector
from capture.find.learned.networks.detector_net import DetectorNet
from riis_physical.artifacts import UInt8Image
from training.detector.material.scenes import Picture

FloatArray = NDArray[np.float32]

SMALLEST_PX = 160.0
COVERED = 0.1


@dataclass(frozen=True)
class Score:
    """Figures over composites; pictures cut off, covered or tiny are left out.

    Attributes:
        pictures: how many counted. recall: share found within 5 % of the width.
        recall_2: within 2 %. error: mean of the largest corner error of those found,
            as a share of the width.
        containers, others: pictures with and without a hidden code, found.
        auc: chance that a container's score is above an ordinary picture's.
    """

    pictures: int
    recall: float
    recall_2: float
    error: float
    containers: int
    others: int
    auc: float

    def rounded(self) -> dict[str, Any]:
        """For JSON."""
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(self).items()}


def score(
    network: DetectorNet,
    composites: Iterable[tuple[int, UInt8Image, Sequence[Picture]]],
    device: str = "cpu",
) -> Score:
    """Run the detector over composites (number, image, pictures)."""
    detector = LearnedDetector(network, device)
    errors: list[float] = []
    hidden_scores: list[float] = []
    other_scores: list[float] = []
    for _, image, pictures in composites:
        found = detector.detect(image, least=0.4)
        for picture in whole(pictures, image.shape[:2], SMALLEST_PX):
            best = min(
                ((corner_error(d.corners, picture), d) for d in found),
                key=lambda e: e[0],
                default=None,
            )
            error = 1.0 if best is None else best[0]
            errors.append(min(error, 1.0))
            if best is not None and error < 0.1:
                (hidden_scores if picture.hidden else other_scores).append(best[1].container)
    every = np.array(errors) if errors else np.ones(1)
    near = every[every < 0.05]
    return Score(
        pictures=len(errors),
        recall=float((every < 0.05).mean()),
        recall_2=float((every < 0.02).mean()),
        error=float(near.mean()) if len(near) else 1.0,
        containers=len(hidden_scores),
        others=len(other_scores),
        auc=auc(hidden_scores, other_scores),
    )


def whole(pictures: Sequence[Picture], size: tuple[int, int], smallest_px: float) -> list[Picture]:
    """Pictures that lie within the photo (h, w), uncovered by later ones, not tiny."""
    kept = []
    for number, picture in enumerate(pictures):
        low, high = picture.corners.min(0), picture.corners.max(0)
        inside = (low > -2).all() and (high < np.array([size[1], size[0]]) + 2).all()
        area = abs(float(cv2.contourArea(picture.corners)))
        covered = sum(
            cv2.intersectConvexConvex(picture.corners, later.sheet)[0]
            for later in pictures[number + 1 :]
        )
        if inside and covered < COVERED * area and high[0] - low[0] > smallest_px:
            kept.append(picture)
    return kept


def corner_error(corners: FloatArray, picture: Picture) -> float:
    """Largest distance of a corner, as a share of the picture's width; any way up."""
    truth = picture.corners
    width = float(np.linalg.norm(truth[1] - truth[0]) + np.linalg.norm(truth[2] - truth[3])) / 2
    return min(
        float(np.linalg.norm(np.roll(corners, turn, 0) - truth, axis=1).max()) / width
        for turn in range(4)
    )


def auc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Chance that one of `positive` is above one of `negative`; NaN where either is empty."""
    if not positive or not negative:
        return float("nan")
    above = np.array(positive)[:, None] - np.array(negative)[None]
    return float((above > 0).mean() + 0.5 * (above == 0).mean())
