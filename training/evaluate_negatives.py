"""`riis-physical evaluate-negatives`: what scanning returns where nothing is hidden."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tqdm import tqdm

from riis_physical.errors import ConfigError
from riis_physical.files import atomic_path, check_writable, write_text
from training.evaluation.environment import describe_environment
from training.evaluation.negatives import (
    NegativeRecord,
    Negatives,
    NegativeSettings,
    make_negatives,
    summarise_negatives,
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
    tasks = [(index,) for index in range(settings.n + settings.codes)]
    batches = (
        (list(negatives.run(*task)) for task in tasks)
        if negatives is not None
        else run_tasks(make_negatives, settings, tasks, workers)
    )
    records: list[NegativeRecord] = []
    for batch in tqdm(batches, total=len(tasks), unit="picture", desc="negatives"):
        records += batch
    records.sort(key=lambda record: (record.index, record.kind == "print"))
    result = {
        "kind": KIND,
        "format": FORMAT,
        "models": [
            {"name": revealer.name, "sha256": revealer.record.get("sha256")}
            for revealer in checked.revealers
        ],
        "settings": settings.as_dict(),
        "workers": workers,
        "environment": describe_environment(),
        **summarise_negatives(records),
    }
    with atomic_path(output.with_suffix(".jsonl"), force=True) as part:
        lines = (json.dumps(record.as_dict(), ensure_ascii=False) for record in records)
        part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    write_text(output, json.dumps(result, indent=1, ensure_ascii=False) + "\n", force=force)
    return result
