"""`riis-physical scan`: photographs to messages."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riis_physical.commands import common
from riis_physical.commands.scan_output import as_record, say, summary
from riis_physical.errors import BadImageError
from riis_physical.system.files import is_file, is_folder
from riis_physical.system.last_resort import is_out_of_memory

if TYPE_CHECKING:
    from capture.many.log import ScanLog
    from riis_physical.artifacts import ScanResult
    from riis_physical.keys import Key
    from riis_physical.profile import DeviceProfile
    from riis_physical.qr.soft.knowledge import Knowledge

MAX_FRAMES = 60
LIVE_MEMORY = 12  # frames of a camera after which a container that is gone is forgotten


class Corners(click.ParamType):
    """Four points as x,y,x,y,x,y,x,y."""

    name = "x,y,x,y,x,y,x,y"

    def convert(self, value: Any, param: Any, ctx: Any) -> list[tuple[float, float]]:
        """Parse eight finite numbers."""
        import math

        if isinstance(value, list):
            return value
        try:
            numbers = [float(part) for part in value.split(",")]
        except ValueError:
            numbers = []
        if len(numbers) != 8 or not all(math.isfinite(number) for number in numbers):
            self.fail(
                f"{value!r} are no corners: expected eight numbers, x,y of the top-left, "
                "top-right, bottom-right and bottom-left corner",
                param,
                ctx,
            )
        return list(zip(numbers[::2], numbers[1::2], strict=True))


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

    def knowledge(self) -> Knowledge:
        """What is known of messages, its files read."""
        from riis_physical.known_messages import load_knowledge

        return load_knowledge(self.prefixes, self.among, self.among_column, self.knowledge_file)


@dataclass(frozen=True)
class Task:
    """One photo, and where its stages go."""

    photo: str
    stages: Path | None = None


def _is_first() -> bool:
    """Whether this is the main process or the first of several that scan."""
    name = multiprocessing.current_process().name
    return name == "MainProcess" or name.endswith("-1")


def _options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments of `scan_photo`, loaded; those not asked for are left out."""
    found: dict[str, Any] = {}
    if settings.reference is not None:
        from capture.find.reference import References

        found["references"] = References.load(settings.reference)
        if _is_first():
            for line in found["references"].skipped:
                common.note(f"note: reference left out: {line}")
    if settings.camera_profile is not None:
        from riis_physical.camera import CameraProfile

        found["camera"] = CameraProfile.load(settings.camera_profile)
    if settings.profile is not None:
        from capture.read.correction import Correction

        correction = Correction.of(settings.profile)
        if correction is not None:
            found["correction"] = correction
    found["knowledge"] = settings.knowledge()
    return found


def _revealers(settings: Settings) -> list[Any]:
    return list(common.load_revealers(settings.model, common.chosen_device(settings.device)))


def _scan(
    task: Task, revealers: Sequence[Any], settings: Settings, options: dict[str, Any]
) -> list[ScanResult]:
    import numpy as np

    from capture.scan import scan_photo
    from riis_physical.errors import RectificationError

    given = settings.corners
    corners = None if given is None else np.array(given, np.float32)
    try:
        return scan_photo(
            task.photo, revealers, corners=corners, save_stages=task.stages, **options
        )
    except RectificationError as error:
        raise click.BadParameter(str(error), param_hint="--corners") from error


class Scanner:
    """Scans photos one by one; loads models and references with the first that is a file."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._loaded: tuple[list[Any], dict[str, Any]] | None = None
        self._loading = threading.Lock()

    def __call__(self, task: Task) -> list[ScanResult]:
        """The results of a photo; one that cannot be opened is a result too."""
        missing = _missing(task.photo, self.settings.recursive)
        if missing is not None:
            return missing
        with self._loading:
            if self._loaded is None:
                self._loaded = _revealers(self.settings), _options(self.settings)
        revealers, options = self._loaded
        try:
            return _scan(task, revealers, self.settings, options)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            return _no_memory(task.photo)  # the other photos get their answers


def _no_memory(photo: str) -> list[ScanResult]:
    from capture.clock import Clock
    from riis_physical.artifacts import ScanResult, Status

    detail = "out of memory: scale the photo down, or use fewer --jobs"
    return [ScanResult(photo, Status.BAD_IMAGE, timings_ms=Clock().whole(), detail=detail)]


@click.command("scan", short_help="Read hidden messages in photos.")
@click.argument("photos", nargs=-1, metavar="[PHOTO|DIR]...")
@common.model_option()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option(
    "--corners",
    type=Corners(),
    help="Outer corners of the container in the upright photo, clockwise from its top-left.",
)
@click.option(
    "--reference",
    type=common.PATH,
    metavar="PATH",
    help="The published container or its host, or a folder of them: helps to find it.",
)
@click.option(
    "--camera-profile",
    type=common.PATH,
    metavar="FILE",
    help="Lens of the camera, from `calibrate camera`.",
)
@common.profile_option("What printer or screen and camera do to colour, light and lens is undone:")
@common.knowledge_options
@click.option("--fuse", is_flag=True, help="The photos show the same: add up their evidence.")
@click.option(
    "--video",
    type=common.PATH,
    metavar="FILE",
    help="Add up the evidence of a video's frames.",
)
@click.option(
    "--camera",
    type=click.IntRange(0, 99),
    metavar="N",
    help="The same live, from camera N; 0 is the first.",
)
@click.option(
    "--max-frames",
    type=click.IntRange(1, 100_000),
    help=f"Frames of a video or camera to scan at most.  [default: {MAX_FRAMES} of a video]",
)
@click.option(
    "-o",
    "--output",
    type=common.PATH,
    metavar="FILE",
    help="Write the JSON lines there; a scan that was stopped goes on with the same command.",
)
@common.force_option
@click.option("--recursive", is_flag=True, help="Look into the folders within a folder too.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Photos scanned at the same time.  [default: one a core]",
)
@click.option(
    "--save-stages",
    type=common.PATH,
    metavar="DIR",
    help="Write the pictures of each stage.",
)
@common.key_option
@common.auto_device_option
@click.pass_context
def command(
    ctx: click.Context,
    photos: tuple[str, ...],
    model: str,
    as_json: bool,
    corners: list[tuple[float, float]] | None,
    reference: Path | None,
    camera_profile: Path | None,
    profile: str | None,
    prefixes: tuple[str, ...],
    among: Path | None,
    among_column: str | None,
    knowledge_file: Path | None,
    fuse: bool,
    video: Path | None,
    camera: int | None,
    max_frames: int | None,
    output: Path | None,
    force: bool,
    recursive: bool,
    jobs: int | None,
    save_stages: Path | None,
    key_file: Path | None,
    device: str,
) -> None:
    """Find, reveal and read the containers in photographs, in all of a folder's,
    or in a video.

    Messages go to standard output, everything else to standard error. Links
    are printed, never opened. Exit status 1 when a photo did not decode.
    """
    _check_usage(photos, corners, fuse, video, camera, max_frames, save_stages)
    if output is not None and (fuse or not photos):
        raise click.UsageError("--output is for photos scanned one by one.")
    folders = any(_is_folder(photo) for photo in photos)
    names = _expanded(photos, recursive)
    if corners is not None and len(names) != 1:
        raise click.UsageError("--corners belong to one photo: give exactly one.")
    given = None if corners is None else tuple(corners)
    measured = None if profile is None else _profile(profile, camera_profile)
    settings = Settings(
        model, device, given, reference, camera_profile, measured,
        prefixes, among, among_column, knowledge_file, recursive,
    )  # fmt: skip
    key = common.load_key(key_file)
    if key is not None and not settings.knowledge().is_empty:
        raise click.UsageError("With --key messages look random: leave what is known of them away.")
    settings.knowledge()  # a list that cannot be read is told before any photo is
    if video is not None or camera is not None:
        fused, extra = _scan_moving(settings, video, camera, max_frames)
        decoded = _print_fused(settings, fused, extra, as_json, key)
    elif fuse:
        scan = _scan_together(settings, names, quiet=as_json)
        decoded = _print_fused(settings, scan.results(), {"photos": names}, as_json, key)
    else:
        tasks = _tasks(names, save_stages)
        log = None if output is None else _log(settings, output, force=force, sealed=key_file)
        decoded = _scan_each(settings, tasks, jobs, as_json, key, log, summed_up=folders)
    ctx.exit(0 if decoded else 1)


def _check_usage(
    photos: Sequence[str],
    corners: object,
    fuse: bool,
    video: Path | None,
    camera: int | None,
    max_frames: int | None,
    save_stages: Path | None,
) -> None:
    """Raises UsageError for options that do not go together."""
    ways = [
        name
        for name, used in (
            ("photos", bool(photos)),
            ("--video", video is not None),
            ("--camera", camera is not None),
        )
        if used
    ]
    if len(ways) != 1:
        seen = " and ".join(ways) if ways else "none"
        raise click.UsageError(f"Give photos, --video FILE or --camera N; got {seen}.")
    if fuse and not photos:
        raise click.UsageError("--fuse is for photos: frames are added up anyway.")
    if max_frames is not None and photos:
        raise click.UsageError("--max-frames goes with --video or --camera.")
    moving = fuse or not photos
    if moving and (corners is not None or save_stages is not None):
        raise click.UsageError("--corners and --save-stages are for photos scanned one by one.")


def _profile(source: str, camera_profile: Path | None) -> DeviceProfile:
    """The profile asked for; notes say what of it is not used. Raises ConfigError."""
    from riis_physical.profile import DeviceProfile

    profile = DeviceProfile.load(source)
    if not profile.is_measured:
        common.note(
            f"note: profile {profile.name!r} holds no measurements, only ranges to simulate: "
            "nothing is corrected"
        )
    if profile.lens is not None and camera_profile is not None:
        common.note(f"note: the lens of {camera_profile} is used, not that of the profile")
    return profile


def _record(settings: Settings, result: ScanResult) -> dict[str, Any]:
    """The JSON object of a result, with what became of the profile."""
    record = as_record(result)
    if settings.profile is not None:
        record |= {"profile": settings.profile.name, "corrected": result.corrected}
    return record


def _is_folder(photo: str) -> bool:
    """Whether an argument is a folder; an empty one is no name of the current folder."""
    return bool(photo) and is_folder(photo)


def _expanded(photos: Sequence[str], recursive: bool) -> list[str]:
    """The photos, and those in the folders among them; a folder without any stays itself."""
    names: list[str] = []
    for photo in photos:
        if _is_folder(photo):
            from capture.many.folder import photos_in

            try:
                names += [str(file) for file in photos_in(photo, recursive=recursive)]
            except BadImageError:
                names.append(photo)  # its answer says why, and the others get theirs
        else:
            names.append(photo)
    return names


def _tasks(names: Sequence[str], save_stages: Path | None) -> list[Task]:
    if save_stages is None:
        return [Task(name) for name in names]
    from riis_physical.system.files import check_folder

    check_folder(save_stages)
    if len(names) == 1:
        return [Task(names[0], save_stages)]
    taken: set[Path] = set()
    return [Task(name, _stage_folder(save_stages, name, taken)) for name in names]


def _missing(photo: str, recursive: bool) -> list[ScanResult] | None:
    """The result of an argument that is no file; it needs no model."""
    if is_file(photo):
        return None
    from capture.clock import Clock
    from riis_physical.artifacts import ScanResult, Status
    from riis_physical.images import load_photo

    try:
        if _is_folder(photo):
            from capture.many.folder import photos_in

            photos_in(photo, recursive=recursive)
        load_photo(photo)
    except BadImageError as error:
        return [ScanResult(photo, Status.BAD_IMAGE, timings_ms=Clock().whole(), detail=str(error))]
    return None


def _scan_each(
    settings: Settings,
    tasks: Sequence[Task],
    jobs: int | None,
    as_json: bool,
    key: Key | None,
    log: ScanLog | None,
    *,
    summed_up: bool,
) -> bool:
    """Scan photos and print what is in them; whether all of them decoded."""
    import time

    from tqdm import tqdm

    from capture.many.folder import run_all, sensible_jobs
    from riis_physical.artifacts import Status
    from riis_physical.keys import opened

    left = [task for task in tasks if log is None or log.known(task.photo) is None]
    workers = sensible_jobs(len(left), jobs)
    threads = False
    if workers > 1:
        device = common.chosen_device(settings.device)
        threads = not device.startswith("cpu")  # a GPU's memory holds one model
    began = time.perf_counter()
    answers: list[list[str]] = []
    hidden = as_json or len(tasks) < 2 or not sys.stderr.isatty()
    with (
        tqdm(total=len(left), unit="photo", disable=hidden, leave=False) as bar,
        closing(
            run_all(
                partial(Scanner, settings), left, jobs=workers, threads=threads, done=bar.update
            )
        ) as scanned,
    ):
        for task, found in zip(left, scanned, strict=True):
            results = found if key is None else [opened(result, key) for result in found]
            answers.append([str(result.status) for result in results])
            if log is not None:
                log.add(task.photo, [_record(settings, result) for result in results])
            with tqdm.external_write_mode(file=sys.stderr, nolock=False):
                for result in results:
                    if as_json:
                        click.echo(json.dumps(_record(settings, result)))
                    else:
                        say(result, alone=len(tasks) == 1 and len(results) == 1)
    if log is not None:
        names = [task.photo for task in tasks]
        log.finish(names)
        answers = [[record["status"] for record in log.known(name) or []] for name in names]
    if summed_up and not as_json:
        common.note(summary(answers, time.perf_counter() - began))
    # A photo counts as decoded when one of its containers was read.
    return all(Status.DECODED in statuses for statuses in answers)


def _log(settings: Settings, output: Path, *, force: bool, sealed: Path | None) -> ScanLog:
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
    }
    log = ScanLog(output, head, force=force)
    if log.gone_on:
        common.note(f"going on: {log.gone_on} photos were scanned before")
    return log


def _fused_scan(settings: Settings, memory: int | None = None) -> Any:
    """Photos or frames of the same, with models and options."""
    from capture.many.fused import FusedScan
    from capture.scan import PhotoFindings, find_containers

    options = _options(settings)
    revealers = _revealers(settings)

    def find(photo: Any) -> PhotoFindings:
        missing = _missing(photo, settings.recursive) if isinstance(photo, str) else None
        if missing is not None:
            return PhotoFindings((), (), missing, ())
        return find_containers(photo, revealers, **options)

    return FusedScan(find, memory, options["knowledge"])


def _scan_together(settings: Settings, names: Sequence[str], *, quiet: bool) -> Any:
    """Photos of one thing, until its message reads."""
    scan = _fused_scan(settings)
    for name in names:
        if scan.add(name, name):
            break
    if not quiet:
        for result in scan.unusable():
            common.note(f"{result.photo}: left out: {result.detail}")
    return scan


def _scan_moving(
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


def _print_fused(
    settings: Settings,
    fused: Sequence[Any],
    extra: dict[str, Any],
    as_json: bool,
    key: Key | None,
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


def _stage_folder(parent: Path, photo: str, taken: set[Path]) -> Path:
    """A folder of its own for each photo, also for photos of the same name; takes it."""
    stem = Path(photo).stem or "photo"
    number = 1
    folder = parent / stem
    while folder in taken or os.path.lexists(folder):
        number += 1
        folder = parent / f"{stem}-{number}"
    taken.add(folder)
    return folder
