"""`riis-physical scan`: photos, frames and what is printed of them."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riis_physical.commands import common
from riis_physical.commands.reading.scan_expect import Expected, judged, tally
from riis_physical.commands.reading.scan_output import as_record, say, summary
from riis_physical.commands.verbosity import is_quiet

if TYPE_CHECKING:
    from capture.many.log import ScanLog
    from capture.many.scanner import Settings, Task
    from riis_physical.artifacts import ScanResult
    from riis_physical.keys import Key

MAX_FRAMES = 60
LIVE_MEMORY = 12  # frames of a camera after which a container that is gone is forgotten


def scan_each(
    settings: Settings,
    tasks: Sequence[Task],
    jobs: int | None,
    as_json: bool,
    key: Key | None,
    log: ScanLog | None,
    expected: Expected | None,
    *,
    summed_up: bool,
) -> bool:
    """Scan photos and print what is in them; whether all decoded, as far as it is known to what."""
    import time

    from tqdm import tqdm

    from capture.many.folder import run_all, sensible_jobs
    from capture.many.scanner import Scanner
    from riis_physical.artifacts import Status
    from riis_physical.keys import opened

    left = [task for task in tasks if log is None or log.known(task.photo) is None]
    workers = sensible_jobs(len(left), jobs)
    threads = False
    if workers > 1:
        from riis_physical.model.engine import chosen_device

        # A GPU's memory holds one model.
        threads = not chosen_device(settings.device).startswith("cpu")
    began = time.perf_counter()
    answers: list[list[str]] = []
    verdicts: dict[str, str | None] = {}
    hidden = is_quiet() or as_json or len(tasks) < 2 or not sys.stderr.isatty()
    with (
        tqdm(total=len(left), unit="photo", disable=hidden, leave=False) as bar,
        closing(
            run_all(
                partial(Scanner, settings, load_models),
                left,
                jobs=workers,
                threads=threads,
                done=bar.update,
            )
        ) as scanned,
    ):
        for task, found in zip(left, scanned, strict=True):
            results = found if key is None else [opened(result, key) for result in found]
            answers.append([str(result.status) for result in results])
            records = [_record(settings, result) for result in results] if log or as_json else []
            if expected is not None:
                texts = [result.text for result in results]
                verdicts[task.photo] = expected.verdict(task.photo, texts)
                records = [judged(record, verdicts[task.photo]) for record in records]
            if log is not None:
                log.add(task.photo, records)
            with tqdm.external_write_mode(file=sys.stderr, nolock=False):
                for place, result in enumerate(results):
                    if as_json:
                        click.echo(json.dumps(records[place]))
                    else:
                        say(result, alone=len(tasks) == 1 and len(results) == 1)
    if log is not None:
        names = [task.photo for task in tasks]
        log.finish(names)
        answers = [[record["status"] for record in log.known(name) or []] for name in names]
    if summed_up and not as_json:
        skipped = [
            Path(task.photo).suffix or "without a suffix"
            for task, statuses in zip(tasks, answers, strict=True)
            if Status.SKIPPED in statuses
        ]
        common.note(summary(answers, time.perf_counter() - began, skipped))
    if expected is not None:
        if log is not None:
            kept = {name: log.known(name) or [{}] for name in names}
            verdicts = {name: records[0].get("expected") for name, records in kept.items()}
        if not as_json:
            common.note(tally(verdicts.values()))
        return all(verdict in (None, "right") for verdict in verdicts.values())
    # A photo counts as decoded when one of its containers was read.
    return all(Status.DECODED in of or Status.SKIPPED in of for of in answers)


def open_log(
    settings: Settings, output: Path, expected: Expected | None, *, force: bool, sealed: Path | None
) -> ScanLog:
    """The log of this scan; says how much of it was done before."""
    from capture.many.log import ScanLog
    from riis_physical.model.weights import available, load_record
    from riis_physical.system.provenance import package_version

    models = available() if settings.model == "auto" else [settings.model]
    head = {
        "release": package_version("riis-physical"),
        "models": [load_record(model)["sha256"] for model in models],
        "options": repr(settings),
        "key": None if sealed is None else str(sealed),
        "expected": None
        if expected is None
        else hashlib.sha256(repr(expected).encode()).hexdigest(),
    }
    log = ScanLog(output, head, force=force)
    if log.gone_on:
        common.note(f"going on: {log.gone_on} photos were scanned before")
    return log


def _fused_scan(settings: Settings, memory: int | None = None) -> Any:
    """Photos or frames of the same, with models and options."""
    from capture.many.fused import FusedScan
    from capture.many.scanner import no_file, scan_options
    from capture.scan import PhotoFindings, find_containers

    options = scan_options(settings)
    revealers = load_models(settings.model, settings.device, settings.engine)

    def find(photo: Any) -> PhotoFindings:
        missing = no_file(photo, settings.recursive) if isinstance(photo, str) else None
        if missing is not None:
            return PhotoFindings((), (), missing, ())
        return find_containers(photo, revealers, **options)

    return FusedScan(find, memory, options["knowledge"])


def scan_together(settings: Settings, names: Sequence[str], *, quiet: bool) -> Any:
    """Photos of one thing, until its message reads."""
    scan = _fused_scan(settings)
    for name in names:
        if scan.add(name, name):
            break
    if not quiet:
        for result in scan.unusable():
            common.note(f"{result.photo}: left out: {result.detail}")
    return scan


def scan_moving(
    settings: Settings, video: Path | None, camera: int | None, max_frames: int | None
) -> tuple[list[Any], dict[str, Any]]:
    """Frames of a video or a camera, until the message reads."""
    from itertools import islice

    from capture.many import frames

    if video is not None:
        source = frames.video_frames(video)
        first = next(source)  # says at once when the file is no video
        scan = _fused_scan(settings)
        done = scan.add(str(video), first.pixels)
        for frame in islice(source, (max_frames or MAX_FRAMES) - 1):
            if done:
                break
            done = scan.add(str(video), frame.pixels)
        return scan.results(), {"video": str(video), "frames_used": len(scan.names)}
    assert camera is not None
    opened = frames.open_camera(camera)
    name = f"camera {camera}"
    scan = _fused_scan(settings, LIVE_MEMORY)
    with frames.preview(f"riis-physical scan --camera {camera}") as show:
        if show is None:
            common.note("no display for a preview: scanning without one; Ctrl-C stops")
        try:
            frames.watch(opened, lambda pixels: scan.add(name, pixels), show, max_frames=max_frames)
        except KeyboardInterrupt:
            common.note("stopped")
    return scan.results(), {"camera": camera, "frames_used": len(scan.names)}


def print_fused(
    settings: Settings, fused: Sequence[Any], extra: dict[str, Any], as_json: bool, key: Key | None
) -> bool:
    """Print one line a container; whether a message was read."""
    from riis_physical.keys import opened

    results = [opened(one.result, key) for one in fused]
    for one, result in zip(fused, results, strict=True):
        if as_json:
            record = _record(settings, result) | extra
            if "photos" in extra:
                record["photos_used"] = list(dict.fromkeys(one.photos))
            click.echo(json.dumps(record))
        else:
            say(result, alone=len(fused) == 1)
    return any(result.payload is not None for result in results)


def _record(settings: Settings, result: ScanResult) -> dict[str, Any]:
    """The JSON object of a result, with what became of the profile."""
    record = as_record(result)
    if settings.profile is not None:
        record |= {"profile": settings.profile.name, "corrected": result.corrected}
    return record


def load_models(model: str, device: str, engine: str) -> list[Any]:
    """Models for scanning; `auto` is every shipped one, on a GPU where there is one."""
    from riis_physical.model.engine import load_readers

    return list(load_readers(model, device, engine))
