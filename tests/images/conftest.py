"""A picture of two colours."""

import numpy as np
import pytest
from PIL import Image
from small_pictures import BLUE, RED


@pytest.fixture
def picture() -> Image.Image:
    """60 x 40, blue with a red top-left quarter."""
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:] = BLUE
    pixels[:20, :30] = RED
    return Image.fromarray(pixels)
