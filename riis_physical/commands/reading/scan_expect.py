"""What photos should say: scans judged as right, wrong or unread."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from riis_physical.errors import ConfigError

VERDICTS = ("right", "wrong", "unread")
COLUMNS = ("photo", "message")
MOST_BYTES = 50_000_000


@dataclass(frozen=True)
class Expected:
    """The messages that photos should hold.

    Attributes:
        text: of all photos; None where a table says it for each.
        table: by the photo's path or name.
    """

    text: str | None = None
    table: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Expected:
        """A CSV table with the columns photo and message.

        Raises:
            ConfigError: it cannot be read, lacks a column, or names a photo twice.
        """
        try:
            if path.stat().st_size > MOST_BYTES:
                raise ConfigError(f"{path} is too large for a table of messages")
            with path.open(encoding="utf-8-sig", newline="") as stream:
                reader = csv.DictReader(stream)
                missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
                if missing:
                    raise ConfigError(
                        f"{path} has no column {missing[0]!r}: expected a CSV table with the "
                        f"columns {' and '.join(COLUMNS)}"
                    )
                rows = [(row["photo"] or "", row["message"] or "") for row in reader]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise ConfigError(f"cannot read {path} as a CSV table: {error}") from error
        twice = [name for name, count in Counter(name for name, _ in rows).items() if count > 1]
        if twice:
            raise ConfigError(f"{path} names {twice[0]!r} twice: give one message a photo")
        return cls(None, dict(rows))

    def of(self, photo: str) -> str | None:
        """The message of a photo, by its path or else its name; None where none is known."""
        if self.text is not None:
            return self.text
        return self.table.get(photo, self.table.get(Path(photo).name))

    def verdict(self, photo: str, texts: Iterable[str | None]) -> str | None:
        """`right`, `wrong` or `unread`; None where nothing is expected of the photo.

        Args:
            photo: its path. texts: of its containers, None for one that does not read.
        """
        wanted = self.of(photo)
        if wanted is None:
            return None
        read = [text for text in texts if text is not None]
        if wanted in read:
            return "right"
        return "wrong" if read else "unread"


def tally(verdicts: Iterable[str | None]) -> str:
    """One line: how many of each."""
    found = [verdict for verdict in verdicts if verdict is not None]
    counts = Counter(found)
    parts = ", ".join(f"{counts[name]} {name}" for name in VERDICTS)
    return f"of {len(found)} photos with an expected message {parts}"


def judged(record: dict[str, Any], verdict: str | None) -> dict[str, Any]:
    """The JSON object of a result with the verdict on its photo."""
    return record | {"expected": verdict}
