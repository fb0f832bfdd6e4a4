"""How many bits a grid speaks for a message, whatever way the message was found.

Let l be the log odds of a module being dark as the reader believes them, from the sizes
of the soft values and from the modules that every code has, never from the signs of the
data modules. For a module of a message, 2 / (1 + exp(-s l)) says how much likelier its
sign is than under a fair coin, s = 1 where the message has it dark and -1 where light.
Under fair coins its mean is (2 / (1 + exp(-l)) + 2 / (1 + exp(l))) / 2 = 1, whatever l
is. So for chances p(m) of messages that sum to at most 1, fixed before the photo is
looked at,

    sum over messages m of p(m) * product over modules of 2 / (1 + exp(-s(m) l))

has a mean of at most 1 as well, and by Markov's inequality

    b(m) = log2 p(m) + sum over modules of log2(2 / (1 + exp(-s(m) l)))

reaches B bits for any message at all in at most one of 2 ** B such grids. The bound
holds for every way of finding the message, for any number of tries on the grid, and for
values that are too sure or not sure enough: these only cost bits. Bits of blocks, and of
photos, add up. What is known beforehand (lengths, letters, a beginning, a list) is p,
and a hypothesis more is paid for by what it takes from the others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MESSAGE_BITS = 34.0
"""Least evidence for a message: less than one in 1.7e10 grids of fair coins."""
BLOCK_BITS = 20.0
"""Least evidence for each block's word, given the other blocks: a code with a block that
cannot be read gives a wrong message in less than one of a million."""

CAPS = (20.0, 2.2)
"""Largest log odds that values may claim. Under a sticker or a reflection the surest values
are wrong, and one such costs more than many right ones give: where nothing may be surer than
9 in 10, the rest outweighs it. The better cap counts, for log2(2) bits."""

Floats = NDArray[np.float64]


def bit_gains(log_odds: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Bits that each value speaks for a 1, and for a 0.

    Args:
        log_odds: natural logarithms of the odds of 1, any shape.

    Returns:
        two arrays of that shape: log2(2 / (1 + exp(-l))) and log2(2 / (1 + exp(l))), at
        most 1; 0 where nothing is known.
    """
    value = log_odds.astype(np.float64)
    ones = 1.0 - np.logaddexp(0.0, -value) / np.log(2.0)
    return ones, ones - value / np.log(2.0)


def expected_bits(log_odds: NDArray[np.floating]) -> float:
    """Bits that values tell about what they stand for, where they are as sure as they say."""
    ones, zeros = bit_gains(log_odds)
    right = 1 / (1 + np.exp(-log_odds.astype(np.float64)))
    return float((right * ones + (1 - right) * zeros).sum())
