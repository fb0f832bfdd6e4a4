"""`riis-physical measure negatives` and `false-accepts`: no text where nothing is hidden."""

from __future__ import annotations

from pathlib import Path

import click

from riis_physical.commands import common
from riis_physical.commands.measure import options

known_option = click.option(
    "--known", is_flag=True, help="Read with beginnings and a list of messages too."
)


@click.command("negatives", short_help="Scan pictures that hide nothing.")
@common.model_option()
@common.folder_option(
    "--images", multiple=True, help="Folder of pictures without any container; repeatable."
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
def negatives(
    ctx: click.Context,
    model: str,
    images: tuple[Path, ...],
    held_out_of: tuple[Path, ...],
    backgrounds: Path | None,
    n: int,
    print_every: int,
    codes: int,
    preset: str,
    known: bool,
    workers: int,
    seed: int,
    output: Path,
    device: str,
    force: bool,
) -> None:
    """Scan pictures in which nothing is hidden. Exit status 1 when any text comes back.

    Example: riis-physical measure negatives --images photos --n 200 -o negatives.json
    """
    if not images and not held_out_of:
        raise click.UsageError("Name a folder of pictures with --images or --held-out-of.")

    options.check(output, force=force)

    from training.measure.negatives.pictures import NegativeSettings
    from training.measure.negatives.run import evaluate_negatives

    settings = NegativeSettings(
        model=model,
        folders=tuple(str(folder) for folder in images),
        held_out_of=tuple(str(folder) for folder in held_out_of),
        backgrounds=options.text(backgrounds),
        n=n,
        print_every=print_every,
        codes=codes,
        preset=preset,
        seed=seed,
        device=device,
        known=known,
    )
    result = evaluate_negatives(settings, output, workers=workers, force=force)
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
    common.tell(f"figures       {output}")
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
    ctx: click.Context,
    grids: int,
    structured: int,
    images: Path | None,
    model: str,
    known: bool,
    seconds: float | None,
    seed: int,
    output: Path,
    workers: int,
    force: bool,
) -> None:
    """Count messages that the soft reader takes out of grids without any.

    Fair coins; the same with all that a code must hold written in; codes of other messages than
    those of the list; smooth noise; what the network reveals in pictures. Exit status 1 when any
    message comes back that a grid does not hold.

    Example: riis-physical measure false-accepts --grids 3200 --structured 320 -o grids.json
    """
    options.check(output, force=force)

    from training.measure.negatives.false_accepts import evaluate_false_accepts, lines
    from training.measure.negatives.grids import GridSettings

    settings = GridSettings(grids, structured, seed, options.text(images) or "", model, known)
    result = evaluate_false_accepts(settings, output, workers=workers, seconds=seconds, force=force)
    options.say(lines(result), output)
    ctx.exit(1 if result["all"]["accepted"] else 0)
