"""sRGB and linear light agree with scikit-image and with each other."""

import numpy as np
import pytest
from skimage.color import rgb2xyz

from riis_physical.images.srgb import slope, to_linear, to_srgb


def test_light_is_that_of_scikit_image() -> None:
    values = np.linspace(0, 1, 101)
    luminance = rgb2xyz(np.repeat(values[:, None, None], 3, axis=2))[:, 0, 1]
    assert to_linear(values) == pytest.approx(luminance, abs=1e-6)


def test_both_ways_and_the_slope_agree() -> None:
    values = np.linspace(0.02, 1.2, 119)
    assert to_srgb(to_linear(values)) == pytest.approx(values, abs=1e-6)
    step = 1e-6
    inside = values[values <= 1]
    rise = (to_srgb(to_linear(inside) + step) - inside) / step
    assert slope(inside) == pytest.approx(rise, rel=1e-3)
