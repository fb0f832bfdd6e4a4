"""`riis-physical study`: field experiments that measure decode rates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from riis_physical.commands import common, study_bench
from riis_physical.commands.verbosity import no_bar

folder_argument = click.argument("folder", type=click.Path(path_type=Path), metavar="STUDY")
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Processes of one thread each.  [default: one a core]",
)


@click.group("study", short_help="Plan, run and report field experiments of decode rates.")
def command() -> None:
    """Measure how often messages survive print, distance, angle and light.

    init writes a STUDY.yaml; plan makes the folder with sheets to print and a checklist;
    simulate takes its photos where no printer is at hand; ingest takes in photos; run scans
    them; report says what came out.
    """


command.add_command(study_bench.command)


@command.command("init", short_help="Ask a few questions and write STUDY.yaml.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default=Path("STUDY.yaml"),
    metavar="FILE", help="The file to write.",
)  # fmt: skip
@click.option("--name", prompt="Name of the study", default="my study", help="For people.")
@click.option(
    "--hosts", prompt="Folder with the pictures to hide in", default="hosts",
    metavar="DIR", help="Pictures to hide in.",
)  # fmt: skip
@click.option(
    "--distances", prompt="Distances in m, with commas", default="0.5, 1, 2",
    metavar="M,M...", help="From the phone to the container.",
)  # fmt: skip
@click.option(
    "--angles", prompt="Angles in degrees, 0 is straight on", default="0, 30",
    metavar="DEG,DEG...", help="Between the line of sight and straight on.",
)  # fmt: skip
@click.option(
    "--lights", prompt="Lights (simulated ones: daylight, office, lamp, dim, glare)",
    default="daylight", metavar="NAME,NAME...", help="Names of lights.",
)  # fmt: skip
@click.option(
    "--devices", prompt="Phones", default="phone", metavar="NAME,NAME...", help="Names of phones."
)
@common.force_option
def init(
    output: Path,
    name: str,
    hosts: str,
    distances: str,
    angles: str,
    lights: str,
    devices: str,
    force: bool,
) -> None:
    """Write a commented STUDY.yaml to start from."""
    from capture.study.template import write_template

    write_template(
        output, name=name, hosts=hosts, distances=distances, angles=angles, lights=lights,
        devices=devices, force=force,
    )  # fmt: skip
    click.echo(f"wrote  {output}: read it, then `riis-physical study plan {output} -o study/`")


@command.command("plan", short_help="Make containers, sheets and the checklist.")
@click.argument("source", type=click.Path(path_type=Path), metavar="STUDY.yaml")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="DIR",
    help="The study's folder, to be made.",
)  # fmt: skip
@jobs_option
def plan(source: Path, output: Path, jobs: int | None) -> None:
    """Make the study's folder: study.db, containers/, sheets/, photos/ and checklist.html."""
    from riis_physical.errors import needs

    needs("study", "pyDOE3", "jinja2")

    from capture.study import plan as planning
    from capture.study.checklist import CHECKLIST

    with _bar("container") as (done, total):
        made = planning.plan(source, output, jobs=jobs, done=done, total=total)
    for line in made.notes:
        common.note(f"note: {line}")
    click.echo(f"study       {output}: {made.rows} rows")
    click.echo(f"containers  {made.containers} on {made.sheets} sheets")
    if made.papers:
        pages = ", ".join(f"{count} of {paper}" for paper, count in sorted(made.papers.items()))
        click.echo(
            f"print       {output / planning.PRINT_FILE} at 100 %, not fitted: pages {pages}"
        )
    click.echo(f"checklist   {output / CHECKLIST}")


@command.command("simulate", short_help="A virtual field day: simulated photos of every row.")
@folder_argument
@common.seed_option()
@jobs_option
def simulate(folder: Path, seed: int, jobs: int | None) -> None:
    """Fill photos/simulated with a simulated photo of every row that has none.

    Files say in their EXIF that they are simulated, and so does the report.
    """
    from capture.study.photos.simulate import FOLDER
    from capture.study.photos.simulate import simulate as take_all

    with _bar("photo") as (done, total):
        taken = take_all(folder, seed=seed, jobs=jobs, done=done, total=total)
    click.echo(f"simulated  {taken} photos in {folder / FOLDER}: no camera took them")


@command.command("ingest", short_help="Take in photos: what they show, and which row they are of.")
@folder_argument
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO|DIR...")
@click.option(
    "--set", "given", multiple=True, metavar="FACTOR=LEVEL",
    help="What is the same for all of these photos: light, device, distance_m or angle_deg.",
)  # fmt: skip
@click.option("--link", is_flag=True, help="Hard links in place of copies, where it can be.")
@click.option("--keep-location", is_flag=True, help="Leave GPS data in the files.")
@jobs_option
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
    """
    pairs = [text.partition("=") for text in given]
    wrong = [name for name, equals, _ in pairs if not equals]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r}: expected FACTOR=LEVEL", param_hint="--set")

    from capture.study.ingest import ingest as take_in

    with _bar("photo") as (done, total):
        found = take_in(
            folder, photos, given={name.strip(): level.strip() for name, _, level in pairs},
            link=link, keep_location=keep_location, jobs=jobs, done=done, total=total,
        )  # fmt: skip
    click.echo(f"taken in    {found.new} photos; {found.known} were there already")
    if found.checked:
        click.echo(f"recognised  {found.right} of {found.checked} simulated photos rightly")
    for path, reason in found.refused:
        common.note(f"refused: {path}: {reason}")
    _say_waiting(folder, found.unassigned)
    ctx.exit(1 if found.unassigned or found.refused else 0)


@command.command("assign", short_help="Say by hand which row a photo is of.")
@folder_argument
@click.argument("photo", type=int)
@click.argument("row", type=int)
def assign(folder: Path, photo: int, row: int) -> None:
    """Say that PHOTO (its number in `study status`) is of ROW (its number in the checklist)."""
    from capture.study.ingest import assign as assign_row
    from capture.study.store import Study

    with Study.open(folder) as study:
        assign_row(study, photo, row)
    click.echo(f"assigned  photo {photo} to row {row}")


@command.command("status", short_help="What is done, what is still to do.")
@folder_argument
@click.option("--rows", "list_rows", is_flag=True, help="List the rows that have no photo.")
def status(folder: Path, list_rows: bool) -> None:
    """Count rows, photos and results, and list photos whose row is not known."""
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
    _say_waiting(folder, waiting)


@command.command("run", short_help="Scan every photo with every model; goes on where it stopped.")
@folder_argument
@click.option(
    "--model", "models", multiple=True, metavar="NAME",
    help="A shipped model or a .safetensors file; several are compared.  "
    "[default: what the containers were made with]",
)  # fmt: skip
@common.profile_option("Scan once more, corrected for:", multiple=True)
@jobs_option
@click.option(
    "--engine", type=click.Choice(["local", "ray"]), default="local",
    help="This machine's processes, or a Ray cluster.",
)  # fmt: skip
@click.option(
    "--ray-address",
    metavar="ADDRESS",
    help="Of a running cluster, for example auto or ray://head:10001; a local one if not given.",
)
@click.option(
    "--photos",
    metavar="URL",
    help="Where Ray's workers find the study's photos/: a folder they share or any address that "
    "fsspec reads.",
)
def run(
    folder: Path,
    models: tuple[str, ...],
    profiles: tuple[str, ...],
    jobs: int | None,
    engine: str,
    ray_address: str | None,
    photos: str | None,
) -> None:
    """Scan what has not been scanned; stop it at any moment and start it again."""
    if engine == "local" and (ray_address is not None or photos is not None):
        raise click.UsageError("--ray-address and --photos belong to --engine ray.")
    from capture.study import run as running

    with _bar("scan") as (done, total):
        if engine == "ray":
            from riis_physical.errors import needs

            needs("ray", "ray", "fsspec")

            from capture.study.ray_engine import ray_engine

            work = ray_engine(ray_address, jobs, done)
            where = photos or (folder / "photos").resolve().as_uri()
        else:
            work, where = running.local_engine(jobs, done), None
        made = running.run(
            folder, models=models, profiles=profiles, engine=work, photos=where, total=total
        )
    names = "; ".join(setting.name for setting in made.settings)
    click.echo(f"scanned  {made.made} now, {made.there} were there already; read with {names}")
    if made.waiting:
        common.note(
            f"{made.waiting} photos were left out, their row is not known: "
            f"`riis-physical study status {folder}` lists them"
        )


@command.command("report", short_help="One page with rates, fits, comparisons and failures.")
@folder_argument
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE",
    help="The page, or the file of raw rows.",
)  # fmt: skip
@click.option(
    "--format", "kind", type=click.Choice(["html", "csv", "parquet"]), default="html",
    help="The page, or one raw row for every photo and setting.",
)  # fmt: skip
@click.option("--setting", metavar="NAME", help="Setting that the page is about.")
@common.force_option
def report(folder: Path, output: Path, kind: str, setting: str | None, force: bool) -> None:
    """Say what came out: one page that needs no other file."""
    from riis_physical.errors import needs
    from riis_physical.system.files import check_writable

    needs("study", "pandas", "statsmodels", "matplotlib", "jinja2", "pyarrow")
    check_writable(output, force=force)

    from capture.study.report.data import load_rows, save_rows
    from capture.study.store import Study

    with Study.open(folder) as study:
        if kind != "html":
            frame = load_rows(study)
            save_rows(frame, output, kind, force=force)
            click.echo(f"rows  {output}: {len(frame)}")
            return
        from capture.study.report.page import save_report

        done = save_report(study, output, setting=setting, force=force)
    simulated = f" ({done.simulated} of them simulated)" if done.simulated else ""
    click.echo(f"report  {output}")
    click.echo(f"read    {done.rate.text} photos{simulated}, with {done.setting}")


def _say_waiting(folder: Path, waiting: tuple[tuple[int, str, str], ...]) -> None:
    for number, name, reason in waiting:
        common.note(f"photo {number} ({name}): {reason}")
    if waiting:
        common.note(f"settle them with `riis-physical study assign {folder} PHOTO ROW`")


@contextmanager
def _bar(unit: str) -> Iterator[tuple[Callable[[], None], Callable[[int], None]]]:
    """A progress bar on a terminal: what to call when one is done, and with how many there are."""
    from tqdm import tqdm

    with tqdm(unit=unit, disable=no_bar(), leave=False) as bar:

        def total(number: int) -> None:
            bar.total = number
            bar.refresh()

        yield lambda: bar.update() and None, total
