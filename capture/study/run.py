"""Every photo of a study scanned with every setting; what was done is never done again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from capture.geometry.quad import OVERLAP, overlap
from capture.many.folder import run_all, sensible_jobs
from capture.scan import scan_photo
from capture.study.store import Study
from riis_physical.artifacts import ScanResult, Status
from riis_physical.errors import ConfigError
from riis_physical.model.revealer import Revealer
from riis_physical.model.weights import available, load_record
from riis_physical.profile import DeviceProfile
from riis_physical.system.provenance import commit, package_version

#: How far a photo came, from the worst: the file, finding, reading, another text, right.
STAGES = ("file", "finding", "reading", "wrong text", "read")


@dataclass(frozen=True)
class Setting:
    """How photos are scanned, and by what version.

    Attributes:
        name: for people. models: names or files, tried in this order.
        weights: SHA-256 of each, in that order. profile: of printer or screen and camera.
        version, commit: of the program.
    """

    name: str
    models: tuple[str, ...]
    weights: tuple[str, ...]
    profile: str | None
    version: str
    commit: str

    @property
    def key(self) -> str:
        """Its id: the same for the same models, profile and version."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:12]

    @classmethod
    def of(cls, model: str, profile: str | None = None) -> Setting:
        """The setting of a model; `auto` is every shipped one, as for `scan`.

        Raises:
            WeightsError, ConfigError: no such model or profile.
        """
        models = tuple(available()) if model == "auto" else (model,)
        if not models:
            raise ConfigError("no model ships with this installation: name one with --model")
        name = "+".join(Path(m).stem for m in models)
        if profile is not None:
            name += f", {DeviceProfile.load(profile).name}"
        weights = tuple(str(load_record(m)["sha256"]) for m in models)
        version = package_version("riis-physical")
        return cls(name, models, weights, profile, version, commit())


@dataclass(frozen=True)
class Task:
    """One photo to be scanned with one setting.

    Attributes:
        photo: its number. file: where it is. setting: key of the setting.
        message: that it shows. corners: xy (4, 2), where; None where that is not known.
    """

    photo: int
    file: str
    setting: str
    message: str
    corners: tuple[tuple[float, float], ...] | None


class Reader:
    """Scans and judges tasks; loads each setting once. Results are lines of `result`."""

    def __init__(self, settings: Sequence[Setting], messages: Sequence[str]) -> None:
        self.settings = {s.key: s for s in settings}
        self.messages = frozenset(messages)
        self._loaded: dict[str, tuple[list[Revealer], dict[str, Any]]] = {}

    def __call__(self, task: Task) -> dict[str, Any]:
        """The line of the table result that a task makes."""
        # One thread each: the same figures whatever the number of workers.
        torch.set_num_threads(1)
        cv2.setNumThreads(1)
        if task.setting not in self._loaded:
            self._loaded[task.setting] = self._load(self.settings[task.setting])
        revealers, options = self._loaded[task.setting]
        return judged(task, scan_photo(task.file, revealers, **options), self.messages)

    @staticmethod
    def _load(setting: Setting) -> tuple[list[Revealer], dict[str, Any]]:
        options: dict[str, Any] = {}
        if setting.profile is not None:
            from capture.read.place.correction import Correction

            options["correction"] = Correction.of(DeviceProfile.load(setting.profile))
        return [Revealer.load(name) for name in setting.models], options


def judged(task: Task, results: Sequence[ScanResult], messages: frozenset[str]) -> dict[str, Any]:
    """What a scan comes to for the container that the photo was taken of.

    Other sheets of the study that stand in the picture too are no fault.
    """
    stage, best = _judged(task, results, messages)
    quality = None if best.quality is None else asdict(best.quality)
    corners = None
    if best.corners is not None:
        corners = [[round(float(x), 2), round(float(y), 2)] for x, y in best.corners]
    return {
        "photo_id": task.photo, "setting_id": task.setting, "status": str(best.status),
        "text": best.text, "is_right": int(stage == "read"), "stage": stage,
        "detail": best.detail, "found_by": best.found_by, "corners": corners,
        "confidence": round(best.confidence, 4),
        "quality": None if quality is None else {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in quality.items()
        },
        "total_ms": round(results[0].timings_ms.get("total", 0.0), 1),
    }  # fmt: skip


def _judged(
    task: Task, results: Sequence[ScanResult], messages: frozenset[str]
) -> tuple[str, ScanResult]:
    for result in results:
        if result.text == task.message:
            return "read", result
    if results[0].status is Status.BAD_IMAGE:
        return "file", results[0]
    for result in results:
        if result.payload is not None and result.text not in messages:
            return "wrong text", result
    for result in results:
        if result.status is Status.UNREADABLE and _is_at(task, result):
            return "reading", result
    empty = next((r for r in results if r.status is Status.NO_CONTAINER), None)
    return "finding", empty or ScanResult(
        task.file, Status.NO_CONTAINER, timings_ms=results[0].timings_ms,
        detail="something else in the photo was taken for the container",
    )  # fmt: skip


def _is_at(task: Task, result: ScanResult) -> bool:
    if task.corners is None or result.corners is None:
        return True
    return overlap(np.array(task.corners, np.float32), result.corners) >= OVERLAP


Engine = Callable[[Callable[[], Reader], Sequence[Task]], Iterable[dict[str, Any]]]
"""Works through tasks, in any order; gives the lines as they become ready."""


def local_engine(jobs: int | None, done: Callable[[], None] | None = None) -> Engine:
    """The folder scanner: processes of this machine."""

    def work(make: Callable[[], Reader], tasks: Sequence[Task]) -> Iterator[dict[str, Any]]:
        workers = sensible_jobs(len(tasks), jobs)
        yield from run_all(make, tasks, jobs=workers, done=done)

    return work


@dataclass(frozen=True)
class Ran:
    """What a run did: scans made now, scans that were there, photos that wait for a row."""

    made: int
    there: int
    waiting: int
    settings: tuple[Setting, ...]


def run(
    folder: Path,
    *,
    models: Sequence[str] = (),
    profiles: Sequence[str] = (),
    engine: Engine | None = None,
    photos: str | None = None,
    total: Callable[[int], None] | None = None,
) -> Ran:
    """Scan what has not been scanned.

    Each result is stored in its own transaction as it comes, so that a stop at any moment
    loses only what was being scanned.

    Args:
        models: to scan with, one setting each; those that the containers were made with
            where none is given.
        profiles: one more setting for every model and profile.
        photos: where the engine finds the study's photos/, a folder or an address; the
            study's own folder where not given.
        total: told how many scans are to be made.
    """
    with Study.open(folder) as study:
        if not models:
            models = [c["model"] for c in study.rows("SELECT DISTINCT model FROM container")]
        settings = [Setting.of(m, p) for m in dict.fromkeys(models) for p in (None, *profiles)]
        lines = study.rows(
            "SELECT photo.id, photo.file, photo.corners, container.message FROM photo "
            "JOIN container ON container.id = photo.container_id "
            "WHERE photo.row_id IS NOT NULL ORDER BY photo.id"
        )
        waiting = study.one("SELECT count(*) FROM photo WHERE row_id IS NULL")
        with study.change():
            for setting in settings:
                if study.one("SELECT 1 FROM setting WHERE id = ?", [setting.key]) is None:
                    values = {"id": setting.key, "name": setting.name, "made_by": asdict(setting)}
                    study.insert("setting", values)
        have = {
            (r["photo_id"], r["setting_id"])
            for r in study.rows("SELECT photo_id, setting_id FROM result")
        }
        tasks = [
            Task(line["id"], _place(study, line["file"], photos), setting.key, line["message"],
                 _quad(line["corners"]))
            for line in lines for setting in settings
            if (line["id"], setting.key) not in have
        ]  # fmt: skip
        if total is not None:
            total(len(tasks))
        messages = [c["message"] for c in study.rows("SELECT message FROM container")]
        work = engine or local_engine(None)
        made = 0
        for result in work(partial(Reader, settings, messages), tasks):
            with study.change():
                study.insert("result", result, replace=True)
            made += 1
        there = len(lines) * len(settings) - len(tasks)
        return Ran(made, there, waiting, tuple(settings))


def _place(study: Study, file: str, photos: str | None) -> str:
    if photos is None:
        return str(study.path(file))
    return f"{photos.rstrip('/')}/{file.removeprefix('photos/')}"


def _quad(text: str | None) -> tuple[tuple[float, float], ...] | None:
    if text is None:
        return None
    return tuple((float(x), float(y)) for x, y in json.loads(text))
