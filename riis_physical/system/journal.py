"""Records on disk as they are made, so that a measurement can go on after a stop."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from riis_physical.errors import OutputError
from riis_physical.system.files import write_text


class OtherSettingsError(OutputError):
    """What lies there is of other settings: going on with it would mix the two."""


class Record(Protocol):
    """What is known of one capture or scan."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""


R = TypeVar("R", bound=Record)


class Journal(Generic[R]):
    """JSON lines beside the result: a head that identifies the measurement, then records.

    Attributes:
        path: the file. done: records that it held when it was opened.
        runs: what each run that wrote to it said of itself, this one last.
    """

    def __init__(
        self,
        path: Path,
        head: dict[str, Any],
        run: dict[str, Any],
        *,
        parse: Callable[[dict[str, Any]], R],
        fresh: bool,
    ) -> None:
        """Open a journal and read what it holds, or begin a new one.

        Args:
            head: settings and digests; a journal with another head is not gone on with.
            run: commit and date, for example; may differ.
            parse: a record from its plain values; the inverse of `as_dict`.
            fresh: begin anew whatever is there.

        Raises:
            OtherSettingsError: the journal belongs to other work.
            OutputError: it cannot be written.
        """
        self.path = path
        self.done: list[R] = []
        self._parse = parse
        self.runs: list[dict[str, Any]] = []
        try:
            text = "" if fresh or not path.exists() else path.read_text(encoding="utf-8")
            whole = text[: text.rfind("\n") + 1]  # a line cut short by the stop goes
            if whole:
                self._resume(head, whole)
            else:
                whole = json.dumps(head) + "\n"
            if whole != text:
                write_text(path, whole, force=True)  # a stop here must not cost the rest
            self.runs.append(run)
            self._write({"run": run})
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error.strerror or error}") from error

    def append(self, record: R) -> R:
        """Write one record; returns it as it would be read back, with rounded figures."""
        values = record.as_dict()
        self._write(values)
        return self._parse(values)

    def _write(self, values: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(values, ensure_ascii=False) + "\n")

    def _resume(self, head: dict[str, Any], whole: str) -> None:
        lines = whole.splitlines()
        try:
            same = bool(lines) and json.loads(lines[0]) == json.loads(json.dumps(head))
            parsed = [json.loads(line) for line in lines[1:]]
            runs = [entry["run"] for entry in parsed if "run" in entry]
            done = [self._parse(entry) for entry in parsed if "run" not in entry]
        except (ValueError, TypeError, KeyError):
            same, runs, done = False, [], []
        if not same:
            raise OtherSettingsError(
                f"{self.path} holds captures of another model or other settings: "
                "pass --force to begin anew, or choose another name"
            )
        self.done, self.runs = done, runs
