"""`riis-physical calibrate`: charts to print or show, and what photos of them tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from riis_physical.commands import common

LONGEST_NAME = 80  # of a profile
DEFAULT_BOARD = "7x10,25,18,5X5_100"


def _board(ctx: click.Context, param: click.Parameter, value: str) -> Any:
    """--board as a calibration.board.Board; what describes none is wrong usage."""
    from calibration.board import Board
    from riis_physical.errors import ConfigError

    try:
        return Board.parse(value)
    except ConfigError as error:
        raise click.BadParameter(str(error), ctx, param) from error


def _output(metavar: str, text: str) -> Any:
    kind = common.PATH
    return click.option("-o", "--output", required=True, type=kind, metavar=metavar, help=text)


board_option = click.option(
    "--board",
    default=DEFAULT_BOARD,
    callback=_board,
    metavar="SPEC",
    help="COLUMNSxROWS,SQUARE_MM,MARKER_MM,DICTIONARY as printed under the board.",
)


@click.group("calibrate", short_help="Measure a printer or screen and a camera.")
def command() -> None:
    """Measure a printer or screen together with a camera, or a camera's lens alone.

    `chart` and `fit` make a profile for simulate, evaluate, train, hide and scan;
    `board` and `camera` measure a lens with all its figures.
    """


@command.command("chart", short_help="Draw the chart to print or show.")
@_output("FILE.pdf|FILE.png", "The page to print, or the picture to show.")
@click.option(
    "--page",
    type=click.Choice(["A5", "A4", "A3", "A2", "Letter", "Tabloid", "screen"]),
    default="A4",
    help="Paper (lying), or screen: the chart alone, a PNG for `show`.",
)
@click.option(
    "--number",
    type=int,
    default=0,
    help="The chart's own number: one for each printer or screen keeps photos apart.",
)
@click.option("--dpi", type=click.IntRange(150, 1200), default=600)
@common.force_option
def chart_command(output: Path, page: str, number: int, dpi: int, force: bool) -> None:
    """Draw the calibration chart: greys, colours, slanted edges, fields and dots.

    Print it as you print containers, at 100 %. Photograph all of it, flat, sharp
    and evenly lit, from the front and as large in the photo as fits: one photo is
    enough, four or more from slightly different places tell how much photos differ.

    Example: riis-physical calibrate chart -o chart.pdf
    """
    from calibration.chart.layout import Chart
    from calibration.chart.save import save_chart, save_screen_chart

    chart = Chart(number)
    if page == "screen":
        across, down = save_screen_chart(output, chart, force=force)
        common.tell(f"wrote {output}: {across} x {down} px, chart number {number}; show it with")
        common.tell(f"  riis-physical show {output} --background white")
        return
    width, height = save_chart(output, chart, page, dpi, force=force)
    common.tell(f"wrote {output}: {width:g} x {height:g} mm on {page}, chart number {number}")


@command.command("fit", short_help="Fit a profile to photos of the chart.")
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@_output("FILE.json", "The profile.")
@click.option("--name", help="Of the profile, up to 80 characters; the file's name if not given.")
@click.option(
    "--medium", type=click.Choice(common.MEDIA), default="print",
    help="What shows the chart.",
)  # fmt: skip
@click.option(
    "--base", type=click.Choice(common.PRESETS), default="normal",
    help="Preset of the channel for what a chart cannot tell.",
)  # fmt: skip
@click.option(
    "--report/--no-report", default=True,
    help="Goodness of fit and plots as a page beside the profile, FILE.html.",
)  # fmt: skip
@common.force_option
def fit_command(
    photos: tuple[str, ...],
    output: Path,
    name: str | None,
    medium: Any,
    base: Any,
    report: bool,
    force: bool,
) -> None:
    """Fit tone, colour, blur, noise, lens, vignetting and moire to photos of the chart.

    Give the camera's own files, all of one printer or screen and one camera. A photo
    in which the chart is cut off, too small, out of focus, badly exposed or unevenly
    lit is refused with the reason; the others are used.

    Example: riis-physical calibrate fit shots/*.jpg -o mine.json
    """
    from riis_physical.errors import ConfigError, OutputError
    from riis_physical.system.files import check_writable

    label = name if name is not None else output.stem[:LONGEST_NAME]
    if not 1 <= len(label) <= LONGEST_NAME:
        raise ConfigError(f"a name of {len(label)} characters; expected 1 to {LONGEST_NAME}")
    page = output.with_suffix(".html")
    if output.suffix.lower() != ".json":
        raise OutputError(f"{output}: a profile is a .json file: give one")
    check_writable(output, force=force)
    if report:
        check_writable(page, force=force)
    from calibration.fit.fit import fit_profile

    if report:
        from calibration.fit.plots import require_matplotlib

        require_matplotlib()
    made = fit_profile(photos, label, medium=medium, base=base, tell=common.note)
    made.profile.save(output, force=force)
    common.tell(f"photos      {len(made.photos)} used, {len(made.refused)} refused")
    for key, value in made.profile.fit.items():
        common.tell(f"{key:26}{value:.4f}")
    common.tell(f"wrote {output}")
    if report:
        from calibration.fit.report import write_report

        write_report(page, made, force=force)
        common.tell(f"wrote {page}")


@command.command("board", short_help="Draw the board to print.")
@_output("FILE.pdf|FILE.png", "The page to print.")
@board_option
@click.option(
    "--page", type=click.Choice(["A4", "A3", "Letter"]), default="A4",
    help="Paper.",
)  # fmt: skip
@click.option("--dpi", type=click.IntRange(72, 1200), default=300)
@common.force_option
def board_command(output: Path, board: Any, page: str, dpi: int, force: bool) -> None:
    """Draw a ChArUco board at its exact size in millimetres.

    Print it at 100 %, check the line under it with a ruler, glue it onto
    something flat.

    Example: riis-physical calibrate board -o board.pdf
    """
    from calibration.board import draw_page, save_page
    from riis_physical.system.files import check_writable

    check_writable(output, force=force)
    save_page(output, draw_page(board, page, dpi), dpi, force=force)
    width, height = board.size_mm
    common.tell(f"wrote {output}: {width:g} x {height:g} mm on {page}, --board {board}")


@command.command("camera", short_help="Fit the camera to photos of the board.")
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@_output("FILE.json", "The camera profile.")
@board_option
@common.force_option
def camera_command(photos: tuple[str, ...], output: Path, board: Any, force: bool) -> None:
    """Fit camera matrix and lens distortion to photos of the printed board.

    Take ten or more with one lens and zoom, the phone held the same way up: the
    board tilted by 20 to 40 degrees in all directions and, over all photos, in
    every part of the picture. At least 5 must be of use; what is refused is
    told with the reason.

    Example: riis-physical calibrate camera shots/*.jpg -o phone.json
    """
    from calibration.camera import fit_camera
    from riis_physical.system.files import check_writable

    check_writable(output, force=force)
    profile = fit_camera(photos, board, tell=common.note)
    profile.save(output, force=force)
    (fx, _, cx), (_, fy, cy), _ = profile.matrix
    common.tell(f"photos      {profile.photos.used} used, {len(profile.photos.refused)} refused")
    common.tell(f"error       {profile.rms_px:.3f} px RMS")
    common.tell(f"focal       {fx:.1f} x {fy:.1f} px, +- {profile.focal_error_px:.1f}")
    common.tell(f"centre      {cx:.1f}, {cy:.1f} px")
    common.tell(f"distortion  {' '.join(f'{value:.5f}' for value in profile.distortion)}")
    common.tell(f"wrote {output}")
