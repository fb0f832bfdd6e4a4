"""`riis-physical measure paper` and `paper-speed`: the paper's models compared, and timed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from riis_physical.commands import common
from riis_physical.commands.measure import options


@click.command("paper", short_help="RIIS, its ablations and earlier methods on pictures.")
@common.folder_option(
    "--data", required=True, help="Photographs, or DIV2K, COCO or ImageNet as they unpack."
)
@common.folder_option(
    "--runs",
    default=Path("runs/paper"),
    help="Folder of the trained models; those that are there are not trained again.",
)
@click.option(
    "--config", default="paper-cpu", metavar="NAME", help="Training configuration of all models."
)
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a setting; repeatable."
)
@click.option("--steps", type=click.IntRange(1), help="Of training each model.")
@click.option(
    "--minutes", type=click.FloatRange(0, min_open=True), help="In place of --steps, of each model."
)
@click.option(
    "--no-train",
    "train",
    flag_value=False,
    default=True,
    show_default=False,
    help="Measure what is there already.",
)
@click.option(
    "--model", "models", multiple=True, metavar="NAME", help="Only this model; repeatable."
)
@click.option("--seeds", type=click.IntRange(1), default=2, help="Models of each kind.")
@options.n_option(16, "Pairs of pictures")
@click.option(
    "--size",
    type=click.IntRange(0),
    default=256,
    help="Short side that pictures are scaled down to; 0 leaves them.",
)
@click.option(
    "--crop",
    type=click.IntRange(32),
    default=128,
    help="Side of the central square that is hidden in.",
)
@click.option("--cpu", is_flag=True, help="Do not train on an accelerator that is there.")
@options.run_options("results/paper.json", "pairs")
def command(
    run: options.Run,
    steps: int | None,
    minutes: float | None,
    train: bool,
    models: tuple[str, ...],
    cpu: bool,
    **chosen: Any,
) -> None:
    """Train RIIS and what it is compared with, then measure with exact noise and the real codec.

    `python -m training.report.tables` makes the paper's tables and figures of the result.

    Example: riis-physical measure paper --data photos --steps 600 -o results/paper.json
    """
    if steps is not None and minutes is not None:
        raise click.UsageError("--steps and --minutes both say how long: give one of them.")

    from training.measure.paper.models import PLANS
    from training.measure.paper.run import lines, measure_paper
    from training.measure.paper.settings import PaperSettings

    settings = options.settings(
        PaperSettings, chosen, steps=steps or 0, models=models or tuple(plan.name for plan in PLANS)
    )
    result = measure_paper(
        settings, run.output, minutes=minutes, train=train, cpu=cpu, tell=common.tell,
        workers=run.workers, force=run.force,
    )  # fmt: skip
    if result is None:
        common.tell("stopped; the same command goes on")
        return
    run.say(lines(result))


@click.command("paper-speed", short_help="The paper's depth beside HiNet's: time and memory.")
@click.option("--side", type=click.IntRange(32), default=128, help="Pixels.")
@click.option("--repeat", type=click.IntRange(1, 100), default=5)
@click.option("--device", type=click.Choice(("cpu", "cuda")), default="cpu")
@options.output_options
def speed(run: options.Run, side: int, **chosen: Any) -> None:
    """Time hiding, revealing and learning from one picture, in single precision and in bfloat16,
    each in a process of its own. Nothing else should run.

    Example: riis-physical measure paper-speed --repeat 1 -o paper-speed.json
    """
    if side % 16:
        raise click.UsageError(f"--side {side}: expected a multiple of 16.")

    from training.measure.paper.speed import lines, measure_speed

    run.say(lines(measure_speed(run.output, side=side, force=run.force, **chosen)))
