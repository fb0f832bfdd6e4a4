"""Where a photo shows the chart: its places to a fraction of a pixel, or why it is of no use."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.chart.layout import DOT_MM, GUTTER_MM, MARKERS, Chart, dictionary, most_charts
from riis_physical.artifacts import UInt8Image
from riis_physical.errors import CalibrationError
from riis_physical.sheets.pages import Box

SEARCH_PX = (2400, 1000, 640)  # longer side of the copies in which markers are searched
LEAST_SEEN = 4  # markers that make a chart
LEAST_MARKERS = 5
LEAST_DOTS = 0.85  # share
FIRST_DOTS = 0.3  # the same, before the place of the chart is refined
LEAST_PX_PER_MM = 2.5
EDGE_PX = 2.0
BEND_ORDER = 3  # of the polynomial that takes up lens and curl
OUTLIER_PX = 1.0
DOT_SAMPLES = 25  # across a dot's window
DOT_REACH_MM = 2.6  # half of that window

Points = NDArray[np.float64]


@dataclass(frozen=True)
class SeenChart:
    """The chart as one photo shows it.

    Attributes:
        chart: which one.
        photo: uint8 RGB (H, W, 3).
        dots_mm, dots_px: (N, 2) the dots that were found, on the chart and in the photo.
        homography: (3, 3) mm to px.
        bend: (T, 2) px, coefficients of what lens and curl add to it.
        px_per_mm: mean scale.
    """

    chart: Chart
    photo: UInt8Image
    dots_mm: Points
    dots_px: Points
    homography: NDArray[np.float64]
    bend: NDArray[np.float64]
    px_per_mm: float

    @property
    def width_px(self) -> float:
        """Mean length of the chart's upper and lower side in the photo."""
        corners = _project(self.homography, _corners(Box(0, 0, *self.chart.size_mm)))
        sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
        return float(sides[[0, 2]].mean())

    def to_photo(self, places: Points) -> Points:
        """Photo px of places (..., 2) in mm of the chart."""
        flat = np.asarray(places, np.float64).reshape(-1, 2)
        found = _project(self.homography, flat) + _terms(flat, self.chart) @ self.bend
        return found.reshape(np.shape(places))

    def sample(self, box: Box, per_mm: float, inset_mm: float = 0.0) -> NDArray[np.float64]:
        """A box, (h, w, 3) sRGB 0 to 1, read at `per_mm` samples a mm, rectified."""
        inner = box.grown(-inset_mm)
        across = max(1, round(inner.width * per_mm))
        down = max(1, round(inner.height * per_mm))
        x = inner.left + (np.arange(across) + 0.5) * inner.width / across
        y = inner.top + (np.arange(down) + 0.5) * inner.height / down
        grid = np.stack(np.meshgrid(x, y), axis=-1)
        at = self.to_photo(grid).astype(np.float32)
        read = cv2.remap(self.photo, at[..., 0], at[..., 1], cv2.INTER_LINEAR)
        return np.asarray(read, np.float64) / 255

    def pixels(self, box: Box, inset_mm: float) -> NDArray[np.uint8]:
        """The photo's own pixels (h, w, 3) in the largest upright box within one of the chart."""
        inner = box.grown(-inset_mm)
        corners = self.to_photo(
            np.array(
                [
                    (inner.left, inner.top),
                    (inner.right, inner.top),
                    (inner.right, inner.bottom),
                    (inner.left, inner.bottom),
                ]
            )
        )
        middle = corners.mean(axis=0)
        # Shrink an upright box about the middle until all its corners lie inside.
        half = (corners.max(axis=0) - corners.min(axis=0)) / 2
        for share in np.linspace(1.0, 0.3, 29):
            own = middle + share * half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
            outline = corners.astype(np.float32)[:, None]
            if all(cv2.pointPolygonTest(outline, (float(x), float(y)), False) >= 0 for x, y in own):
                low, high = np.ceil(own[0]).astype(int), np.floor(own[2]).astype(int) + 1
                return np.asarray(self.photo[low[1] : high[1], low[0] : high[0]])
        return np.zeros((0, 0, 3), np.uint8)


def find_chart(photo: UInt8Image) -> SeenChart:
    """Find the chart in a photo (H, W, 3), uint8 RGB.

    Raises:
        CalibrationError: no chart, cut off, hidden in part, or too small.
    """
    gray = np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), np.uint8)
    chart, seen, missing = _markers(gray)
    boxes = chart.marker_boxes()
    known = np.array([_corners(boxes[i]) for i in seen]).reshape(-1, 2)
    places = np.array(list(seen.values())).reshape(-1, 2)
    first, _ = cv2.findHomography(known, places, cv2.RANSAC, 4.0)
    if first is None:
        raise CalibrationError("the markers do not lie as on the chart: keep it flat")
    homography = np.asarray(first, np.float64)
    scale = _scale(homography, chart)
    outline = _project(homography, _corners(Box(0, 0, *chart.size_mm)))
    height, width = gray.shape
    outside = (outline.min(axis=0) < EDGE_PX) | (outline.max(axis=0) > [width - 1, height - 1])
    if bool(np.any(outside)):
        raise CalibrationError("the chart is cut off: show all of it, with some room around")
    if scale < LEAST_PX_PER_MM:
        raise CalibrationError(
            f"the chart is {scale * chart.size_mm[0]:.0f} px wide in the photo, expected "
            f"{LEAST_PX_PER_MM * chart.size_mm[0]:.0f} or more: come closer"
        )
    if len(seen) < LEAST_MARKERS:
        raise CalibrationError(
            f"{len(seen)} of {MARKERS} markers found (missing {missing}), expected "
            f"{LEAST_MARKERS} or more: show all of the chart, sharp and without glare"
        )
    found = np.zeros(len(chart.dots), bool)
    points = np.zeros((len(chart.dots), 2))
    bend = np.zeros((_terms(np.zeros((1, 2)), chart).shape[1], 2))
    for last in (False, False, True):
        guess = _project(homography, chart.dots) + _terms(chart.dots, chart) @ bend
        points, found = _dots(gray, guess, chart, homography)
        least = int(np.ceil((LEAST_DOTS if last else FIRST_DOTS) * len(found)))
        if found.sum() < least:
            raise CalibrationError(
                f"{int(found.sum())} of {len(found)} dots found, expected {least} or more: show "
                "all of the chart, sharp, flat and without glare"
            )
        homography, bend, fits = _register(chart, points, found)
        found = found & fits
    return SeenChart(
        chart, photo, chart.dots[found], points[found], homography, bend, _scale(homography, chart)
    )


def _markers(gray: NDArray[np.uint8]) -> tuple[Chart, dict[int, Points], str]:
    """The chart, corners (4, 2) by the marker's place on it, and which markers are missing."""
    places: dict[int, Points] = {}
    for longest in SEARCH_PX:  # blurred markers are found where they are small
        found = _search(gray, longest)
        places = found if len(found) > len(places) else places
        if len(places) >= MARKERS:
            break
    votes = Counter(number // MARKERS for number in places)
    several = sorted(number for number, count in votes.items() if count >= LEAST_SEEN)
    if len(several) > 1:
        told = ", ".join(str(number) for number in several)
        raise CalibrationError(f"several charts (numbers {told}): show one at a time")
    if not several:
        raise CalibrationError(
            "no calibration chart found: show all of it, sharp, evenly lit and without glare"
        )
    chart = Chart(several[0])
    seen = {
        number % MARKERS: place
        for number, place in places.items()
        if number // MARKERS == chart.number
    }
    names = ("top left", "top", "top right", "right", "bottom right", "bottom", "bottom left",
             "left")  # fmt: skip
    missing = ", ".join(name for at, name in enumerate(names) if at not in seen) or "none"
    return chart, seen, missing


def _search(gray: NDArray[np.uint8], longest: int) -> dict[int, Points]:
    """Corners (4, 2) of the charts' markers by id, searched in a copy of that longer side."""
    factor = min(1.0, longest / max(gray.shape))
    size = (max(1, round(gray.shape[1] * factor)), max(1, round(gray.shape[0] * factor)))
    small = gray if factor == 1.0 else cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    parameters.errorCorrectionRate = 1.0  # for blurred ones; the dots tell right from wrong
    corners, ids, _ = cv2.aruco.ArucoDetector(dictionary(), parameters).detectMarkers(small)
    if ids is None:
        return {}
    stretch = np.array([gray.shape[1] / size[0], gray.shape[0] / size[1]])
    return {
        int(number): (np.asarray(points, np.float64).reshape(4, 2) + 0.5) * stretch - 0.5
        for number, points in zip(np.ravel(ids).tolist(), corners, strict=True)
        if number < MARKERS * most_charts()
    }


def _dots(
    gray: NDArray[np.uint8], guess: Points, chart: Chart, homography: NDArray[np.float64]
) -> tuple[Points, NDArray[np.bool_]]:
    """Middles of the dots in photo px, and which are really there.

    Each dot is read in its own plane and its weight is centred within a round window that
    follows it, so that what stands beside it does not pull.
    """
    step = np.linspace(-DOT_REACH_MM, DOT_REACH_MM, DOT_SAMPLES)
    window = np.stack(np.meshgrid(step, step), axis=-1)
    slopes = _slopes(homography, chart.dots)
    centre = np.zeros_like(guess)
    found = np.zeros(len(guess), bool)
    for index, slope in enumerate(slopes):
        offset = np.zeros(2)
        for _ in range(6):
            at = (guess[index] + (window + offset) @ slope.T).astype(np.float32)
            read = cv2.remap(
                gray, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            ).astype(np.float64)
            far = np.linalg.norm(window, axis=-1)
            ring = (far > 0.75 * DOT_REACH_MM) & (far <= DOT_REACH_MM)
            white = float(np.median(read[ring]))
            ink = np.clip(white - read, 0, None) * (far <= 0.85 * DOT_REACH_MM)
            ink = np.where(ink > 0.2 * ink.max(initial=0.0), ink, 0.0)
            total = ink.sum()
            if total <= 0:
                break
            move = (ink[..., None] * window).sum(axis=(0, 1)) / total
            offset = offset + move
            if np.abs(move).max() < 1e-3 or np.abs(offset).max() > GUTTER_MM / 2:
                break
        core = read[far < DOT_MM / 5]
        dark = float(np.median(core)) if core.size else 255.0
        found[index] = white - dark > 0.3 * max(white, 1.0) and np.abs(offset).max() < GUTTER_MM / 2
        centre[index] = guess[index] + slope @ offset
    return centre, found


def _register(
    chart: Chart, points: Points, found: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Homography, bend and which dots fit it."""
    solved, _ = cv2.findHomography(chart.dots[found], points[found], 0)
    if solved is None:
        raise CalibrationError("the dots do not lie as on the chart: keep it flat")
    homography = np.asarray(solved, np.float64)
    terms = _terms(chart.dots, chart)
    gap = points - _project(homography, chart.dots)
    use = found.copy()
    bend = np.zeros((terms.shape[1], 2))
    for _ in range(3):
        bend = np.asarray(np.linalg.lstsq(terms[use], gap[use], rcond=None)[0], np.float64)
        rest = np.linalg.norm(gap - terms @ bend, axis=1)
        limit = max(OUTLIER_PX, 4 * float(np.median(rest[use])))
        use = found & (rest <= limit)
    return homography, bend, use


def _terms(places: Points, chart: Chart) -> NDArray[np.float64]:
    """Polynomial terms (N, T) of places (N, 2)."""
    x, y = (2 * places / chart.size_mm - 1).T
    powers = [(i, j) for i in range(BEND_ORDER + 1) for j in range(BEND_ORDER + 1 - i)]
    return np.stack([x**i * y**j for i, j in powers], axis=1)


def _project(homography: NDArray[np.float64], places: Points) -> Points:
    mapped = np.concatenate([places, np.ones((len(places), 1))], axis=1) @ homography.T
    return np.asarray(mapped[:, :2] / mapped[:, 2:])


def _slopes(homography: NDArray[np.float64], places: Points) -> NDArray[np.float64]:
    """Derivatives (N, 2, 2) of the homography, px per mm."""
    mapped = np.concatenate([places, np.ones((len(places), 1))], axis=1) @ homography.T
    point = mapped[:, :2] / mapped[:, 2:]
    rows = homography[None, :2, :2] - point[:, :, None] * homography[None, 2:, :2]
    return np.asarray(rows / mapped[:, 2][:, None, None])


def _scale(homography: NDArray[np.float64], chart: Chart) -> float:
    """Mean px per mm."""
    slopes = _slopes(homography, chart.dots)
    return float(np.sqrt(np.abs(np.linalg.det(slopes))).mean())


def _corners(box: Box) -> Points:
    return np.array(
        [(box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom)]
    )
