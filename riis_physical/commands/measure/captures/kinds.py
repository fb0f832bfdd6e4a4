"""`riis-physical measure kinds`: photos as people take and send them."""

from __future__ import annotations

from typing import Any

import click

from riis_physical.commands import common
from riis_physical.commands.measure import options


@click.command("kinds", short_help="Photos as people take and send them, each kind by itself.")
@common.model_option()
@options.images_option
@common.folder_option("--backgrounds", required=True, help="Photographs of rooms.")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    metavar="NAME",
    help="Only this kind, for example 'mirrored photo'; repeatable.",
)
@options.n_option(20, "Photos of each kind")
@common.effort_option
@click.option("--seconds", type=click.FloatRange(1), help="End with what is done by then.")
@common.seed_option()
@options.run_options("results/kinds.json", "photos")
def command(run: options.Run, kinds: tuple[str, ...], seconds: float | None, **chosen: Any) -> None:
    """Mirrored, cut off, several on a sheet, and in rooms behind glass, tape and the like.

    Example: riis-physical measure kinds --images photos --backgrounds rooms --n 5 -o kinds.json
    """
    from training.measure.kinds.run import KINDS, Settings, lines, measure_kinds

    unknown = [name for name in kinds if name not in KINDS]
    if unknown:
        raise click.UsageError(f"No kind {unknown[0]!r}: expected one of {', '.join(KINDS)}.")
    settings = options.settings(Settings, chosen, kinds=kinds or tuple(KINDS))
    run.measure(measure_kinds, settings, lines, seconds=seconds)
