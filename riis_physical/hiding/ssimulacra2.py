"""SSIMULACRA 2, a metric of sight that knows masking: 100 is equal, 90 hard to see, 50 medium.

Structure and edges are compared in XYB at five scales and weighed as people judged pairs of
pictures. Weights and constants are those of the reference (Jon Sneyers, cloudinary/ssimulacra2,
BSD licence), but for weights below 0.002, which change no figure by a tenth; the borders of a
picture are taken as the Python package ssimulacra2 takes them, with which the tests compare.
Pictures of fewer than 256 px a side lack scales: there the reference gives weights to other scales
than their own, which is not done here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.images.srgb import to_linear

# Channel (X, Y or B), scale, exponent of the mean; weights of structure, edges added, edges lost.
_WEIGHTS = (
    (0, 1, 4, 1.1041726426657346, 0.0, 0.0),
    (0, 2, 4, 1.8422455520539298, 11.441172603757666, 0.0),
    (0, 3, 4, 1.8787594979546387, 10.94906990605142, 0.0),
    (0, 4, 1, 0.0, 0.9677937080626833, 0.0),
    (0, 4, 4, 0.0, 0.9981766977854967, 0.0),
    (1, 0, 4, 7.466890328078848, 0.0, 17.445833984131262),
    (1, 1, 4, 6.683678146179332, 0.0, 1.027889937768264),
    (1, 2, 1, 225.20515300849274, 0.0, 0.0),
    (1, 2, 4, 19.213238186143016, 0.0, 0.0),
    (1, 3, 1, 176.39317598450694, 0.0, 0.0),
    (1, 3, 4, 24.43300999870476, 0.28520802612117757, 0.0),
    (1, 4, 4, 34.77906344483772, 44.835625328877896, 0.0),
    (2, 3, 1, 0.0020827005846636437, 0.0, 0.0),
    (2, 3, 4, 8.826982764996862, 23.19243343998926, 0.0),
    (2, 4, 1, 95.1080498811086, 0.9863978034400682, 0.9834382792465353),
    (2, 4, 4, 0.0, 171.2667255897307, 0.9807858872435379),
)
_SCALES = 5
_LEAST_PX = 8  # of a scale's sides
_ABSORBANCE = np.array(
    [
        [0.30, 0.622, 0.078],
        [0.23, 0.692, 0.078],
        [0.24342268924547819, 0.20476744424496821, 0.5518098665095536],
    ]
)
_BIAS = 0.0037930732552754493
_C2 = 0.0009
_LIGHT = to_linear(np.arange(256) / 255).astype(np.float32)
_WINDOW = cv2.getGaussianKernel(11, 1.5).astype(np.float32)
_ONE = np.ones(1, np.float32)


class _Plane(NamedTuple):
    """A channel at a scale: values, their local mean, and the local mean of their squares."""

    values: FloatArray
    mean: FloatArray
    square: FloatArray


def ssimulacra2(host: UInt8Image) -> Callable[[UInt8Image], float]:
    """What compares pictures with a host (H, W, 3) of at least 8 px a side: figure of a picture."""
    theirs = _planes(host)

    def figure(picture: UInt8Image) -> float:
        total = 0.0
        for place, plane in _planes(picture).items():
            measures = _compared(theirs[place], plane)
            for channel, scale, exponent, *weights in _WEIGHTS:
                if (channel, scale) == place:
                    total += sum(
                        weight * _mean(measure(), exponent)
                        for weight, measure in zip(weights, measures, strict=True)
                        if weight
                    )
        total *= 0.9562382616834844
        error = total * (2.326765642916932 + total * (total * 6.248496625763138e-05
                                                      - 0.020884521182843837))  # fmt: skip
        return 100.0 - 10.0 * max(0.0, error) ** 0.6276336467831387

    return figure


def _planes(picture: UInt8Image) -> dict[tuple[int, int], _Plane]:
    """By channel and scale, as far as they are weighed and the picture is large enough."""
    light, found = _LIGHT[picture], {}
    for scale in range(_SCALES):
        if min(light.shape[:2]) < _LEAST_PX:
            break
        wanted = {channel for channel, at, *_ in _WEIGHTS if at == scale}
        for channel, values in zip((0, 1, 2), _xyb(light, 2 in wanted), strict=False):
            if channel in wanted:
                found[channel, scale] = _Plane(values, _blurred(values), _blurred(values * values))
        even = [side % 2 for side in light.shape[:2]]
        whole = cv2.copyMakeBorder(light, 0, even[0], 0, even[1], cv2.BORDER_REPLICATE)
        size = (whole.shape[1] // 2, whole.shape[0] // 2)
        light = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.float32)
    return found


def _xyb(light: FloatArray, with_b: bool) -> list[FloatArray]:
    """X, Y and, where asked for, B minus Y of linear light (H, W, 3), all moved above zero."""
    cones = 3 if with_b else 2
    matrix = np.column_stack([_ABSORBANCE[:cones], np.full(cones, _BIAS)]).astype(np.float32)
    absorbed = np.maximum(cv2.transform(light, matrix), 0)
    mixed = np.asarray(np.cbrt(absorbed) - np.float32(np.cbrt(_BIAS)), np.float32)
    long, middle = mixed[..., 0], mixed[..., 1]
    y = (long + middle) / 2
    found = [(long - middle) * 7 + 0.42, y + 0.01]
    if with_b:
        found.append(mixed[..., 2] - y + 0.55)
    return [np.asarray(one, np.float32) for one in found]


def _blurred(values: FloatArray) -> FloatArray:
    """A Gaussian of sigma 1.5; columns beyond the sides are zero, rows are mirrored."""
    across = cv2.sepFilter2D(values, -1, _WINDOW, _ONE, borderType=cv2.BORDER_CONSTANT)
    down = cv2.sepFilter2D(across, -1, _ONE, _WINDOW, borderType=cv2.BORDER_REFLECT)
    return np.asarray(down, np.float32)


def _compared(a: _Plane, b: _Plane) -> tuple[Callable[[], FloatArray], ...]:
    """How to compute the loss of structure, the edges that came and those that went."""

    def structure() -> FloatArray:
        product = a.mean * b.mean
        common = 2 * (_blurred(a.values * b.values) - product) + _C2
        both = (a.square - a.mean * a.mean) + (b.square - b.mean * b.mean) + _C2
        return np.maximum(0, 1 - (1 - (a.mean - b.mean) ** 2) * common / both)

    def ratio() -> FloatArray:
        return (1 + np.abs(b.values - b.mean)) / (1 + np.abs(a.values - a.mean)) - 1

    return structure, lambda: np.maximum(0, ratio()), lambda: np.maximum(0, -ratio())


def _mean(values: FloatArray, exponent: int) -> float:
    """Mean, or fourth root of the mean of fourth powers."""
    if exponent == 1:
        return float(values.mean(dtype=np.float64))
    square = np.square(values)
    return float(np.vdot(square, square) / values.size) ** 0.25
