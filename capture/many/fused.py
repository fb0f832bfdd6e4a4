"""Several photos, or frames, of one container to one answer.

photo -> find containers -> contributions -> fusion -> (stop when read) -> results
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from capture.geometry.quad import OVERLAP, overlap
from capture.many.fuse import Contribution, Fusion, Track
from capture.read.place.finding import Finding
from capture.scan import PhotoFindings
from riis_physical.artifacts import ScanResult, Status, UInt8Image
from riis_physical.qr.decoders import DECODERS
from riis_physical.qr.soft.knowledge import NOTHING, Knowledge
from riis_physical.qr.soft.likelihood import log_likelihoods

Photo = str | Path | UInt8Image
Find = Callable[[Photo], PhotoFindings]

QUIET_ZONE_PX = 32
LOOKED_AT = 3  # photos of a track in which a visible code is looked for


@dataclass(frozen=True)
class FusedResult:
    """One container over several photos.

    Attributes:
        result: as of a single photo; `photo` and `corners` are those of the photo
            that shows the container best, `timings_ms` of all photos together.
        photos: names of the photos that showed it, in the order given.
        frame: number of the photo that shows it best, from 0; None where none does.
    """

    result: ScanResult
    photos: tuple[str, ...] = ()
    frame: int | None = None


@dataclass(frozen=True)
class _Seen:
    """A finding without its heavy parts."""

    result: ScanResult
    gray: UInt8Image


class FusedScan:
    """Takes photos one by one until the message reads.

    Attributes:
        fusion: the evidence so far.
        names: of the photos added, in order.
    """

    def __init__(
        self, find: Find, memory: int | None = None, knowledge: Knowledge = NOTHING
    ) -> None:
        """`find` is :func:`capture.scan.find_containers` with its models and options,
        the same `knowledge` among them.

        With `memory`, a container that was not read and that none of so many photos shows
        is forgotten: for live pictures.
        """
        self._find = find
        self._seen: dict[tuple[int, int], _Seen] = {}
        self._empty: list[ScanResult] = []
        self._timings: dict[str, float] = {}
        self._began = time.perf_counter()
        self.fusion = Fusion(memory, knowledge)
        self.names: list[str] = []

    def add(self, name: str, photo: Photo) -> bool:
        """Scan one more photo; whether nothing is left to read.

        A photo that cannot be opened, or shows no container, contributes nothing.
        """
        number = len(self.names)
        self.names.append(name)
        findings = self._find(photo)
        self._count_time(findings.results)
        if not findings.findings:
            self._empty += [replace(result, photo=name) for result in findings.results]
            if self.fusion.memory is not None:
                self._empty = self._empty[-self.fusion.memory :]
        parts = []
        for place, found in _apart((*findings.findings, *findings.weak)):
            known = len(findings.findings)
            result = findings.results[place] if place < known else findings.doubts[place - known]
            self._seen[number, place] = _Seen(replace(result, photo=name), _gray(found))
            version = found.hypothesis.version
            parts.append(
                Contribution(
                    photo=number,
                    place=place,
                    version=version,
                    presence=found.presence,
                    values=log_likelihoods(found.logits, version),
                    reading=found.reading,
                    evident=found.counts,
                )
            )
        self.fusion.add(parts)
        self.fusion.tracks = [track for track in self.fusion.tracks if not self._is_visible(track)]
        self.fusion.forget(number)
        held = self._held()
        self._seen = {key: seen for key, seen in self._seen.items() if key in held}
        return self.fusion.is_read

    def _held(self) -> set[tuple[int, int]]:
        """Photos and places that the evidence comes from."""
        return {(part.photo, part.place) for track in self.fusion.tracks for part in track.parts}

    def results(self) -> list[FusedResult]:
        """One for each container, in the order seen, or a single one without any."""
        timings = {**self._timings, "total": 1000 * (time.perf_counter() - self._began)}
        tracks = [track for track in self.fusion.tracks if track.counts]
        if not tracks:
            return [FusedResult(replace(self._nothing(), timings_ms=timings))]
        fused = [self._fused(track, index) for index, track in enumerate(tracks)]
        return [replace(f, result=replace(f.result, timings_ms=timings)) for f in fused]

    def unusable(self) -> list[ScanResult]:
        """The results of photos that could not be opened."""
        return [result for result in self._empty if result.status is Status.BAD_IMAGE]

    def _fused(self, track: Track, index: int) -> FusedResult:
        best = track.best
        result = replace(self._seen[best.photo, best.place].result, index=index)
        photos = tuple(self.names[part.photo] for part in track.parts)
        if track.reading is None:
            several = f"{len(photos)} photos together do not read; " if len(photos) > 1 else ""
            detail = f"{several}{result.detail}"
            result = replace(result, status=Status.UNREADABLE, detail=detail)
        else:
            result = replace(
                result,
                status=Status.DECODED,
                payload=track.reading.payload,
                decoder=track.reading.decoder,
                confidence=float(track.reading.confidence),
                by=track.reading.grid.by,
                evidence_bits=track.reading.grid.bits,
                detail="",
            )
        return FusedResult(result, photos, best.photo)

    def _nothing(self) -> ScanResult:
        empty = [r for r in self._empty if r.status is not Status.BAD_IMAGE]
        if not empty:
            bad = self.unusable()
            if len(bad) < 2:
                return bad[0] if bad else ScanResult("", Status.NO_CONTAINER, detail="no photo")
            return replace(bad[0], detail=f"none of {len(bad)} photos can be used: {bad[0].detail}")
        if len(self.names) == 1:
            return empty[0]
        detail = f"none of {len(self.names)} photos shows a container: {empty[0].detail}"
        return replace(empty[0], detail=detail)

    def _count_time(self, results: list[ScanResult]) -> None:
        for result in results:
            for stage, ms in result.timings_ms.items():
                if stage != "total":
                    self._timings[stage] = self._timings.get(stage, 0.0) + ms

    def _is_visible(self, track: Track) -> bool:
        """Whether a sum reads what anyone can see in the photos: no hidden message."""
        if track.reading is None or any(part.reading for part in track.parts):
            return False
        best = sorted(track.parts, key=lambda part: -part.presence)[:LOOKED_AT]
        return any(
            track.reading.payload in symbol.candidates
            for part in best
            for read in DECODERS.values()
            for symbol in read(self._seen[part.photo, part.place].gray)
        )


def _apart(findings: Sequence[Finding]) -> list[tuple[int, Finding]]:
    """Findings with their numbers, the best one of each place: others share its errors."""
    kept: list[tuple[int, Finding]] = []
    order = sorted(
        enumerate(findings), key=lambda f: (f[1].reading is None, not f[1].counts, -f[1].presence)
    )
    for number, found in order:
        if all(overlap(found.corners, other.corners) < OVERLAP for _, other in kept):
            kept.append((number, found))
    return kept


def _gray(found: Finding) -> UInt8Image:
    """The rectified container with a white margin, where a visible code would read."""
    picture = (255 * np.clip(found.frame, 0, 1)).round().astype(np.uint8)
    gray = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    return np.pad(gray, QUIET_ZONE_PX, constant_values=255)
