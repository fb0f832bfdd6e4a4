"""`python -m training.measure.negatives.false_accepts`: messages read where there is none.

Counts over random grids (see :mod:`training.measure.negatives.grids`) how many the soft reader
turns into a message, with the bound that holds at 95 % when so many were counted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from scipy.stats import beta
from tqdm import tqdm

from riis_physical.errors import ConfigError, RiisError
from riis_physical.system.files import check_writable, write_text
from training.measure.common.environment import describe_environment
from training.measure.common.pool import run_tasks
from training.measure.negatives.grids import (
    KINDS,
    GridReader,
    GridSettings,
    GroupRecord,
    make_reader,
)

KIND = "false-accepts"
FORMAT = 1


def evaluate_false_accepts(
    settings: GridSettings,
    output: Path,
    *,
    workers: int = 1,
    seconds: float | None = None,
    force: bool = False,
    reader: GridReader | None = None,
) -> dict[str, Any]:
    """Read grids without a message and write how many gave one to `output`.

    Args:
        workers: processes. seconds: stops with what is done by then; None for all.
        reader: reads in this process in place of workers.

    Returns:
        the result as written.

    Raises:
        OutputError: `output` exists and `force` is off, or cannot be written.
        ConfigError: no grids or no workers asked for.
        RiisError: no such model, no pictures.
    """
    check_writable(output, force=force)
    if workers < 1 or settings.grids < 0 or settings.structured < 0:
        raise ConfigError(
            f"{workers} workers, {settings.grids} and {settings.structured} grids: "
            "expected at least 1 worker and no negative counts"
        )
    tasks = settings.tasks()
    if not tasks:
        raise ConfigError("0 grids asked for: expected at least 1")
    batches = (
        (list(reader.run(*task)) for task in tasks)
        if reader is not None
        else run_tasks(make_reader, settings, tasks, workers)
    )
    began = time.perf_counter()
    records: list[GroupRecord] = []
    for batch in tqdm(batches, total=len(tasks), unit="group", desc="grids"):
        records += batch
        if seconds is not None and time.perf_counter() - began > seconds:
            break
    took = time.perf_counter() - began
    done = sum(record.grids for record in records)
    result = {
        "kind": KIND,
        "format": FORMAT,
        "settings": settings.as_dict(),
        "workers": workers,
        "complete": len(records) == len(tasks),
        "seconds": round(took, 1),
        "grids_per_second": round(done / took, 1),
        "environment": describe_environment(),
        "all": summarise_grids(records),
        "by_kind": {
            kind: summarise_grids([r for r in records if r.kind == kind])
            for kind in KINDS
            if any(r.kind == kind for r in records)
        },
    }
    write_text(output, json.dumps(result, indent=1) + "\n", force=force)
    return result


def summarise_grids(records: Sequence[GroupRecord]) -> dict[str, Any]:
    """Counts, and the upper end of the one-sided 95 % interval of the rate."""
    grids = sum(record.grids for record in records)
    accepted = sum(record.accepted for record in records)
    return {
        "grids": grids,
        "passed_to_reader": sum(record.passed for record in records),
        "accepted": accepted,
        "rate_below": upper_bound(accepted, grids),
    }


def upper_bound(accepted: int, grids: int) -> float:
    """Clopper-Pearson's bound at 95 %; about 3 / grids where none was accepted."""
    return 1.0 if accepted >= grids else float(beta.ppf(0.95, accepted + 1, grids - accepted))


@click.command(help=__doc__)
@click.option("--grids", default=1_000_000, show_default=True, help="Of fair coins.")
@click.option("--structured", default=10_000, show_default=True, help="Of each other kind.")
@click.option("--images", default="", help="Folder of pictures without a container.")
@click.option("--model", default="auto", show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--known", is_flag=True, help="Read with beginnings and a list of messages too.")
@click.option("--workers", default=1, show_default=True)
@click.option("--seconds", type=float, help="Stop with what is done by then.")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.option("--force", is_flag=True, help="Overwrite the output.")
def main(
    grids: int,
    structured: int,
    images: str,
    model: str,
    seed: int,
    known: bool,
    workers: int,
    seconds: float | None,
    output: Path,
    force: bool,
) -> None:
    settings = GridSettings(grids, structured, seed, images, model, known)
    try:
        result = evaluate_false_accepts(
            settings, output, workers=workers, seconds=seconds, force=force
        )
    except RiisError as error:
        raise click.ClickException(str(error)) from error
    for kind, found in result["by_kind"].items():
        click.echo(
            f"{kind}: {found['accepted']} of {found['grids']} grids gave a message, "
            f"rate below {found['rate_below']:.2g} (95 %)"
        )


if __name__ == "__main__":
    main()
