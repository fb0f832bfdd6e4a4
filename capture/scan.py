"""From a photograph to the messages of the containers in it.

    load -> find candidates -> search among them -> results

Only here do errors about a photo become a status; everything below raises.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from capture.clock import Clock
from capture.find.candidates import Candidate, given_candidate
from capture.find.reference import Reference, References
from capture.geometry.quad import outside_share
from capture.geometry.rectify import SHORTEST_SIDE_PX
from capture.quality.assess import advice, assess
from capture.quality.photo_fault import photo_fault
from capture.read.cascade import Cascade
from capture.read.place.correction import CorrectedRevealer, Correction, even_light
from capture.read.place.effort import Budget, Effort, Metered
from capture.read.place.finding import Finding
from capture.read.place.probe import RevealerLike
from capture.read.search import Search
from capture.stages import Stages
from riis_physical.artifacts import ScanResult, Status, UInt8Image
from riis_physical.camera import CameraProfile
from riis_physical.errors import BadImageError, ConfigError
from riis_physical.images import PHOTO, LoadedImage, load_photo
from riis_physical.qr.soft.knowledge import NOTHING, Knowledge

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PhotoFindings:
    """All that a scan saw in one photo.

    Attributes:
        findings: the containers, in the order of the results.
        weak: what showed too little evidence to count by itself; further
            photos of the same container may add to it.
        results: what :func:`scan_photo` returns.
        doubts: what is said of each of `weak`, in that order: UNREADABLE, with quality.
        work: modules that were revealed, by the step of the scan.
    """

    findings: tuple[Finding, ...]
    weak: tuple[Finding, ...]
    results: list[ScanResult]
    doubts: tuple[ScanResult, ...]
    work: Mapping[str, float] = field(default_factory=dict)


def scan_photo(
    photo: str | Path | UInt8Image,
    revealers: Sequence[RevealerLike],
    *,
    corners: NDArray[np.floating] | None = None,
    save_stages: str | Path | Stages | None = None,
    references: Sequence[Reference] | References | None = None,
    camera: CameraProfile | None = None,
    correction: Correction | None = None,
    knowledge: Knowledge = NOTHING,
    effort: Effort | str = Effort.NORMAL,
) -> list[ScanResult]:
    """Find, reveal and read the containers in a photograph.

    Args:
        photo: a file, or uint8 RGB (H, W, 3), upright.
        revealers: loaded models of one family, tried in this order, the newest first: but for
            thorough scans the others look where it sees anything.
        corners: xy (4, 2) outer corners in the upright photo, clockwise from
            the printed top-left; detection is skipped. Should the code be
            turned, the other three ways up are tried too.
        save_stages: folder for pictures of the stages, made if need be, or what takes them.
        references: published containers, or their hosts; found ones are read without
            looking for outlines.
        camera: profile of the camera that took the photo, whose lens is then
            taken out.
        correction: what a profile of printer or screen and camera undoes; its lens
            counts where no `camera` is given. What does not read corrected is read
            as it is.
        knowledge: what is known of messages: beginnings, a list of all that can occur.
        effort: how long to try where a photo does not read.

    Returns:
        one result for each container, in the order found, or a single
        `no_container` or `bad_image` (also where a photo has another aspect than the
        camera's). `corners` of a result start at the
        printed top-left. `timings_ms` has the milliseconds of each stage (the
        first container's include loading, detection and what was spent in vain
        after the last one, each further one's only what was spent on it since the
        one before) and, as "total", the time for the whole photo.

    Raises:
        ConfigError: no revealers.
        RectificationError: `corners` cross, run counter-clockwise, are too
            close together or lie outside the photo.
        OutputError: `save_stages` cannot be written.
    """
    return find_containers(
        photo,
        revealers,
        corners=corners,
        save_stages=save_stages,
        references=references,
        camera=camera,
        correction=correction,
        knowledge=knowledge,
        effort=effort,
    ).results


def find_containers(
    photo: str | Path | UInt8Image,
    revealers: Sequence[RevealerLike],
    *,
    corners: NDArray[np.floating] | None = None,
    save_stages: str | Path | Stages | None = None,
    references: Sequence[Reference] | References | None = None,
    camera: CameraProfile | None = None,
    correction: Correction | None = None,
    knowledge: Knowledge = NOTHING,
    effort: Effort | str = Effort.NORMAL,
) -> PhotoFindings:
    """As :func:`scan_photo`, with the evidence behind the results, for adding up photos."""
    if not revealers:
        raise ConfigError("no model to scan with: give at least one")
    stages = save_stages if isinstance(save_stages, Stages) else Stages(save_stages)
    clock = Clock()
    name = str(photo) if isinstance(photo, (str, Path)) else ""
    try:
        with clock.stage("load"):
            loaded = _load(photo)
    except BadImageError as error:
        bad = ScanResult(name, Status.BAD_IMAGE, timings_ms=clock.whole(), detail=str(error))
        return PhotoFindings((), (), [bad], ())
    pixels, by = loaded.pixels, loaded.reduced_by
    given = None if corners is None else (np.asarray(corners) + 0.5) / by - 0.5
    size = (pixels.shape[0], pixels.shape[1])
    own_lens = correction.lens_of(size) if correction is not None and camera is None else None
    try:
        lens = own_lens if camera is None else camera.scaled_to(size)
    except ConfigError as error:  # one such photo must not end the scan of a folder
        bad = ScanResult(name, Status.BAD_IMAGE, timings_ms=clock.whole(), detail=str(error))
        return PhotoFindings((), (), [bad], ())
    budget = Budget(Effort(effort))
    metered = [Metered(revealer, budget) for revealer in revealers]
    search = Search(
        pixels, loaded.jpeg_quality, metered, clock, lens, knowledge=knowledge, budget=budget
    )
    if correction is None:
        return _of_file(_searched(search, name, given, stages, references), loaded)
    corrected = _corrected(search, correction, bent=own_lens is not None)
    found = _searched(corrected, name, given, stages, references)
    if not corrected.changed or _is_read(found):
        return _of_file(found, loaded)
    # A wrong lens or a wrong fall of light must not hide what reads without them.
    budget.renew()
    untouched = replace(search, camera=None if own_lens is not None else lens, scores={})
    plain = _searched(untouched, name, given, stages, references)
    return _of_file(plain if _is_read(plain) or not found.findings else found, loaded)


def _of_file(found: PhotoFindings, loaded: LoadedImage) -> PhotoFindings:
    """With corners in pixels of the file, which may have been reduced, and what ails it."""
    if loaded.reduced_by == 1 and not loaded.fault:
        return found

    def told(result: ScanResult) -> ScanResult:
        result = replace(result, fault=loaded.fault)
        if result.corners is None:
            return result
        corners = (np.asarray(result.corners, np.float32) + 0.5) * loaded.reduced_by - 0.5
        return replace(result, corners=corners)

    return replace(
        found,
        results=[told(result) for result in found.results],
        doubts=tuple(told(result) for result in found.doubts),
    )


def _corrected(search: Search, correction: Correction, *, bent: bool) -> Search:
    """The search with all that a profile corrects."""
    photo = search.photo
    vignetting = correction.vignetting_of((photo.shape[0], photo.shape[1]))
    if vignetting is not None:
        with search.clock.stage("load"):
            photo = even_light(photo, vignetting)
    return replace(
        search,
        photo=photo,
        correction=correction if correction.is_of_frames else None,
        changed=bent or vignetting is not None,
        scores={},
    )


def _is_read(found: PhotoFindings) -> bool:
    return any(result.payload is not None for result in found.results)


def _searched(
    search: Search,
    name: str,
    corners: NDArray[np.floating] | None,
    stages: Stages,
    references: Sequence[Reference] | References | None,
) -> PhotoFindings:
    """All that one search of a photo finds."""
    pixels, clock = search.photo, search.clock
    cascade = Cascade(search)
    if corners is None:
        cascade.look_everywhere(references)
    else:
        cascade.look_at(given_candidate(pixels, corners))
    results: list[ScanResult] = []
    for found, spent in zip(cascade.findings, cascade.spent, strict=True):
        result = _result(search, name, found, len(results))
        own = {stage: ms + spent.get(stage, 0.0) for stage, ms in clock.lap().items()}
        results.append(replace(result, timings_ms=own))
    for result, found in zip(results, cascade.findings, strict=True):
        stages.revealed(result.index, found.frame, found.enhanced, found.picture, found.logits)
    chosen = cascade.findings[0].corners if cascade.findings else None
    stages.outlines(pixels, [c.corners for c in cascade.tried], chosen)
    if not results:
        results = [_nothing(name, pixels, cascade.tried, clock)]
    doubts = tuple(_result(search, name, found, 0) for found in cascade.weak)
    total = clock.total()
    logger.debug("%s: %s ms", name or "the array", {k: round(v) for k, v in clock.whole().items()})
    results = [replace(r, timings_ms={**r.timings_ms, "total": total}) for r in results]
    return PhotoFindings(
        tuple(cascade.findings), tuple(cascade.weak), results, doubts, dict(search.budget.spent)
    )


def _load(photo: str | Path | UInt8Image) -> LoadedImage:
    if isinstance(photo, (str, Path)):
        return load_photo(photo, PHOTO)
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3:
        raise BadImageError(
            f"the photo is an array {photo.dtype} {photo.shape}: expected uint8 (H, W, 3) RGB"
        )
    if min(photo.shape[:2]) < SHORTEST_SIDE_PX:
        raise BadImageError(
            f"the photo is an array of {photo.shape[1]} x {photo.shape[0]} px: "
            f"expected at least {SHORTEST_SIDE_PX:.0f} px a side"
        )
    return LoadedImage(photo)


def _nothing(name: str, photo: UInt8Image, tried: Sequence[Candidate], clock: Clock) -> ScanResult:
    outlines = [c for c in tried if c.source != "photo"]
    detail = (
        "none of the outlines found holds a hidden code: photograph the whole print "
        "with some of its margin, or give --corners"
        if outlines
        else "no picture with a straight border was found: photograph the whole print with some "
        "of its margin, or give --corners"
    )
    detail = photo_fault(photo) or detail
    return ScanResult(name, Status.NO_CONTAINER, timings_ms=clock.whole(), detail=detail)


def _result(search: Search, name: str, found: Finding, index: int) -> ScanResult:
    with search.clock.stage("read"):
        quality = assess(search.photo, found.corners, found.condition, search.jpeg_quality)
    common = ScanResult(
        photo=name,
        status=Status.UNREADABLE,
        corners=found.corners,
        condition=found.condition,
        index=index,
        model=found.revealer.name,
        confidence=0.0,
        found_by=found.source,
        quality=quality,
        corrected=search.changed or isinstance(found.revealer, CorrectedRevealer),
        mirrored=found.mirrored,
        matched=found.matched,
        outside=outside_share(found.corners, search.size),
    )
    if found.reading is None:
        tip = advice(quality)
        seen = "is there but does not read" if found.counts else "may be there"
        return replace(common, detail=f"a hidden code {seen}; {tip}")
    return replace(
        common,
        status=Status.DECODED,
        detail=found.beside,
        payload=found.reading.payload,
        decoder=found.reading.decoder,
        confidence=float(found.reading.confidence),
        by=found.reading.grid.by,
        evidence_bits=found.reading.grid.bits,
    )
