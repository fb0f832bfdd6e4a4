"""`riis-physical evaluate-negatives`: what scanning returns where nothing is hidden."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tqdm import tqdm

from training.measure.common.harness import Measurement, check_output
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
FORMAT = 1


def evaluate_negatives(
    settings: NegativeSettings,
    output: Path,
    *,
    workers: int = 1,
    force: bool = False,
    negatives: Negatives | None = None,
) -> dict[str, Any]:
    """Scan and write `output`, with every scan in a .jsonl file beside it.

    A .jsonl without its result is a measurement that was stopped: with the same
    settings it goes on, with others it is refused unless `force`.

    Args:
        workers: processes.
        negatives: runs in this process in place of workers.

    Returns:
        the result as written.

    Raises:
        OutputError: `output` exists and `force` is off, or cannot be written.
        RiisError: no such model, no pictures.
    """
    check_output(output, workers=workers, force=force)
    checked = negatives or make_negatives(settings)
    models = [
        {"name": revealer.name, "sha256": revealer.record.get("sha256")}
        for revealer in checked.revealers
    ]
    head = {"settings": settings.as_dict(), "models": models, "originals_sha256": checked.digest}
    measurement = Measurement(output, head, NegativeRecord.from_dict, workers=workers, force=force)
    total = settings.n + settings.codes
    records = whole_pictures(measurement.done, settings)
    done = {record.index for record in records}
    records += measurement.records(
        make_negatives,
        settings,
        [(index,) for index in range(total) if index not in done],
        tqdm(total=total, initial=len(done), unit="picture", desc="negatives"),
        here=negatives,
        a_task=True,
    )
    records.sort(key=lambda record: (record.index, record.kind in PRINTS))
    return measurement.write(
        {
            "kind": KIND,
            "format": FORMAT,
            "models": models,
            "settings": settings.as_dict(),
            **measurement.about(len(done)),
            **summarise_negatives(records),
        }
    )
