"""From candidates to the best revealed code among them.

probe -> reveal -> read -> (other outlines, align, read again)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.align import align
from capture.candidates import Candidate
from capture.clock import Clock
from capture.correction import CorrectedRevealer, Correction
from capture.finding import Finding, better, overlap
from capture.insets import inset
from capture.occlusion import read_uncovered
from capture.probe import (
    LIKELY_VERSIONS,
    STRONG,
    WEAK,
    Hypothesis,
    RevealerLike,
    frame_px,
    middling,
    probe,
    probe_beside,
    quick_rounds,
    rounds,
)
from capture.rectify import Region, frame_corners
from capture.refine import refine_quad
from capture.relocate import is_uneven, relocate
from riis_physical.artifacts import UInt8Image
from riis_physical.camera import CameraProfile
from riis_physical.errors import RectificationError
from riis_physical.qr.decoders import DECODERS
from riis_physical.qr.presence import function_modules, presence_score
from riis_physical.qr.reading import read_revealed

FloatArray = NDArray[np.float32]

# Agreement with all function patterns from which an unreadable quadrilateral
# counts as a container. Version 5 has some 270 such modules, so unrelated values
# agree by 0.06 (one sigma); pictures are not that unrelated.
EVIDENCE = 0.45
# Alignment seeks agreement, so what it finds must agree by more.
ALIGNED_EVIDENCE = 0.53
# Reading is tried from here on: it accepts nothing without evidence of its own.
WORTH_READING = 0.30
# From here on another hypothesis need not be looked at, even when unreadable.
CERTAIN = 0.75
FULL_REVEALS = 4
# A finder pattern at another corner counts from here on.
BESIDE = 0.6
# Candidates that share less than this with a container are other places.
OVERLAP = 0.2
# Widths of a border, as shares of the picture's, that are tried where evidence does not read.
BORDERS = (0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.1, 0.12)
GUARD_PX = 600
ALL_TURNS = (0, 1, 3, 2)
# Where known modules are looked for, from where they are expected: before a message is
# read, and after.
FAR_MODULES, NEAR_MODULES = 4, 3
# Corners that the code gives are right to half a module; edges this near are nearer.
EDGE_REACH = 0.012


@dataclass(frozen=True)
class _Place:
    """A candidate with its part of the photo."""

    region: Region
    source: str


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
        scores: of what was probed already, by model, place, way up and version.
    """

    photo: UInt8Image
    jpeg_quality: float | None
    revealers: Sequence[RevealerLike]
    clock: Clock
    camera: CameraProfile | None = None
    correction: Correction | None = None
    changed: bool = False
    scores: dict[tuple[int, bytes, int, int], float] = field(default_factory=dict)

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
        return None if found is None else self._settled(found)

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
        places = self._places(candidates)
        for revealer in self.revealers:
            for tries in islice(quick_rounds(len(places), turn), None if all_versions else 1):
                with self.clock.stage("probe"):
                    regions = [place.region for place in places]
                    probed = self._probed(revealer, regions, tries)
                for h in _two_a_place(h for h in probed if h.finder >= STRONG):
                    found = self._reveal(revealer, places, h)
                    if found is not None and found.reading is not None:
                        return self._settled(found)
        return None

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

    def _places(self, candidates: Sequence[Candidate]) -> list[_Place]:
        """The candidates that a camera can have seen."""
        places = []
        for candidate in candidates:
            try:
                region = Region.cut(
                    self.photo, candidate.corners, bows=candidate.bows, camera=self.camera
                )
                places.append(_Place(region, candidate.source))
            except RectificationError:
                continue
        return places

    def _likeliest(
        self, candidates: Sequence[Candidate], turns: Sequence[int], *, thorough: bool, wide: bool
    ) -> Finding | None:
        places = self._places(candidates)
        found: Finding | None = None
        for revealer in self.revealers:
            pending: list[Hypothesis] = []
            regions = [place.region for place in places]
            seen: set[tuple[int, int, int]] = set()
            for number, tries in enumerate(rounds(len(places), turns)):
                # After the first container, the rest need not be searched in depth.
                upright = wide and all(h.turn == turns[0] for h in tries)
                if not tries or (number > 1 and not thorough and not upright):
                    continue
                with self.clock.stage("probe"):
                    pending += self._probed(revealer, regions, tries)
                for h in sorted(pending, key=lambda h: -h.finder)[:2]:
                    if h.finder < STRONG or (h.quad, h.turn, h.version) in seen:
                        continue
                    seen.add((h.quad, h.turn, h.version))
                    found = better(found, self._reveal(revealer, places, h))
                    if found is not None and _is_settled(found):
                        found = self._read_harder(places, found)
                        if found is not None:  # else one that anyone can see: look elsewhere
                            return found
            unseen = [
                h
                for h in sorted(pending, key=lambda h: -h.finder)
                if (h.quad, h.turn, h.version) not in seen
            ]
            whole = [h for h in unseen if h.finder >= WEAK][:FULL_REVEALS]
            if thorough:
                likeliest = [h for h in unseen if _is_plain(h, turns[0])]
                with self.clock.stage("probe"):
                    beside = probe_beside(revealer, regions[:1], likeliest, self.jpeg_quality)
                strong = [h for h in beside if h.finder >= BESIDE]
                known = {(h.quad, h.turn, h.version) for h in strong}
                whole = strong + [h for h in whole if (h.quad, h.turn, h.version) not in known]
            for h in whole:
                found = better(found, self._reveal(revealer, places, h))
                if found is not None and _is_settled(found):
                    found = self._read_harder(places, found)
                    if found is not None:
                        return found
        return None if found is None else self._read_harder(places, found)

    def _reveal(
        self, revealer: RevealerLike, places: Sequence[_Place], h: Hypothesis
    ) -> Finding | None:
        """Reveal a whole hypothesis, corrected and, if that does not read, as it is."""
        plain = _plain(revealer)
        if self.correction is None:
            return self._reveal_as(plain, places, h, None)
        found = self._reveal_as(plain, places, h, self.correction)
        if found is not None and found.reading is not None:
            return found
        return better(found, self._reveal_as(plain, places, h, None))

    def _reveal_as(
        self,
        revealer: RevealerLike,
        places: Sequence[_Place],
        h: Hypothesis,
        correction: Correction | None,
    ) -> Finding | None:
        """Reveal a whole hypothesis; None where it is not worth reading."""
        region = places[h.quad].region
        corners = np.roll(region.corners, -h.turn, axis=0)
        size = frame_px(h.version)
        with self.clock.stage("reveal"):
            rectified = region.rectify((size, size), corners=corners)
            if correction is not None:
                revealer = CorrectedRevealer.fitted(revealer, correction, rectified.image)
            condition = revealer.estimate(rectified.image, self.jpeg_quality, rectified.scale_px)
            revealed = revealer.reveal(rectified.image[None], [condition])
        enhanced = getattr(revealed, "enhanced", None)
        logits, picture = revealed.logits[0], revealed.picture[0]
        presence = presence_score(logits, h.version)
        if presence < WORTH_READING:
            return None
        with self.clock.stage("read"):
            reading = read_revealed(logits, picture, h.version)
        found = Finding(
            hypothesis=h,
            revealer=revealer,
            corners=corners,
            condition=condition,
            presence=presence,
            frame=rectified.image,
            enhanced=None if enhanced is None else enhanced[0],
            picture=picture,
            logits=logits,
            source=places[h.quad].source,
            reading=reading,
            evident=presence >= EVIDENCE,
        )
        return self._guard(found)

    def _read_harder(self, places: list[_Place], found: Finding) -> Finding | None:
        """Where a container does not read: all that may help, corrected and as it is."""
        harder = found if found.reading is not None else self._tried_harder(places, found)
        plain = _plain(found.revealer)
        if plain is found.revealer or (harder is not None and harder.reading is not None):
            return harder
        untouched = replace(self, correction=None)
        other = untouched._reveal(plain, places, found.hypothesis)
        if other is None:
            return harder
        return better(harder, untouched._read_harder(places, other))

    def _tried_harder(self, places: list[_Place], found: Finding) -> Finding | None:
        """Leave out what is covered, try outlines nearby, then align the corners."""
        with self.clock.stage("read"):
            uncovered = read_uncovered(found.logits, found.hypothesis.version)
        if uncovered is not None:
            return self._guard(replace(found, reading=uncovered))
        found = self._by_patterns(places, found)
        if found.reading is not None:
            return found
        found = self._other_outlines(places, found)
        if found.reading is not None:
            return found
        h = found.hypothesis
        with self.clock.stage("reveal"):
            region = places[h.quad].region
            try:
                aligned = align(
                    found.revealer, region, found.corners, h.version, found.condition,
                    lambda logits, picture: read_revealed(logits, picture, h.version),
                )  # fmt: skip
            except RectificationError:  # so small or oblique that a moved corner is impossible
                return found
        reading = aligned.reading
        if reading is None:
            with self.clock.stage("read"):
                reading = read_uncovered(aligned.logits, h.version)
        if reading is None and aligned.presence < found.presence:
            return found
        size = frame_px(h.version)
        frame = region.rectify((size, size), corners=aligned.corners, bows=aligned.bows).image
        aligned_found = replace(
            found,
            corners=aligned.corners,
            frame=frame,
            enhanced=None,
            logits=aligned.logits,
            picture=aligned.picture,
            presence=aligned.presence,
            reading=reading,
            evident=found.evident or aligned.presence >= ALIGNED_EVIDENCE,
        )
        return self._guard(aligned_found)

    def _by_patterns(self, places: list[_Place], found: Finding) -> Finding:
        """The same code where its finder, timing and alignment patterns are, if it shows there.

        The outline is added to the places.
        """
        h = found.hypothesis
        known, modules = function_modules(h.version)
        with self.clock.stage("reveal"):
            moved = relocate(
                found.revealer, self.photo, found.corners, h.version, found.condition, known,
                modules, reach_modules=FAR_MODULES, camera=self.camera,
            )  # fmt: skip
        if moved is None:
            return found
        region = Region.cut(self.photo, moved.corners, camera=self.camera)
        place = _Place(region, places[h.quad].source)
        other = self._reveal(found.revealer, [place], replace(h, quad=0, turn=0))
        if other is None or better(other, found) is found:
            return found
        places.append(place)
        return replace(
            other,
            hypothesis=replace(h, quad=len(places) - 1, turn=0),
            evident=found.evident or other.presence >= ALIGNED_EVIDENCE,
        )

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
                places = self._places([Candidate(moved.corners, "learned")])
                found = self._reveal(revealer, places, Hypothesis(0, 0, version))
                if found is not None:
                    found = self._read_harder(places, found)
                if found is not None and found.reading is not None:
                    return self._settled(found)
        return None

    def _settled(self, found: Finding) -> Finding:
        """A read code with its corners where its modules are.

        A code reads with a side fitted to the wrong edge. Then the modules of the message
        give the corners, and edges near them the last bit.
        """
        reading, h = found.reading, found.hypothesis
        if reading is None or not is_uneven(found.logits, reading.grid.modules):
            return found
        modules = reading.grid.modules
        with self.clock.stage("reveal"):
            moved = relocate(
                found.revealer, self.photo, found.corners, h.version, found.condition,
                np.ones_like(modules), modules, reach_modules=NEAR_MODULES, camera=self.camera,
            )  # fmt: skip
            if moved is None:
                return found
            width = float(np.linalg.norm(moved.corners[1] - moved.corners[0]))
            edges = refine_quad(self.photo, moved.corners, 0, max(2.0, EDGE_REACH * width))
            tried = [found]
            for corners, bows in ((moved.corners, None), (edges.corners, edges.bows)):
                try:
                    tried.append(self._revealed_at(found, corners, bows))
                except RectificationError:
                    continue
        signs = np.where(modules, 1.0, -1.0)
        return max(tried, key=lambda one: float((signs * one.logits).mean()))

    def _revealed_at(self, found: Finding, corners: FloatArray, bows: FloatArray | None) -> Finding:
        """The same code revealed at other corners, its reading kept."""
        size = frame_px(found.hypothesis.version)
        region = Region.cut(self.photo, corners, bows=bows, camera=self.camera)
        frame = region.rectify((size, size)).image
        revealed = found.revealer.reveal(frame[None], [found.condition])
        enhanced = getattr(revealed, "enhanced", None)
        return replace(
            found,
            corners=region.corners,
            frame=frame,
            enhanced=None if enhanced is None else enhanced[0],
            picture=revealed.picture[0],
            logits=revealed.logits[0],
            presence=presence_score(revealed.logits[0], found.hypothesis.version),
        )

    def _other_outlines(self, places: list[_Place], found: Finding) -> Finding:
        """The same version the same way up in the other candidates about the same place.

        Where one side of an outline was fitted to the wrong edge, part of the code still
        shows, and a candidate with the right side may have come later in the list, or
        the picture lies at an equal distance inside the border that was found. Outlines
        tried in that way are added to the places.
        """
        best, h = found, found.hypothesis
        own = places[h.quad].region.corners
        for number, place in enumerate(places):
            if number == h.quad or overlap(place.region.corners, own) < OVERLAP:
                continue
            turn = _turn(place.region.corners, found.corners)
            other = self._reveal(found.revealer, places, replace(h, quad=number, turn=turn))
            best = better(best, other) or best
            if best.reading is not None:
                return best
        frame = frame_corners((self.photo.shape[0], self.photo.shape[1]))
        borders = [p for p in places if np.abs(p.region.corners - frame).max() > 2]
        widest = max(borders or places, key=lambda p: _share_around(p.region.corners, own))
        for margin in BORDERS:
            try:
                around = widest.region
                region = Region.cut(
                    self.photo, inset(around.corners, margin), bows=around.bows, camera=self.camera
                )
            except RectificationError:
                continue
            place = _Place(region, "inset")
            turn = _turn(region.corners, found.corners)
            other = self._reveal(found.revealer, [place], replace(h, quad=0, turn=turn))
            if other is None:
                continue
            places.append(place)
            other = replace(other, hypothesis=replace(h, quad=len(places) - 1, turn=turn))
            best = better(best, other) or best
            if best.reading is not None:
                return best
        return best

    def _guard(self, found: Finding) -> Finding | None:
        """None where the code is one that anyone can see in the photo."""
        if found.reading is None:
            return found
        payload = found.reading.payload
        with self.clock.stage("read"):
            gray = _gray_crop(self.photo, found.corners)
            visible = any(
                payload in symbol.candidates for read in DECODERS.values() for symbol in read(gray)
            )
        return None if visible else found


def _plain(revealer: RevealerLike) -> RevealerLike:
    """The revealer without correction."""
    return revealer.plain if isinstance(revealer, CorrectedRevealer) else revealer


def _turn(corners: FloatArray, printed: FloatArray) -> int:
    """Quarter turns after which corners lie nearest to those from the printed top-left."""
    apart = [float(np.abs(np.roll(corners, -turn, 0) - printed).sum()) for turn in range(4)]
    return int(np.argmin(apart))


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


def _share_around(outer: FloatArray, inner: FloatArray) -> float:
    """Area of an outline that lies about another one; 0 where it is elsewhere or far larger."""
    area, about = (abs(float(cv2.contourArea(q.astype(np.float32)))) for q in (outer, inner))
    if overlap(outer, inner) < 0.8 or area > 2.5 * about:
        return 0.0
    return area


def _gray_crop(photo: UInt8Image, corners: FloatArray) -> UInt8Image:
    """The container with some surroundings, some 600 px, where a visible code would read."""
    region = Region.cut(photo, corners)
    gray = np.asarray(cv2.cvtColor(region.levels[0], cv2.COLOR_RGB2GRAY))
    scale = min(1.0, GUARD_PX / max(gray.shape))
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
