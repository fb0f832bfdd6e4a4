"""One photo searched in rounds, what costs little first, until all that shows is read.

markers, references, the likeliest picture -> a page of several -> outlines and pictures
        -> what the photo's edge cuts off -> outlines in depth -> other sides of these
        -> a second look -> the code's own patterns
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from capture.find.candidates import (
    KNOWN,
    SAME_OUTLINE,
    Candidate,
    known_candidates,
    other_candidates,
    outline_candidates,
    seen_candidates,
)
from capture.find.learned.pictures import Pictures
from capture.find.outlines.insets import inset
from capture.find.pages import pictures_on_page, within_margin
from capture.find.reference import Reference, References
from capture.find.repeats import repeated
from capture.geometry.quad import OVERLAP, apart, overlap
from capture.geometry.rectify import frame_corners
from capture.geometry.unroll import HALF_ANGLES_DEG, is_around_a_pillar, unroll
from capture.read.grid import next_pictures
from capture.read.parts import CONTACT_SHEETS, Part, cut_off, first_of_sheets, is_near_edge
from capture.read.place.effort import Hope
from capture.read.place.finding import Finding
from capture.read.place.probe import ALL_WAYS, Way
from capture.read.search import Search

FloatArray = NDArray[np.float32]

MOST_CONTAINERS = 24
# Outlines that are unrolled, and borders within them, as shares of the picture's width.
MOST_BENT = 2
BORDERS = (0.0, 0.02, 0.04, 0.06, 0.08)
# So many pictures of a page tell whether it is one of containers.
FEW_OF_PAGE = 3
# Pixels up to which a file is hardly a photo, and more likely a picture that was sent on.
SMALL_FILE = 1_500_000
# Stages that all containers of a photo share.
SHARED = ("load", "detect")


@dataclass
class Cascade:
    """The rounds of one photo, and what they found.

    Attributes:
        search: of the photo.
        findings: containers, in the order found.
        spent: milliseconds by stage that each took since the one before.
        weak: what showed too little evidence to count by itself.
        tried: places looked into.
    """

    search: Search
    findings: list[Finding] = field(default_factory=list)
    spent: list[dict[str, float]] = field(default_factory=list)
    weak: list[Finding] = field(default_factory=list)
    tried: list[Candidate] = field(default_factory=list)

    def look_at(self, place: Candidate) -> None:
        """Look into one place and nowhere else; fills the attributes."""
        self.search.budget.shows(Hope.CODE)  # somebody says that it is there
        self._look([place])
        if not self._is_read():
            self._by_list()

    def look_everywhere(self, references: Sequence[Reference] | References | None = None) -> None:
        """Look for all containers, MOST_CONTAINERS at most; fills the attributes.

        Args:
            references: known pictures; where one is found, nothing else is looked for.
        """
        photo, clock, budget = self.search.photo, self.search.clock, self.search.budget
        pictures = Pictures(photo, self.search.device)
        instead: list[Candidate] = []
        with clock.stage("detect"):
            known = known_candidates(photo, references)
        if known:
            budget.shows(Hope.CODE)
        if any(candidate.source == "reference" for candidate in known):
            self._look(known)
        else:
            with clock.stage("detect"):
                soon = [*known, *seen_candidates(pictures, pictures.first)]
            self._look_soon(soon)
            if self._goes_on("page"):
                self._look_at_page()
            if self.findings:
                budget.step = "beside"
                self._look_beside(pictures)
            if self._goes_on("pillar"):
                self._look_around(soon)
            budget.step = "outlines"
            with clock.stage("detect"):
                budget.shows(_hope(pictures))
                done = self.findings and not pictures.any_beside(self._outlines())
                outlines = [] if done else outline_candidates(photo, pictures)
            if not self.findings and not known:
                self._look_soon(outlines, all_versions=False)
                if self._goes_on("parts"):
                    self._look_at_parts(pictures)
                budget.step = "outlines"
            if known or self.findings or budget.left:
                self._look([*known, *outlines])
            if not self._is_read():
                budget.step = "list"
                self._by_list()
            if self._goes_on("pillar"):
                self._look_around(self.tried[len(soon) :])
            if self._goes_on("sides"):
                instead = self._look_otherwise(pictures)
        if self._goes_on("again"):
            with clock.stage("detect"):
                others = other_candidates(photo, self.tried, pictures)
            self._look_again(others)
        self.tried += instead  # not before: they were tried quickly, others there are worth more
        if self._goes_on("patterns"):
            for picture in pictures.hopeful:
                self._instead(self.search.by_patterns(picture.corners))
        if self._is_read():
            budget.step = "grid"
            if len(self.findings) > 1 or pictures.any_beside(self._outlines()):
                self._look_on()
            self._say_what_is_left(pictures)

    def _goes_on(self, step: str) -> bool:
        """Whether a step is worth it, as nothing was read; begins it."""
        if self._is_read() or not self.search.budget.left:
            return False
        self.search.budget.step = step
        return True

    def _look_soon(self, places: Sequence[Candidate], *, all_versions: bool = True) -> None:
        """Take what reads at the first attempt."""
        self.tried += places
        left = self._unread(places)
        while left and len(self.findings) < MOST_CONTAINERS:
            found = self.search.at_once(left, self._ways()[0], all_versions=all_versions)
            if found is None:
                return
            left = self._found(found, left)

    def _look_at_page(self) -> None:
        """Take the photo for a file: of several pictures, one repeated, one whole or cut off."""
        size = self.search.size
        with self.search.clock.stage("detect"):
            several = [*self._on_page[:FEW_OF_PAGE], *self._repeated]
        self._look_soon([Candidate(one, "part") for one in several], all_versions=False)
        if self.findings:
            self._look_on()
            return
        self._look_soon([Candidate(frame_corners(size), "photo")])
        if self._rest is not None and not self.findings:
            self._instead(self.search.by_parts(cut_off(self._rest, size)))

    def _look_beside(self, pictures: Pictures) -> None:
        """Look at all that the detector sees beside what was read."""
        while len(self.findings) < MOST_CONTAINERS:
            with self.search.clock.stage("detect"):
                seen = pictures.beside(self._outlines())
                if seen is None:
                    return
                places = seen_candidates(pictures, seen)
            self._look_soon(places)

    def _look(self, places: Sequence[Candidate]) -> None:
        """Search the places in depth, and once one is found, the others less."""
        self.tried += [one for one in places if all(one is not other for other in self.tried)]
        left = self._unread(places)
        while left and len(self.findings) < MOST_CONTAINERS:
            found = self.search.best(left, self._ways(), thorough=not self.findings)
            if found is None or not found.counts:
                self.weak += [] if found is None else [found]
                return
            left = self._found(found, left)

    def _look_otherwise(self, pictures: Pictures) -> list[Candidate]:
        """Try the sides of pictures where they may be instead, as nothing was read."""
        with self.search.clock.stage("detect"):
            places = seen_candidates(pictures, pictures.otherwise)
        self._instead(self.search.at_once(places, self._ways()[0], all_versions=False))
        return places

    def _look_around(self, places: Sequence[Candidate]) -> None:
        """Try outlines whose sides bow as around a pillar, unrolled, and borders within them."""
        bent = [one for one in places if is_around_a_pillar(one.bows)]
        for place in _likely_first(bent)[:MOST_BENT]:
            assert place.bows is not None
            for half in np.radians(HALF_ANGLES_DEG):
                if not self.search.budget.left:
                    return
                flat = unroll(self.search.photo, place.corners, place.bows, float(half))
                search = replace(self.search, photo=flat.pixels, camera=None, scores={})
                inner = [inset(flat.corners, border) for border in BORDERS]
                found = search.by_parts([Part(corners) for corners in inner])
                if found is not None:
                    corners = flat.in_photo(found.corners)
                    self._instead(replace(found, corners=corners, source="pillar"))
                    return

    @cached_property
    def _on_page(self) -> list[FloatArray]:
        return pictures_on_page(self.search.photo)

    @cached_property
    def _repeated(self) -> list[FloatArray]:
        return repeated(self.search.photo)

    @cached_property
    def _rest(self) -> FloatArray | None:
        """What may be the rest of a picture, if the photo is the file of one that was cut off."""
        height, width = self.search.size
        is_small = height * width <= SMALL_FILE
        return frame_corners((height, width)) if self._within is None and is_small else self._within

    @cached_property
    def _within(self) -> FloatArray | None:
        return within_margin(self.search.photo)

    def _may_be_cut_off(self, pictures: Pictures) -> bool:
        """Whether the photo may be a part of a picture: not where each lies well within it."""
        seen = [picture.corners for picture in pictures.likely]
        near = any(is_near_edge(one, self.search.size) for one in seen)
        return not seen or near or self._within is not None

    def _look_at_parts(self, pictures: Pictures) -> None:
        """Try pictures that the photo's edge cuts off, and the first ones of sheets."""
        size = self.search.size
        seen = [one.corners for one in seen_candidates(pictures, pictures.likely)]
        files = [frame_corners(size), *([] if self._within is None else [self._within])]
        cut: list[Part] = []
        if self._may_be_cut_off(pictures):
            seen_too = [*(one.corners for one in pictures.likely), *seen]
            seen_too += files[:1] if self._rest is None else []
            places = apart([Candidate(one, "photo") for one in seen_too], SAME_OUTLINE)
            cut = [part for place in places for part in cut_off(place.corners, size)]
        sheets = [part for one in (*files, *seen[:1]) for part in first_of_sheets(one)]
        contact = first_of_sheets(files[-1], CONTACT_SHEETS)
        for parts in (cut, sheets, contact):
            if self._is_read() or not self.search.budget.left:
                return
            self._instead(self.search.by_parts(parts))

    def _look_on(self) -> None:
        """Seek the other pictures of a sheet of which some were read."""
        others = next_pictures(self.search, self.findings, self._on_page)
        while len(self.findings) < MOST_CONTAINERS and (found := next(others, None)) is not None:
            self._found(found, [])

    def _say_what_is_left(self, pictures: Pictures) -> None:
        """Tell the first finding where another picture shows that was not read."""
        if len(self.findings) >= MOST_CONTAINERS:
            said = f"{MOST_CONTAINERS} containers are read of a photo at most"
        elif pictures.is_able and pictures.any_beside(self._outlines()):
            said = "another picture shows beside and does not read"
        else:
            return
        self.findings[0] = replace(self.findings[0], beside=said)

    def _by_list(self) -> None:
        """Try the list's messages at the places, and what is left unread with others' photos."""
        found = self.search.by_list(_likely_first(self.tried))
        if found is not None:
            self._instead(found)

    def _look_again(self, others: Sequence[Candidate]) -> None:
        """Search less likely places, as nothing was read."""
        known_only = not any(candidate.source == "photo" for candidate in self.tried)
        found = self.search.best(others, thorough=known_only, wide=True) if others else None
        if self._instead(found):
            self.tried += others

    def _instead(self, found: Finding | None) -> bool:
        """Take what was found at last, for what did not read at its place; whether it counts."""
        if found is None:
            return False
        if found.reading is None and (self.findings or not found.counts):
            self.weak.append(found)
            return False
        spent = self.search.clock.lap()
        kept = []
        for old, earlier in zip(self.findings, self.spent, strict=True):
            if overlap(old.corners, found.corners) < OVERLAP:
                kept.append((old, earlier))
            else:
                spent = {stage: ms + earlier[stage] for stage, ms in spent.items()}
        if kept:  # the first result has the time of loading and detection
            spent |= {stage: spent[stage] + kept[0][1][stage] for stage in SHARED}
            kept[0] = (kept[0][0], kept[0][1] | dict.fromkeys(SHARED, 0.0))
        self.findings = [self._dated(found), *(old for old, _ in kept)]
        self.spent = [spent, *(earlier for _, earlier in kept)]
        return True

    def _found(self, found: Finding, left: Sequence[Candidate]) -> list[Candidate]:
        """Keep a container; the candidates that lie elsewhere, with words of their own to weigh."""
        self.search.budget.tried.lists = 0
        self.findings.append(self._dated(found))
        self.spent.append(self.search.clock.lap())
        return _elsewhere(left, found)

    def _dated(self, found: Finding) -> Finding:
        return replace(found, step=self.search.budget.step)

    def _unread(self, places: Sequence[Candidate]) -> list[Candidate]:
        """The places where nothing was found so far."""
        left = list(places)
        for found in self.findings:
            left = _elsewhere(left, found)
        return left

    def _outlines(self) -> list[FloatArray]:
        return [found.corners for found in self.findings]

    def _ways(self) -> Sequence[Way]:
        """Outlines in one photo mostly lie the same way; known places say nothing of others."""
        if not self.findings or self.findings[-1].source in KNOWN:
            return ALL_WAYS
        return (self.findings[-1].hypothesis.way,)

    def _is_read(self) -> bool:
        return any(found.reading is not None for found in self.findings)


def _hope(pictures: Pictures) -> Hope:
    if pictures.may_hold:
        return Hope.CODE
    return Hope.PICTURE if pictures.is_framed else Hope.NOTHING


def _likely_first(places: Sequence[Candidate]) -> list[Candidate]:
    """The outlines before parts of them and the photo as a whole."""
    return sorted(places, key=lambda one: one.source in ("part", "photo"))


def _elsewhere(places: Sequence[Candidate], found: Finding) -> list[Candidate]:
    return [one for one in places if overlap(one.corners, found.corners) < OVERLAP]
