"""How surprising it would be to find a codeword by chance, in bits.

All bounds are for a block of fair coins: 20 bits of evidence mean that a decoder finds
a word with as much evidence in at most one of 2 ** 20 random blocks. Sums over
candidates (union bounds) are used throughout, so that independence between candidates
is never assumed.
"""

from __future__ import annotations

from functools import cache
from math import comb, log2


@cache
def tail_bits(count: int, agreeing: int) -> float:
    """Minus log2 of the chance that at least ``agreeing`` of ``count`` coins are heads."""
    total = sum(comb(count, heads) for heads in range(agreeing, count + 1))
    return count - log2(total) if total else float("inf")


def any_word_bits(word_bits: int, count: int, agreeing: int) -> float:
    """Evidence from one of 2 ** word_bits words that agrees with so many of count coins.

    Holds for any way of finding the word.
    """
    return tail_bits(count, agreeing) - word_bits


@cache
def algebraic_bits(length: int, check_count: int, erasures: int, errors: int) -> float:
    """Evidence from a Reed-Solomon codeword at so many errors outside the erasures.

    Where e symbols are erased, the others of a random word differ in at most t places
    from some codeword with a chance of at most the number of such changes,
    the sum over i <= t of C(n - e, i) * 255 ** i, times 256 ** -(check_count - e).
    """
    changes = sum(comb(length - erasures, i) * 255**i for i in range(errors + 1))
    return 8.0 * (check_count - erasures) - log2(changes)


@cache
def most_errors(length: int, check_count: int, erasures: int, bits: float) -> int:
    """Most errors beside so many erasures at which a Reed-Solomon word has enough evidence.

    The bound on errors and erasures together: 2 * errors + erasures is at most
    ``check_count``, and :func:`algebraic_bits` at least ``bits``; -1 where no number of
    errors fulfils both.
    """
    most = (check_count - erasures) // 2
    while most >= 0 and algebraic_bits(length, check_count, erasures, most) < bits:
        most -= 1
    return max(most, -1)


def ordered_bits(candidates: int, checked: int, agreeing: int) -> float:
    """Evidence from the agreement of the best of some candidates outside the basis.

    The candidates are fixed by the signs of the basis; the coins outside are
    independent of them, so each candidate agrees by chance alone.
    """
    return tail_bits(checked, agreeing) - log2(candidates)
