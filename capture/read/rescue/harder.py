"""All that may help where a container shows and does not read.

what is covered left out -> decoders to their limit -> several looks averaged
        -> the code's own patterns -> other outlines -> corners moved
"""

from __future__ import annotations

from dataclasses import replace

from capture.geometry.rectify import Region
from capture.read.place.effort import Hope
from capture.read.place.finding import Finding, better
from capture.read.place.probe import frame_px
from capture.read.place.reveal import Place, Viewer, plain_of
from capture.read.rescue.align import align
from capture.read.rescue.looks import averaged
from capture.read.rescue.occlusion import read_uncovered
from capture.read.rescue.outlines import other_outlines
from capture.read.rescue.relocate import relocate
from riis_physical.errors import RectificationError
from riis_physical.qr.soft.presence import function_modules

# Alignment seeks agreement, so what it finds must agree by more than what is found without.
ALIGNED_EVIDENCE = 0.53
# Function patterns are looked for so far from where they are expected.
FAR_MODULES = 4


def read_harder(viewer: Viewer, places: list[Place], found: Finding) -> Finding | None:
    """Where a container does not read: all that may help, corrected and as it is."""
    harder = found if found.reading is not None else _tried_harder(viewer, places, found)
    plain = plain_of(found.revealer)
    if plain is found.revealer or (harder is not None and harder.reading is not None):
        return harder
    untouched = viewer.uncorrected
    other = untouched.reveal(plain, places, found.hypothesis)
    if other is None:
        return harder
    return better(harder, read_harder(untouched, places, other))


def _tried_harder(viewer: Viewer, places: list[Place], found: Finding) -> Finding | None:
    """Leave out what is covered, try outlines nearby, then align the corners, as far as it pays."""
    budget = viewer.budget
    budget.shows(Hope.CODE)
    budget.within("decoders")
    with viewer.clock.stage("read"):
        version = found.hypothesis.version
        reading = read_uncovered(found.logits, version, viewer.knowledge, budget.tried)
        if reading is None and budget.left:
            reading = viewer.read(found.logits, found.picture, version, thorough=True)
    if reading is not None:
        return viewer.guard(replace(found, reading=reading))
    for part, step in (
        ("looks", _averaged),
        ("patterns", _by_patterns),
        ("outlines", other_outlines),
    ):
        if not budget.left:
            return found
        budget.within(part)
        tried = step(viewer, places, found)
        if tried is None or tried.reading is not None:
            return tried
        found = tried
    if not budget.left:
        return found
    budget.within("align")
    h = found.hypothesis
    with viewer.clock.stage("reveal"):
        region = places[h.quad].region
        try:
            aligned = align(
                found.revealer, region, found.corners, h.version, found.condition,
                lambda logits, picture: viewer.read(logits, picture, h.version),
            )  # fmt: skip
        except RectificationError:  # so small or oblique that a moved corner is impossible
            return found
    reading = aligned.reading
    if reading is None:
        with viewer.clock.stage("read"):
            reading = read_uncovered(aligned.logits, h.version, viewer.knowledge, budget.tried)
            if reading is None:
                reading = viewer.read(aligned.logits, aligned.picture, h.version, thorough=True)
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
    if reading is None and budget.left:
        budget.within("looks")
        aligned_found = averaged(viewer, region, aligned_found, aligned.bows)
    return viewer.guard(aligned_found)


def _averaged(viewer: Viewer, places: list[Place], found: Finding) -> Finding | None:
    """The same place, several looks averaged; as it was where that does not read.

    None where it reads and is a code that anyone can see.
    """
    several = averaged(viewer, places[found.hypothesis.quad].region, found)
    return found if several.reading is None else viewer.guard(several)


def _by_patterns(viewer: Viewer, places: list[Place], found: Finding) -> Finding:
    """The same code where its finder, timing and alignment patterns are, if it shows there.

    The outline is added to the places.
    """
    h = found.hypothesis
    known, modules = function_modules(h.version)
    with viewer.clock.stage("reveal"):
        moved = relocate(
            found.revealer, viewer.photo, found.corners, h.version, found.condition, known,
            modules, reach_modules=FAR_MODULES, camera=viewer.camera,
        )  # fmt: skip
    if moved is None:
        return found
    region = Region.cut(viewer.photo, moved.corners, camera=viewer.camera)
    place = replace(places[h.quad], region=region)
    other = viewer.reveal(found.revealer, [place], replace(h, quad=0, turn=0))
    if other is None or better(other, found) is found:
        return found
    places.append(place)
    return replace(
        other,
        hypothesis=replace(h, quad=len(places) - 1, turn=0),
        evident=found.evident or other.presence >= ALIGNED_EVIDENCE,
    )
