"""From a photograph to the messages of the containers in it.

    load -> detect -> probe -> reveal -> read -> (align, read again) -> result

Only here do errors about a photo become a status; everything below raises.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.align import align
from capture.contours import contour_quads
from capture.detect import find_quadrilaterals
from capture.insets import inset, inset_quads
from capture.probe import STRONG, WEAK, Hypothesis, RevealerLike, frame_px, probe, rounds
from capture.quality import advice
from capture.rectify import SHORTEST_SIDE_PX, Region, frame_corners, validate_corners
from capture.stages import Stages
from riis_physical.artifacts import Condition, ScanResult, Status, UInt8Image
from riis_physical.errors import BadImageError, ConfigError, RectificationError
from riis_physical.image_io import load_photo
from riis_physical.qr.decoders import DECODERS
from riis_physical.qr.presence import presence_score
from riis_physical.qr.reading import Reading, read_revealed

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
MOST_CONTAINERS = 8
OVERLAP = 0.2
# Corners this near, as a share of the width, make two outlines one.
SAME_OUTLINE = 0.01
# Widths of a border, as shares of the picture's, that are tried where evidence does not read.
BORDERS = (0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.1, 0.12)
GUARD_PX = 600


STAGES = ("load", "detect", "probe", "reveal", "read")


@dataclass
class _Clock:
    """Milliseconds by stage, since the start and since the last container."""

    ms: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    told: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    began: float = field(default_factory=time.perf_counter)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.ms[name] += 1000 * (time.perf_counter() - start)

    def lap(self) -> dict[str, float]:
        """What was spent by stage since the last lap."""
        spent = {name: self.ms[name] - self.told[name] for name in STAGES}
        self.told = dict(self.ms)
        return spent

    def total(self) -> float:
        """The time since the start."""
        return 1000 * (time.perf_counter() - self.began)

    def whole(self) -> dict[str, float]:
        """All stages and, as "total", the time since the start."""
        return {**self.ms, "total": self.total()}


@dataclass(frozen=True)
class _Found:
    """A fully revealed hypothesis."""

    hypothesis: Hypothesis
    revealer: RevealerLike
    corners: FloatArray
    condition: Condition
    presence: float
    frame: FloatArray
    enhanced: FloatArray | None
    picture: FloatArray
    logits: FloatArray
    reading: Reading | None = None


@dataclass(frozen=True)
class _Job:
    """What all steps of one scan share."""

    photo: UInt8Image
    jpeg_quality: float | None
    revealers: Sequence[RevealerLike]
    clock: _Clock


def scan_photo(
    photo: str | Path | UInt8Image,
    revealers: Sequence[RevealerLike],
    *,
    corners: NDArray[np.floating] | None = None,
    save_stages: str | Path | None = None,
) -> list[ScanResult]:
    """Find, reveal and read the containers in a photograph.

    Args:
        photo: a file, or uint8 RGB (H, W, 3), upright.
        revealers: loaded models, tried in this order.
        corners: xy (4, 2) outer corners in the upright photo, clockwise from
            the printed top-left; detection is skipped. Should the code be
            turned, the other three ways up are tried too.
        save_stages: folder for pictures of the stages; made if need be.

    Returns:
        one result for each container, in the order found, or a single
        `no_container` or `bad_image`. `corners` of a result start at the
        printed top-left. `timings_ms` has the milliseconds of each stage (the
        first container's include loading and detection, each further one's
        only what was spent on it since the one before) and, as "total", the
        time for the whole photo.

    Raises:
        ConfigError: no revealers.
        RectificationError: `corners` cross, run counter-clockwise, are too
            close together or lie outside the photo.
        OutputError: `save_stages` cannot be written.
    """
    if not revealers:
        raise ConfigError("no model to scan with: give at least one")
    stages = Stages(save_stages)
    clock = _Clock()
    name = str(photo) if isinstance(photo, (str, Path)) else ""
    try:
        with clock.stage("load"):
            pixels, quality = _load(photo)
    except BadImageError as error:
        return [ScanResult(name, Status.BAD_IMAGE, timings_ms=clock.whole(), detail=str(error))]
    job = _Job(pixels, quality, revealers, clock)
    with clock.stage("detect"):
        quads = _candidates(pixels, corners)
    results: list[ScanResult] = []
    chosen: FloatArray | None = None
    turns: Sequence[int] = (0, 1, 3, 2)
    left = quads
    while left and len(results) < MOST_CONTAINERS:
        found = _search(job, left, turns, thorough=not results)
        if found is None:
            break
        result = _result(job, name, found, len(results))
        stages.revealed(result.index, found.frame, found.enhanced, found.picture, found.logits)
        results.append(result)
        chosen = found.corners if chosen is None else chosen
        left = [quad for quad in left if _overlap(quad, found.corners) < OVERLAP]
        turns = (found.hypothesis.turn,)
    if corners is None and not any(result.payload is not None for result in results):
        with clock.stage("detect"):
            others = _other_contours(pixels, quads)
        found = _search(job, others, (0, 1, 3, 2), thorough=True) if others else None
        if found is not None and (found.reading is not None or not results):
            results = [_result(job, name, found, 0)]
            stages.revealed(0, found.frame, found.enhanced, found.picture, found.logits)
            chosen, quads = found.corners, [*quads, *others]
    stages.outlines(pixels, quads, chosen)
    if not results:
        detail = (
            "no picture with a straight border was found: photograph the whole print with some "
            "of its margin, or give --corners"
            if len(quads) < 2 and corners is None
            else "none of the outlines found holds a hidden code: photograph the whole print "
            "with some of its margin, or give --corners"
        )
        return [ScanResult(name, Status.NO_CONTAINER, timings_ms=clock.whole(), detail=detail)]
    total = clock.total()
    return [replace(r, timings_ms={**r.timings_ms, "total": total}) for r in results]


def _load(photo: str | Path | UInt8Image) -> tuple[UInt8Image, float | None]:
    if isinstance(photo, (str, Path)):
        loaded = load_photo(photo)
        return loaded.pixels, loaded.jpeg_quality
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3:
        raise BadImageError(
            f"the photo is an array {photo.dtype} {photo.shape}: expected uint8 (H, W, 3) RGB"
        )
    return photo, None


def _candidates(photo: UInt8Image, corners: NDArray[np.floating] | None) -> list[FloatArray]:
    """Outlines to look into; of detected ones, those not far below the best.

    Late ones are guesses inside a border that shows no inner edge. The last one
    is the outline of the photo itself: a container's own file, a screenshot or a
    tight crop has no border to be found.

    Raises:
        RectificationError: the given corners are impossible.
    """
    if corners is not None:
        given = validate_corners(corners)
        Region.cut(photo, given)  # refuses corners outside the photo
        return [given]
    found = find_quadrilaterals(photo)
    outlines = [q.corners for q in found if q.score > 0.35 * found[0].score]
    outlines += inset_quads(outlines)
    if min(photo.shape[:2]) < SHORTEST_SIDE_PX:
        return outlines
    return [*outlines, frame_corners((photo.shape[0], photo.shape[1]))]


def _other_contours(photo: UInt8Image, quads: Sequence[FloatArray]) -> list[FloatArray]:
    """Outlines around blobs of one brightness that no candidate coincides with."""
    return [
        contour
        for contour in contour_quads(photo)
        if all(
            np.abs(contour - quad).max() > SAME_OUTLINE * np.linalg.norm(contour[1] - contour[0])
            for quad in quads
        )
    ]


def _search(
    job: _Job, quads: list[FloatArray], turns: Sequence[int], *, thorough: bool
) -> _Found | None:
    """The best container among the candidates, read where possible."""
    regions = []
    for quad in quads:
        try:
            regions.append(Region.cut(job.photo, quad))
        except RectificationError:
            continue
    best: _Found | None = None
    for revealer in job.revealers:
        pending: list[Hypothesis] = []
        seen: set[tuple[int, int, int]] = set()
        for number, tries in enumerate(rounds(len(regions), turns)):
            # After the first container, the rest need not be searched in depth.
            if not tries or (number > 1 and not thorough):
                continue
            with job.clock.stage("probe"):
                pending += probe(revealer, regions, tries, job.jpeg_quality)
            for h in sorted(pending, key=lambda h: -h.finder)[:2]:
                if h.finder < STRONG or (h.quad, h.turn, h.version) in seen:
                    continue
                seen.add((h.quad, h.turn, h.version))
                best = _better(best, _reveal(job, revealer, regions, h))
                if best is not None and _is_settled(best):
                    return _read_harder(job, regions, best)
        weak = [
            h
            for h in sorted(pending, key=lambda h: -h.finder)
            if h.finder >= WEAK and (h.quad, h.turn, h.version) not in seen
        ]
        for h in weak[:FULL_REVEALS]:
            best = _better(best, _reveal(job, revealer, regions, h))
            if best is not None and _is_settled(best):
                return _read_harder(job, regions, best)
    return None if best is None else _read_harder(job, regions, best)


def _is_settled(found: _Found) -> bool:
    return found.reading is not None or found.presence >= CERTAIN


def _better(one: _Found | None, other: _Found | None) -> _Found | None:
    """The one that was read, or that shows more evidence."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda f: (f.reading is not None, f.presence))


def _reveal(
    job: _Job, revealer: RevealerLike, regions: Sequence[Region], h: Hypothesis
) -> _Found | None:
    """Reveal a whole hypothesis; None where it is not worth reading."""
    region = regions[h.quad]
    corners = np.roll(region.corners, -h.turn, axis=0)
    size = frame_px(h.version)
    with job.clock.stage("reveal"):
        rectified = region.rectify((size, size), corners=corners)
        condition = revealer.estimate(rectified.image, job.jpeg_quality, rectified.scale_px)
        revealed = revealer.reveal(rectified.image[None], [condition])
    enhanced = getattr(revealed, "enhanced", None)
    logits, picture = revealed.logits[0], revealed.picture[0]
    presence = presence_score(logits, h.version)
    if presence < WORTH_READING:
        return None
    with job.clock.stage("read"):
        reading = read_revealed(logits, picture, h.version)
    return _guard(
        job,
        _Found(
            h, revealer, corners, condition, presence, rectified.image,
            None if enhanced is None else enhanced[0], picture, logits, reading,
        ),
    )  # fmt: skip


def _read_harder(job: _Job, regions: list[Region], found: _Found) -> _Found | None:
    """Where a container does not read: align its corners and add up readings.

    None where that gives neither a message nor evidence of a container.
    """
    if found.reading is not None:
        return found
    found = _other_outlines(job, regions, found)
    if found.reading is not None:
        return found
    h = found.hypothesis
    with job.clock.stage("reveal"):
        aligned = align(found.revealer, regions[h.quad], found.corners, h.version, found.condition)
    with job.clock.stage("read"):
        reading = read_revealed(aligned.logits, aligned.picture, h.version)
    evident = found.presence >= EVIDENCE or aligned.presence >= ALIGNED_EVIDENCE
    if reading is None and not evident:
        return None
    if reading is None and aligned.presence < found.presence:
        return found
    better = replace(
        found,
        corners=aligned.corners,
        logits=aligned.logits,
        picture=aligned.picture,
        presence=aligned.presence,
        reading=reading,
    )
    return _guard(job, better)


def _other_outlines(job: _Job, regions: list[Region], found: _Found) -> _Found:
    """The same version the same way up in the other candidates about the same place.

    Where one side of an outline was fitted to the wrong edge, part of the code still
    shows, and a candidate with the right side may have come later in the list, or
    the picture lies at an equal distance inside the border that was found. Outlines
    tried in that way are added to the regions.
    """
    best, h = found, found.hypothesis
    for number, region in enumerate(regions):
        if number == h.quad or _overlap(region.corners, regions[h.quad].corners) < OVERLAP:
            continue
        other = _reveal(job, found.revealer, regions, replace(h, quad=number))
        best = _better(best, other) or best
        if best.reading is not None:
            return best
    frame = frame_corners((job.photo.shape[0], job.photo.shape[1]))
    borders = [r for r in regions if np.abs(r.corners - frame).max() > 2]
    widest = max(
        borders or regions, key=lambda r: _share_around(r.corners, regions[h.quad].corners)
    )
    for margin in BORDERS:
        try:
            region = Region.cut(job.photo, inset(widest.corners, margin))
        except RectificationError:
            continue
        other = _reveal(job, found.revealer, [region], replace(h, quad=0))
        if other is None:
            continue
        regions.append(region)
        other = replace(other, hypothesis=replace(h, quad=len(regions) - 1))
        best = _better(best, other) or best
        if best.reading is not None:
            return best
    return best


def _share_around(outer: FloatArray, inner: FloatArray) -> float:
    """Area of an outline that lies about another one; 0 where it is elsewhere or far larger."""
    area, about = (abs(float(cv2.contourArea(q.astype(np.float32)))) for q in (outer, inner))
    if _overlap(outer, inner) < 0.8 or area > 2.5 * about:
        return 0.0
    return area


def _guard(job: _Job, found: _Found) -> _Found | None:
    """None where the code is one that anyone can see in the photo."""
    if found.reading is None:
        return found
    payload = found.reading.payload
    with job.clock.stage("read"):
        gray = _gray_crop(job.photo, found.corners)
        visible = any(
            payload in symbol.candidates for read in DECODERS.values() for symbol in read(gray)
        )
    return None if visible else found


def _gray_crop(photo: UInt8Image, corners: FloatArray) -> UInt8Image:
    """The container with some surroundings, some 600 px, where a visible code would read."""
    region = Region.cut(photo, corners)
    gray = np.asarray(cv2.cvtColor(region.levels[0], cv2.COLOR_RGB2GRAY))
    scale = min(1.0, GUARD_PX / max(gray.shape))
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)


def _result(job: _Job, name: str, found: _Found, index: int) -> ScanResult:
    common = ScanResult(
        photo=name,
        status=Status.UNREADABLE,
        corners=found.corners,
        condition=found.condition,
        index=index,
        model=found.revealer.name,
        confidence=0.0,
        timings_ms=job.clock.lap(),
    )
    if found.reading is None:
        tip = advice(job.photo, found.corners, found.condition)
        return replace(common, detail=f"a hidden code is there but does not read; {tip}")
    return replace(
        common,
        status=Status.DECODED,
        payload=found.reading.payload,
        decoder=found.reading.decoder,
        confidence=float(found.reading.confidence),
    )


def _overlap(one: FloatArray, other: FloatArray) -> float:
    """Common area as a share of the smaller quadrilateral."""
    common, _ = cv2.intersectConvexConvex(one.astype(np.float32), other.astype(np.float32))
    areas = [abs(float(cv2.contourArea(q.astype(np.float32)))) for q in (one, other)]
    return float(common) / max(min(areas), 1e-6)
