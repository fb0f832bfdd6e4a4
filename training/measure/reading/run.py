"""`riis-physical evaluate`: settings to captures to a result file.

Everything follows from the seed: message, host, channel, background. Captures
are simulated; the scan sees nothing but the photo's file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from training.measure.common.harness import Measurement, Subject, check_output
from training.measure.common.records import CaptureRecord
from training.measure.common.settings import Settings
from training.measure.common.summary import summarise
from training.measure.reading.trial import Trial, make_trial

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
    check_output(output, workers=workers, force=force)
    # Loaded here as well as in each worker, so that bad input is told at once.
    checked = make_trial(settings) if trial is None else trial
    weights = checked.revealer.record
    subject = Subject(settings.as_dict(), weights, checked.hosts)
    head = subject.head()
    measurement = Measurement(output, head, CaptureRecord.from_dict, workers=workers, force=force)
    done = list(measurement.done)
    total = settings.n * len(settings.presets) * len(settings.strengths)
    records = done + measurement.records(
        partial(make_trial, sha256=weights.get("sha256")),
        settings,
        list(_open_tasks(settings, done)),
        tqdm(total=total, initial=len(done), unit="capture", desc="evaluate"),
        here=trial,
        standing=lambda made: _standing([*done, *made]),
    )
    order = {preset: place for place, preset in enumerate(settings.presets)}
    records.sort(key=lambda r: (order[r.preset], settings.strengths.index(r.strength), r.index))
    about = subject.described()
    about["model"]["training_step"] = (weights.get("training") or {}).get("step")
    return measurement.write(
        {
            "kind": KIND,
            "format": FORMAT,
            **about,
            "threads_each": 1 if trial is None else None,
            **measurement.about(),
            "groups": summarise(records),
        }
    )


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


def _standing(records: list[CaptureRecord]) -> str:
    read = sum(record.right for record in records)
    return f"read {read / len(records):.1%}" if records else ""
