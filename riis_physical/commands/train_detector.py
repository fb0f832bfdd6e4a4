"""`riis-physical train-detector`: a detector of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from riis_physical.commands import common


@click.command("train-detector", short_help="Train the detector of bare containers.")
@click.option(
    "--images",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of photographs to hide in.",
)
@click.option(
    "--backgrounds",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of rooms and streets; a third of them is learned from.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Run folder: composites, checkpoint, metrics; the weights go to RUN/detector.safetensors.",
)
@common.model_option()
@click.option(
    "--scenes",
    type=click.IntRange(1),
    default=6000,
    show_default=True,
    help="Composites to learn from; those in RUN are kept.",
)
@click.option("--steps", type=click.IntRange(1), default=4000, show_default=True)
@click.option("--batch", type=click.IntRange(1), default=8, show_default=True)
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint in RUN.")
@click.option(
    "--start",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Begin with the weights of a .safetensors file, such as the shipped ones.",
)
@common.workers_option
@common.seed_option()
@common.device_option
def command(
    images: Path,
    backgrounds: Path,
    out: Path,
    model: str,
    scenes: int,
    steps: int,
    batch: int,
    resume: bool,
    start: Path | None,
    workers: int,
    seed: int,
    device: str,
) -> None:
    """Make composites, then train the detector on them.

    Some 15 minutes for the composites and 35 for the training on two cores that
    have bfloat16, more on others.
    """
    there = (out / "checkpoint.pt").exists()
    if there != resume:
        raise click.UsageError(
            f"{out} holds a checkpoint: add --resume or choose another folder"
            if there
            else f"{out} holds no checkpoint to go on from: leave --resume out"
        )
    if resume and start is not None:
        raise click.UsageError("--start begins a run, --resume goes on with one: give one of them")
    from training.detector.export import export
    from training.detector.make import Material, make_material
    from training.detector.train import Settings, main

    material = Material(images, backgrounds, out, model, seed)
    make_material(material, scenes, workers)
    settings = Settings(steps=steps, batch=batch, seed=seed)
    main(out, settings, resume=resume, start=start, device=device)
    record = export(out, out / "detector.safetensors", device)
    click.echo(f"weights  {out / 'detector.safetensors'}  {record['measured']}")
