"""`riis-physical measure soft`, `visible` and `quality`: parts of reading by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from riis_physical.commands import common
from riis_physical.commands.measure import options


@click.command("soft", short_help="What soft reading carries, by the share of wrong modules.")
@options.n_option(200, "Grids for each share of wrong modules")
@common.seed_option()
@options.run_options("results/soft-reading.json", "rows")
def soft(run: options.Run, **chosen: Any) -> None:
    """Read codes under Gaussian noise: nothing known, a beginning, lists.

    Addresses and sentences of words that the character model has not learned from, and letters
    at random. No photo and no network.

    Example: riis-physical measure soft --n 20 -o soft.json
    """
    from training.measure.reading.soft import SoftSettings, evaluate_soft, lines

    run.measure(evaluate_soft, options.settings(SoftSettings, chosen), lines)


@click.command("visible", short_help="Visible QR codes that read-qr reads in real photos.")
@common.folder_option(
    "--photos",
    required=True,
    help="Photos with, beside each, a .txt of the same name that says what its code holds.",
)
@options.run_options("results/visible.json", "photos")
def visible(run: options.Run, photos: Path) -> None:
    """Read visible codes with read-qr and with each decoder alone.

    Example: riis-physical measure visible --photos qr_photos -o visible.json
    """
    from training.measure.reading.visible import evaluate_visible, lines

    run.measure(evaluate_visible, photos, lines)


@click.command("quality", short_help="How well estimates of a capture's quality agree with it.")
@common.model_option()
@options.images_option
@options.n_option(30, "Containers, each under three presets")
@common.seed_option()
@options.run_options("results/quality-print-1.json", "captures")
def quality(run: options.Run, images: Path, n: int, seed: int, model: str) -> None:
    """Compare estimated blur, noise, compression, width, exposure and angle with the truth.

    Example: riis-physical measure quality --images photos --n 5 -o quality.json
    """
    from training.measure.reading.quality import evaluate_quality, lines

    result = evaluate_quality(
        images, n, seed, model, run.output, workers=run.workers, force=run.force
    )
    run.say(lines(result))
