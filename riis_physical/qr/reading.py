"""A revealed picture and its soft module values to a message.

The cascade: pyzbar, zxing-cpp and OpenCV on the revealed picture; the same on the
module grid with all known modules written in, drawn clean; then the soft values
themselves (:mod:`soft`). What a decoder claims counts only after it was encoded again
and the soft values confirm each block, so a guessed encoding or a code seen by chance
in the picture cannot become a message. The decoders correct about 5 % wrong modules;
where the known modules show clearly more, their time is saved.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from riis_physical.qr.decoders import DECODERS, GrayImage
from riis_physical.qr.presence import finder_score, function_modules, presence_score
from riis_physical.qr.soft import (
    MIN_PRESENCE,
    GridReading,
    confirm,
    likely_levels,
    normalised,
    read_grid,
)
from riis_physical.qr.structure import BoolGrid, Level, grid_size, known_modules

__all__ = ["Reading", "finder_score", "module_means", "presence_score", "read_revealed"]

QUIET_ZONE = 4
"""Light modules drawn around a grid for decoders."""
MODULE_PX = 8
"""Pixels a module in pictures drawn for decoders."""

_HOPELESS = {"pyzbar": 0.1, "zxing-cpp": 0.1, "opencv": 0.05}
# Part of wrong known modules above which a decoder, slow OpenCV sooner, is left out.
_PICTURE_PX = 4  # pixels a module in revealed pictures
_WEIGHT_SIGMA = 1.0  # of the Gaussian over a module, in those pixels
_SMOOTHING = 1.0  # sigma in those pixels


@dataclass(frozen=True)
class Reading:
    """A message read from a revealed container.

    Attributes:
        payload: the message's bytes.
        decoder: ``pyzbar``, ``zxing-cpp`` or ``opencv`` on the picture, ``grid-`` and
            one of these on the clean grid, or ``soft``.
        confidence: in [0, 1], see :class:`soft.GridReading`.
        grid: the evidence in the soft values.
    """

    payload: bytes
    decoder: str
    confidence: float
    grid: GridReading


def read_revealed(
    logits: NDArray[np.floating], picture: NDArray[np.floating] | None, version: int
) -> Reading | None:
    """Read the message from what the network revealed.

    Args:
        logits: soft module values (N, N), positive for dark.
        picture: revealed picture (4 N, 4 N) about [-1, 1], +1 for dark; None where
            there is none, for example after fusing photos.
        version: 1 to 10; N = 17 + 4 * version.

    Returns:
        the message, None where nothing was read with enough evidence.

    Raises:
        ValueError: a shape does not fit the version.
    """
    size = grid_size(version)
    soft = normalised(logits, version)
    grids = [soft]
    if picture is not None:
        if picture.shape != (_PICTURE_PX * size, _PICTURE_PX * size):
            raise ValueError(f"picture {picture.shape}: expected ({4 * size}, {4 * size})")
        # Never the picture's means alone: what the picture's decoders claim must be
        # confirmed by something that they did not see.
        means = normalised(module_means(picture), version)
        grids.append(normalised(soft + means, version))
    grids = [grid for grid in grids if presence_score(grid, version) >= MIN_PRESENCE]
    if not grids:
        return None
    errors = [_pattern_errors(grid, version) for grid in grids]
    names = [name for name in DECODERS if min(errors) <= _HOPELESS[name]]
    if picture is not None and names:
        found = _read_drawn(_drawn_picture(picture), names, grids, version, "")
        if found is not None:
            return found
    if names:
        best = grids[int(np.argmin(errors))]
        modules = _completed(best, version, likely_levels(best, version)[0])
        found = _read_drawn(_drawn_grid(modules), names, grids, version, "grid-")
        if found is not None:
            return found
    for grid in grids:
        reading = read_grid(grid, version)
        if reading is not None:
            return Reading(reading.payload, "soft", reading.confidence, reading)
    return None


def module_means(picture: NDArray[np.floating]) -> NDArray[np.float32]:
    """Gaussian-weighted mean of each module's 4 x 4 pixels, (4 N, 4 N) to (N, N)."""
    rows, columns = (length // _PICTURE_PX for length in picture.shape)
    offsets = np.arange(_PICTURE_PX) - (_PICTURE_PX - 1) / 2
    weights = np.exp(-(offsets**2) / (2 * _WEIGHT_SIGMA**2))
    weights /= weights.sum()
    cells = picture.astype(np.float64).reshape(rows, _PICTURE_PX, columns, _PICTURE_PX)
    return np.einsum("aibj,i,j->ab", cells, weights, weights).astype(np.float32)


def _pattern_errors(grid: NDArray[np.floating], version: int) -> float:
    """Part of the known modules whose soft value has the wrong sign."""
    mask, values = function_modules(version)
    return float(((grid > 0) != values)[mask].mean())


def _completed(grid: NDArray[np.floating], version: int, level: Level) -> BoolGrid:
    """Hard modules (N, N) with everything known written in."""
    mask, values = known_modules(version, level)
    return np.where(mask, values, grid > 0)


def _drawn_grid(modules: BoolGrid) -> GrayImage:
    light = np.pad(~modules, QUIET_ZONE, constant_values=True)
    return np.kron(light, np.ones((MODULE_PX, MODULE_PX), np.uint8)).astype(np.uint8) * 255


def _drawn_picture(picture: NDArray[np.floating]) -> GrayImage:
    """The revealed picture with quiet zone, smoothed, twice as large, dark on light.

    Decoders look at single pixels: without smoothing, pixel noise that a module's mean
    hardly feels stops all three.
    """
    clean = np.nan_to_num(picture.astype(np.float32), nan=0.0)
    gray = (127.5 * (1 - np.clip(clean, -1, 1))).round().astype(np.uint8)
    gray = np.pad(gray, QUIET_ZONE * _PICTURE_PX, constant_values=255)
    smooth = cv2.GaussianBlur(gray, (0, 0), _SMOOTHING)
    factor = MODULE_PX // _PICTURE_PX
    enlarged = cv2.resize(smooth, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    return np.asarray(enlarged, np.uint8)


def _read_drawn(
    image: GrayImage,
    names: list[str],
    grids: list[NDArray[np.float32]],
    version: int,
    prefix: str,
) -> Reading | None:
    for name in names:
        for symbol in DECODERS[name](image):
            for payload in symbol.candidates:
                for grid in grids:
                    reading = confirm(grid, version, payload)
                    if reading is not None:
                        return Reading(payload, prefix + name, reading.confidence, reading)
    return None
