"""How well hypotheses show to each model, the best first; what was looked at is remembered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from capture.clock import Clock
from capture.read.place.effort import Budget, Effort, Hope
from capture.read.place.probe import (
    STRONG,
    WEAK,
    Hypothesis,
    RevealerLike,
    SeenAs,
    Way,
    probe,
)
from capture.read.views import Views

Shown = tuple[RevealerLike, Hypothesis]
"""A hypothesis with its finder score, and the model that it shows to."""


@dataclass(frozen=True)
class Probes:
    """The models that look at corners of places, as :class:`capture.read.search.Search` has them.

    Attributes:
        revealers: models of one family, the first looks at everything.
        jpeg_quality: of the photo's file, None where unknown.
        clock: gets the time of the stage.
        budget: of work on the photo.
        scores: of what was probed already, by model, place, way up and version; grows.
    """

    revealers: Sequence[RevealerLike]
    jpeg_quality: float | None
    clock: Clock
    budget: Budget
    scores: dict[tuple[int, bytes, Way, int], float]

    def probed(self, views: Views, tries: Sequence[Hypothesis]) -> Iterator[list[Shown]]:
        """Hypotheses by how well they show, best first, model by model.

        Models of one family show each other's finder patterns. So but for thorough scans the
        others look where the first one sees anything.
        """
        first, *others = self.revealers
        with self.clock.stage("probe"):
            scored = self._scored(first, views, tries)
        yield [(first, h) for h in scored]
        if self.budget.effort is not Effort.THOROUGH:
            tries = [h for h in scored if h.finder >= WEAK]
        for other in others:
            with self.clock.stage("probe"):
                scored = self._scored(other, views, tries)
            yield [(other, h) for h in scored]

    def _scored(
        self, revealer: RevealerLike, views: Views, tries: Sequence[Hypothesis]
    ) -> list[Hypothesis]:
        """Scores of hypotheses, best first, each of a place looked for once."""

        def key(h: Hypothesis) -> tuple[int, bytes, Way, int]:
            region = views.places(h.mirrored)[h.quad].region
            place = region.corners.tobytes() + region.bows.tobytes()
            return (id(revealer), place, h.way, h.version)

        for mirrored in (False, True):
            new = [h for h in tries if h.mirrored == mirrored and key(h) not in self.scores]
            regions = views.regions(mirrored) if new else []
            self.scores.update(
                (key(h), h.finder) for h in probe(revealer, regions, new, self.jpeg_quality)
            )
        scored = [replace(h, finder=self.scores[key(h)]) for h in tries]
        best = sorted(scored, key=lambda h: -h.finder)
        if best and best[0].finder >= STRONG:
            self.budget.shows(Hope.CODE)
        return best


def each_once(shown: Iterable[Shown]) -> list[Shown]:
    """Each hypothesis by the model to which it shows best, the best first."""
    best: dict[SeenAs, Shown] = {}
    for one in sorted(shown, key=lambda one: -one[1].finder):
        best.setdefault(one[1].seen_as, one)
    return list(best.values())


def two_a_place(shown: Iterable[Shown]) -> Iterator[Shown]:
    """The first two of each place."""
    count: Counter[int] = Counter()
    for one in shown:
        count[one[1].quad] += 1
        if count[one[1].quad] <= 2:
            yield one
