"""Where something lies on the container: modules that hold no signal.

Under a sticker, a finger or a reflection there is no code, and the network's values
there are small: it was trained to be unsure where it is wrong. Single values are small
by chance too, so that the mean size over a neighbourhood decides. Such modules are
erased instead of guessed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riis_physical.qr.code.structure import grid_size
from riis_physical.qr.soft.blocks.neighbourhood import near_mean
from riis_physical.qr.soft.knowledge import NOTHING, Knowledge
from riis_physical.qr.soft.reading import Reading, read_revealed
from riis_physical.qr.soft.tried import Tried

FloatArray = NDArray[np.float32]

NEIGHBOURHOOD = 1.5
"""Sigma in modules of the mean over a neighbourhood."""
COVERED, CLEAR = 0.6, 0.8
"""Mean sizes, in units of the usual one, up to which a module is erased, and from which on
it counts in full."""
MOST_COVERED = 0.25
"""Larger parts without signal are no object on the picture, and are not erased."""

_LARGEST = 1.5  # values beyond, in units of the median, are no surer


def occlusion_map(logits: NDArray[np.floating], version: int) -> FloatArray:
    """How far each module can be believed, from the sizes of the soft values alone.

    The signs are not looked at, so that a decoder's evidence holds for what is left.

    Args:
        logits: (N, N) soft values in any unit; NaN counts as no signal.
        version: 1 to 10; N = 17 + 4 * version.

    Returns:
        (N, N) in [0, 1]: 0 where something covers the picture, 1 where nothing does;
        1 everywhere if more than ``MOST_COVERED`` of the grid shows no signal.

    Raises:
        ValueError: the grid has not the version's size.
    """
    side = grid_size(version)
    if logits.shape != (side, side):
        raise ValueError(f"logits {logits.shape}: expected ({side}, {side}) for version {version}")
    size = np.abs(np.nan_to_num(logits.astype(np.float64), nan=0.0, posinf=1e30, neginf=-1e30))
    median = float(np.median(size))
    if median == 0.0:
        return np.ones(size.shape, np.float32)
    near = near_mean(np.minimum(size / median, _LARGEST), NEIGHBOURHOOD, zero_outside=False)
    near /= np.median(near)
    reliability = np.clip((near - COVERED) / (CLEAR - COVERED), 0, 1).astype(np.float32)
    if (reliability == 0).mean() > MOST_COVERED:
        return np.ones(size.shape, np.float32)
    return reliability


def read_uncovered(
    logits: NDArray[np.floating],
    version: int,
    knowledge: Knowledge = NOTHING,
    tried: Tried | None = None,
) -> Reading | None:
    """Read the message from what is not covered, for when all of it does not read.

    Args:
        logits: (N, N) soft values, positive for dark.
        version: 1 to 10; N = 17 + 4 * version.
        knowledge: what is known of messages.
        tried: of the same photo.

    Returns:
        the message, None where nothing is covered or it does not read either.

    Raises:
        ValueError: the grid has not the version's size.
    """
    reliability = occlusion_map(logits, version)
    if reliability.min() > 0:
        return None
    uncovered = np.nan_to_num(logits, nan=0.0) * reliability
    return read_revealed(uncovered, None, version, knowledge, tried=tried)
