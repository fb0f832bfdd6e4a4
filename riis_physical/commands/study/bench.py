"""`riis-physical study bench`: how fast studies are scanned, and the page answers."""

from __future__ import annotations

from pathlib import Path

import click

from riis_physical.commands import common


@click.command("bench", short_help="Time the engines of run, and the page's frames.")
@common.model_option()
@click.option(
    "--workers", type=click.IntRange(1, 256), multiple=True, default=(1, 2),
    help="Workers of each engine; give it several times.",
)  # fmt: skip
@click.option("--photos", type=click.IntRange(2, 10_000), default=24)
@click.option(
    "--engine", "engines", type=click.Choice(["local", "ray"]), multiple=True,
    default=("local", "ray"),
)  # fmt: skip
@common.file_option("--json", "output", help="Write every figure.")
@common.force_option
def command(
    model: str,
    workers: tuple[int, ...],
    photos: int,
    engines: tuple[str, ...],
    output: Path | None,
    force: bool,
) -> None:
    """Scan simulated photos as run does, with more and more workers; nothing else should run.

    Example: riis-physical study bench --photos 24 --json bench.json
    """
    from riis_physical.errors import needs

    if "ray" in engines:
        needs("ray", "ray", "fsspec")

    from riis_physical.model.weights import available
    from training.measure.speed.study import study_bench
    from training.report.sections.study_speed import study_speed_lines

    name = available()[0] if model == "auto" else model
    result = study_bench(
        name, workers=workers, photos=photos, engines=engines, output=output, force=force
    )
    for line in study_speed_lines(result):
        click.echo(line)
