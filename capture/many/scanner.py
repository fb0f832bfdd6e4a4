"""Photos scanned one by one, or by several workers, with all that was asked for loaded once."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from capture.clock import Clock
from capture.explain import Explanation
from capture.find.reference import References
from capture.many.folder import is_scanned, is_video, scanned_in
from capture.many.frames import video_frames
from capture.many.fused import FusedScan
from capture.read.place.correction import Correction
from capture.read.place.effort import Effort
from capture.read.place.probe import RevealerLike
from capture.scan import find_containers, scan_photo
from riis_physical.artifacts import ScanResult, Status
from riis_physical.camera import CameraProfile
from riis_physical.errors import BadImageError
from riis_physical.images import load_photo
from riis_physical.known_messages import load_knowledge
from riis_physical.profile import DeviceProfile
from riis_physical.qr.soft.knowledge import Knowledge
from riis_physical.system.files import is_file, is_folder
from riis_physical.system.last_resort import is_out_of_memory
from riis_physical.system.terminal import note

MOST_FRAMES = 20  # of a video among photos

LoadModels = Callable[[str, str, str], Sequence[RevealerLike]]
"""Model, device and engine, as in :class:`Settings`, to loaded models."""


@dataclass(frozen=True)
class Settings:
    """What every worker needs in order to scan; it can be sent to another process."""

    model: str
    device: str
    corners: tuple[tuple[float, float], ...] | None = None
    reference: Path | None = None
    camera_profile: Path | None = None
    profile: DeviceProfile | None = None
    prefixes: tuple[str, ...] = ()
    among: Path | None = None
    among_column: str | None = None
    knowledge_file: Path | None = None
    recursive: bool = False
    effort: Effort = Effort.NORMAL
    engine: str = "auto"

    def knowledge(self) -> Knowledge:
        """What is known of messages, its files read."""
        return load_knowledge(self.prefixes, self.among, self.among_column, self.knowledge_file)


@dataclass(frozen=True)
class Task:
    """One file.

    Attributes:
        photo: its path.
        stages: where its stages go.
        explain: where one picture of its stages goes; written over.
        listed: whether it was in a folder, so that it may be no photo at all.
    """

    photo: str
    stages: Path | None = None
    listed: bool = False
    explain: Path | None = None


class Scanner:
    """Scans photos one by one; loads models and references with the first that is a file."""

    def __init__(self, settings: Settings, load: LoadModels) -> None:
        """With a function that can be sent to another process, as settings can."""
        self.settings = settings
        self._load = load
        self._loaded: tuple[Sequence[RevealerLike], dict[str, Any]] | None = None
        self._loading = threading.Lock()

    def __call__(self, task: Task) -> list[ScanResult]:
        """The results of a photo; one that cannot be opened is a result too.

        Raises:
            RectificationError: the settings' corners are none that a camera sees.
        """
        if task.listed and not is_scanned(task.photo):
            kind = Path(task.photo).suffix or "a name without a suffix"
            return [ScanResult(task.photo, Status.SKIPPED, detail=f"no photo or video ({kind})")]
        missing = no_file(task.photo, self.settings.recursive)
        if missing is not None:
            return missing
        with self._loading:
            if self._loaded is None:
                settings = self.settings
                models = self._load(settings.model, settings.device, settings.engine)
                self._loaded = models, scan_options(settings)
        revealers, options = self._loaded
        if is_video(task.photo):
            return _of_video(task.photo, revealers, options)
        given = self.settings.corners
        corners = None if given is None else np.array(given, np.float32)
        try:
            if task.explain is None:
                return scan_photo(
                    task.photo, revealers, corners=corners, save_stages=task.stages, **options
                )
            explanation = Explanation(task.stages)
            found = find_containers(
                task.photo, revealers, corners=corners, save_stages=explanation, **options
            )
            explanation.write(task.explain, found.results, found.work, force=True)
            return found.results
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            return _no_memory(task.photo)  # the other photos get their answers


def _of_video(
    video: str, revealers: Sequence[RevealerLike], options: dict[str, Any]
) -> list[ScanResult]:
    """What the sharpest frames of a video give together."""
    scan = FusedScan(
        lambda frame: find_containers(frame, revealers, **options),
        knowledge=options["knowledge"],
    )
    try:
        for frame in islice(video_frames(video), MOST_FRAMES):
            if scan.add(video, frame.pixels):
                break
    except BadImageError as error:
        return [ScanResult(video, Status.BAD_IMAGE, timings_ms=Clock().whole(), detail=str(error))]
    return [one.result for one in scan.results()]


def scan_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments of `scan_photo`, loaded; those not asked for are left out."""
    found: dict[str, Any] = {}
    if settings.reference is not None:
        found["references"] = References.load(settings.reference)
        if _is_first():
            for line in found["references"].skipped:
                note(f"note: reference left out: {line}")
    if settings.camera_profile is not None:
        found["camera"] = CameraProfile.load(settings.camera_profile)
    if settings.profile is not None:
        correction = Correction.of(settings.profile)
        if correction is not None:
            found["correction"] = correction
    found["knowledge"] = settings.knowledge()
    found["effort"] = settings.effort
    return found


def no_file(photo: str, recursive: bool) -> list[ScanResult] | None:
    """The result of an argument that is no file; it needs no model. None for a file."""
    if is_file(photo):
        return None
    try:
        if photo and is_folder(photo):  # an empty name is not the current folder
            scanned_in(photo, recursive=recursive)
        load_photo(photo)
    except BadImageError as error:
        return [ScanResult(photo, Status.BAD_IMAGE, timings_ms=Clock().whole(), detail=str(error))]
    return None


def _is_first() -> bool:
    """Whether this is the main process or the first of several that scan."""
    name = multiprocessing.current_process().name
    return name == "MainProcess" or name.endswith("-1")


def _no_memory(photo: str) -> list[ScanResult]:
    detail = "out of memory: scale the photo down, or use fewer --jobs"
    return [ScanResult(photo, Status.BAD_IMAGE, timings_ms=Clock().whole(), detail=detail)]
