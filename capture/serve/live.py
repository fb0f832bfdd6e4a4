"""Frames of a live camera, each looked at quickly; evidence adds up over them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from capture.clock import Clock
from capture.find.candidates import Candidate, known_candidates, seen_candidates
from capture.find.learned.pictures import Pictures
from capture.many.fused import FusedScan, Photo
from capture.quality.assess import advice, assess
from capture.read.place.finding import Finding, better
from capture.read.place.probe import STRONG, RevealerLike, probe, quick_rounds
from capture.read.place.reveal import Viewer
from capture.scan import PhotoFindings
from capture.serve.track import Track
from riis_physical.artifacts import FloatArray, ScanResult, Status, UInt8Image

AGREE = 2  # frames in a row of sums that must give the same message
MEMORY = 8  # frames after which what is gone is forgotten
REVEALS = 2  # of a frame at most
RESTART_S = 5.0  # without a frame


@dataclass(frozen=True)
class LiveAnswer:
    """What is said of a frame.

    Attributes:
        state: nothing, picture (a place worth holding still for), container, or read.
        outline: xy (4, 2) as shares of the frame's width and height; None for nothing.
        text: the message, once read; bytes that are no text are shown as base64.
        advice: one line on what to do; empty where all is well.
        ms: that the frame took.
    """

    state: str
    outline: list[list[float]] | None = None
    text: str | None = None
    advice: str = ""
    ms: float = 0.0


@dataclass
class LiveScan:
    """One client's camera.

    Attributes:
        revealers: models, in the order in which they are tried.
    """

    revealers: Sequence[RevealerLike]
    _scan: FusedScan = field(init=False)
    _seen: list[Candidate] = field(init=False, default_factory=list)
    _told: Counter[str] = field(init=False, default_factory=Counter)
    _results: list[ScanResult] = field(init=False, default_factory=list)
    _track: Track | None = field(init=False, default=None)
    _last: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget what was seen."""
        self._scan = FusedScan(self._find, MEMORY)
        self._told.clear()
        self._track = None

    def look(self, pixels: UInt8Image) -> LiveAnswer:
        """Look at a frame, uint8 RGB (H, W, 3), upright."""
        began = time.perf_counter()
        if began - self._last > RESTART_S:
            self.restart()
        self._scan.add("frame", pixels)
        answer = self._answer(pixels)
        self._last = time.perf_counter()
        return LiveAnswer(
            answer.state, answer.outline, answer.text, answer.advice, 1000 * (self._last - began)
        )

    def _answer(self, pixels: UInt8Image) -> LiveAnswer:
        now = next((r for r in self._results if r.corners is not None), None)
        for fused in self._scan.results():
            text = _text_of(fused.result)
            if text is not None:
                self._told[text] += 1
                if self._told[text] >= AGREE:
                    corners = None if now is None else now.corners
                    return LiveAnswer("read", _shares(corners, pixels), text)
        if now is not None:
            return LiveAnswer("container", _shares(now.corners, pixels), None, now.detail)
        if self._seen:
            return LiveAnswer("picture", _shares(self._seen[0].corners, pixels))
        return LiveAnswer("nothing")

    def _find(self, photo: Photo) -> PhotoFindings:
        """The quick look at one frame: the likeliest picture, its likeliest codes."""
        assert isinstance(photo, np.ndarray)
        clock = Clock()
        moved = None if self._track is None else self._track.moved(photo)
        found = None
        if moved is not None:  # what was found is followed; the detector need not look again
            self._seen = [Candidate(moved, "given")]
            found = self._revealed(photo, clock)
        if found is None or found.reading is None:
            device = str(getattr(self.revealers[0], "device", "cpu"))
            pictures = Pictures(photo, device)
            self._seen = [*known_candidates(photo), *seen_candidates(pictures, pictures.first)]
            found = better(found, self._revealed(photo, clock) if self._seen else None)
        self._track = Track(photo, found.corners) if found is not None and found.counts else None
        self._results = []
        if found is None:
            nothing = ScanResult("", Status.NO_CONTAINER, timings_ms=clock.whole())
            return PhotoFindings((), (), [nothing], ())
        result = _result(photo, found, clock)
        if found.counts:
            self._results = [result]
            return PhotoFindings((found,), (), [result], ())
        nothing = ScanResult("", Status.NO_CONTAINER, timings_ms=clock.whole())
        return PhotoFindings((), (found,), [nothing], (result,))

    def _revealed(self, photo: UInt8Image, clock: Clock) -> Finding | None:
        viewer = Viewer(photo, None, clock)
        places = viewer.places(self._seen)
        best: Finding | None = None
        for revealer in self.revealers:
            for tries in islice(quick_rounds(len(places)), 1):
                probed = probe(revealer, [place.region for place in places], tries, None)
                strong = sorted((h for h in probed if h.finder >= STRONG), key=lambda h: -h.finder)
                for hypothesis in strong[:REVEALS]:
                    found = viewer.reveal(revealer, places, hypothesis)
                    if found is not None and found.reading is not None:
                        return found
                    if found is not None and (best is None or found.presence > best.presence):
                        best = found
        return best


def _result(photo: UInt8Image, found: Finding, clock: Clock) -> ScanResult:
    quality = assess(photo, found.corners, found.condition, None)
    reading = found.reading
    return ScanResult(
        "",
        Status.UNREADABLE if reading is None else Status.DECODED,
        payload=None if reading is None else reading.payload,
        corners=found.corners,
        decoder=None if reading is None else reading.decoder,
        condition=found.condition,
        timings_ms=clock.whole(),
        model=found.revealer.name,
        detail=advice(quality) if reading is None else "",
        found_by=found.source,
        quality=quality,
    )


def _text_of(result: ScanResult) -> str | None:
    if result.payload is None:
        return None
    if result.text is not None:
        return result.text
    import base64

    return "base64:" + base64.b64encode(result.payload).decode("ascii")


def _shares(corners: FloatArray | None, pixels: UInt8Image) -> list[list[float]] | None:
    """Corners as shares of width and height."""
    if corners is None:
        return None
    height, width = pixels.shape[:2]
    return [
        [round(float((x + 0.5) / width), 4), round(float((y + 0.5) / height), 4)]
        for x, y in corners
    ]
