"""`riis-physical study ingest`, `assign`, `status`: photos and the rows that they are of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from riis_physical.commands import common
from riis_physical.commands.study import options


@click.command("ingest", short_help="Take in photos: what they show, and which row they are of.")
@options.folder_argument
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO|DIR...")
@click.option(
    "--set", "given", multiple=True, metavar="FACTOR=LEVEL",
    help="What is the same for all of these photos: light, device, distance_m or angle_deg.",
)  # fmt: skip
@click.option("--link", is_flag=True, help="Hard links in place of copies, where it can be.")
@click.option("--keep-location", is_flag=True, help="Leave GPS data in the files.")
@options.jobs_option
@click.pass_context
def ingest(
    ctx: click.Context,
    folder: Path,
    photos: tuple[str, ...],
    given: tuple[str, ...],
    link: bool,
    keep_location: bool,
    jobs: int | None,
) -> None:
    """Take PHOTOS into the study.

    The same content is taken once. Light and phone are taken from the names of folders (a
    photo in dim/ is of the light dim), the phone from the photo's own EXIF as well. Photos
    whose row is not known are listed with the reason; `study assign` settles them by hand.
    Exit status 1 when there are such.

    Example: riis-physical study ingest study photos --set light=dim
    """
    pairs = [text.partition("=") for text in given]
    wrong = [name for name, equals, _ in pairs if not equals]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r}: expected FACTOR=LEVEL", param_hint="--set")

    from capture.study.ingest import ingest as take_in

    with options.progress("photo") as (done, total):
        found = take_in(
            folder, photos, given={name.strip(): level.strip() for name, _, level in pairs},
            link=link, keep_location=keep_location, jobs=jobs, done=done, total=total,
        )  # fmt: skip
    click.echo(f"taken in    {found.new} photos; {found.known} were there already")
    if found.checked:
        click.echo(f"recognised  {found.right} of {found.checked} simulated photos rightly")
    for path, reason in found.refused:
        common.note(f"refused: {path}: {reason}")
    options.say_waiting(folder, found.unassigned)
    ctx.exit(1 if found.unassigned or found.refused else 0)


@click.command("assign", short_help="Say by hand which row a photo is of.")
@options.folder_argument
@click.argument("photo", type=int)
@click.argument("row", type=int)
def assign(folder: Path, photo: int, row: int) -> None:
    """Say that PHOTO (its number in `study status`) is of ROW (its number in the checklist).

    Example: riis-physical study assign study 12 7
    """
    from capture.study.ingest import assign as assign_row
    from capture.study.store import Study

    with Study.open(folder) as study:
        assign_row(study, photo, row)
    click.echo(f"assigned  photo {photo} to row {row}")


@click.command("status", short_help="What is done, what is still to do.")
@options.folder_argument
@click.option("--rows", "list_rows", is_flag=True, help="List the rows that have no photo.")
def status(folder: Path, list_rows: bool) -> None:
    """Count rows, photos and results, and list photos whose row is not known.

    Example: riis-physical study status study --rows
    """
    from capture.study.ingest import unassigned
    from capture.study.store import Study

    with Study.open(folder) as study:
        count: Callable[[str], Any] = study.one
        rows, photos = count("SELECT count(*) FROM row"), count("SELECT count(*) FROM photo")
        left = study.rows(
            "SELECT * FROM row WHERE id NOT IN "
            "(SELECT row_id FROM photo WHERE row_id IS NOT NULL) ORDER BY id"
        )
        simulated = count("SELECT count(*) FROM photo WHERE simulated")
        waiting = unassigned(study)
        results = count("SELECT count(*) FROM result")
    click.echo(f"rows     {rows - len(left)} of {rows} have a photo")
    click.echo(f"photos   {photos}, {simulated} of them simulated")
    click.echo(f"results  {results}")
    if list_rows:
        for row in left:
            click.echo(
                f"row {row['id']}: sheet {row['sheet_id']}, {row['distance_m']:g} m, "
                f"{row['angle_deg']:g} degrees, {row['light']}, {row['device']}"
            )
    options.say_waiting(folder, waiting)
