"""`riis-physical calibrate`: a chart to print, and what photos of it tell of the camera."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from riis_physical.commands import common

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
    kind = click.Path(path_type=Path)
    return click.option("-o", "--output", required=True, type=kind, metavar=metavar, help=text)


board_option = click.option(
    "--board",
    default=DEFAULT_BOARD,
    show_default=True,
    callback=_board,
    metavar="SPEC",
    help="COLUMNSxROWS,SQUARE_MM,MARKER_MM,DICTIONARY as printed under the board.",
)


@click.group("calibrate", short_help="Measure a camera's lens with a printed board.")
def command() -> None:
    """Measure the focal length and lens distortion of a camera."""


@command.command("board", short_help="Draw the board to print.")
@_output("FILE.pdf|FILE.png", "The page to print.")
@board_option
@click.option(
    "--page", type=click.Choice(["A4", "A3", "Letter"]), default="A4", show_default=True,
    help="Paper.",
)  # fmt: skip
@click.option("--dpi", type=click.IntRange(72, 1200), default=300, show_default=True)
@common.force_option
def board_command(output: Path, board: Any, page: str, dpi: int, force: bool) -> None:
    """Draw a ChArUco board at its exact size in millimetres.

    Print it at 100 %, check the line under it with a ruler, glue it onto
    something flat.
    """
    from calibration.board import draw_page, save_page

    save_page(output, draw_page(board, page, dpi), dpi, force=force)
    width, height = board.size_mm
    click.echo(f"wrote {output}: {width:g} x {height:g} mm on {page}, --board {board}")


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
    """
    from calibration.camera import fit_camera
    from riis_physical.files import check_writable

    check_writable(output, force=force)
    profile = fit_camera(photos, board, tell=common.note)
    profile.save(output, force=force)
    (fx, _, cx), (_, fy, cy), _ = profile.matrix
    click.echo(f"photos      {profile.photos.used} used, {len(profile.photos.refused)} refused")
    click.echo(f"error       {profile.rms_px:.3f} px RMS")
    click.echo(f"focal       {fx:.1f} x {fy:.1f} px, +- {profile.focal_error_px:.1f}")
    click.echo(f"centre      {cx:.1f}, {cy:.1f} px")
    click.echo(f"distortion  {' '.join(f'{value:.5f}' for value in profile.distortion)}")
    click.echo(f"wrote {output}")
