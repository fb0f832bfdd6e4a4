"""`riis-physical evaluate`: how often a model reads, and what it costs."""

from __future__ import annotations

from pathlib import Path

import click

from riis_physical.commands import common


@click.command("evaluate", short_help="Measure decode rate, visibility and speed.")
@common.model_option()
@click.option(
    "--images",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of photographs to hide in; none may be of the training set.",
)
@click.option(
    "--n",
    "captures",
    type=click.IntRange(1),
    default=300,
    show_default=True,
    help="Simulated captures for each preset.",
)
@click.option(
    "--preset",
    "presets",
    type=click.Choice(common.PRESETS),
    multiple=True,
    default=("normal",),
    show_default=True,
    help="How hard the captures are; repeatable.",
)
@click.option(
    "--strength",
    "strengths",
    type=click.FloatRange(0.25, 3.0),
    multiple=True,
    default=(1.0,),
    show_default=True,
    help="Strength of hiding; repeat it for a curve.",
)
@click.option("--medium", type=click.Choice(common.MEDIA), default="print", show_default=True)
@common.seed_option()
@click.option(
    "--json",
    "output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write every figure, for example to results/print-1-normal.json.",
)
@common.device_option
@common.force_option
def command(
    model: str,
    images: Path,
    captures: int,
    presets: tuple[str, ...],
    strengths: tuple[float, ...],
    medium: str,
    seed: int,
    output: Path | None,
    device: str,
    force: bool,
) -> None:
    """Measure decode rate, visibility and speed over simulated captures.

    The same captures of a visible QR code give the physical bound.
    """
    if output is not None:
        from riis_physical.files import check_writable

        check_writable(output, force=force)
    from training.evaluate import main

    main(
        model=model,
        images=images,
        n=captures,
        presets=presets,
        strengths=strengths,
        medium=medium,
        seed=seed,
        output=output,
        device=device,
        force=force,
    )
