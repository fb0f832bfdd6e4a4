"""Results as tables in the documents, and the rate against visibility as a picture.

A table lies between two comments and is never typed by hand:

    <!-- results:NAME -->
    <!-- /results:NAME -->

`python -m training.report.tables` writes all of them from results/*.json, and the
pictures docs/rate-against-psnr.png and docs/paper-figure-5 to -9; `--check` only tells
whether they are in step. Cells without a measurement say so. Only whole-pipeline
results count: corners found in the photo, widths as the preset draws them, both media.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from riis_physical.errors import ConfigError
from riis_physical.system.files import make_folder, write_text
from training.report.paper.figures import draw_figures
from training.report.paper.picture_tables import pictures_table, tamper_table
from training.report.paper.speed_table import speed_table as paper_speed_table
from training.report.paper.tables import TABLES as PAPER_TABLES
from training.report.rate_plot import plot_curve
from training.report.results import Results, load_results
from training.report.sections.budget import budget_table
from training.report.sections.captures import (
    calibration_table,
    detection_table,
    fuse_table,
    kinds_table,
    sweep_table,
    visible_table,
)
from training.report.sections.everywhere import engines_table, installed_table, page_table
from training.report.sections.known import known_table, soft_table
from training.report.sections.objectives import objectives_table
from training.report.sections.reading import (
    decode_table,
    medium_table,
    negatives_table,
    pairs_table,
    strength_table,
    visibility_table,
    width_table,
)
from training.report.sections.refining import refining_table
from training.report.sections.speed import (
    folder_table,
    speed_table,
    stages_table,
    start_up_table,
    study_speed_table,
)

TABLES: dict[str, Callable[[Results], str]] = {
    **PAPER_TABLES,
    "pictures": pictures_table,
    "tamper": tamper_table,
    "paper-speed": paper_speed_table,
    "decode": decode_table,
    "pairs": pairs_table,
    "width": width_table,
    "medium": medium_table,
    "visibility": visibility_table,
    "strength": strength_table,
    "refining": refining_table,
    "negatives": negatives_table,
    "speed": speed_table,
    "stages": stages_table,
    "folder": folder_table,
    "study-speed": study_speed_table,
    "engines": engines_table,
    "installed": installed_table,
    "page": page_table,
    "soft": soft_table,
    "start-up": start_up_table,
    "known": known_table,
    "fuse": fuse_table,
    "kinds": kinds_table,
    "calibration": calibration_table,
    "budget": budget_table,
    "objectives": objectives_table,
    "visible": visible_table,
    "capture-detection": detection_table,
    "capture-width": sweep_table("width", "width in the photo, px"),
    "capture-angle": sweep_table("angle", "angle, degrees"),
    "capture-blur": sweep_table("blur", "defocus, px at 512 px width"),
    "capture-exposure": sweep_table("exposure", "exposure, stops"),
    "capture-glare": sweep_table("glare", "glare, share of white"),
}


def update(text: str, results: Results, of: Callable[[str], Results] | None = None) -> str:
    """A document with the contents of all its tables replaced.

    Args:
        results: of tables that name no model.
        of: results of a model that a table names, as in <!-- results:decode print-1 -->.

    Raises:
        ConfigError: a table of an unknown name, or one that does not end.
    """

    def fill(match: re.Match[str]) -> str:
        name, model = match[1], match[2]
        if name not in TABLES:
            raise ConfigError(f"unknown table {name!r}: known are {', '.join(TABLES)}")
        own = results if model is None or of is None else of(model.strip())
        mark = f"results:{name}{model or ''}"
        return f"<!-- {mark} -->\n{TABLES[name](own)}\n<!-- /{mark} -->"

    opened = re.findall(r"<!-- results:([\w-]+)( [\w-]+)? -->", text)
    filled, count = re.subn(
        r"<!-- results:([\w-]+)( [\w-]+)? -->.*?<!-- /results:\1(?:\2)? -->", fill, text,
        flags=re.DOTALL,
    )  # fmt: skip
    if count != len(opened):
        raise ConfigError(f"{len(opened)} tables begin and {count} end: close each of {opened}")
    return filled


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check; the exit status is 1 where --check finds a table out of step."""
    parser = argparse.ArgumentParser(description="Tables of the documents from results/*.json.")
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--document", type=Path, action="append", help="README.md and docs/*.md")
    parser.add_argument("--plot", type=Path, default=Path("docs/rate-against-psnr.png"))
    parser.add_argument("--model", help="whose figures; the newest by default")
    parser.add_argument("--check", action="store_true", help="write nothing")
    given = parser.parse_args(arguments)
    results = load_results(given.results, given.model)
    documents = given.document or [Path("README.md"), *sorted(Path("docs").glob("*.md"))]
    late = False
    for document in documents:
        before = document.read_text(encoding="utf-8")
        after = update(before, results, partial(load_results, given.results))
        if before != after and given.check:
            print(f"{document} is out of step: run python -m training.report.tables")
            late = True
        elif before != after:
            write_text(document, after, force=True)
            print(f"{document} written")
    if given.check:
        return int(late)
    make_folder(given.plot.parent)
    if plot_curve(results, given.plot):
        print(f"{given.plot} drawn")
    measured = results.newest("paper")
    if measured is not None:
        for place in draw_figures(measured, given.results, given.plot.parent):
            print(f"{place} drawn")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ConfigError as error:
        sys.exit(f"Error: {error}")
