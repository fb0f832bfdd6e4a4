"""The chart as a page to print, or as a picture for a screen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from calibration.chart.draw import draw_chart
from calibration.chart.layout import Chart
from riis_physical.errors import ConfigError, OutputError
from riis_physical.images import save_image
from riis_physical.sheets.fonts import load_font
from riis_physical.sheets.formats.pdf import save_pdf
from riis_physical.sheets.pages import MM_PER_INCH, Box, Page, Paper, Picture, Text
from riis_physical.sheets.profiles import srgb
from riis_physical.sheets.sources import Source
from riis_physical.system.files import atomic_path, check_writable

LEAST_EDGE_MM = 8.0  # white around the chart: printers leave a rim unprinted
CAPTION_MM = 2.8
SCREEN_PX_PER_MM = 6.0
SCREEN_EDGE_MM = 9.0  # white around a chart on a screen, whose rim may be black
PAPERS = ("A5", "A4", "A3", "A2", "Letter", "Tabloid")


def save_chart(
    path: str | Path, chart: Chart, paper: str, dpi: int = 600, *, force: bool = False
) -> tuple[float, float]:
    """Write the chart on a page, as large as a whole tenth of its scale allows.

    The chart is stored as sRGB pixels, so that it takes the containers' way to the printer.

    Args:
        path: .pdf, or .png of the page.
        dpi: of the chart's pixels.

    Returns:
        width and height of the chart in mm.

    Raises:
        ConfigError: unknown paper.
        OutputError: another suffix, or the file exists or cannot be written.
    """
    target = Path(path)
    suffix = _suffix(target)
    check_writable(target, force=force)  # before the chart takes time and memory
    if paper not in PAPERS:
        raise ConfigError(f"unknown page {paper!r}: expected {', '.join(PAPERS)}")
    page = Paper.parse(paper).turned
    scale = min(
        (page.width - 2 * LEAST_EDGE_MM) / chart.size_mm[0],
        (page.height - 2 * LEAST_EDGE_MM) / chart.size_mm[1],
    )
    scale = int(10 * scale) / 10
    width, height = (scale * side for side in chart.size_mm)
    box = Box((page.width - width) / 2, (page.height - height) / 2, width, height)
    pixels = draw_chart(chart, scale * dpi / MM_PER_INCH)
    if suffix == ".pdf":
        caption = f"The chart is {width:g} mm wide: print at 100 %. {chart.title}, {page.name}"
        line = Text(caption, page.width / 2, box.bottom + CAPTION_MM + 1, CAPTION_MM)
        sheet = Page(page.width, page.height, (Picture(0, box), line))
        save_pdf(target, [sheet], [Source("chart", pixels)], load_font(), title=chart.title,
                 force=force)  # fmt: skip
        return width, height
    size = tuple(round(side * dpi / MM_PER_INCH) for side in (page.width, page.height))
    picture = Image.new("RGB", (size[0], size[1]), (255, 255, 255))
    at = (round(box.left * dpi / MM_PER_INCH), round(box.top * dpi / MM_PER_INCH))
    picture.paste(Image.fromarray(pixels), at)
    with atomic_path(target, force=force) as part:
        picture.save(part, "PNG", dpi=(dpi, dpi), icc_profile=srgb().data)
    return width, height


def save_screen_chart(path: str | Path, chart: Chart, *, force: bool = False) -> tuple[int, int]:
    """Write the chart as a PNG to show on a screen; returns its width and height in px.

    Raises:
        OutputError: another suffix, or the file exists or cannot be written.
    """
    if _suffix(Path(path)) != ".png":
        raise OutputError(f"{path}: a chart for a screen is a picture: give a .png file")
    check_writable(path, force=force)
    edge = round(SCREEN_EDGE_MM * SCREEN_PX_PER_MM)
    drawn = draw_chart(chart, SCREEN_PX_PER_MM)
    pixels = np.pad(drawn, ((edge, edge), (edge, edge), (0, 0)), constant_values=255)
    save_image(path, pixels, icc_profile=srgb().data, force=force)
    return pixels.shape[1], pixels.shape[0]


def _suffix(target: Path) -> str:
    suffix = target.suffix.lower()
    if suffix not in (".pdf", ".png"):
        raise OutputError(
            f"cannot tell the format of {target} from its suffix {target.suffix!r}: "
            "expected .pdf or .png"
        )
    return suffix
