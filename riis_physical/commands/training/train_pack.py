"""`riis-physical train-pack`: a folder that trains on a machine with torch alone."""

from __future__ import annotations

from pathlib import Path

import click

from riis_physical.commands import common


@click.command("train-pack", short_help="Pack what training needs for a bare machine.")
@common.folder_option("--images", required=True, help="Folder of photographs.")
@click.option(
    "-o", "--output", required=True, type=common.PATH, metavar="FOLDER", help="To be carried."
)
@click.option("--short-side", type=click.IntRange(128), default=432, help="Of the photographs, px.")
@click.option("--quality", type=click.IntRange(1, 100), default=85, help="Of their WebP.")
@click.option("--no-wheels", is_flag=True, help="The machine has all that training imports.")
@click.option(
    "--python", metavar="VERSION", help="Of that machine, like 3.12; this one's if not given."
)
def command(
    images: Path, output: Path, short_side: int, quality: int, no_wheels: bool, python: str | None
) -> None:
    """Pack photographs, wheels and the project's files, and a script that trains with them.

    Example: riis-physical train-pack --images photos -o carried; copy the folder; there
    `sh carried/start.sh runs/mine --config print-3 --minutes 12 --workers 14`
    """
    from training.carry.folder import make_carried

    found = make_carried(
        images, output, short_side=short_side, quality=quality, wheels=not no_wheels, python=python
    )
    common.tell(f"photographs  {found.photographs}")
    common.tell(f"wheels       {found.distributions}")
    common.tell(f"size         {found.size / 2**20:.0f} MiB")
    common.tell(f"start with   sh {output / 'start.sh'} RUN --config NAME --minutes M")
