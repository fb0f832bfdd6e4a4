"""`riis-physical study run` and `report`: what the photos say."""

from __future__ import annotations

from pathlib import Path

import click

from riis_physical.commands import common
from riis_physical.commands.study import options


@click.command("run", short_help="Scan every photo with every model; goes on where it stopped.")
@options.folder_argument
@click.option(
    "--model", "models", multiple=True, metavar="NAME",
    help="A shipped model or a .safetensors file; several are compared.  "
    "[default: what the containers were made with]",
)  # fmt: skip
@common.profile_option("Scan once more, corrected for:", multiple=True)
@options.jobs_option
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
    """Scan what has not been scanned; stop it at any moment and start it again.

    Example: riis-physical study run study --model print-2
    """
    if engine == "local" and (ray_address is not None or photos is not None):
        raise click.UsageError("--ray-address and --photos belong to --engine ray.")
    from capture.study import run as running

    with options.progress("scan") as (done, total):
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


@click.command("report", short_help="One page with rates, fits, comparisons and failures.")
@options.folder_argument
@common.file_option("-o", "--output", required=True, help="The page, or the file of raw rows.")
@click.option(
    "--format", "kind", type=click.Choice(["html", "csv", "parquet"]), default="html",
    help="The page, or one raw row for every photo and setting.",
)  # fmt: skip
@click.option("--setting", metavar="NAME", help="Setting that the page is about.")
@common.force_option
def report(folder: Path, output: Path, kind: str, setting: str | None, force: bool) -> None:
    """Say what came out: one page that needs no other file.

    Example: riis-physical study report study -o report.html
    """
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
