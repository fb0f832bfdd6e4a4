"""`riis-physical train`: make a model of one's own."""

from __future__ import annotations

import json
from pathlib import Path

import click

from riis_physical.commands import common


@click.command("train", short_help="Train a model.")
@click.option(
    "--config",
    required=True,
    metavar="NAME",
    help="A shipped configuration (print, finetune, paper, colour) or a .yaml file.",
)
@common.folder_option("--images", required=True, help="Folder of photographs to train on.")
@click.option(
    "--out",
    required=True,
    type=common.PATH,
    metavar="RUN",
    help="Run folder: checkpoints, metrics and sample pictures.",
)
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint in RUN.")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a setting; repeatable."
)
@click.option(
    "--init",
    metavar="MODEL",
    help="Start from the weights of a shipped model or a .safetensors file.",
)
@common.profile_option(
    "Draw captures of this printer or screen; repeatable, for a mix.", multiple=True
)
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    metavar="M",
    help="Wall time of the run in place of its steps: the schedule runs over it and is at its "
    "end in time, whatever the machine. Goes on over the same time with --resume.",
)
@click.option(
    "--workers", type=click.IntRange(0), default=0, help="Processes that draw batches ahead."
)
@click.option("--cpu", is_flag=True, help="Do not use an accelerator that is there.")
def command(
    config: str,
    images: Path,
    out: Path,
    resume: bool,
    overrides: tuple[str, ...],
    init: str | None,
    profiles: tuple[str, ...],
    minutes: float | None,
    workers: int,
    cpu: bool,
) -> None:
    """Train a model on a CPU, one GPU or, started by `accelerate launch`, many.

    Example: riis-physical train --config print --images photos --out run --minutes 12 --workers 14
    """
    if init is not None and resume:
        raise click.UsageError("--init starts a new run: give either it or --resume.")

    from training.hiding.loop import main

    chosen = [f"profiles={json.dumps(profiles)}"] if profiles else []
    if minutes is not None:
        chosen.append(f"minutes={minutes}")
    main(config, images, out, resume, [*overrides, *chosen], cpu=cpu, init=init, workers=workers)
    common.tell(f"run folder  {out}")
