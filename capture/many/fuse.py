"""The evidence of several photos of one container, added up until the message reads.

What a photo shows of a module comes as a log-likelihood ratio: soft values times a
factor that the photo's own function patterns give, which every code holds
(:mod:`riis_physical.qr.soft.likelihood`). Photos of one container then add up, each with the
weight that it deserves, and a bad photo adds next to nothing.

Which photos show the same container is seen in the values themselves. Two grids are
compared by the Bayes factor of one message in both against unrelated ones. Messages
that differ little share most modules, so when a message was read every photo has to
confirm it once more, block by block, on the check symbols: there, all symbols of a
block differ as soon as one of its data symbols does. A photo that does not confirm
the message is put aside and the message read again without it.

False accepts
-------------
Every reading passes :func:`riis_physical.qr.soft.reading.read_revealed`, whose bound holds
for each grid that is tried. Sums of random grids are random grids: the factors come
from function patterns alone, and photos are joined by their agreement with each
other, which no codeword is preferred by. A photo adds at most
``MOST_IN_PHOTO`` grids, each tried at most twice, so that with the 6e-11 a grid of
:mod:`riis_physical.qr.soft.decode` the sums of 300 photos are read falsely with a chance of
less than 300 * 4 * 2 * 6e-11 = 2e-7; :attr:`Fusion.attempts` counts them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riis_physical.qr.code.structure import Level, blocks, data_positions
from riis_physical.qr.soft.decode import GridReading, likely_levels
from riis_physical.qr.soft.knowledge import NOTHING, Knowledge
from riis_physical.qr.soft.reading import Reading, read_revealed

Floats = NDArray[np.float32]

LEAST_PRESENCE = 0.30
"""Agreement with the function patterns from which a photo contributes."""
MOST_IN_PHOTO = 4
"""Findings of one photo that are followed, the best first."""

MOST_PARTS = 40
"""Photos of one container that are kept where old ones are forgotten."""

_TEMPER = 0.5  # of log-likelihood ratios in comparisons: their errors are not independent
_SAME = -3.0  # log Bayes factor down to which a photo joins a message
_DISOWNED = -3.0  # the same, below which a photo holds another block than the one read


def same_message(one: Floats, other: Floats, version: int) -> float:
    """Log Bayes factor of one message in both grids against unrelated messages.

    Messages that differ little may share all blocks of their code but one, so the block
    that agrees worst counts, by its check symbols.

    Args:
        one: log-likelihood ratios (N, N); `other` too.

    Returns:
        positive where the grids agree, about 0 where one of them says nothing.
    """
    places = data_positions(version)
    product = np.tanh(_TEMPER * one[places] / 2) * np.tanh(_TEMPER * other[places] / 2)
    symbols = np.log1p(np.clip(product, -0.999, None)).reshape(-1, 8).sum(axis=1)
    level = likely_levels(one + other, version)[0]
    return min(_check_sums(symbols, version, level))


def confirms(values: Floats, reading: GridReading) -> bool:
    """Whether no block of the code speaks for another message in these values.

    Args:
        values: log-likelihood ratios (N, N) of one photo.
        reading: what was read from all photos together.
    """
    signed = _TEMPER * values * np.where(reading.modules, 1, -1)
    # How much likelier than under fair coins.
    gain = np.log(2.0) - np.logaddexp(0.0, -signed)
    symbols = gain[data_positions(reading.version)].reshape(-1, 8).sum(axis=1)
    return min(_check_sums(symbols, reading.version, reading.level)) > _DISOWNED


def _check_sums(symbols: NDArray[np.floating], version: int, level: Level) -> list[float]:
    """Sums over the check symbols of each block of values (codewords,)."""
    return [
        float(symbols[block.positions[block.data_count :]].sum())
        for block in blocks(version, level)
    ]


@dataclass(frozen=True, eq=False)
class Contribution:
    """What one photo adds.

    Attributes:
        photo: its number.
        place: number of the finding within the photo.
        version: QR version.
        presence: agreement with the function patterns, -1 to 1.
        values: log-likelihood ratios (N, N).
        reading: the message where the photo reads by itself.
        evident: whether the photo alone shows that there is a container.
    """

    photo: int
    place: int
    version: int
    presence: float
    values: Floats
    reading: Reading | None = None
    evident: bool = False


@dataclass(frozen=True)
class Track:
    """One container over several photos.

    Attributes:
        version: QR version.
        parts: the contributions, in the order they came.
        reading: the message, None while it does not read.
    """

    version: int
    parts: tuple[Contribution, ...]
    reading: Reading | None = None

    @property
    def total(self) -> Floats:
        """Log-likelihood ratios (N, N) of all photos together."""
        return np.sum([part.values for part in self.parts], axis=0, dtype=np.float32)

    @property
    def counts(self) -> bool:
        """Whether this is a container, read or not."""
        return self.reading is not None or any(part.evident for part in self.parts)

    @property
    def best(self) -> Contribution:
        """The photo that shows the container best."""
        return max(self.parts, key=lambda p: (p.reading is not None, p.presence))


class Fusion:
    """Adds photos up, each container by itself.

    Attributes:
        tracks: what was seen, in the order it was first seen.
        attempts: grids that were tried, photos that read by themselves not counted.
    """

    def __init__(self, memory: int | None = None, knowledge: Knowledge = NOTHING) -> None:
        """`knowledge`: of messages. `memory`: photos after which an unread container that is
        gone is forgotten; for live pictures, which come in order and without end. None keeps
        all."""
        self.memory = memory
        self.knowledge = knowledge
        self.tracks: list[Track] = []
        self.attempts = 0

    @property
    def is_read(self) -> bool:
        """Whether some message was read, and none is missing of the containers seen."""
        read = [track.reading is not None for track in self.tracks if track.counts]
        return bool(read) and all(read)

    def add(self, contributions: Sequence[Contribution]) -> None:
        """Add what one photo shows; each contribution goes to a track of its own."""
        least = LEAST_PRESENCE if self.knowledge.among is None else -1.0
        worth = [c for c in contributions if c.reading or c.presence >= least]
        worth.sort(key=lambda c: (c.reading is None, -c.presence))
        taken: set[int] = set()
        for part in worth[:MOST_IN_PHOTO]:
            before = len(self.tracks)
            number = self._track_of(part, taken)
            if number is None:
                taken.add(len(self.tracks))
                self.tracks.append(Track(part.version, (part,), part.reading))
                continue
            taken.add(number)
            track = self.tracks[number]
            reading = track.reading or part.reading
            joined = Track(track.version, (*track.parts, part), reading)
            self.tracks[number] = joined
            if reading is None:
                self._read(number)
            else:
                self._put_aside(number)
            taken |= {
                place
                for place in range(before, len(self.tracks))  # put aside, this photo perhaps
                if any(one.photo == part.photo for one in self.tracks[place].parts)
            }

    def forget(self, photo: int) -> None:
        """Drop what no photo of the last `memory` before `photo` shows, and weak parts of many."""
        if self.memory is None:
            return
        kept = [
            track
            for track in self.tracks
            if track.reading is not None or track.parts[-1].photo > photo - self.memory
        ]
        self.tracks = [_lighter(track) for track in kept]

    def _track_of(self, part: Contribution, taken: set[int]) -> int | None:
        """The track that agrees best with a contribution; None where none does."""
        fits: list[tuple[float, int]] = []
        for number, track in enumerate(self.tracks):
            if number in taken or track.version != part.version:
                continue
            if track.reading is not None:
                if part.reading is not None:
                    same = part.reading.payload == track.reading.payload
                    fits += [(np.inf, number)] if same else []
                elif confirms(part.values, track.reading.grid):
                    fits.append((same_message(track.total, part.values, part.version), number))
                continue
            if part.reading is not None and not confirms(track.total, part.reading.grid):
                continue
            fits.append((same_message(track.total, part.values, part.version), number))
        best = max(fits, default=(-np.inf, -1))
        return best[1] if best[0] > _SAME else None

    def _read(self, number: int) -> None:
        """Try the sum of a track."""
        track = self.tracks[number]
        self.attempts += 1
        reading = read_revealed(track.total, None, track.version, self.knowledge, thorough=True)
        if reading is not None:
            self.tracks[number] = Track(track.version, track.parts, reading)
            self._put_aside(number)

    def _put_aside(self, number: int) -> None:
        """Move photos that do not confirm the message of their track to another track."""
        track = self.tracks[number]
        assert track.reading is not None
        grid, payload = track.reading.grid, track.reading.payload
        others = tuple(
            part for part in track.parts if part.reading is None and not confirms(part.values, grid)
        )
        if not others:
            return
        left = tuple(part for part in track.parts if part not in others)
        own = next((part.reading for part in left if part.reading is not None), None)
        if own is None and left:
            self.attempts += 1
            own = read_revealed(
                Track(track.version, left).total,
                None,
                track.version,
                self.knowledge,
                thorough=True,
            )
            own = own if own is not None and own.payload == payload else None
        if own is None:  # no message without them: leave them together, unread
            self.tracks[number] = Track(track.version, track.parts)
            return
        self.tracks[number] = Track(track.version, left, own)
        self.tracks.append(Track(track.version, others))


def _lighter(track: Track) -> Track:
    """A track with its MOST_PARTS best photos, in the order they came."""
    if len(track.parts) <= MOST_PARTS:
        return track
    order = sorted(track.parts, key=lambda part: (part.reading is None, -part.presence))
    best = {id(part) for part in [*order[: MOST_PARTS - 1], track.parts[-1]]}
    return Track(track.version, tuple(p for p in track.parts if id(p) in best), track.reading)
