"""`riis-physical scan`: photographs to messages."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from riis_physical.commands import common
from riis_physical.commands.reading.scan_expect import Expected
from riis_physical.commands.reading.scan_run import (
    MAX_FRAMES,
    open_log,
    print_fused,
    scan_each,
    scan_moving,
    scan_together,
)
from riis_physical.errors import BadImageError, RectificationError
from riis_physical.system.files import check_writable, is_folder

if TYPE_CHECKING:
    from capture.many.scanner import Task
    from riis_physical.profile import DeviceProfile


@click.command("scan", short_help="Read hidden messages in photos.")
@click.argument("photos", nargs=-1, metavar="[PHOTO|DIR]...")
@common.model_option()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option(
    "--corners",
    type=common.Corners(),
    help="Outer corners of the container in the upright photo, clockwise from its top-left.",
)
@click.option(
    "--reference",
    type=common.PATH,
    metavar="PATH",
    help="The published container or its host, or a folder of them: helps to find it.",
)
@common.file_option("--camera-profile", help="Lens of the camera, from `calibrate camera`.")
@common.profile_option("What printer or screen and camera do to colour, light and lens is undone:")
@common.knowledge_options
@click.option("--fuse", is_flag=True, help="The photos show the same: add up their evidence.")
@common.file_option("--video", help="Add up the evidence of a video's frames.")
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
@common.file_option(
    "-o",
    "--output",
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
@common.effort_option
@common.folder_option("--save-stages", help="Write the pictures of each stage.")
@common.file_option(
    "--explain",
    help="Write one picture (.png) of how far the scan of a single photo came, and why.",
)
@click.option("--expect", metavar="TEXT", help="What all photos should say: right, wrong, unread.")
@common.file_option(
    "--expect-table", help="The same from a CSV table with the columns photo and message."
)
@common.key_option
@common.engine_option
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
    effort: str,
    save_stages: Path | None,
    explain: Path | None,
    expect: str | None,
    expect_table: Path | None,
    key_file: Path | None,
    engine: str,
    device: str,
) -> None:
    """Find, reveal and read the containers in photographs, in all of a folder's,
    or in a video.

    Messages go to standard output, everything else to standard error. Links
    are printed, never opened. Exit status 1 when a photo did not decode, or not to what
    is expected.

    Example: riis-physical scan photo.jpg --json
    """
    _check_usage(photos, corners, fuse, video, camera, max_frames, save_stages)
    alone = {"--output": output, "--explain": explain, "--expect": expect or expect_table}
    for name, given_value in alone.items():
        if given_value is not None and (fuse or not photos):
            raise click.UsageError(f"{name} is for photos scanned one by one.")
    folders = any(_is_folder(photo) for photo in photos)
    tasks = _with_stages(_expanded(photos, recursive), save_stages)
    if corners is not None and len(tasks) != 1:
        raise click.UsageError("--corners belong to one photo: give exactly one.")
    if explain is not None:
        if len(tasks) != 1:
            raise click.UsageError("--explain is for one photo: give exactly one.")
        check_writable(explain, force=force)
        tasks = [replace(tasks[0], explain=explain)]
    if expect is not None and expect_table is not None:
        raise click.UsageError("--expect and --expect-table say the same: give one.")
    expected = None if expect is None else Expected(expect)
    expected = expected if expect_table is None else Expected.load(expect_table)
    given = None if corners is None else tuple(corners)
    measured = None if profile is None else _profile(profile, camera_profile)
    from capture.many.folder import is_photo
    from capture.many.scanner import Settings
    from capture.read.place.effort import Effort

    settings = Settings(
        model, device, given, reference, camera_profile, measured,
        prefixes, among, among_column, knowledge_file, recursive, Effort(effort), engine,
    )  # fmt: skip
    key = common.load_key(key_file)
    if key is not None and not settings.knowledge().is_empty:
        raise click.UsageError("With --key messages look random: leave what is known of them away.")
    settings.knowledge()  # a list that cannot be read is told before any photo is
    if video is not None or camera is not None:
        fused, extra = scan_moving(settings, video, camera, max_frames)
        decoded = print_fused(settings, fused, extra, as_json, key)
    elif fuse:
        names = [t.photo for t in tasks if not t.listed or is_photo(t.photo)]
        scan = scan_together(settings, names, quiet=as_json)
        decoded = print_fused(settings, scan.results(), {"photos": names}, as_json, key)
    else:
        log = (
            None
            if output is None
            else open_log(settings, output, expected, force=force, sealed=key_file)
        )
        try:
            decoded = scan_each(
                settings, tasks, jobs, as_json, key, log, expected, summed_up=folders
            )
        except RectificationError as error:
            raise click.BadParameter(str(error), param_hint="--corners") from error
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


def _is_folder(photo: str) -> bool:
    """Whether an argument is a folder; an empty one is no name of the current folder."""
    return bool(photo) and is_folder(photo)


def _expanded(photos: Sequence[str], recursive: bool) -> list[Task]:
    """The photos, and all files of folders among them; a folder without a photo stays itself."""
    from capture.many.folder import scanned_in
    from capture.many.scanner import Task

    found: list[Task] = []
    for photo in photos:
        if _is_folder(photo):
            try:
                files = scanned_in(photo, recursive=recursive)
                found += [Task(str(file), listed=True) for file in files]
            except BadImageError:
                found.append(Task(photo))  # its answer says why, and the others get theirs
        else:
            found.append(Task(photo))
    return found


def _with_stages(tasks: Sequence[Task], save_stages: Path | None) -> list[Task]:
    if save_stages is None:
        return list(tasks)
    from riis_physical.system.files import check_folder

    check_folder(save_stages)
    if len(tasks) == 1:
        return [replace(tasks[0], stages=save_stages)]
    taken: set[Path] = set()
    return [replace(t, stages=_stage_folder(save_stages, t.photo, taken)) for t in tasks]


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
