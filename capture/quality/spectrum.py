"""The spectrum of a photographed container, from which blur and noise are told.

A container carries fine texture of its own: the hidden code. Blur removes it
from the highest frequencies downwards and noise fills them up again, so that the
power by frequency, in plain and in textured places, tells both.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.geometry.rectify import frame_corners
from riis_physical.artifacts import UInt8Image

FloatArray = NDArray[np.float32]

TILE_PX = 32
TILES = 14  # along a side
BANDS = 8  # of radial frequency, up to half a cycle a pixel
# Plain, middling and textured places: quantiles of the power over the tiles.
QUANTILES = (0.15, 0.5, 0.85)
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
FLOOR = 1e-9  # of power; below it lies the rounding to 8 bits


def tile_power(photo: UInt8Image, corners: NDArray[np.floating], step: float) -> FloatArray:
    """Power spectra of tiles of luma that are spread over a container.

    Args:
        photo: uint8 RGB (H, W, 3).
        corners: xy (4, 2) outer corners.
        step: photo pixels per tile pixel; 1 takes the photo's own pixels,
            more averages them down first.

    Returns:
        (n, TILE_PX, TILE_PX / 2 + 1) float32: squared Fourier amplitudes of
        sRGB luma in [0, 1], with a Hann window, so that white noise of variance
        v gives v everywhere; the half with frequencies >= 0 along x, zero first.
    """
    points = np.asarray(corners, np.float32)
    height, width = photo.shape[:2]
    low = np.clip(np.floor(points.min(0)), 0, (width - 1, height - 1)).astype(int)
    high = np.clip(np.ceil(points.max(0)) + 1, low + 1, (width, height)).astype(int)
    # Far more pixels than needed are not all averaged, which would take too long.
    skip = max(1, int(step / 2))
    crop = photo[low[1] : high[1] : skip, low[0] : high[0] : skip]
    if step > 1:
        size = [max(1, round(float(side) / step)) for side in high - low]
        crop = np.asarray(
            cv2.resize(np.ascontiguousarray(crop), size, interpolation=cv2.INTER_AREA), np.uint8
        )
    inner = (points - low.astype(np.float32)) * (
        np.array(crop.shape[1::-1], np.float32) / (high - low).astype(np.float32)
    )
    tiles = _tiles(crop, inner)
    window = np.hanning(TILE_PX + 2)[1:-1].astype(np.float32)
    weight = np.outer(window, window)
    tiles = tiles - (tiles * weight).sum((1, 2), keepdims=True) / weight.sum()
    spectrum = np.fft.rfft2(tiles * (weight / 255), axes=(1, 2))
    return np.asarray(np.abs(spectrum) ** 2 / (weight**2).sum(), np.float32)


def _tiles(crop: UInt8Image, corners: FloatArray) -> FloatArray:
    """Luma of tiles (n, TILE_PX, TILE_PX) within a quadrilateral, 0 to 255."""
    centre = corners.mean(0)
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    inset = 1 - min(0.6, (TILE_PX * 1.5 + 4) / max(float(sides.min()), 1.0))
    inner = (centre + (corners - centre) * inset).astype(np.float32)
    number = int(np.clip(sides.mean() / (TILE_PX / 2), 3, TILES))
    to_luma = cv2.getPerspectiveTransform(frame_corners((number, number)), inner)
    grid = np.stack(np.meshgrid(np.arange(number), np.arange(number)), -1).astype(np.float32)
    places = cv2.perspectiveTransform(grid.reshape(-1, 1, 2), to_luma)[:, 0]
    room = [max(0, TILE_PX - side) for side in crop.shape[:2]]
    if any(room):
        crop = np.pad(crop, [(0, room[0]), (0, room[1]), (0, 0)], mode="symmetric")
    start = np.rint(places - TILE_PX / 2).astype(int)
    start = np.clip(start, 0, np.array(crop.shape[1::-1]) - TILE_PX)
    views = np.lib.stride_tricks.sliding_window_view(crop, (TILE_PX, TILE_PX), axis=(0, 1))
    colours = views[start[:, 1], start[:, 0]].astype(np.float32)
    return np.asarray(np.einsum("ncyx,c->nyx", colours, LUMA), np.float32)


def frequencies() -> tuple[FloatArray, FloatArray]:
    """Cycles per pixel along x and y of the spectra, each (TILE_PX, TILE_PX / 2 + 1)."""
    fx, fy = np.meshgrid(np.fft.rfftfreq(TILE_PX), np.fft.fftfreq(TILE_PX))
    return fx.astype(np.float32), fy.astype(np.float32)


def band_powers(power: FloatArray) -> FloatArray:
    """log10 of the mean power (len(QUANTILES), BANDS) by radial frequency, over the tiles."""
    fx, fy = frequencies()
    radius = np.sqrt(fx**2 + fy**2)
    band = np.floor((radius - 1.5 / TILE_PX) / (0.5 - 1.5 / TILE_PX) * BANDS)
    means = np.stack([power[:, band == b].mean(1) for b in range(BANDS)], 1)
    return np.asarray(np.log10(np.quantile(means, QUANTILES, axis=0) + FLOOR), np.float32)
