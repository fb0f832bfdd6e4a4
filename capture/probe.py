"""Which candidate holds a code, which way up it is, and of which version.

The network reveals only the 10 x 10 modules at the printed top-left, where
every code has a finder pattern. A wrong orientation shows other modules there,
a wrong version the right ones at the wrong pitch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from capture.rectify import MODULE_PX, Region
from riis_physical.artifacts import Condition
from riis_physical.qr.presence import finder_score

FloatArray = NDArray[np.float32]

PROBE_MODULES = 10
BATCH = 20
# 64 unrelated modules agree with a finder pattern by 0.125 (one sigma), a code
# read at a neighbouring version by up to 0.75.
STRONG = 0.85
WEAK = 0.30
LIKELY_VERSIONS = (3, 4, 5, 6)
OTHER_VERSIONS = (2, 7, 8, 9, 10, 1)
VERSIONS = LIKELY_VERSIONS + OTHER_VERSIONS


class RevealedLike(Protocol):
    """What a revealer returns for a batch."""

    @property
    def logits(self) -> FloatArray:
        """(B, h, w), positive for dark."""

    @property
    def picture(self) -> FloatArray:
        """(B, 4h, 4w) about [-1, 1], +1 for dark."""


class RevealerLike(Protocol):
    """The part of :class:`riis_physical.revealer.Revealer` that scanning needs."""

    @property
    def name(self) -> str:
        """Of the model."""

    def reveal(self, frames: FloatArray, conditions: Sequence[Condition | None]) -> RevealedLike:
        """Reveal (B, 8h, 8w, 3) frames in [0, 1]."""

    def estimate(self, frame: FloatArray, jpeg_quality: float | None, scale_px: float) -> Condition:
        """Distortion level of one rectified frame."""


@dataclass(frozen=True)
class Hypothesis:
    """A candidate seen as a code.

    Attributes:
        quad: number of the candidate.
        turn: quarter turns: printed top-left is the candidate's corner `turn`.
        version: QR version.
        finder: agreement of the corner with a finder pattern, -1 to 1.
    """

    quad: int
    turn: int
    version: int
    finder: float = 0.0


def frame_px(version: int) -> int:
    """Side of the model frame of a QR version, in pixels."""
    return MODULE_PX * (17 + 4 * version)


def rounds(quads: int, turns: Sequence[int] = (0, 1, 3, 2)) -> Iterator[list[Hypothesis]]:
    """What to try, the likeliest first; the search may stop after any round.

    Every version is tried the first way up on the three best candidates and on
    the last one, the outline of the photo itself; the other ways up on the best
    one, and with the likely versions on the next two. The rest get the likely
    versions the first way up. Some 120 tries bound the time that a photo
    without any container takes.
    """
    first = turns[0]
    best = range(min(quads, 2))
    third = range(2, min(quads, 3))
    rest = range(3, quads)
    yield _tries(best, turns[:1], LIKELY_VERSIONS)
    yield [
        *_tries(best, turns[:1], OTHER_VERSIONS),
        *_tries(third, turns[:1], VERSIONS),
        *_tries(rest[-1:], turns[:1], LIKELY_VERSIONS),
    ]
    for turn in turns[1:]:
        yield _tries(best, [turn], LIKELY_VERSIONS)
    yield [
        *_tries(rest[:-1], [first], LIKELY_VERSIONS),
        *_tries(rest[-1:], [first], OTHER_VERSIONS),
    ]
    yield [
        *_tries(best[:1], turns[1:], OTHER_VERSIONS),
        *_tries(third, turns[1:], LIKELY_VERSIONS),
    ]


def quick_rounds(quads: int, turns: Sequence[int] = (0, 1, 3, 2)) -> Iterator[list[Hypothesis]]:
    """What to try on a few candidates before anything else is looked for."""
    every = range(quads)
    if not quads:
        return
    yield _tries(every, turns[:1], LIKELY_VERSIONS)
    yield [*_tries(every, turns[:1], OTHER_VERSIONS), *_tries(every, turns[1:], LIKELY_VERSIONS)]


def _tries(quads: Sequence[int], turns: Sequence[int], versions: Sequence[int]) -> list[Hypothesis]:
    return [Hypothesis(q, turn, v) for q in quads for turn in turns for v in versions]


def probe(
    revealer: RevealerLike,
    regions: Sequence[Region],
    hypotheses: Sequence[Hypothesis],
    jpeg_quality: float | None,
) -> list[Hypothesis]:
    """The hypotheses with their finder scores, best first.

    Args:
        revealer: reveals 80 x 80 crops in batches of at most 20.
        regions: of the candidates, by number.
        jpeg_quality: of the photo's file, None where unknown.
    """
    scored: list[Hypothesis] = []
    side = PROBE_MODULES * MODULE_PX
    for start in range(0, len(hypotheses), BATCH):
        part = hypotheses[start : start + BATCH]
        frames, conditions = [], []
        for h in part:
            region = regions[h.quad]
            size = frame_px(h.version)
            corner = region.rectify(
                (size, size),
                corners=np.roll(region.corners, -h.turn, axis=0),
                window=(0, 0, side, side),
            )
            frames.append(corner.image)
            conditions.append(middling(jpeg_quality, corner.scale_px))
        revealed = revealer.reveal(np.stack(frames), conditions)
        scored += [
            Hypothesis(h.quad, h.turn, h.version, finder_score(logits))
            for h, logits in zip(part, revealed.logits, strict=True)
        ]
    return sorted(scored, key=lambda h: -h.finder)


def middling(jpeg_quality: float | None, scale_px: float) -> Condition:
    """A condition for probing: a photo of ordinary blur and noise."""
    quality = 85.0 if jpeg_quality is None else jpeg_quality
    return Condition(blur=0.8, noise=0.012, jpeg_quality=quality, scale_px=scale_px)
