"""How far a container is from its host, and how sure a measured rate is.

Pictures are uint8 (H, W, 3). All measures work in horizontal strips, so that
posters of tens of megapixels stay within a few hundred megabytes. A mask
(H, W) restricts a measure to a part of the picture; `smooth_mask` gives the
part where hidden residuals show first: skies, skin and walls.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.errors import ConfigError

STRIP_ROWS = 256
#: Share of the picture that `smooth_mask` marks.
SMOOTH_SHARE = 0.1

_SSIM_SIGMA, _SSIM_RADIUS = 1.5, 5
_SSIM_C1, _SSIM_C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2

Mask = NDArray[np.bool_]


def psnr(host: UInt8Image, container: UInt8Image, mask: Mask | None = None) -> float:
    """Peak signal-to-noise ratio in dB over all three channels; inf where equal."""
    _same_shape(host, container)
    total = 0.0
    for rows in strips(host.shape[0]):
        part = None if mask is None else mask[rows]
        total += squared_error(host[rows], container[rows], part)
    return psnr_of(total, host.size if mask is None else 3 * int(mask.sum()))


def squared_error(host: UInt8Image, container: UInt8Image, mask: Mask | None = None) -> float:
    """Sum of squared differences in levels, as one number."""
    difference = cv2.absdiff(host, container)
    if mask is not None:
        difference = difference[mask]
    return float(cv2.norm(difference, cv2.NORM_L2SQR)) if difference.size else 0.0


def psnr_of(total: float, count: int) -> float:
    """PSNR in dB of a sum of squared errors over `count` 8-bit samples."""
    if count == 0:
        raise ValueError("no samples to measure")
    return math.inf if total == 0 else 10 * math.log10(255.0**2 * count / total)


def ssim(host: UInt8Image, container: UInt8Image, mask: Mask | None = None) -> float:
    """Structural similarity of the luma, Gaussian window of sigma 1.5, in [-1, 1].

    The mean of scikit-image's map for `gaussian_weights=True, sigma=1.5,
    use_sample_covariance=False, data_range=255`, without its 5 px border.
    """
    _same_shape(host, container)
    total, count = 0.0, 0

    def add(values: FloatArray, rows: slice) -> None:
        nonlocal total, count
        inner = values[:, _SSIM_RADIUS:-_SSIM_RADIUS]
        if mask is not None:
            inner = inner[mask[rows, _SSIM_RADIUS:-_SSIM_RADIUS]]
        total += float(inner.sum(dtype=np.float64))
        count += inner.size

    _ssim_strips(host, container, add)
    if count == 0:
        raise ValueError("no samples to measure")
    return total / count


def flip(host: UInt8Image, container: UInt8Image, mask: Mask | None = None) -> float:
    """Mean FLIP difference in [0, 1] at the usual 67 pixels per degree.

    Raises:
        ConfigError: flip-evaluator is not installed.
    """
    try:
        import flip_evaluator
    except ImportError as error:
        raise ConfigError(
            "FLIP needs flip-evaluator: install riis-physical with its eval extra"
        ) from error
    _same_shape(host, container)
    total, count, halo = 0.0, 0, 32
    height = host.shape[0]
    for rows in strips(height, 1024):
        top, bottom = max(rows.start - halo, 0), min(rows.stop + halo, height)
        part, _, _ = flip_evaluator.evaluate(
            _unit(host[top:bottom]),
            _unit(container[top:bottom]),
            "LDR",
            applyMagma=False,
            computeMeanError=False,
        )
        inner = part[rows.start - top : rows.stop - top, :, 0]
        if mask is not None:
            inner = inner[mask[rows]]
        total += float(inner.sum(dtype=np.float64))
        count += inner.size
    return total / count


def local_deviation(image: UInt8Image, window_px: int = 15) -> FloatArray:
    """Standard deviation of the luma around each pixel, in levels; (H, W)."""
    height = image.shape[0]
    result = np.empty(image.shape[:2], np.float32)
    halo = window_px // 2
    for rows in strips(height):
        top, bottom = max(rows.start - halo, 0), min(rows.stop + halo, height)
        luma = luma_of(image[top:bottom])
        mean = cv2.blur(luma, (window_px, window_px))
        square = cv2.sqrBoxFilter(luma, cv2.CV_32F, (window_px, window_px))
        deviation = np.sqrt(np.maximum(square - mean * mean, 0))
        result[rows] = deviation[rows.start - top : rows.stop - top]
    return result


def smooth_mask(host: UInt8Image, share: float = SMOOTH_SHARE) -> Mask:
    """The `share` of the area with the lowest local deviation, as a mask (H, W).

    Exactly round(share * H * W) pixels; ties go to the earlier ones.
    """
    deviation = local_deviation(host).ravel()
    wanted = max(1, round(share * deviation.size))
    limit = np.partition(deviation, wanted - 1)[wanted - 1]
    mask = deviation < limit
    ties = np.flatnonzero(deviation == limit)
    mask[ties[: wanted - int(mask.sum())]] = True
    return mask.reshape(host.shape[:2])


def wilson_interval(hits: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a rate: `hits` successes in `trials`."""
    from scipy.stats import binomtest

    if trials <= 0 or not 0 <= hits <= trials:
        raise ValueError(f"{hits} hits in {trials} trials")
    interval = binomtest(hits, trials).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def luma_of(image: UInt8Image) -> FloatArray:
    """Unrounded BT.601 luma in levels, float32 (H, W)."""
    weights = np.array([[0.299, 0.587, 0.114]], np.float32)
    luma = np.empty(image.shape[:2], np.float32)
    for rows in strips(len(image)):
        luma[rows] = cv2.transform(image[rows].astype(np.float32), weights)
    return luma


def strips(height: int, rows: int = STRIP_ROWS) -> Iterator[slice]:
    """Consecutive row ranges that cover `height`."""
    for start in range(0, height, rows):
        yield slice(start, min(start + rows, height))


def _ssim_strips(
    host: UInt8Image, container: UInt8Image, add: Callable[[FloatArray, slice], None]
) -> None:
    """Call `add` with the map of each strip; the outer 5 rows are left out."""
    height, radius = host.shape[0], _SSIM_RADIUS
    for inner in strips(height - 2 * radius):
        rows = slice(inner.start + radius, inner.stop + radius)
        a = luma_of(host[rows.start - radius : rows.stop + radius])
        b = luma_of(container[rows.start - radius : rows.stop + radius])
        mean_a, mean_b = _window(a), _window(b)
        mean_ab, mean_aa, mean_bb = mean_a * mean_b, mean_a * mean_a, mean_b * mean_b
        variance = _window(a * a + b * b) - mean_aa - mean_bb
        covariance = _window(a * b) - mean_ab
        values = ((2 * mean_ab + _SSIM_C1) * (2 * covariance + _SSIM_C2)) / (
            (mean_aa + mean_bb + _SSIM_C1) * (variance + _SSIM_C2)
        )
        add(values[radius:-radius], rows)


def _window(values: FloatArray) -> FloatArray:
    size = 2 * _SSIM_RADIUS + 1
    blurred = cv2.GaussianBlur(values, (size, size), _SSIM_SIGMA, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float32)


def _unit(image: UInt8Image) -> FloatArray:
    return image.astype(np.float32) / np.float32(255)


def _same_shape(host: UInt8Image, container: UInt8Image) -> None:
    if host.shape != container.shape or host.ndim != 3 or host.dtype != np.uint8:
        raise ValueError(
            f"host {host.shape} {host.dtype} and container {container.shape} {container.dtype}: "
            "expected two uint8 pictures (H, W, 3) of one size"
        )
