"""`riis-physical export` and `release`: from a training run to a model that ships."""

from __future__ import annotations

from pathlib import Path

import click

from riis_physical.commands import common


@click.command("export", short_help="Store a training run's weights as a model.")
@click.argument("run", type=common.PATH)
@click.option(
    "-o",
    "--output",
    required=True,
    type=common.PATH,
    metavar="FILE",
    help="NAME.safetensors; the record goes to NAME.json.",
)
@common.force_option
def command(run: Path, output: Path, force: bool) -> None:
    """Store the averaged weights of RUN in half precision, with their checksum and record.

    A released model is never replaced, not even with --force.
    """
    from training.hiding.export import export

    record = export(run, output, force=force)
    common.tell(f"model   {output} ({record['parameters']} parameters)")
    common.tell(f"step    {record['training']['step']}")
    common.tell(f"sha256  {record['sha256']}")


@click.command("release", short_help="Write measured figures into a model's record.")
@click.argument("weights", type=common.PATH)
@click.option(
    "--results",
    required=True,
    type=common.PATH,
    metavar="FILE",
    help="JSON of riis-physical measure reading of these weights at strength 1.",
)
def release(weights: Path, results: Path) -> None:
    """Mark WEIGHTS as released: their name is never given to other weights again.

    The evaluation must be of these very weights and of the whole pipeline: at
    least 300 captures of preset normal, prints and screens mixed, corners
    detected, widths as the preset draws them.
    """
    from training.hiding.release import release as write_release

    record = write_release(weights, results)
    measured = record["measured"]
    common.tell(f"released   {record['name']}")
    common.tell(f"decodes    {measured['decode']['hits']} of {measured['decode']['trials']}")
    common.tell(f"reads from {measured['min_px_per_module']} photo px per module")
