"""`riis-physical measure budget`, `objectives` and `step`: of training."""

from __future__ import annotations

from pathlib import Path

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
@options.n_option(96, "Patches with a draw each that judge, a multiple of 8")
@common.folder_option(
    "--runs", required=True, help="Folder of the runs, which go on where they were stopped."
)
@options.run_options("results/objectives.json", "variants")
def objectives(
    config: str,
    init: str | None,
    images: Path,
    held: Path,
    shared: tuple[str, ...],
    variants: tuple[str, ...],
    n: int,
    runs: Path,
    output: Path,
    workers: int,
    force: bool,
) -> None:
    """Train variants of an objective from one start with the same draws; compare what is seen.

    Example: riis-physical measure objectives --init print-2 --images train --held val
    --set steps=300 --variant base: --variant tails:tails=2 --runs runs -o objectives.json
    """
    options.check(output, force=force)

    from riis_physical.system.files import make_folder
    from training.measure.hiding.objectives import ObjectiveSettings, evaluate_objectives, lines

    make_folder(runs)
    parsed = []
    for variant in variants:
        name, _, text = variant.partition(":")
        parsed.append((name, tuple(one for one in text.split(",") if one)))
    settings = ObjectiveSettings(
        config=config,
        variants=tuple(parsed),
        images=str(images),
        held=str(held),
        runs=str(runs),
        shared=shared,
        init=init,
        items=n,
    )
    options.say(lines(evaluate_objectives(settings, output, workers=workers, force=force)), output)


@click.command("budget", short_help="What each distortion costs, and what search wins back.")
@common.model_option()
@options.images_option
@options.n_option(8, "Hosts through the reveal for each preset")
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
def budget(
    model: str,
    images: Path,
    n: int,
    draws: int,
    captures: int,
    minutes: float | None,
    output: Path,
    workers: int,
    force: bool,
) -> None:
    """Take one group of distortions away at a time, from the same draws; see what is gained.

    Example: riis-physical measure budget --images photos --n 8 --captures 8 -o budget.json
    """
    options.check(output, force=force)

    from training.measure.budget.run import BudgetSettings, evaluate_budget, lines

    settings = BudgetSettings(
        images=str(images), model=model, hosts=n, draws=draws, captures=captures
    )
    seconds = None if minutes is None else 60 * minutes
    result = evaluate_budget(settings, output, workers=workers, force=force, seconds=seconds)
    options.say(lines(result), output)


@click.command("step", short_help="Operators and time of a training step.")
@click.option("--config", default="print", metavar="NAME", help="Of training.")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a setting; repeatable."
)
@click.option("--init", metavar="MODEL", help="Whose weights are trained; new ones if not given.")
@common.folder_option("--images", required=True, help="Photographs to train on.")
@click.option("--repeat", type=click.IntRange(1), default=5, help="Timed steps.")
@click.option("--cpu", is_flag=True, help="Do not use an accelerator that is there.")
@common.file_option("-o", "--output", required=True, help="Every figure.")
@common.force_option
def step(
    config: str,
    overrides: tuple[str, ...],
    init: str | None,
    images: Path,
    repeat: int,
    cpu: bool,
    output: Path,
    force: bool,
) -> None:
    """Count the operators that one step calls, values read back and constants sent; time it.

    Example: riis-physical measure step --images photos --config print-3 --init print-2 -o step.json
    """
    options.check(output, force=force)

    from training.measure.speed.step import lines, measure_step

    result = measure_step(
        images, output, config=config, overrides=overrides, init=init, repeat=repeat, cpu=cpu,
        force=force,
    )  # fmt: skip
    options.say(lines(result), output)
