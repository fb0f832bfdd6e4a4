"""`riis-physical measure false-accepts`: messages read where there is none.

Counts over random grids (see :mod:`training.measure.negatives.grids`) how many the soft reader
turns into a message, with the bound that holds at 95 % when so many were counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from scipy.stats import beta

from riis_physical.errors import ConfigError
from training.measure.common.experiment import Experiment, carry_out, each
from training.measure.negatives.grids import (
    KINDS,
    GridReader,
    GridSettings,
    GroupRecord,
    make_reader,
)

KIND = "false-accepts"


def evaluate_false_accepts(
    settings: GridSettings,
    output: Path,
    *,
    workers: int = 1,
    seconds: float | None = None,
    force: bool = False,
    reader: GridReader | None = None,
) -> dict[str, Any]:
    """Read grids without a message and write how many gave one; see :func:`carry_out`.

    Args:
        reader: reads in this process in place of workers.

    Raises:
        ConfigError: no grids or no workers asked for.
    """
    if workers < 1 or settings.grids < 0 or settings.structured < 0:
        raise ConfigError(
            f"{workers} workers, {settings.grids} and {settings.structured} grids: "
            "expected at least 1 worker and no negative counts"
        )
    tasks = settings.tasks()
    if not tasks:
        raise ConfigError("0 grids asked for: expected at least 1")

    experiment = Experiment(
        kind=KIND,
        head={"settings": settings.as_dict()},
        about={"settings": settings.as_dict()},
        settings=settings,
        make=make_reader,
        parse=GroupRecord.from_dict,
        **each(tasks, "kind", "number"),
        unit="group",
        summarise=summary,
    )
    return carry_out(experiment, output, workers=workers, force=force, here=reader, seconds=seconds)


def summary(records: Sequence[GroupRecord]) -> dict[str, Any]:
    """Counts over all grids and by kind."""
    return {
        "all": summarise_grids(records),
        "by_kind": {
            kind: summarise_grids(own)
            for kind in KINDS
            if (own := [record for record in records if record.kind == kind])
        },
    }


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


def lines(result: dict[str, Any]) -> Iterator[str]:
    """A result for people, one line for each kind of grid."""
    for kind, found in result["by_kind"].items():
        yield (
            f"{kind}: {found['accepted']} of {found['grids']} grids gave a message, "
            f"rate below {found['rate_below']:.2g} (95 %)"
        )
