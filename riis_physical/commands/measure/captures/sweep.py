"""`riis-physical measure sweep` and `fuse`: as captures get harder, and as photos add up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from riis_physical.commands import common
from riis_physical.commands.measure import options

PARTS = ("detection", "width", "angle", "blur", "light")


@click.command("sweep", short_help="Containers found, and messages read, by kind of capture.")
@common.model_option()
@options.images_option
@options.backgrounds_option
@click.option("--what", default=",".join(PARTS), metavar="PART[,PART...]", help="Parts to measure.")
@options.n_option(10, "Simulated captures at each of the points of a sweep, 29 in all")
@click.option(
    "--n-detection",
    type=click.IntRange(1),
    default=24,
    help="Simulated captures for each of three presets with and without border.",
)
@options.medium_option
@options.size_option
@common.seed_option()
@options.run_options("results/capture-print-1.json", "captures")
@common.folder_option(
    "--plots", help="Draw the results there: one picture a sweep, and bars of what was found."
)
@common.device_option
def sweep(run: options.Run, what: str, plots: Path | None, **chosen: Any) -> None:
    """Measure what is found and read as captures get harder.

    All captures are simulated. Detection is measured by preset, with and without a
    border. The sweeps over width, angle, blur and light (exposure and glare) compare
    the hidden code, found in the photo and at its true corners, with a visible QR code of
    the same module pitch in the same captures, read by zbar, zxing-cpp and OpenCV.

    The whole default run takes about 15 minutes with two jobs on two cores; one more
    of --n adds about 70 seconds, one more of --n-detection about 6.

    Example: riis-physical measure sweep --images photos --what blur -o blur.json --plots plots
    """
    parts = _parts(what)

    from training.measure.sweeps.run import benchmark, lines
    from training.measure.sweeps.settings import BenchmarkSettings

    settings = options.settings(BenchmarkSettings, chosen, what=parts)
    result = run.measure(benchmark, settings, lines)
    if plots is not None:
        from training.measure.sweeps.plots import draw_plots

        for path in draw_plots(result, plots):
            common.tell(f"plot     {path}")


def _parts(text: str) -> tuple[str, ...]:
    """Parts from a comma-separated list, each once, in the order of PARTS."""
    asked = [part.strip() for part in text.split(",") if part.strip()]
    unknown = [part for part in asked if part not in PARTS]
    if unknown or not asked:
        raise click.BadParameter(
            f"{text!r}: expected some of {', '.join(PARTS)}, separated by commas",
            param_hint="--what",
        )
    return tuple(part for part in PARTS if part in asked)


@click.command("fuse", short_help="Messages read from several photos, against one.")
@common.model_option()
@options.images_option
@options.backgrounds_option
@options.n_option(25, "Containers")
@click.option("--frames", type=click.IntRange(2, 100), default=5, help="Simulated photos of each.")
@common.preset_option("hard")
@options.margin_option
@options.medium_option
@options.size_option
@common.strength_option("Of hiding; less is fainter.")
@common.seed_option()
@options.run_options("results/fuse-print-1.json", "containers")
@common.device_option
def fuse(run: options.Run, **chosen: Any) -> None:
    """Measure how often messages are not read from one photo, and from several.

    All photos are simulated, each with a channel of its own. What the first photo alone
    gives is compared with whichever photo reads alone, and with all added up as
    `scan --fuse` does.

    Example: riis-physical measure fuse --images photos --frames 3 -o fuse.json
    """
    from training.measure.fusing.run import benchmark_fuse, fuse_lines
    from training.measure.fusing.settings import FuseSettings

    run.measure(benchmark_fuse, options.settings(FuseSettings, chosen), fuse_lines)
