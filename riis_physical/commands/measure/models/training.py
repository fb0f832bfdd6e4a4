"""`riis-physical measure budget`, `objectives` and `step`: of training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from riis_physical.commands import common
from riis_physical.commands.measure import options


@click.command("objectives", short_help="What a change of the training's objective moves.")
@click.option("--config", default="print", metavar="NAME", help="That all variants share.")
@click.option("--init", metavar="MODEL", help="Start all variants from a model's weights.")
@common.folder_option("--images", required=True, help="Photographs to train on.")
@common.folder_option("--held", required=True, help="Photographs that judge.")
@click.option(
    "--set", "shared", multiple=True, metavar="KEY=VALUE", help="Setting of all; repeatable."
)
@click.option(
    "--variant",
    "variants",
    multiple=True,
    required=True,
    metavar="NAME:KEY=VALUE,...",
    help="A name and its settings, none for the configuration as it is; the first is what the "
    "others are compared with; repeatable.",
)
@options.n_option(96, "Patches with a draw each that judge, a multiple of 8", "items")
@click.option(
    "--worst",
    type=click.FloatRange(0.5, 1, min_open=True, max_open=True),
    help="Share of right modules at which the worst captures are compared.  [default: that of "
    "the first variant at strength 1]",
)
@common.folder_option(
    "--runs", required=True, help="Folder of the runs, which go on where they were stopped."
)
@options.run_options("results/objectives.json", "variants")
def objectives(run: options.Run, runs: Path, variants: tuple[str, ...], **chosen: Any) -> None:
    """Train variants of an objective from one start with the same draws; compare what is seen.

    Example: riis-physical measure objectives --init print-2 --images train --held val
    --set steps=300 --variant base: --variant tails:tails=2 --runs runs -o objectives.json
    """
    from riis_physical.system.files import make_folder
    from training.measure.hiding.objectives import ObjectiveSettings, evaluate_objectives, lines

    make_folder(runs)
    parsed = []
    for variant in variants:
        name, _, text = variant.partition(":")
        parsed.append((name, tuple(one for one in text.split(",") if one)))
    settings = options.settings(ObjectiveSettings, chosen, runs=runs, variants=tuple(parsed))
    run.measure(evaluate_objectives, settings, lines)


@click.command("budget", short_help="What each distortion costs, and what search wins back.")
@common.model_option()
@options.images_option
@options.n_option(8, "Hosts through the reveal for each preset", "hosts")
@click.option("--draws", type=click.IntRange(1), default=4, help="Of each of them.")
@click.option(
    "--captures",
    type=click.IntRange(0),
    default=8,
    help="Photos through the whole pipeline for each preset.",
)
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="End with what is measured by then.",
)
@options.run_options("results/budget.json", "looks")
def budget(run: options.Run, minutes: float | None, **chosen: Any) -> None:
    """Take one group of distortions away at a time, from the same draws; see what is gained.

    Example: riis-physical measure budget --images photos --n 8 --captures 8 -o budget.json
    """
    from training.measure.budget.run import BudgetSettings, evaluate_budget, lines

    settings = options.settings(BudgetSettings, chosen)
    seconds = None if minutes is None else 60 * minutes
    run.measure(evaluate_budget, settings, lines, seconds=seconds)


@click.command("step", short_help="Operators and time of a training step.")
@click.option("--config", default="print", metavar="NAME", help="Of training.")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a setting; repeatable."
)
@click.option("--init", metavar="MODEL", help="Whose weights are trained; new ones if not given.")
@common.folder_option("--images", required=True, help="Photographs to train on.")
@click.option("--repeat", type=click.IntRange(1), default=5, help="Timed steps.")
@click.option("--cpu", is_flag=True, help="Do not use an accelerator that is there.")
@options.output_options
def step(run: options.Run, images: Path, **chosen: Any) -> None:
    """Count the operators that one step calls, values read back and constants sent; time it.

    Example: riis-physical measure step --images photos --config print-3 --init print-2 -o step.json
    """
    from training.measure.speed.step import lines, measure_step

    run.say(lines(measure_step(images, run.output, force=run.force, **chosen)))
