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
# Whether a pattern is there shows as well in frames that are sampled less finely.
PROBE_SUPERSAMPLING = 2
BATCH = 20
# 64 unrelated modules agree with a finder pattern by 0.125 (one sigma), a code
# read at a neighbouring version by up to 0.75.
STRONG = 0.85
WEAK = 0.30
LIKELY_VERSIONS = (3, 4, 5, 6)
OTHER_VERSIONS = (2, 7, 8, 9, 10, 1)
VERSIONS = LIKELY_VERSIONS + OTHER_VERSIONS

Way = tuple[int, bool]
"""How a picture is held: quarter turns, and whether the photo shows it mirrored."""
SeenAs = tuple[int, Way, int]
"""Candidate, way to hold it and version."""
End = tuple[int, int]
UPRIGHT: Way = (0, False)
TURNS = (0, 1, 3, 2)
ALL_WAYS: tuple[Way, ...] = tuple((turn, mirrored) for mirrored in (False, True) for turn in TURNS)


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
        mirrored: whether the candidate is seen in the photo's mirror image.
    """

    quad: int
    turn: int
    version: int
    finder: float = 0.0
    mirrored: bool = False

    @property
    def way(self) -> Way:
        """The way that the picture is held."""
        return self.turn, self.mirrored

    @property
    def seen_as(self) -> SeenAs:
        """What is looked at."""
        return self.quad, self.way, self.version

    @property
    def transposed(self) -> Hypothesis:
        """The other way to hold it that puts the finder patterns at the same places."""
        return replace(self, turn=(1 - self.turn) % 4, mirrored=not self.mirrored)


@dataclass(frozen=True)
class Trial:
    """A look for one finder pattern.

    Attributes:
        region: of the photo.
        corners: xy (4, 2) of the code, the printed top-left first.
        version: of the code.
        end: left or right (0 or 1), top or bottom end of the code.
    """

    region: Region
    corners: FloatArray
    version: int
    end: End = (0, 0)


def frame_px(version: int) -> int:
    """Side of the model frame of a QR version, in pixels."""
    return MODULE_PX * (17 + 4 * version)


def rounds(quads: int, ways: Sequence[Way] = ()) -> Iterator[list[Hypothesis]]:
    """What to try, the likeliest first; the search may stop after any round.

    Every version is tried the first way up on the three best candidates and on
    the last one, the outline of the photo itself; the other ways up on the best
    one, and with the likely versions on the next two. The rest get the likely
    versions the first way up, and on the photo itself all ways. Mirrored, the likely versions
    are tried on the best one, and the first way up on the next. Some 170 tries bound the time
    that a photo without any container takes.

    Args:
        quads: how many candidates.
        ways: that are tried, the likeliest first; all where there are none.
    """
    ways = ways or ALL_WAYS
    first = ways[:1]
    (_, seen) = ways[0]
    others = [way for way in ways[1:] if way[1] == seen]
    flipped = [way for way in ways[1:] if way[1] != seen]
    best = range(min(quads, 2))
    third = range(2, min(quads, 3))
    rest = range(3, quads)
    yield _tries(best, first, LIKELY_VERSIONS)
    yield [
        *_tries(best, first, OTHER_VERSIONS),
        *_tries(third, first, VERSIONS),
        *_tries(rest[-1:], first, LIKELY_VERSIONS),
    ]
    for way in others:
        yield _tries(best, [way], LIKELY_VERSIONS)
    yield _tries([*best, *rest[-1:]], flipped[:1], LIKELY_VERSIONS)
    yield [
        *_tries(rest[:-1], first, LIKELY_VERSIONS),
        *_tries(rest[-1:], first, OTHER_VERSIONS),
    ]
    yield [
        *_tries([*best[:1], *rest[-1:]], flipped[1:], LIKELY_VERSIONS),
        *_tries(rest[-1:], others, LIKELY_VERSIONS),
        *_tries(best[:1], others, OTHER_VERSIONS),
        *_tries(third, others, LIKELY_VERSIONS),
    ]


def quick_rounds(
    quads: int, way: Way = UPRIGHT, *, all_ways: bool = False
) -> Iterator[list[Hypothesis]]:
    """What to try on a few candidates before anything else is looked for.

    Args:
        quads: how many candidates.
        way: that is tried first with all versions.
        all_ways: try its mirror image too.
    """
    if quads:
        yield _tries(range(quads), [way], LIKELY_VERSIONS)
        turn, mirrored = way
        flipped = _tries(range(quads), [(turn, not mirrored)] if all_ways else [], LIKELY_VERSIONS)
        yield [*_tries(range(quads), [way], OTHER_VERSIONS), *flipped]


def _tries(quads: Sequence[int], ways: Sequence[Way], versions: Sequence[int]) -> list[Hypothesis]:
    return [
        Hypothesis(q, turn, v, mirrored=mirrored)
        for q in quads
        for turn, mirrored in ways
        for v in versions
    ]


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
    end: End,
) -> list[Hypothesis]:
    """Finder scores at one end of the code, best first."""
    trials = [
        Trial(regions[h.quad], np.roll(regions[h.quad].corners, -h.turn, axis=0), h.version, end)
        for h in hypotheses
    ]
    scores = finder_scores(revealer, trials, jpeg_quality)
    scored = [replace(h, finder=score) for h, score in zip(hypotheses, scores, strict=True)]
    return sorted(scored, key=lambda h: -h.finder)


def finder_scores(
    revealer: RevealerLike, trials: Sequence[Trial], jpeg_quality: float | None
) -> list[float]:
    """Agreement with the finder pattern that each trial looks for, -1 to 1."""
    scores: list[float] = []
    side = PROBE_MODULES * MODULE_PX
    for start in range(0, len(trials), BATCH):
        part = trials[start : start + BATCH]
        frames, conditions = [], []
        for trial in part:
            size = frame_px(trial.version)
            x, y = ((size - side) * one for one in trial.end)
            corner = trial.region.rectify(
                (size, size), corners=trial.corners, window=(y, x, side, side),
                supersampling=PROBE_SUPERSAMPLING,
            )  # fmt: skip
            frames.append(corner.image)
            conditions.append(middling(jpeg_quality, corner.scale_px))
        revealed = revealer.reveal(np.stack(frames), conditions)
        scores += [
            finder_score(_flipped(logits, trial.end))
            for trial, logits in zip(part, revealed.logits, strict=True)
        ]
    return scores


def _flipped(logits: FloatArray, end: End) -> FloatArray:
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
