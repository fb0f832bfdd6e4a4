"""A revealed picture and its soft module values to a message.

The network's values, and their sum with the means of the revealed picture's modules, are
read softly (:mod:`soft`). Decoders of visible codes are for codes that anyone can see
(:mod:`visible`): on revealed pictures they read nothing that soft reading does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riis_physical.qr.code.structure import grid_size
from riis_physical.qr.soft.decode import MIN_PRESENCE, GridReading, normalised, read_grid
from riis_physical.qr.soft.knowledge import NOTHING, Knowledge
from riis_physical.qr.soft.presence import finder_score, presence_score
from riis_physical.qr.soft.tried import Tried

__all__ = ["Reading", "finder_score", "module_means", "presence_score", "read_revealed"]

_PICTURE_PX = 4  # pixels a module in revealed pictures
_WEIGHT_SIGMA = 1.0  # of the Gaussian over a module, in those pixels


@dataclass(frozen=True)
class Reading:
    """A message read from a revealed container.

    Attributes:
        payload: the message's bytes.
        decoder: always ``soft``.
        confidence: in [0, 1], see :class:`soft.GridReading`.
        grid: the evidence in the soft values.
    """

    payload: bytes
    decoder: str
    confidence: float
    grid: GridReading


def read_revealed(
    logits: NDArray[np.floating],
    picture: NDArray[np.floating] | None,
    version: int,
    knowledge: Knowledge = NOTHING,
    *,
    thorough: bool = False,
    tried: Tried | None = None,
) -> Reading | None:
    """Read the message from what the network revealed.

    Args:
        logits: soft module values (N, N), positive for dark.
        picture: revealed picture (4 N, 4 N) about [-1, 1], +1 for dark; None where
            there is none, for example after fusing photos.
        version: 1 to 10; N = 17 + 4 * version.
        knowledge: what is known of messages, fixed before the photo was looked at.
        thorough: spend up to a second more where the grid tells enough.
        tried: of the same photo and knowledge; gets what does not read.

    Returns:
        the message, None where nothing was read with enough evidence.

    Raises:
        ValueError: an array has not the version's size.
    """
    soft = normalised(logits, version)
    grids = [soft]
    if picture is not None:
        size = grid_size(version)
        if picture.shape != (_PICTURE_PX * size, _PICTURE_PX * size):
            raise ValueError(f"picture {picture.shape}: expected ({4 * size}, {4 * size})")
        means = normalised(module_means(picture), version)
        grids.append(normalised(soft + means, version))
    tried = Tried() if tried is None else tried
    for grid in grids:
        if knowledge.among is None and presence_score(grid, version) < MIN_PRESENCE:
            continue
        if knowledge.among is None and tried.like(grid, thorough=thorough):
            continue
        reading = read_grid(grid, version, knowledge, thorough=thorough, tried=tried)
        if reading is not None:
            tried.lists = 0
            return Reading(reading.payload, "soft", reading.confidence, reading)
        if tried.left:  # else text was not weighed
            tried.add(grid, thorough=thorough)
    return None


def module_means(picture: NDArray[np.floating]) -> NDArray[np.float32]:
    """Gaussian-weighted mean of each module's 4 x 4 pixels, (4 N, 4 N) to (N, N)."""
    rows, columns = (length // _PICTURE_PX for length in picture.shape)
    offsets = np.arange(_PICTURE_PX) - (_PICTURE_PX - 1) / 2
    weights = np.exp(-(offsets**2) / (2 * _WEIGHT_SIGMA**2))
    weights /= weights.sum()
    cells = picture.astype(np.float64).reshape(rows, _PICTURE_PX, columns, _PICTURE_PX)
    return np.einsum("aibj,i,j->ab", cells, weights, weights).astype(np.float32)
