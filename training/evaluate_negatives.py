"""`riis-physical evaluate-negatives`: what scanning returns where nothing is hidden."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tqdm import tqdm

from riis_physical.errors import ConfigError
from riis_physical.files import check_writable, write_text
from training.evaluation.environment import describe_environment
from training.evaluation.journal import Journal
from training.evaluation.negatives import (
    PRINTS,
    NegativeRecord,
    Negatives,
    NegativeSettings,
    make_negatives,
    summarise_negatives,
    whole_pictures,
)
from training.evaluation.pool import run_tasks

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
    check_writable(output, force=force)
    if workers < 1:
        raise ConfigError(f"{workers} workers: expected at least 1")
    checked = negatives or make_negatives(settings)
    environment = describe_environment()
    models = [
        {"name": revealer.name, "sha256": revealer.record.get("sha256")}
        for revealer in checked.revealers
    ]
    journal = Journal(
        output.with_suffix(".jsonl"),
        {"settings": settings.as_dict(), "models": models, "originals_sha256": checked.digest},
        {key: environment[key] for key in ("commit", "date", "load_average")},
        parse=NegativeRecord.from_dict,
        fresh=force or output.exists(),
    )
    total = settings.n + settings.codes
    records = whole_pictures(journal.done, settings)
    done = {record.index for record in records}
    tasks = [(index,) for index in range(total) if index not in done]
    batches = (
        (list(negatives.run(*task)) for task in tasks)
        if negatives is not None
        else run_tasks(make_negatives, settings, tasks, workers)
    )
    with tqdm(total=total, initial=len(done), unit="picture", desc="negatives") as progress:
        for batch in batches:
            records += [journal.append(record) for record in batch]
            progress.update(1)
    records.sort(key=lambda record: (record.index, record.kind in PRINTS))
    result = {
        "kind": KIND,
        "format": FORMAT,
        "models": models,
        "settings": settings.as_dict(),
        "workers": workers,
        "resumed_after": len(done),
        "runs": journal.runs,
        "environment": environment,
        **summarise_negatives(records),
    }
    write_text(output, json.dumps(result, indent=1, ensure_ascii=False) + "\n", force=force)
    return result
