"""Containers and wishes to a file of pages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from riis_physical.errors import OutputError
from riis_physical.sheets.compose import Composition, Cutting, compose
from riis_physical.sheets.fonts import Font, load_font
from riis_physical.sheets.layout import SheetOptions
from riis_physical.sheets.profiles import Profile
from riis_physical.sheets.sources import Source
from riis_physical.system.files import check_writable

SUFFIXES = (".pdf", ".png", ".tif", ".tiff")


def check_sheet(output: Path, *, force: bool) -> None:
    """Refuse a file that cannot be written, before anything is loaded.

    Raises:
        OutputError: a suffix of no known format, or `output` exists and `force` is off.
    """
    if output.suffix.lower() not in SUFFIXES:
        raise OutputError(
            f"cannot tell the format of {output} from its suffix {output.suffix!r}: expected one "
            f"of {', '.join(SUFFIXES)}"
        )
    check_writable(output, force=force)


def write_sheet(
    output: Path,
    sources: Sequence[Source],
    options: SheetOptions,
    cutting: Cutting | None = None,
    letters: Font | None = None,
    *,
    dpi: int = 300,
    printer: Profile | None = None,
    force: bool = False,
) -> Composition:
    """Compose pages and write them: pixels as they are in a PDF, drawn at `dpi` otherwise.

    Args:
        letters: of captions; None for the one that ships.
        printer: named in a PDF; colours are converted to it otherwise.

    Raises:
        ConfigError: what does not fit, or colours that cannot be converted.
        OutputError: as :func:`check_sheet`.
    """
    check_sheet(output, force=force)
    font = letters or load_font(None)
    done = compose(sources, options, cutting or Cutting(), font)
    if output.suffix.lower() == ".pdf":
        from riis_physical.sheets.formats.pdf import save_pdf

        title = ", ".join(dict.fromkeys(source.name for source in sources))
        save_pdf(output, done.pages, done.sources, font, printer=printer, title=title, force=force)
    else:
        from riis_physical.sheets.formats.raster import save_raster

        save_raster(output, done.pages, done.sources, font, dpi, printer=printer, force=force)
    return done
