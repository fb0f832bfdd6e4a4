"""`riis-physical measure strength` and `visibility`: what hiding must show, and what it saves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from riis_physical.commands import common
from riis_physical.commands.measure import options

# As in riis_physical.hiding.visible, which would load OpenCV here; a test compares them.
METRICS = ("ssimulacra2", "butteraugli", "flip")


@click.command("strength", short_help="How much a capture must show: the fit hide chooses by.")
@common.model_option()
@options.images_option
@options.n_option(16, "Hosts, spread over the folder")
@click.option("--draws", type=click.IntRange(4), default=14, help="Of each container.")
@options.run_options("results/strength-fit.json", "looks")
def strength(run: options.Run, **chosen: Any) -> None:
    """Fit what was read to the information that draws of the channel hold.

    Example: riis-physical measure strength --images photos --n 4 -o fit.json
    """
    from training.measure.hiding.strength import FitSettings, evaluate_strength, lines

    run.measure(evaluate_strength, options.settings(FitSettings, chosen), lines)


@click.command("visibility", short_help="What a chosen strength and refining save.")
@common.model_option()
@common.folder_option("--images", help="Folder of hosts.")
@options.n_option(8, "Hosts, spread over the folder")
@click.option("--hard-hosts", is_flag=True, help="The hosts made in code, too.")
@click.option(
    "--seconds",
    type=click.FloatRange(0),
    default=0.0,
    help="Of refining each host; 0 leaves it away.",
)
@click.option("--steps", type=click.IntRange(1), help="Of refining, at most.")
@click.option(
    "--captures",
    type=click.IntRange(0),
    default=0,
    help="Fresh simulated captures that are read of each container.",
)
@click.option(
    "--metric",
    "labels",
    multiple=True,
    type=click.Choice(METRICS),
    default=METRICS,
    help="Of sight, as far as they are installed; repeatable.",
)
@common.folder_option("--keep", help="Folder for the containers.")
@options.run_options("results/visibility.json", "looks")
def visibility(run: options.Run, keep: Path | None, **chosen: Any) -> None:
    """Hide at one strength for all hosts, at the chosen one, and refined; look at each.

    Example: riis-physical measure visibility --hard-hosts --seconds 20 -o visibility.json
    """
    from riis_physical.system.files import make_folder
    from training.measure.hiding.visibility import VisibilitySettings, evaluate_visibility, lines

    if keep is not None:
        make_folder(keep)
    settings = options.settings(VisibilitySettings, chosen, keep=keep)
    run.measure(evaluate_visibility, settings, lines)
