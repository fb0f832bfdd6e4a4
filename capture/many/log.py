"""Results of a long scan kept as they come, so that a scan that was stopped goes on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from riis_physical.errors import OutputError
from riis_physical.system.files import check_writable, write_text
from riis_physical.system.journal import Journal, OtherSettingsError


@dataclass(frozen=True)
class _Scanned:
    """One photo's answers, as JSON objects, and which state of the file they belong to."""

    photo: str
    state: list[int] | None
    records: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        return {"photo": self.photo, "state": self.state, "records": self.records}

    @staticmethod
    def parse(values: Mapping[str, Any]) -> _Scanned:
        return _Scanned(values["photo"], values["state"], list(values["records"]))


class ScanLog:
    """What was scanned so far, in a file beside the result until all is done.

    The result has one JSON object a line, in the order of the photos, and appears
    whole at the end; what was scanned before a stop lies in `NAME.unfinished`. A photo
    whose size or date has changed since is scanned again.
    """

    def __init__(self, target: Path, settings: Mapping[str, Any], *, force: bool) -> None:
        """Open the log of an unfinished scan with these settings, or begin one.

        Args:
            target: the file of the result.
            settings: what the answers depend on, as JSON values.
            force: overwrite a result, and what other settings left unfinished.

        Raises:
            OutputError: the result exists, cannot be written, or what lies there
                unfinished belongs to other settings.
        """
        self.target = check_writable(target, force=force)
        self._force = force
        self.path = target.with_name(target.name + ".unfinished")
        head = {"scan": dict(settings)}
        try:
            self._journal = _opened(self.path, head, fresh=False)
        except OtherSettingsError as error:
            if force:
                self._journal = _opened(self.path, head, fresh=True)
            else:
                raise OutputError(
                    f"{self.path} is of a scan with another model or other options: finish that "
                    "one with its options, pass --force to begin anew, or choose another name"
                ) from error
        self._known = {
            one.photo: one.records for one in self._journal.done if one.state == _state(one.photo)
        }
        self.gone_on = len(self._known)

    def known(self, photo: str) -> list[dict[str, Any]] | None:
        """The answers of a photo that was scanned; None where it was not."""
        return self._known.get(photo)

    def add(self, photo: str, records: Sequence[dict[str, Any]]) -> None:
        """Keep the answers of a photo."""
        one = _Scanned(photo, _state(photo), list(records))
        self._known[photo] = self._journal.append(one).records

    def finish(self, photos: Iterable[str]) -> None:
        """Write the result in the order of the photos, and drop the unfinished one."""
        lines = [json.dumps(record) + "\n" for photo in photos for record in self._known[photo]]
        write_text(self.target, "".join(lines), force=self._force)
        self.path.unlink(missing_ok=True)


def _opened(path: Path, head: dict[str, Any], *, fresh: bool) -> Journal[_Scanned]:
    return Journal(path, head, {}, parse=_Scanned.parse, fresh=fresh)


def _state(photo: str) -> list[int] | None:
    """Size and time of a file; None where there is none."""
    try:
        found = Path(photo).stat()
    except (OSError, ValueError):
        return None
    return [found.st_size, found.st_mtime_ns]
