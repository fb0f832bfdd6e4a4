"""`riis-physical evaluate`: settings to captures to a result file.

Everything follows from the seed: message, host, channel, background. Captures
are simulated; the scan sees nothing but the photo's file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from riis_physical.errors import ConfigError
from riis_physical.files import check_writable, write_text
from training.evaluation.environment import describe_environment
from training.evaluation.journal import Journal
from training.evaluation.pool import run_tasks
from training.evaluation.records import CaptureRecord
from training.evaluation.settings import Settings
from training.evaluation.summary import summarise
from training.evaluation.trial import Trial, make_trial

#: Number of a capture, strength, presets that are still to do.
Task = tuple[int, float, tuple[str, ...]]

KIND = "evaluation"
FORMAT = 1


def evaluate(
    settings: Settings,
    output: Path,
    *,
    workers: int = 1,
    force: bool = False,
    trial: Trial | None = None,
) -> dict[str, Any]:
    """Measure and write `output`, with every capture in a .jsonl file beside it.

    A .jsonl without its result is an evaluation that was stopped: with the same
    settings it goes on, with others it is refused unless `force`.

    Args:
        workers: processes.
        trial: runs in this process in place of workers.

    Returns:
        the result as written.

    Raises:
        OutputError: `output` exists and `force` is off, or cannot be written.
        RiisError: no such model, no pictures.
    """
    check_writable(output, force=force)
    if workers < 1:
        raise ConfigError(f"{workers} workers: expected at least 1")
    # Loaded here as well as in each worker, so that bad input is told at once.
    checked = make_trial(settings) if trial is None else trial
    record, hosts = checked.revealer.record, checked.hosts
    environment = describe_environment()
    head = {
        "settings": settings.as_dict(),
        "model_sha256": record.get("sha256"),
        "hosts_sha256": hosts.digest,
    }
    run = {key: environment[key] for key in ("commit", "date", "load_average")}
    journal = Journal(
        output.with_suffix(".jsonl"),
        head,
        run,
        parse=CaptureRecord.from_dict,
        fresh=force or output.exists(),
    )
    records = list(journal.done)
    tasks = list(_open_tasks(settings, records))
    total = settings.n * len(settings.presets) * len(settings.strengths)
    with tqdm(total=total, initial=len(records), unit="capture", desc="evaluate") as progress:
        for batch in _run(settings, tasks, workers, trial, record.get("sha256")):
            records += [journal.append(capture) for capture in batch]
            progress.update(len(batch))
            progress.set_postfix_str(_standing(records), refresh=False)
    order = {preset: place for place, preset in enumerate(settings.presets)}
    records.sort(key=lambda r: (order[r.preset], settings.strengths.index(r.strength), r.index))
    result = {
        "kind": KIND,
        "format": FORMAT,
        "captures": "simulated",
        "model": {
            "name": record.get("name"),
            "sha256": record.get("sha256"),
            "released": record.get("released"),
            "training_step": (record.get("training") or {}).get("step"),
        },
        "settings": settings.as_dict(),
        "hosts": {"pictures": len(hosts), "sha256": hosts.digest},
        "workers": workers,
        "threads_each": 1 if trial is None else None,
        "resumed_after": len(journal.done),
        "runs": journal.runs,
        "environment": environment,
        "groups": summarise(records),
    }
    write_text(output, json.dumps(result, indent=1, ensure_ascii=False) + "\n", force=force)
    return result


def lines(result: dict[str, Any]) -> Iterator[str]:
    """A result for people, one line for each preset and strength."""
    for group in result["groups"]:
        name = f"{group['preset']}, strength {group['strength']:g}"
        parts = [f"{name}: read {_rate(group['decode'])}"]
        if group["visible"]["readable"] is not None:
            parts.append(f"visible code {_rate(group['visible']['readable'])}")
        if group["module_accuracy"] is not None:
            parts.append(f"modules {group['module_accuracy']['mean']:.3%}")
        if group["container"]["psnr"] is not None:
            parts.append(f"PSNR {group['container']['psnr']['mean']:.2f} dB")
        if group["wrong_texts"]:
            parts.append(f"WRONG TEXTS {group['wrong_texts']}")
        yield "; ".join(parts)


def _rate(found: dict[str, Any]) -> str:
    return (
        f"{found['hits']} of {found['trials']} "
        f"({found['rate']:.1%}, 95 % interval {found['low']:.1%} to {found['high']:.1%})"
    )


def _open_tasks(settings: Settings, done: Iterable[CaptureRecord]) -> Iterator[Task]:
    """What is still to do; captures of one host go one after the other."""
    known = {record.key for record in done}
    for index in range(settings.n):
        for strength in settings.strengths:
            presets = tuple(p for p in settings.presets if (index, p, strength) not in known)
            if presets:
                yield (index, strength, presets)


def _run(
    settings: Settings, tasks: list[Task], workers: int, trial: Trial | None, sha256: str | None
) -> Iterator[list[CaptureRecord]]:
    if trial is not None:
        for task in tasks:
            yield list(trial.run(*task))
    else:
        yield from run_tasks(partial(make_trial, sha256=sha256), settings, tasks, workers)


def _standing(records: list[CaptureRecord]) -> str:
    read = sum(record.right for record in records)
    return f"read {read / len(records):.1%}" if records else ""
