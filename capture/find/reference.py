"""Containers found by a picture that is known: the published container or its host.

Features of the photo (SIFT, with the root of each histogram) are matched to
those of every reference, a perspective is fitted to the matches robustly, and
the picture is then registered to the photo, which both refuses matches by
chance and gives corners to a fraction of a pixel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.geometry.rectify import validate_corners
from capture.geometry.registration import register
from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.errors import BadImageError, RectificationError
from riis_physical.images import PHOTO, load_photo

#: References and photos are reduced to this long side before features are sought.
REFERENCE_PX = 640
PHOTO_PX = 1200
REFERENCE_FEATURES = 1200
PHOTO_FEATURES = 3000
CONTRAST = 0.015
RATIO = 0.8
#: Matches may lie this far off the perspective, in px of the reduced photo.
NEAR_PX = 4.0
#: Fewer features than this in a reference say nothing.
LEAST_FEATURES = 20
LEAST_INLIERS = 8
#: Share of a reference that the matches must span.
LEAST_SPREAD = 0.02
#: Correlation with the photo from which the reference is taken to be in it.
AGREEMENT = 0.5
#: From more references than this, the likeliest are chosen by their largest features.
PRESELECTED = 6
PRESELECTION_FEATURES = 200
MOST_MATCHES = 8
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".heic", ".heif", ".bmp"}


@dataclass(frozen=True)
class _Features:
    """Points xy (N, 2) and RootSIFT descriptors (N, 128), the largest features first."""

    points: FloatArray
    descriptors: FloatArray

    @classmethod
    def of(cls, grey: UInt8Image, most: int) -> _Features:
        sift = cv2.SIFT.create(nfeatures=most, contrastThreshold=CONTRAST)
        found, described = sift.detectAndCompute(grey, None)
        if described is None or not len(found):
            return cls(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32))
        order = np.argsort([-k.size for k in found], kind="stable")
        points = np.array([k.pt for k in found], np.float32)[order]
        histogram = described[order].astype(np.float32)
        histogram /= np.maximum(histogram.sum(1, keepdims=True), 1e-6)
        return cls(points, np.sqrt(histogram))

    def __len__(self) -> int:
        return len(self.points)


@dataclass(frozen=True)
class Reference:
    """A known picture: a published container, or the host it was made from.

    Attributes:
        name: file name or what the caller calls it.
        grey: uint8 (h, w), reduced.
        features: of `grey`.
    """

    name: str
    grey: UInt8Image
    features: _Features

    @classmethod
    def load(cls, path: str | Path) -> Reference:
        """Read a reference from a file.

        Raises:
            BadImageError: the file cannot be read or shows too little detail.
        """
        return cls.of(load_photo(path, PHOTO).pixels, Path(path).name)

    @classmethod
    def of(cls, pixels: UInt8Image, name: str) -> Reference:
        """A reference from uint8 RGB (H, W, 3) of any resolution.

        Raises:
            BadImageError: it shows too little detail to be recognised.
        """
        grey, _ = _reduced(_grey(pixels), REFERENCE_PX)
        features = _Features.of(grey, REFERENCE_FEATURES)
        if len(features) < LEAST_FEATURES:
            raise BadImageError(
                f"the reference {name} shows {len(features)} details, at least {LEAST_FEATURES} "
                "are needed to recognise it: give the picture itself, or --corners"
            )
        return cls(name, grey, features)


@dataclass(frozen=True)
class References:
    """Known pictures to look for.

    Attributes:
        items: at least one.
        skipped: one line for each file of a folder that is of no use.
    """

    items: tuple[Reference, ...]
    skipped: tuple[str, ...] = ()

    @classmethod
    def load(cls, path: str | Path) -> References:
        """Read one file, or every picture in a folder (not in folders within it).

        Raises:
            BadImageError: the path does not exist, the file is of no use, or
                no picture of the folder is.
        """
        source = Path(path)
        if not source.is_dir():
            return cls((Reference.load(source),))
        files = sorted(f for f in source.iterdir() if f.suffix.lower() in SUFFIXES and f.is_file())
        if not files:
            raise BadImageError(
                f"the folder {source} has no picture: put the published containers or their "
                "hosts there"
            )
        items, skipped = [], []
        for file in files:
            try:
                items.append(Reference.load(file))
            except BadImageError as error:
                skipped.append(str(error))
        if not items:
            raise BadImageError(f"none of {len(files)} references is of use; {skipped[0]}")
        return cls(tuple(items), tuple(skipped))

    def __iter__(self) -> Iterator[Reference]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True)
class ReferenceQuad:
    """A reference that was found in a photo.

    Attributes:
        corners: xy (4, 2) float32 outer corners in the photo, clockwise from
            the printed top-left; pixel centres at integers.
        name: of the reference.
        inliers: matches that agree with the perspective.
        agreement: correlation of photo and reference, up to 1.
        bows: (4,) of the sides, see :mod:`capture.geometry.warp`.
    """

    corners: FloatArray
    name: str
    inliers: int
    agreement: float
    bows: FloatArray


def reference_quads(
    photo: UInt8Image, references: Reference | References | Sequence[Reference]
) -> list[ReferenceQuad]:
    """Where known pictures lie in a photo; several, and the same one several times.

    Args:
        photo: uint8 RGB (H, W, 3), upright.
        references: what to look for.

    Returns:
        at most MOST_MATCHES, those with most matches first; an empty list
        where none is in the photo.
    """
    items = [references] if isinstance(references, Reference) else list(references)
    grey = _grey(photo)
    small, ratio = _reduced(grey, PHOTO_PX)
    features = _Features.of(small, PHOTO_FEATURES)
    if len(features) < LEAST_INLIERS:
        return []
    free = np.ones(len(features), bool)
    found: list[ReferenceQuad] = []
    for reference in _likeliest(features, items):
        matches = _matches(features.descriptors, reference.features.descriptors)
        while len(found) < MOST_MATCHES:
            quad = _fit(grey, ratio, features, matches, free, reference)
            if quad is None:
                break
            found.append(quad)
            # What lies inside is explained: the next one is elsewhere.
            inner = (quad.corners + 0.5) / ratio - 0.5
            free &= ~_inside(features.points, inner)
    return sorted(found, key=lambda q: -q.inliers)


def _grey(pixels: UInt8Image) -> UInt8Image:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def _reduced(grey: UInt8Image, long_px: int) -> tuple[UInt8Image, FloatArray]:
    """A copy at most long_px long, and how many px of the original one px of it has (2,)."""
    height, width = grey.shape
    scale = min(1.0, long_px / max(height, width))
    if scale == 1:
        return grey, np.ones(2, np.float32)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    return small, np.array([width / size[0], height / size[1]], np.float32)


def _likeliest(features: _Features, items: Sequence[Reference]) -> list[Reference]:
    """The references worth matching in full, the likeliest first."""
    if len(items) <= PRESELECTED:
        return list(items)
    votes = [
        len(_matches(features.descriptors, r.features.descriptors[:PRESELECTION_FEATURES]))
        for r in items
    ]
    order = np.argsort([-v for v in votes], kind="stable")
    return [items[i] for i in order[:PRESELECTED]]


def _matches(photo: FloatArray, reference: FloatArray) -> NDArray[np.intp]:
    """Pairs (M, 2) of a photo's feature and the reference's that is clearly nearest to it.

    Asked this way round, a picture that is in the photo twice matches twice.
    """
    likeness = photo @ reference.T
    nearest = likeness.argmax(1)
    rows = np.arange(len(photo))
    best = likeness[rows, nearest]
    likeness[rows, nearest] = -1
    second = likeness.max(1)
    clear = (1 - best) < RATIO**2 * (1 - second)
    return np.stack([rows[clear], nearest[clear]], 1)


def _fit(
    grey: UInt8Image,
    ratio: FloatArray,
    features: _Features,
    matches: NDArray[np.intp],
    free: NDArray[np.bool_],
    reference: Reference,
) -> ReferenceQuad | None:
    """One place of a reference among the features that nothing explains yet."""
    pairs = matches[free[matches[:, 0]]]
    if len(pairs) < LEAST_INLIERS:
        return None
    own = reference.features.points[pairs[:, 1]]
    seen = features.points[pairs[:, 0]]
    to_photo, mask = cv2.findHomography(own, seen, cv2.USAC_MAGSAC, NEAR_PX, None, 4000, 0.9999)
    if to_photo is None or mask is None:
        return None
    agree = mask.ravel().astype(bool)
    height, width = reference.grey.shape
    # Many features of the photo at one of the reference count once.
    inliers = len(np.unique(np.rint(own[agree]), axis=0))
    if inliers < LEAST_INLIERS:
        return None
    hull = cv2.convexHull(own[agree])
    if cv2.contourArea(hull) < LEAST_SPREAD * height * width:
        return None
    outer = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    corners = cv2.perspectiveTransform(outer[None], to_photo)[0]
    try:
        rough = validate_corners((corners + 0.5) * ratio - 0.5)
        placed = register(grey, reference.grey, rough)
    except (RectificationError, np.linalg.LinAlgError):
        return None
    if placed.agreement < AGREEMENT:
        return None
    return ReferenceQuad(placed.corners, reference.name, inliers, placed.agreement, placed.bows)


def _inside(points: FloatArray, corners: FloatArray) -> NDArray[np.bool_]:
    """Which of the points (N, 2) lie in a clockwise quadrilateral."""
    edges = np.roll(corners, -1, axis=0) - corners
    away = points[:, None] - corners[None]
    return np.asarray((edges[:, 0] * away[..., 1] - edges[:, 1] * away[..., 0] >= 0).all(1))
