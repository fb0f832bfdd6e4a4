"""What all measurements share: checked before, resumable, described, written at the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from tqdm import tqdm

from riis_physical.errors import ConfigError
from riis_physical.system.files import check_writable, write_text
from riis_physical.system.journal import Journal, Record
from training.measure.common.draws import Hosts
from training.measure.common.environment import describe_environment
from training.measure.common.pool import Runner, run_tasks

R = TypeVar("R", bound=Record)
Json = dict[str, Any]


def check_output(output: Path, *, workers: int, force: bool) -> None:
    """Refuse what cannot be carried out, before a model is loaded.

    Raises:
        OutputError: `output` exists and `force` is off, or cannot be written.
        ConfigError: no workers.
    """
    check_writable(output, force=force)
    if workers < 1:
        raise ConfigError(f"{workers} workers: expected at least 1")


@dataclass(frozen=True)
class Subject:
    """What is measured on simulated captures: settings, a model's record and the hosts."""

    settings: Json
    weights: Json
    hosts: Hosts

    def head(self, **more: str) -> Json:
        """What a journal is told apart by."""
        digests = {"model_sha256": self.weights.get("sha256"), "hosts_sha256": self.hosts.digest}
        return {**more, "settings": self.settings, **digests}

    def described(self) -> Json:
        """The same for a result."""
        return {
            "captures": "simulated",
            "model": {key: self.weights.get(key) for key in ("name", "sha256", "released")},
            "settings": self.settings,
            "hosts": {"pictures": len(self.hosts), "sha256": self.hosts.digest},
        }


class Measurement(Generic[R]):
    """Records beside a result file as they are made, then the file itself.

    A .jsonl without its result is a measurement that was stopped: with the same head it
    goes on, with another one it is refused unless `force`.

    Attributes:
        done: records that were there already. workers: processes.
    """

    def __init__(
        self,
        output: Path,
        head: Json,
        parse: Callable[[Json], R],
        *,
        workers: int,
        force: bool,
    ) -> None:
        """Open the journal beside `output`.

        Args:
            head: settings and digests, which identify the measurement.
            parse: a record from its plain values.

        Raises:
            OutputError: the journal belongs to another measurement, or cannot be written.
        """
        self.output, self.workers, self.force = output, workers, force
        self._environment = describe_environment()
        self._journal = Journal(
            output.with_suffix(".jsonl"),
            head,
            {key: self._environment[key] for key in ("commit", "date", "load_average")},
            parse=parse,
            fresh=force or output.exists(),
        )
        self.done: Sequence[R] = tuple(self._journal.done)

    def records(
        self,
        make: Callable[[Any], Runner[R]],
        settings: Any,
        tasks: Sequence[tuple[Any, ...]],
        progress: tqdm[Any],
        *,
        here: Runner[R] | None = None,
        a_task: bool = False,
        standing: Callable[[Sequence[R]], str] | None = None,
    ) -> list[R]:
        """Carry the tasks out.

        Args:
            make, settings: a runner for each process.
            progress: moves on by each record, or by each task where `a_task`.
            here: runs in this process in place of the workers.
            standing: of the new records, shown with the progress.

        Returns:
            the new records, as they would be read back.
        """
        batches: Iterable[list[R]] = (
            run_tasks(make, settings, tasks, self.workers)
            if here is None
            else (list(here.run(*task)) for task in tasks)
        )
        made: list[R] = []
        with progress:
            for batch in batches:
                made += [self._journal.append(record) for record in batch]
                progress.update(1 if a_task else len(batch))
                if standing is not None:
                    progress.set_postfix_str(standing(made), refresh=False)
        return made

    def about(self, resumed_after: int | None = None) -> Json:
        """How it was carried out, for the result."""
        return {
            "workers": self.workers,
            "resumed_after": len(self.done) if resumed_after is None else resumed_after,
            "runs": self._journal.runs,
            "environment": self._environment,
        }

    def write(self, result: Json) -> Json:
        """Write the result as JSON; returns it.

        Raises:
            OutputError: it cannot be written.
        """
        text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
        write_text(self.output, text, force=self.force)
        return result
