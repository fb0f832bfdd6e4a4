"""From candidates to the best revealed code among them.

probe -> reveal and read -> (read harder) -> settle the corners
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice, product

import numpy as np
from numpy.typing import NDArray

from capture.clock import Clock
from capture.find.candidates import Candidate
from capture.geometry.rectify import Region
from capture.read.by_list import by_list
from capture.read.correction import Correction
from capture.read.finding import Finding, better
from capture.read.harder import FAR_MODULES, read_harder
from capture.read.probe import (
    LIKELY_VERSIONS,
    STRONG,
    WEAK,
    Hypothesis,
    RevealerLike,
    middling,
    probe,
    probe_beside,
    quick_rounds,
    rounds,
)
from capture.read.relocate import relocate
from capture.read.reveal import Place, Viewer
from capture.read.settle import settled
from riis_physical.artifacts import UInt8Image
from riis_physical.camera import CameraProfile
from riis_physical.qr.soft.knowledge import NOTHING, Knowledge
from riis_physical.qr.soft.presence import function_modules

FloatArray = NDArray[np.float32]

# From here on another hypothesis need not be looked at, even when unreadable.
CERTAIN = 0.75
FULL_REVEALS = 4
# A finder pattern at another corner counts from here on.
BESIDE = 0.6
ALL_TURNS = (0, 1, 3, 2)


@dataclass(frozen=True)
class Search:
    """One photo, the models to look with, and the clock that runs.

    Attributes:
        photo: uint8 RGB (H, W, 3), upright.
        jpeg_quality: of the photo's file, None where unknown.
        revealers: tried in this order.
        clock: gets the time of each stage.
        camera: profile of the photo's camera, None for one without distortion.
        correction: of frames, tried before they are revealed as they are; None for none.
        changed: whether a profile's lens or fall of light was taken out of the photo.
        knowledge: what is known of messages.
        scores: of what was probed already, by model, place, way up and version.
    """

    photo: UInt8Image
    jpeg_quality: float | None
    revealers: Sequence[RevealerLike]
    clock: Clock
    camera: CameraProfile | None = None
    correction: Correction | None = None
    changed: bool = False
    knowledge: Knowledge = NOTHING
    scores: dict[tuple[int, bytes, int, int], float] = field(default_factory=dict)

    @cached_property
    def _viewer(self) -> Viewer:
        return Viewer(
            self.photo, self.jpeg_quality, self.clock, self.camera, self.correction, self.knowledge
        )

    @property
    def device(self) -> str:
        """Where the first model runs, and the detector with it."""
        return str(getattr(self.revealers[0], "device", "cpu"))

    def best(
        self,
        candidates: Sequence[Candidate],
        turns: Sequence[int] = ALL_TURNS,
        *,
        thorough: bool,
        wide: bool = False,
    ) -> Finding | None:
        """The best container among the candidates, read where possible, its corners settled.

        Args:
            candidates: places, the likeliest first.
            turns: ways up that are tried, the likeliest first.
            thorough: try the unlikely hypotheses too.
            wide: where not thorough, try all candidates the first way up.

        Returns:
            a finding, which may be too weak to count; None where nothing shows.
        """
        found = self._likeliest(candidates, turns, thorough=thorough, wide=wide)
        return None if found is None else settled(self._viewer, found)

    def at_once(
        self, candidates: Sequence[Candidate], turn: int = 0, *, all_versions: bool = True
    ) -> Finding | None:
        """The first of a few candidates that reads without further ado, its corners settled.

        Args:
            candidates: a few places.
            turn: the way up that is tried.
            all_versions: try the unlikely versions too.

        Returns:
            None where nothing reads.
        """
        places = self._viewer.places(candidates)
        regions = [place.region for place in places]
        rounds_tried = islice(quick_rounds(len(places), turn), None if all_versions else 1)
        for tries, revealer in product(rounds_tried, self.revealers):
            with self.clock.stage("probe"):
                probed = self._probed(revealer, regions, tries)
            for h in _two_a_place(h for h in probed if h.finder >= STRONG):
                found = self._by_any_model(revealer, places, h)
                if found is not None and found.reading is not None:
                    return settled(self._viewer, found)
        return None

    def _by_any_model(
        self, first: RevealerLike, places: Sequence[Place], h: Hypothesis
    ) -> Finding | None:
        """A hypothesis revealed by the model that it showed to, else by the others.

        Models of one family show each other's finder patterns, and read each other's
        modules less well.
        """
        found = self._viewer.reveal(first, places, h)
        for other in self.revealers:
            if found is not None and found.reading is not None:
                break
            if other is not first:
                found = better(found, self._viewer.reveal(other, places, h))
        return found

    def _probed(
        self, revealer: RevealerLike, regions: Sequence[Region], tries: Sequence[Hypothesis]
    ) -> list[Hypothesis]:
        """Scores of hypotheses, best first, each of a place looked for once."""

        def key(h: Hypothesis) -> tuple[int, bytes, int, int]:
            region = regions[h.quad]
            place = region.corners.tobytes() + region.bows.tobytes()
            return (id(revealer), place, h.turn, h.version)

        new = [h for h in tries if key(h) not in self.scores]
        self.scores.update(
            (key(h), h.finder) for h in probe(revealer, regions, new, self.jpeg_quality)
        )
        scored = [replace(h, finder=self.scores[key(h)]) for h in tries]
        return sorted(scored, key=lambda h: -h.finder)

    def _likeliest(
        self, candidates: Sequence[Candidate], turns: Sequence[int], *, thorough: bool, wide: bool
    ) -> Finding | None:
        places = self._viewer.places(candidates)
        regions = [place.region for place in places]
        found: Finding | None = None
        pending: list[tuple[RevealerLike, Hypothesis]] = []
        seen: set[tuple[int, int, int]] = set()
        for number, tries in enumerate(rounds(len(places), turns)):
            # After the first container, the rest need not be searched in depth.
            upright = wide and all(h.turn == turns[0] for h in tries)
            if not tries or (number > 1 and not thorough and not upright):
                continue
            for revealer in self.revealers:
                with self.clock.stage("probe"):
                    pending += [(revealer, h) for h in self._probed(revealer, regions, tries)]
                for model, h in _best_two(pending):
                    if h.finder < STRONG or h.seen_as in seen:
                        continue
                    seen.add(h.seen_as)
                    found = better(found, self._by_any_model(model, places, h))
                    if found is not None and _is_settled(found):
                        found = read_harder(self._viewer, places, found)
                        if found is not None:  # else one that anyone can see: look elsewhere
                            return found
        for revealer in self.revealers:
            own = [h for model, h in pending if model is revealer and h.seen_as not in seen]
            unseen = sorted(own, key=lambda h: -h.finder)
            whole = [h for h in unseen if h.finder >= WEAK][:FULL_REVEALS]
            if thorough:
                likeliest = [h for h in unseen if _is_plain(h, turns[0])]
                with self.clock.stage("probe"):
                    beside = probe_beside(revealer, regions[:1], likeliest, self.jpeg_quality)
                strong = [h for h in beside if h.finder >= BESIDE]
                known = {h.seen_as for h in strong}
                whole = strong + [h for h in whole if h.seen_as not in known]
            for h in whole:
                found = better(found, self._viewer.reveal(revealer, places, h))
                if found is not None and _is_settled(found):
                    found = read_harder(self._viewer, places, found)
                    if found is not None:
                        return found
        return None if found is None else read_harder(self._viewer, places, found)

    def by_list(self, candidates: Sequence[Candidate]) -> Finding | None:
        """A message of the list at places where no code shows; None without a list."""
        if self.knowledge.among is None:
            return None
        return by_list(self._viewer, self.revealers, self._viewer.places(candidates))

    def by_patterns(self, corners: FloatArray) -> Finding | None:
        """A code whose finder patterns lie a few modules from where an outline puts them.

        Where a picture goes over into the wall, a side may be off by a tenth of the width,
        and nothing shows at the outline. The first way up alone, each likely version: four
        reveals a version.

        Args:
            corners: xy (4, 2) in the photo, right to within FAR_MODULES for a good part of
                the code, its top left first.

        Returns:
            what reads; what does not is no evidence, as it was sought in many places.
        """
        width = float(np.linalg.norm(corners - np.roll(corners, -1, 0), axis=1).mean())
        for revealer in self.revealers:
            for version in LIKELY_VERSIONS:
                known, modules = function_modules(version)
                condition = middling(self.jpeg_quality, width / len(modules))
                with self.clock.stage("reveal"):
                    moved = relocate(
                        revealer, self.photo, corners, version, condition,
                        known, modules, reach_modules=FAR_MODULES, camera=self.camera,
                    )  # fmt: skip
                if moved is None:
                    continue
                places = self._viewer.places([Candidate(moved.corners, "learned")])
                found = self._viewer.reveal(revealer, places, Hypothesis(0, 0, version))
                if found is not None:
                    found = read_harder(self._viewer, places, found)
                if found is not None and found.reading is not None:
                    return settled(self._viewer, found)
        return None


def _best_two(
    pending: Iterable[tuple[RevealerLike, Hypothesis]],
) -> list[tuple[RevealerLike, Hypothesis]]:
    """The two hypotheses that show best, each by the model to which it does."""
    best: dict[tuple[int, int, int], tuple[RevealerLike, Hypothesis]] = {}
    for one in sorted(pending, key=lambda one: -one[1].finder):
        best.setdefault(one[1].seen_as, one)
    return list(islice(best.values(), 2))


def _two_a_place(hypotheses: Iterable[Hypothesis]) -> Iterator[Hypothesis]:
    """The first two of each place."""
    count: Counter[int] = Counter()
    for h in hypotheses:
        count[h.quad] += 1
        if count[h.quad] <= 2:
            yield h


def _is_plain(h: Hypothesis, upright: int) -> bool:
    """Whether this is the likeliest place the first way up, of a likely version."""
    return h.quad == 0 and h.turn == upright and h.version in LIKELY_VERSIONS


def _is_settled(found: Finding) -> bool:
    return found.reading is not None or found.presence >= CERTAIN
