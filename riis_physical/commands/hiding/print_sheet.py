"""`riis-physical print`: containers on sheets for a printer or a print shop."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riis_physical.commands import common

if TYPE_CHECKING:
    from riis_physical.sheets.profiles import Profile
    from riis_physical.sheets.sources import Source


class PaperSize(click.ParamType):
    """A4, Letter, 500x700 ... as a riis_physical.sheets.pages.Paper."""

    name = "PAGE"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Parse; what is no page is wrong usage."""
        from riis_physical.errors import ConfigError
        from riis_physical.sheets.pages import Paper

        if isinstance(value, Paper):
            return value
        try:
            return Paper.parse(value)
        except ConfigError as error:
            self.fail(str(error), param, ctx)


class GridSize(click.ParamType):
    """COLUMNSxROWS."""

    name = "COLUMNSxROWS"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        """Parse, for example, 2x3."""
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"([1-9]\d?)x([1-9]\d?)", value.strip())
        if match is None:
            self.fail(f"{value!r} is no grid: expected COLUMNSxROWS, for example 2x3", param, ctx)
        return int(match[1]), int(match[2])


@click.command("print", short_help="Lay containers out on sheets to print.")
@click.argument("containers", nargs=-1, required=True, type=common.PATH, metavar="CONTAINER...")
@common.file_option(
    "-o", "--output", required=True, help="The sheet: .pdf, or .png or .tif with its resolution."
)
@click.option(
    "--width-mm",
    type=float,
    help="Width of the container without its margin; by default the largest that fits "
    "at 72 dpi or more.",
)
@click.option("--page", type=PaperSize(), help="A6 to A0, Letter ... or WxH in mm. [default: A4]")
@click.option(
    "--margin-mm",
    type=float,
    default=10.0,
    help="Least white to the page's edges and between containers.",
)
@click.option(
    "--fiducials",
    type=click.Choice(["none", "corners"]),
    default="none",
    help="Markers at the corners, by which photos find the container surely.",
)
@click.option("--caption", metavar="TEXT", help="A line under each; {name} is the file's name.")
@click.option("--font", type=common.PATH, help="TrueType font of the caption.")
@click.option("--grid", type=GridSize(), default="1x1", help="To a page.")
@click.option("--bleed-mm", type=float, default=0.0, help="Continue what reaches the page's edge.")
@click.option("--crop-marks", is_flag=True, help="Marks outside the page where to cut.")
@click.option(
    "--poster", type=PaperSize(), metavar="PAGE", help="Cut a page this large over tiles."
)
@click.option("--tiles", type=PaperSize(), help="Paper of the tiles. [default: A4]")
@click.option("--overlap-mm", type=float, help="What two tiles both show. [default: 10]")
@click.option(
    "--dpi",
    type=click.IntRange(72, 2400),
    default=300,
    help="Of PNG and TIFF; a PDF holds the container's own pixels.",
)
@click.option("--icc", type=common.PATH, help="Profile of the printer, RGB or CMYK.")
@click.option(
    "--proof",
    type=common.PATH,
    metavar="PROFILE.icc",
    help="Say what this printer's colours do to the containers, and whether they still read.",
)
@click.option(
    "--proof-image",
    type=common.PATH,
    metavar="FILE.png",
    help="With --proof: container, proof and what changes, side by side.",
)
@common.force_option
def command(
    containers: tuple[Path, ...],
    output: Path,
    width_mm: float | None,
    page: Any,
    margin_mm: float,
    fiducials: str,
    caption: str | None,
    font: Path | None,
    grid: tuple[int, int],
    bleed_mm: float,
    crop_marks: bool,
    poster: Any,
    tiles: Any,
    overlap_mm: float | None,
    dpi: int,
    icc: Path | None,
    proof: Path | None,
    proof_image: Path | None,
    force: bool,
) -> None:
    """Put CONTAINER... on pages at their exact size in millimetres.

    One container fills a grid, several follow one another. Print at 100 %, not
    "fit to page". In a PDF the pixels stay as they are in their own colours and
    --icc names the printer; in PNG and TIFF colours are converted to it. A message that
    would not survive --proof is a warning: the sheet is written all the same.

    Example: riis-physical print container.png -o sheet.pdf --width-mm 100 --page A4
    """
    if proof_image is not None and proof is None:
        raise click.UsageError("--proof-image belongs to --proof.")
    if proof_image is not None and len(set(containers)) > 1:
        raise click.UsageError("--proof-image shows one container: give one.")
    if poster is None and (tiles is not None or overlap_mm is not None):
        raise click.UsageError("--tiles and --overlap-mm belong to --poster.")
    if poster is not None and page is not None:
        raise click.UsageError("Give either --page or --poster.")

    from riis_physical.sheets.formats.writing import check_sheet, write_sheet
    from riis_physical.system.files import check_writable

    check_sheet(output, force=force)
    if proof_image is not None:
        if proof_image.suffix.lower() != ".png" or proof_image.resolve() == output.resolve():
            raise click.BadParameter("name another file, *.png", param_hint="--proof-image")
        check_writable(proof_image, force=force)

    from riis_physical.sheets.compose import Cutting
    from riis_physical.sheets.fiducials import DEFAULT_LAYOUT
    from riis_physical.sheets.fonts import load_font
    from riis_physical.sheets.layout import SheetOptions
    from riis_physical.sheets.pages import Paper
    from riis_physical.sheets.profiles import load_profile
    from riis_physical.sheets.sources import load_source

    a4 = Paper.parse("A4")
    options = SheetOptions(
        paper=poster or page or a4,
        width_mm=width_mm,
        margin_mm=margin_mm,
        grid=grid,
        fiducials=DEFAULT_LAYOUT if fiducials == "corners" else None,
        caption=caption or None,
    )
    cutting = Cutting(
        bleed_mm=bleed_mm,
        crop_marks=crop_marks,
        tiles=(tiles or a4) if poster else None,
        overlap_mm=10.0 if overlap_mm is None else overlap_mm,
    )
    letters = load_font(font)
    printer = load_profile(icc) if icc else None
    proofed_by = load_profile(proof) if proof else None
    loaded = {path: load_source(path) for path in dict.fromkeys(containers)}
    sources = [loaded[path] for path in containers]
    for source in loaded.values():
        for line in source.notes:
            common.note(f"note: {source.name}: {line}")
    proofs = _proofs(list(loaded.values()), proofed_by, proof_image, force)
    done = write_sheet(
        output, sources, options, cutting, letters, dpi=dpi, printer=printer, force=force
    )
    for line in dict.fromkeys(done.warnings):
        common.note(f"warning: {line}")
    densities = [source.dpi(done.width_mm) for source in sources]
    if output.suffix.lower() != ".pdf" and max(densities) > dpi + 0.5:
        common.note(
            f"note: {max(densities):.0f} dpi of the container's pixels shrunk to {dpi}: "
            "--dpi or a PDF keeps more"
        )
    common.tell(f"sheet       {output} ({_extent(len(done.pages), done.sheets, cutting.tiles)})")
    common.tell(f"page        {done.paper}")
    common.tell(f"container   {done.width_mm:.4g} mm wide")
    common.tell(f"resolution  {min(densities):.0f} dpi of the container's own pixels")
    common.tell("print       at 100 %, not fitted to the page")
    for line in proofs:
        common.tell(line)


def _extent(pages: int, sheets: int, tiles: Any) -> str:
    counted = f"{pages} page{'s' if pages > 1 else ''}"
    if tiles is None:
        return counted
    return f"{sheets} poster{'s' if sheets > 1 else ''} on {counted} {tiles.name}"


def _proofs(
    sources: list[Source], printer: Profile | None, image: Path | None, force: bool
) -> list[str]:
    """Proof every container: lines for people; warnings go to standard error at once."""
    if printer is None:
        return []
    from riis_physical.sheets.proof import VISIBLE_DE, save_proof, soft_proof

    revealer = common.load_revealer("auto", "cpu")
    lines = []
    for source in sources:
        found = soft_proof(source.pixels, source.icc_profile, printer, revealer)
        if image is not None:
            save_proof(image, found, force=force)
        lines.append(
            f"proof       {source.name} by {printer.name}: {found.changed_share:.0%} changes by "
            f"more than {VISIBLE_DE:g} CIEDE2000 (mean {found.mean_de:.1f}, "
            f"95 % below {found.p95_de:.1f})"
        )
        if not found.is_container:
            common.note(f"note: {source.name}: no message reads from the picture itself")
            continue
        lines.append(
            f"            message {'reads' if found.reads else 'does NOT read'} from the proof; "
            f"simulated captures: {found.printed}, unproofed {found.plain}"
        )
        if not found.survives:
            common.note(
                f"warning: {source.name}: {printer.name} takes too much of the hidden message: "
                "hide with more --strength, or print by another profile"
            )
    return lines
