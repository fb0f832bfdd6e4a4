"""What every measurement is, and the one way to carry it out.

settings -> tasks -> records, in the journal as they are made -> figures, in the result
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from tqdm import tqdm

from riis_physical.errors import ConfigError
from riis_physical.system.journal import Journal, Record
from training.measure.common.draws import Hosts
from training.measure.common.environment import describe_environment
from training.measure.common.output import check_result, write_result
from training.measure.common.pool import Runner, run_tasks

R = TypeVar("R", bound=Record)
Json = dict[str, Any]
Tasks = Sequence[tuple[Any, ...]]


@dataclass(frozen=True)
class PlainRecord:
    """A record that is nothing but its values."""

    values: Json

    def as_dict(self) -> Json:
        """The values."""
        return self.values

    @classmethod
    def from_dict(cls, values: Json) -> PlainRecord:
        """The inverse of :meth:`as_dict`."""
        return cls(values)


@dataclass(frozen=True, kw_only=True)
class Experiment(Generic[R]):
    """What is measured.

    Attributes:
        kind: of the result.
        head: what its journal is told apart by: settings and digests.
        about: what the result says of its subject, before the figures.
        settings, make: a runner for each process is `make(settings)`.
        parse: a record from its plain values; as they are, if not said.
        left: what is still to do, from the records that are there. It is asked again when
            all of that is done, so that later tasks may build on earlier records.
        total: number of records, or of tasks where `by_task`. unit: of them.
        summarise: the figures of all records.
        whole: of a stopped run's records, those that count.
        standing: of records, shown with the progress.
    """

    kind: str
    head: Json
    about: Json
    settings: Any
    make: Callable[[Any], Runner[R]]
    parse: Callable[[Json], R] = PlainRecord.from_dict  # type: ignore[assignment]
    left: Callable[[Sequence[R]], Tasks]
    total: int
    unit: str
    summarise: Callable[[list[R]], Json]
    whole: Callable[[Sequence[R]], list[R]] = list
    standing: Callable[[Sequence[R]], str] | None = None
    by_task: bool = False


def each(tasks: Tasks, *names: str) -> dict[str, Any]:
    """`left` and `total` of an experiment whose tasks are all known before.

    Args:
        names: of a record's values that tell its task.
    """

    def left(done: Sequence[Any]) -> Tasks:
        values = [one.values if isinstance(one, PlainRecord) else vars(one) for one in done]
        known = {tuple(one[name] for name in names) for one in values}
        return [task for task in tasks if task not in known]

    return {"left": left, "total": len(tasks)}


def simulated(settings: Json, weights: Json, hosts: Hosts, **more: str) -> Json:
    """`head` and `about` of an experiment on simulated captures.

    Args:
        settings: of the experiment. weights: the model's record. more: into the head.
    """
    digests = {"model_sha256": weights.get("sha256"), "hosts_sha256": hosts.digest}
    return {
        "head": {**more, "settings": settings, **digests},
        "about": {
            "captures": "simulated",
            "model": {key: weights.get(key) for key in ("name", "sha256", "released")},
            "settings": settings,
            "hosts": {"pictures": len(hosts), "sha256": hosts.digest},
        },
    }


def check_output(output: Path, *, workers: int, force: bool) -> None:
    """Refuse what cannot be carried out, before a model is loaded.

    Raises:
        OutputError: `output` exists and `force` is off, or cannot be written.
        ConfigError: no workers.
    """
    check_result(output, force=force)
    if workers < 1:
        raise ConfigError(f"{workers} workers: expected at least 1")


def carry_out(
    experiment: Experiment[R],
    output: Path,
    *,
    workers: int = 1,
    force: bool = False,
    here: Runner[R] | None = None,
    seconds: float | None = None,
) -> Json:
    """Measure and write `output`, with every record in a .jsonl file beside it.

    A .jsonl without its result is a measurement that was stopped: with the same head it
    goes on, with another one it is refused unless `force`.

    Args:
        workers: processes, of one thread each.
        here: runs in this process in place of the workers.
        seconds: ends with what is done by then; None for all.

    Returns:
        the result as written.

    Raises:
        OutputError: `output` exists and `force` is off, or cannot be written, or the journal
            is of other settings.
        ConfigError: no workers.
        RiisError: of making a runner: no such model, no pictures.
    """
    check_output(output, workers=workers, force=force)
    environment = describe_environment()
    journal = Journal(
        output.with_suffix(".jsonl"),
        experiment.head,
        {key: environment[key] for key in ("commit", "date", "load_average")},
        parse=experiment.parse,
        fresh=force or output.exists(),
    )
    records = experiment.whole(journal.done)
    began = time.perf_counter()
    there = experiment.total - len(experiment.left(records)) if experiment.by_task else len(records)
    bar = tqdm(total=experiment.total, initial=there, unit=experiment.unit, desc=experiment.kind)
    late = False
    with bar:
        while not late and (tasks := experiment.left(records)):
            for batch in _batches(experiment, tasks, workers, here):
                records += [journal.append(record) for record in batch]
                bar.update(1 if experiment.by_task else len(batch))
                if experiment.standing is not None:
                    bar.set_postfix_str(experiment.standing(records), refresh=False)
                late = seconds is not None and time.perf_counter() - began > seconds
                if late:
                    break
    figures = {
        **experiment.about,
        "threads_each": 1 if here is None else None,
        "workers": workers,
        "complete": not late,
        "resumed_after": there,
        "seconds": round(time.perf_counter() - began, 1),
        "runs": journal.runs,
        "environment": environment,
        **experiment.summarise(records),
    }
    return write_result(output, experiment.kind, figures, force=force)


def _batches(
    experiment: Experiment[R], tasks: Tasks, workers: int, here: Runner[R] | None
) -> Iterable[list[R]]:
    if here is None:
        return run_tasks(experiment.make, experiment.settings, tasks, workers)
    return (list(here.run(*task)) for task in tasks)
