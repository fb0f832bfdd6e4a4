"""`riis-physical measure calibration` and `correction`: what profiles of devices are worth."""

from __future__ import annotations

from typing import Any

import click

from riis_physical.commands import common
from riis_physical.commands.measure import options


@click.command("calibration", short_help="How well calibration recovers what is known.")
@options.n_option(60, "Photos of the chart, prints and screens in turn")
@click.option("--lenses", type=click.IntRange(0), default=12, help="Of four photos each.")
@common.preset_option()
@common.seed_option()
@options.run_options("results/calibration.json", "fits")
def calibration(run: options.Run, **chosen: Any) -> None:
    """Photograph charts with known parameters, fit each photo, and compare.

    Example: riis-physical measure calibration --n 4 --lenses 1 -o calibration.json
    """
    from training.measure.calibration.recovery import RecoverySettings, evaluate_calibration, lines

    run.measure(evaluate_calibration, options.settings(RecoverySettings, chosen), lines)


@click.command("correction", short_help="What scan --profile gains.")
@common.model_option()
@options.images_option
@click.option("--device", type=click.Choice(("dark", "strong")), default="strong")
@options.n_option(60, "Captures, each scanned three ways")
@common.strength_option("Of hiding.", 0.6)
@common.seed_option()
@options.run_options("results/correction-strong.json", "captures")
def correction(run: options.Run, **chosen: Any) -> None:
    """Calibrate a simulated device, and scan its captures with its profile, another and none.

    Example: riis-physical measure correction --images photos --n 5 -o correction.json
    """
    from training.measure.calibration.correction import (
        CorrectionSettings,
        evaluate_correction,
        lines,
    )

    run.measure(evaluate_correction, options.settings(CorrectionSettings, chosen), lines)
