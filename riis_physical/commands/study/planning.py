"""`riis-physical study init`, `plan`, `simulate`: before anybody takes photos."""

from __future__ import annotations

from pathlib import Path

import click

from riis_physical.commands import common
from riis_physical.commands.study import options


@click.command("init", short_help="Ask a few questions and write STUDY.yaml.")
@common.file_option("-o", "--output", default=Path("STUDY.yaml"), help="The file to write.")
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
def init(output: Path, force: bool, **answers: str) -> None:
    """Write a commented STUDY.yaml to start from.

    Example: riis-physical study init -o STUDY.yaml
    """
    from capture.study.template import write_template

    write_template(output, force=force, **answers)
    click.echo(f"wrote  {output}: read it, then `riis-physical study plan {output} -o study/`")


@click.command("plan", short_help="Make containers, sheets and the checklist.")
@click.argument("source", type=common.PATH, metavar="STUDY.yaml")
@common.folder_option("-o", "--output", required=True, help="The study's folder, to be made.")
@options.jobs_option
def plan(source: Path, output: Path, jobs: int | None) -> None:
    """Make the study's folder: study.db, containers/, sheets/, photos/ and checklist.html.

    Example: riis-physical study plan STUDY.yaml -o study
    """
    from riis_physical.errors import needs

    needs("study", "pyDOE3", "jinja2")

    from capture.study import plan as planning
    from capture.study.checklist import CHECKLIST

    with options.progress("container") as (done, total):
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


@click.command("simulate", short_help="A virtual field day: simulated photos of every row.")
@options.folder_argument
@common.seed_option()
@options.jobs_option
def simulate(folder: Path, seed: int, jobs: int | None) -> None:
    """Fill photos/simulated with a simulated photo of every row that has none.

    Files say in their EXIF that they are simulated, and so does the report.

    Example: riis-physical study simulate study --seed 1
    """
    from capture.study.photos.simulate import FOLDER
    from capture.study.photos.simulate import simulate as take_all

    with options.progress("photo") as (done, total):
        taken = take_all(folder, seed=seed, jobs=jobs, done=done, total=total)
    click.echo(f"simulated  {taken} photos in {folder / FOLDER}: no camera took them")
