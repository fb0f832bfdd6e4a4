"""`riis-physical train-detector`: a detector of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from riis_physical.commands import common

PARTS = ("detector", "closeup")


@click.command("train-detector", short_help="Train the detector of bare containers.")
@common.folder_option("--images", required=True, help="Folder of photographs to hide in.")
@common.folder_option(
    "--backgrounds",
    required=True,
    help="Folder of rooms and streets; a third of them is learned from.",
)
@click.option(
    "--out",
    required=True,
    type=common.PATH,
    metavar="RUN",
    help="Run folder: composites, and for each part its checkpoint and metrics; the "
    "weights go to RUN/detector.safetensors and RUN/closeup.safetensors.",
)
@click.option(
    "--part",
    "parts",
    type=click.Choice(PARTS),
    multiple=True,
    default=PARTS,
    help="What to train: the detector, which finds places in a photo, or the close look, "
    "which finds corners there; both by default.",
)
@common.model_option()
@click.option(
    "--scenes",
    type=click.IntRange(1),
    default=4000,
    help="Composites to learn from; those in RUN are kept.",
)
@click.option("--steps", type=click.IntRange(1), default=5000, help="Of each part.")
@click.option("--batch", type=click.IntRange(1), default=8)
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint of each part in RUN.")
@common.file_option(
    "--start",
    help="Begin with the weights of a .safetensors file, such as the shipped ones of a --part.",
)
@common.workers_option
@common.seed_option()
@common.device_option
def command(
    images: Path,
    backgrounds: Path,
    out: Path,
    parts: tuple[str, ...],
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
    """Make composites, then train the detector and the close look on them.

    Some 30 minutes for the composites and an hour or more for each part on two cores that
    have bfloat16, more on others.

    Example: riis-physical train-detector --images photos --backgrounds rooms --out runs/detector
    """
    begun = {part: (out / part / "checkpoint.pt").exists() for part in parts}
    if any(begun.values()) and not resume:
        raise click.UsageError(f"{out} holds a checkpoint: add --resume or choose another folder")
    if resume and not any(begun.values()):
        raise click.UsageError(f"{out} holds no checkpoint to go on from: leave --resume out")
    if start is not None and (resume or len(parts) != 1):
        raise click.UsageError("--start begins one part: give --part, and leave --resume out")
    from riis_physical.system.files import new_folder
    from training.detector.material.make import Material, make_material
    from training.detector.parts import train_part

    with new_folder(out):
        make_material(Material(images, backgrounds, out, model, seed), scenes, workers)
        for part in parts:
            record = train_part(
                part,
                out,
                steps=steps,
                batch=batch,
                seed=seed,
                resume=begun[part],
                start=start,
                device=device,
            )
            common.tell(f"weights  {out / part}.safetensors  {record['measured']}")
