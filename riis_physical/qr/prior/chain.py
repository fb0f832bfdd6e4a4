"""Soft bits of a text to the odds of its bits given which characters follow which.

The forward-backward algorithm over a chain of characters (Bahl, Cocke, Jelinek and
Raviv 1974): a state is a character, each unit of one to three characters shows itself in
a few soft bits. Forward sums also give the chance of the soft bits under every length of
the text at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class Alphabet:
    """Characters of a mode, and how units of them are written.

    Attributes:
        chances: of each character after each, (A + 1, A); the last row is the start.
        unit: characters in a whole unit, 1 to 3.
        bits: of a unit of 1 .. `unit` characters.
    """

    chances: Floats
    unit: int
    bits: tuple[int, ...]

    @property
    def size(self) -> int:
        return int(self.chances.shape[1])

    def patterns(self, characters: int) -> Bits:
        """Bits of every unit of so many characters, (A ** characters, bits)."""
        return _patterns(self.size, characters, self.bits[characters - 1])


@cache
def _patterns(size: int, characters: int, bits: int) -> Bits:
    values = np.arange(size**characters)
    grid: Bits = (values[:, None] >> np.arange(bits - 1, -1, -1) & 1).astype(bool)
    grid.setflags(write=False)
    return grid


@dataclass(frozen=True)
class Forward:
    """What comes before each unit, for one beginning.

    Attributes:
        states: (A + 1,) or (A,) chances of the last character before each whole unit, by
            number of units; those from which the chain begins first.
        log2: of the sum that each was divided by, added up.
    """

    states: tuple[Floats, ...]
    log2: tuple[float, ...]


def emissions(alphabet: Alphabet, ones: Floats, zeros: Floats, characters: int) -> Floats:
    """Chance of a unit's soft bits under each of its values, over that under coins.

    Args:
        ones, zeros: (bits,) log2 of it for each bit, if the bit is 1, if it is 0.
        characters: in the unit.

    Returns:
        (A,) * characters.
    """
    patterns = alphabet.patterns(characters)
    log2 = zeros.sum() + patterns @ (ones - zeros)
    chance: Floats = np.exp2(np.clip(log2, -900, 900))
    return chance.reshape((alphabet.size,) * characters)


def joint(alphabet: Alphabet, state: Floats, emission: Floats) -> Floats:
    """Joint chances of a unit's characters and its soft bits, (A,) * characters."""
    rows = alphabet.chances[: len(state)] if len(state) == alphabet.size else alphabet.chances
    chance: Floats = state @ rows
    for _ in range(emission.ndim - 1):
        chance = chance[..., None] * alphabet.chances[:-1]
    result: Floats = chance * emission
    return result


def forward(alphabet: Alphabet, start: Floats, units: Sequence[Floats]) -> Forward:
    """Chances of what was seen up to each unit, from a state before the first one.

    Args:
        start: (A + 1,), the last entry for the start of a message.
        units: :func:`emissions` of whole units.
    """
    states, logs = [start], [0.0]
    for emission in units:
        after = joint(alphabet, states[-1], emission)
        after = after.sum(axis=tuple(range(after.ndim - 1)))
        total = float(after.sum())
        if total <= 0:
            break
        states.append(after / total)
        logs.append(logs[-1] + float(np.log2(total)))
    return Forward(tuple(states), tuple(logs))


def posteriors(alphabet: Alphabet, seen: Forward, units: Sequence[Floats]) -> list[Floats]:
    """Chances of each unit's values given all units, whole ones and a last shorter one.

    Args:
        seen: of the whole units among `units`, at least.
        units: :func:`emissions` of all units of the text.

    Returns:
        (A ** characters,) each, summing to 1.
    """
    after = np.ones(alphabet.size)
    result: list[Floats] = []
    for number in range(len(units) - 1, -1, -1):
        emission = units[number]
        chance = joint(alphabet, seen.states[number], emission) * after
        result.append((chance / max(float(chance.sum()), 1e-300)).ravel())
        back = emission * after
        for _ in range(emission.ndim - 1):
            back = (back * alphabet.chances[:-1]).sum(axis=-1)
        after = alphabet.chances[:-1] @ back
        after = after / max(float(after.max()), 1e-300)
    return result[::-1]
