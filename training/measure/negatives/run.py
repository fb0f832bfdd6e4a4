"""`riis-physical measure negatives`: what scanning returns where nothing is hidden."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.measure.common.experiment import Experiment, carry_out, check_output, each
from training.measure.negatives.pictures import (
    PRINTS,
    NegativeRecord,
    Negatives,
    NegativeSettings,
    make_negatives,
    summarise_negatives,
    whole_pictures,
)

KIND = "negatives"


def evaluate_negatives(
    settings: NegativeSettings,
    output: Path,
    *,
    workers: int = 1,
    force: bool = False,
    negatives: Negatives | None = None,
) -> dict[str, Any]:
    """Scan and write `output`; see :func:`carry_out`.

    Args:
        negatives: runs in this process in place of workers.
    """
    check_output(output, workers=workers, force=force)
    made = negatives or make_negatives(settings)
    models = [
        {"name": revealer.name, "sha256": revealer.record.get("sha256")}
        for revealer in made.revealers
    ]
    total = settings.n + settings.codes

    def summary(records: list[NegativeRecord]) -> dict[str, Any]:
        return summarise_negatives(
            sorted(records, key=lambda record: (record.index, record.kind in PRINTS))
        )

    experiment = Experiment(
        kind=KIND,
        head={"settings": settings.as_dict(), "models": models, "originals_sha256": made.digest},
        about={"models": models, "settings": settings.as_dict()},
        settings=settings,
        make=make_negatives,
        parse=NegativeRecord.from_dict,
        **each([(index,) for index in range(total)], "index"),
        unit="picture",
        summarise=summary,
        whole=lambda records: whole_pictures(records, settings),
        by_task=True,
    )
    return carry_out(experiment, output, workers=workers, force=force, here=negatives)
