"""Which candidate holds a code, which way up it is, and of which version.

The network reveals only the 10 x 10 modules at the printed top-left, where
every code has a finder pattern. A wrong orientation shows other modules there,
a wrong version the right ones at the wrong pitch. Where nothing shows, the finder
patterns at the top right and the bottom left are probed as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from capture.geometry.rectify import MODULE_PX, Region
from riis_physical.artifacts import Condition
from riis_physical.qr.soft.presence import finder_score

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
    """The part of :class:`riis_physical.model.revealer.Revealer` that scanning needs."""

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

    @property
    def seen_as(self) -> tuple[int, int, int]:
        """What is looked at: candidate, way up and version."""
        return self.quad, self.turn, self.version


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


def quick_rounds(quads: int, turn: int) -> Iterator[list[Hypothesis]]:
    """What to try on a few candidates before anything else is looked for: one way up."""
    if quads:
        yield _tries(range(quads), [turn], LIKELY_VERSIONS)
        yield _tries(range(quads), [turn], OTHER_VERSIONS)


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
    return _scored(revealer, regions, hypotheses, jpeg_quality, (0, 0))


def probe_beside(
    revealer: RevealerLike,
    regions: Sequence[Region],
    hypotheses: Sequence[Hypothesis],
    jpeg_quality: float | None,
) -> list[Hypothesis]:
    """As :func:`probe`, but each with the better score of the other two finder patterns.

    In a dark or bright corner of a picture the pattern that is probed first may not show.
    """
    best: dict[Hypothesis, float] = {}
    for end in ((1, 0), (0, 1)):
        for h in _scored(revealer, regions, hypotheses, jpeg_quality, end):
            plain = replace(h, finder=0.0)
            best[plain] = max(best.get(plain, -1.0), h.finder)
    return sorted((replace(h, finder=f) for h, f in best.items()), key=lambda h: -h.finder)


def _scored(
    revealer: RevealerLike,
    regions: Sequence[Region],
    hypotheses: Sequence[Hypothesis],
    jpeg_quality: float | None,
    end: tuple[int, int],
) -> list[Hypothesis]:
    """Finder scores at the left or right (0 or 1), top or bottom end of the code, best first."""
    scored: list[Hypothesis] = []
    side = PROBE_MODULES * MODULE_PX
    for start in range(0, len(hypotheses), BATCH):
        part = hypotheses[start : start + BATCH]
        frames, conditions = [], []
        for h in part:
            region = regions[h.quad]
            size = frame_px(h.version)
            x, y = (size - side) * end[0], (size - side) * end[1]
            corner = region.rectify(
                (size, size),
                corners=np.roll(region.corners, -h.turn, axis=0),
                window=(y, x, side, side),
            )
            frames.append(corner.image)
            conditions.append(middling(jpeg_quality, corner.scale_px))
        revealed = revealer.reveal(np.stack(frames), conditions)
        scored += [
            Hypothesis(h.quad, h.turn, h.version, finder_score(_flipped(logits, end)))
            for h, logits in zip(part, revealed.logits, strict=True)
        ]
    return sorted(scored, key=lambda h: -h.finder)


def _flipped(logits: FloatArray, end: tuple[int, int]) -> FloatArray:
    """The pattern of another corner as if it lay at the top left."""
    across, down = (-1 if one else 1 for one in end)
    return logits[::down, ::across]


def middling(jpeg_quality: float | None, scale_px: float) -> Condition:
    """A condition for probing: a photo of ordinary blur and noise.

    Args:
        jpeg_quality: of the photo's file, None where unknown.
        scale_px: photo pixels a module.
    """
    quality = 85.0 if jpeg_quality is None else jpeg_quality
    return Condition(blur=0.8, noise=0.012, jpeg_quality=quality, scale_px=scale_px)
