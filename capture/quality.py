"""How good a capture is, and what to do about a bad one.

The JPEG quality comes from the file's own quantisation tables
(:func:`riis_physical.image_io.jpeg_quality`, re-exported here), blur and noise
from the network's estimate, the scale from the geometry.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from capture.rectify import validate_corners
from riis_physical.artifacts import Condition, UInt8Image
from riis_physical.image_io import jpeg_quality

__all__ = ["advice", "container_width_px", "jpeg_quality"]

# From here on reading gets hard; see the README for measured rates by width.
NARROW_PX = 300.0
BLURRED = 1.4
NOISY = 0.035
COARSE_JPEG = 50.0
CLIPPED_SHARE = 0.12
DARK_LEVEL = 45.0


def container_width_px(corners: NDArray[np.floating]) -> float:
    """Mean length of the upper and the lower side, photo px."""
    points = np.asarray(corners, np.float64)
    sides = np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=1)
    return float(sides[[0, 2]].mean())


def advice(photo: UInt8Image, corners: NDArray[np.floating], condition: Condition) -> str:
    """One line for people: the likeliest reasons why a container did not read."""
    width = container_width_px(corners)
    found: list[str] = []
    if width < NARROW_PX:
        found.append(f"the container is {width:.0f} px wide in the photo: come closer")
    if condition.blur > BLURRED:
        found.append("the photo is blurred: hold still and focus on the picture")
    bright, dark = _exposure(photo, validate_corners(corners))
    if bright > CLIPPED_SHARE:
        found.append(f"glare or overexposure on {bright:.0%} of the container: change the angle")
    elif dark < DARK_LEVEL:
        found.append("the container is very dark in the photo: add light")
    if condition.noise > NOISY:
        found.append("the photo is noisy: add light")
    if condition.jpeg_quality < COARSE_JPEG:
        found.append(
            f"JPEG quality {condition.jpeg_quality:.0f}: send the original file, not a preview"
        )
    if not found:
        found.append("take the photo again, closer, straight on and in even light")
    return "; ".join(found)


def _exposure(photo: UInt8Image, corners: NDArray[np.float32]) -> tuple[float, float]:
    """Share of clipped pixels, and mean level (0 to 255), on a grid within the container."""
    share = (np.arange(48) + 0.5) / 48
    top = corners[0] + share[:, None] * (corners[1] - corners[0])
    bottom = corners[3] + share[:, None] * (corners[2] - corners[3])
    xy = top[None] + share[:, None, None] * (bottom - top)[None]
    height, width = photo.shape[:2]
    x = np.clip(np.rint(xy[..., 0]), 0, width - 1).astype(np.intp)
    y = np.clip(np.rint(xy[..., 1]), 0, height - 1).astype(np.intp)
    colours = photo[y, x]
    return float((colours.min(axis=-1) >= 253).mean()), float(colours.mean())
