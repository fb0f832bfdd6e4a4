"""From containers and wishes to finished pages, before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from riis_physical.errors import ConfigError
from riis_physical.sheets.bleed import fill_bleed
from riis_physical.sheets.fonts import Font
from riis_physical.sheets.formats.tiles import cut
from riis_physical.sheets.layout import SheetOptions, arrange
from riis_physical.sheets.marks import finish
from riis_physical.sheets.pages import Page, Paper
from riis_physical.sheets.sources import Source, check_density

MAX_BLEED_MM = 20.0


@dataclass(frozen=True)
class Cutting:
    """What is cut, off a page or a poster into pages.

    Attributes:
        bleed_mm: how far pictures that reach the edge go on beyond it.
        crop_marks: lines that show where to cut.
        tiles: paper that a poster is cut over, None for whole pages.
        overlap_mm: what neighbouring tiles both show.
    """

    bleed_mm: float = 0.0
    crop_marks: bool = False
    tiles: Paper | None = None
    overlap_mm: float = 10.0

    def __post_init__(self) -> None:
        if not 0 <= self.bleed_mm <= MAX_BLEED_MM:
            raise ConfigError(f"a bleed of {self.bleed_mm:g} mm; expected 0 to {MAX_BLEED_MM:g} mm")
        if self.tiles is not None and (self.bleed_mm or self.crop_marks):
            raise ConfigError(
                "tiles have their own marks and no bleed: leave out --bleed-mm and --crop-marks, "
                "or print the poster in one piece with --page"
            )


@dataclass(frozen=True)
class Composition:
    """Pages to be written.

    Attributes:
        pages: in order. sources: what their pictures are.
        width_mm: of every container. paper: as it lies; of a poster the poster's.
        sheets: pages or posters before they were cut into tiles.
        warnings: one line each, for people.
    """

    pages: tuple[Page, ...]
    sources: tuple[Source, ...]
    width_mm: float
    paper: Paper
    sheets: int
    warnings: tuple[str, ...]


def compose(
    sources: Sequence[Source], options: SheetOptions, cutting: Cutting, font: Font
) -> Composition:
    """Arrange containers on pages, with bleed and marks or cut into tiles.

    Raises:
        ConfigError: a page too small, a container with too few pixels, a
            caption that cannot be printed, impossible settings.
    """
    sheets = arrange(sources, options, font)
    warnings = [check_density(source, sheets.width_mm) for source in sources]
    pages: list[Page] = []
    every = tuple(sources)
    for page in sheets.pages:
        if cutting.tiles is not None:
            pages += cut(page, cutting.tiles, cutting.overlap_mm, options.margin_mm, font)
            continue
        filled, every = fill_bleed(page, every, cutting.bleed_mm)
        pages.append(finish(filled, cutting.bleed_mm, cutting.crop_marks))
    return Composition(
        tuple(pages),
        every,
        sheets.width_mm,
        sheets.paper,
        len(sheets.pages),
        tuple(line for line in warnings if line),
    )
