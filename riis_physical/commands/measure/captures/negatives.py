"""`riis-physical measure negatives` and `false-accepts`: no text where nothing is hidden."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from riis_physical.commands import common
from riis_physical.commands.measure import options

known_option = click.option(
    "--known", is_flag=True, help="Read with beginnings and a list of messages too."
)


@click.command("negatives", short_help="Scan pictures that hide nothing.")
@common.model_option()
@common.folder_option(
    "--images",
    "folders",
    multiple=True,
    help="Folder of pictures without any container; repeatable.",
)
@common.folder_option(
    "--held-out-of",
    multiple=True,
    help="Training folder of which the pictures that no training has seen are added "
    "(`python -m training.detector.held_out DIR` lists them); repeatable.",
)
@options.backgrounds_option
@options.n_option(1000, "Pictures: every original once, then crops of them")
@click.option(
    "--print-every",
    type=click.IntRange(1),
    default=3,
    metavar="K",
    help="Photograph one picture in K as a print as well, with a margin and bare in turn.",
)
@click.option(
    "--codes", type=click.IntRange(0), default=30, help="Prints of visible QR codes, on top."
)
@common.preset_option()
@known_option
@common.seed_option()
@options.run_options("results/negatives.json", "scans")
@common.device_option
@click.pass_context
def negatives(ctx: click.Context, run: options.Run, **chosen: Any) -> None:
    """Scan pictures in which nothing is hidden. Exit status 1 when any text comes back.

    Example: riis-physical measure negatives --images photos --n 200 -o negatives.json
    """
    if not chosen["folders"] and not chosen["held_out_of"]:
        raise click.UsageError("Name a folder of pictures with --images or --held-out-of.")

    from training.measure.negatives.pictures import NegativeSettings
    from training.measure.negatives.run import evaluate_negatives

    settings = options.settings(NegativeSettings, chosen)
    result = evaluate_negatives(settings, run.output, workers=run.workers, force=run.force)
    for kind, counts in result["by_kind"].items():
        common.tell(
            f"{kind:<13} {counts['scans']} scans, {counts['texts']} texts, "
            f"{counts['unreadable']['hits']} reported as unreadable"
        )
    whole = result["without_codes"]
    reported, taken = whole["unreadable"], whole["scan_ms"]
    common.tell(
        f"in all        {whole['scans']} scans, {whole['texts']} texts; reported as containing a "
        f"code: {reported['rate']:.2%} (95 % interval {reported['low']:.2%} to "
        f"{reported['high']:.2%}), prints of visible codes left out"
    )
    common.tell(
        f"time a scan   median {taken['median']:.0f} ms, 95th percentile {taken['p95']:.0f} ms"
    )
    common.tell(f"originals     {result['originals']} distinct of {result['pictures']} pictures")
    common.tell(f"figures       {run.output}")
    ctx.exit(1 if result["texts"] else 0)


@click.command("false-accepts", short_help="Read random grids that hold no message.")
@click.option("--grids", type=click.IntRange(0), default=1_000_000, help="Of fair coins.")
@click.option("--structured", type=click.IntRange(0), default=10_000, help="Of each other kind.")
@common.folder_option(
    "--images", help="Pictures without a container, for grids that the network reveals in them."
)
@common.model_option()
@known_option
@click.option(
    "--seconds", type=click.FloatRange(0, min_open=True), help="End with what is done by then."
)
@common.seed_option()
@options.run_options("results/false-accepts.json", "groups of grids")
@click.pass_context
def false_accepts(
    ctx: click.Context, run: options.Run, images: Path | None, seconds: float | None, **chosen: Any
) -> None:
    """Count messages that the soft reader takes out of grids without any.

    Fair coins; the same with all that a code must hold written in; codes of other messages than
    those of the list; smooth noise; what the network reveals in pictures. Exit status 1 when any
    message comes back that a grid does not hold.

    Example: riis-physical measure false-accepts --grids 3200 --structured 320 -o grids.json
    """
    from training.measure.negatives.false_accepts import evaluate_false_accepts, lines
    from training.measure.negatives.grids import GridSettings

    settings = options.settings(GridSettings, chosen, images=images or "")
    result = run.measure(evaluate_false_accepts, settings, lines, seconds=seconds)
    ctx.exit(1 if result["all"]["accepted"] else 0)
