"""`riis-physical evaluate-negatives`: no text where nothing is hidden."""

from __future__ import annotations

from pathlib import Path

import click

from riis_physical.commands import common


@click.command("evaluate-negatives", short_help="Scan pictures that hide nothing.")
@common.model_option()
@click.option(
    "--images",
    multiple=True,
    type=common.PATH,
    metavar="DIR",
    help="Folder of pictures without any container; repeatable.",
)
@click.option(
    "--held-out-of",
    multiple=True,
    type=common.PATH,
    metavar="DIR",
    help="Training folder of which the pictures that no training has seen are added "
    "(`python -m training.detector.held_out DIR` lists them); repeatable.",
)
@click.option(
    "--backgrounds",
    type=common.PATH,
    metavar="DIR",
    help="Photographs to put behind half of the prints, in place of procedural walls.",
)
@click.option(
    "--n",
    "pictures",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Pictures: every original once, then crops of them.",
)
@click.option(
    "--print-every",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    metavar="K",
    help="Photograph one picture in K as a print as well, with a margin and bare in turn.",
)
@click.option(
    "--codes",
    type=click.IntRange(0),
    default=30,
    show_default=True,
    help="Prints of visible QR codes, on top.",
)
@common.preset_option()
@common.workers_option
@common.seed_option()
@common.result_option("results/negatives.json", "scans")
@common.device_option
@common.force_option
@click.pass_context
def command(
    ctx: click.Context,
    model: str,
    images: tuple[Path, ...],
    held_out_of: tuple[Path, ...],
    backgrounds: Path | None,
    pictures: int,
    print_every: int,
    codes: int,
    preset: str,
    workers: int,
    seed: int,
    output: Path,
    device: str,
    force: bool,
) -> None:
    """Scan pictures in which nothing is hidden. Exit status 1 when any text comes back.

    A run that was stopped goes on where it was.
    """
    if not images and not held_out_of:
        raise click.UsageError("Name a folder of pictures with --images or --held-out-of.")

    from riis_physical.system.files import check_writable

    check_writable(output, force=force)

    from training.measure.negatives.pictures import NegativeSettings
    from training.measure.negatives.run import evaluate_negatives

    settings = NegativeSettings(
        model=model,
        folders=tuple(str(folder) for folder in images),
        held_out_of=tuple(str(folder) for folder in held_out_of),
        backgrounds=None if backgrounds is None else str(backgrounds),
        n=pictures,
        print_every=print_every,
        codes=codes,
        preset=preset,
        seed=seed,
        device=device,
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
