"""`riis-physical benchmark`: how a part of the product does as its task gets harder."""

from __future__ import annotations

from pathlib import Path

import click

from riis_physical.commands import common

PARTS = ("detection", "width", "angle", "blur", "light")


@click.group("benchmark", short_help="Measure how captures are found and read as they get harder.")
def command() -> None:
    """Measure how a part does as its task gets harder."""


@command.command("capture", short_help="Containers found, and messages read, by kind of capture.")
@common.model_option()
@click.option(
    "--images",
    required=True,
    type=common.PATH,
    metavar="DIR",
    help="Folder of photographs to hide in; none may be of the training set.",
)
@click.option(
    "--backgrounds",
    type=common.PATH,
    metavar="DIR",
    help="Photographs to put behind half of the captures, in place of procedural walls.",
)
@click.option(
    "--what",
    default=",".join(PARTS),
    show_default=True,
    metavar="PART[,PART...]",
    help="Parts to measure.",
)
@click.option(
    "--n",
    "captures",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Simulated captures at each of the points of a sweep, 29 in all.",
)
@click.option(
    "--n-detection",
    type=click.IntRange(1),
    default=24,
    show_default=True,
    help="Simulated captures for each of three presets with and without border.",
)
@click.option(
    "--medium",
    type=click.Choice((*common.MEDIA, "mixed")),
    default="mixed",
    show_default=True,
    help="Prints, lit screens, or half of each.",
)
@click.option(
    "--size",
    type=common.PictureSize(),
    help="Size of the photos; 1600x1200 or 1200x1600, as the container lies, if not given. "
    "Larger where the widest container would not fit.",
)
@common.workers_option
@common.seed_option()
@click.option(
    "--json",
    "--output",
    "-o",
    "output",
    required=True,
    type=common.PATH,
    metavar="FILE",
    help="Write every figure, for example to results/capture-print-1.json; captures go to "
    ".jsonl beside.",
)
@click.option(
    "--plots",
    type=common.PATH,
    metavar="DIR",
    help="Draw the results there: one picture a sweep, and bars of what was found.",
)
@common.device_option
@common.force_option
def capture(
    model: str,
    images: Path,
    backgrounds: Path | None,
    what: str,
    captures: int,
    n_detection: int,
    medium: str,
    size: tuple[int, int] | None,
    workers: int,
    seed: int,
    output: Path,
    plots: Path | None,
    device: str,
    force: bool,
) -> None:
    """Measure what is found and read as captures get harder.

    All captures are simulated. Detection is measured by preset, with and without a
    border. The sweeps over width, angle, blur and light (exposure and glare) compare
    the hidden code, found in the photo and at its true corners, with a visible QR code of
    the same module pitch in the same captures, read by zbar, zxing-cpp and OpenCV.

    The whole default run takes about 15 minutes with two workers on two cores; one more
    of --n adds about 70 seconds, one more of --n-detection about 6. A run that was
    stopped goes on where it was.
    """
    parts = _parts(what)

    from riis_physical.system.files import check_writable

    check_writable(output, force=force)

    from training.measure.sweeps.run import benchmark, lines
    from training.measure.sweeps.settings import BenchmarkSettings

    settings = BenchmarkSettings(
        model=model,
        images=str(images),
        backgrounds=None if backgrounds is None else str(backgrounds),
        n=captures,
        n_detection=n_detection,
        what=parts,
        medium=medium,
        seed=seed,
        size=size,
        device=device,
    )
    result = benchmark(settings, output, workers=workers, force=force)
    for line in lines(result):
        common.tell(line)
    common.tell(f"figures  {output}")
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


@command.command("fuse", short_help="Messages read from several photos, against one.")
@common.model_option()
@click.option(
    "--images",
    required=True,
    type=common.PATH,
    metavar="DIR",
    help="Folder of photographs to hide in; none may be of the training set.",
)
@click.option(
    "--backgrounds",
    type=common.PATH,
    metavar="DIR",
    help="Photographs to put behind half of the containers, in place of procedural walls.",
)
@click.option(
    "--n",
    "containers",
    type=click.IntRange(1),
    default=25,
    show_default=True,
    help="Containers.",
)
@click.option(
    "--frames",
    type=click.IntRange(2, 100),
    default=5,
    show_default=True,
    help="Simulated photos of each.",
)
@common.preset_option("hard")
@click.option(
    "--margin",
    type=click.FloatRange(0, 0.5),
    default=0.06,
    show_default=True,
    help="White paper, or a screen's bezel, around the container, of its width.",
)
@click.option(
    "--medium",
    type=click.Choice((*common.MEDIA, "mixed")),
    default="mixed",
    show_default=True,
    help="Prints, lit screens, or half of each.",
)
@click.option(
    "--size",
    type=common.PictureSize(),
    help="Size of the photos; 1600x1200 or 1200x1600, as the container lies, if not given.",
)
@common.strength_option("Of hiding; less is fainter.")
@common.workers_option
@common.seed_option()
@common.result_option("results/fuse-print-1.json", "containers")
@common.device_option
@common.force_option
def fuse(
    model: str,
    images: Path,
    backgrounds: Path | None,
    containers: int,
    frames: int,
    preset: str,
    margin: float,
    medium: str,
    size: tuple[int, int] | None,
    strength: float,
    workers: int,
    seed: int,
    output: Path,
    device: str,
    force: bool,
) -> None:
    """Measure how often messages are not read from one photo, and from several.

    All photos are simulated, each with a channel of its own. What the first photo alone
    gives is compared with whichever photo reads alone, and with all added up as
    `scan --fuse` does. A run that was stopped goes on where it was.
    """
    from riis_physical.system.files import check_writable

    check_writable(output, force=force)

    from training.measure.fusing.run import benchmark_fuse, fuse_lines
    from training.measure.fusing.settings import FuseSettings

    settings = FuseSettings(
        model=model,
        images=str(images),
        backgrounds=None if backgrounds is None else str(backgrounds),
        n=containers,
        frames=frames,
        preset=preset,
        margin=margin,
        medium=medium,
        strength=strength,
        seed=seed,
        size=size,
        device=device,
    )
    result = benchmark_fuse(settings, output, workers=workers, force=force)
    for line in fuse_lines(result):
        common.tell(line)
    common.tell(f"figures  {output}")
