"""`riis-physical measure reading`: settings to captures to a result file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from training.measure.common.draws import Hosts
from training.measure.common.experiment import Experiment, carry_out, check_output, simulated
from training.measure.common.records import CaptureRecord
from training.measure.common.settings import Settings
from training.measure.common.summary import summarise
from training.measure.reading.trial import Trial, make_trial

#: Number of a capture, strength, presets that are still to do.
Task = tuple[int, float, tuple[str, ...]]

KIND = "evaluation"


def evaluate(
    settings: Settings,
    output: Path,
    *,
    workers: int = 1,
    force: bool = False,
    trial: Trial | None = None,
) -> dict[str, Any]:
    """Measure and write `output`; see :func:`carry_out`.

    Args:
        trial: runs in this process in place of workers.
    """
    check_output(output, workers=workers, force=force)
    # Loaded here as well as in each worker, so that bad input is told at once.
    made = make_trial(settings) if trial is None else trial
    experiment = _experiment(settings, made.hosts, made.revealer.record)
    return carry_out(experiment, output, workers=workers, force=force, here=trial)


def _experiment(
    settings: Settings, hosts: Hosts, weights: dict[str, Any]
) -> Experiment[CaptureRecord]:
    subject = simulated(settings.as_dict(), weights, hosts)
    subject["about"]["model"]["training_step"] = (weights.get("training") or {}).get("step")
    return Experiment(
        kind=KIND,
        **subject,
        settings=settings,
        make=partial(make_trial, sha256=weights.get("sha256")),
        parse=CaptureRecord.from_dict,
        left=lambda done: list(_open_tasks(settings, done)),
        total=settings.n * len(settings.presets) * len(settings.strengths),
        unit="capture",
        summarise=lambda records: {"groups": summarise(_in_order(settings, records))},
        standing=_standing,
    )


def _in_order(settings: Settings, records: Sequence[CaptureRecord]) -> list[CaptureRecord]:
    order = {preset: place for place, preset in enumerate(settings.presets)}

    def place(r: CaptureRecord) -> tuple[int, int, int]:
        return order[r.preset], settings.strengths.index(r.strength), r.index

    return sorted(records, key=place)


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


def _standing(records: Sequence[CaptureRecord]) -> str:
    read = sum(record.right for record in records)
    return f"read {read / len(records):.1%}" if records else ""
