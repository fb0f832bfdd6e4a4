"""What a reader knows of messages, from options and files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from riis_physical.errors import ConfigError, MessageError
from riis_physical.qr.soft.knowledge import NOTHING, Knowledge
from riis_physical.qr.soft.listed import MessageList, read_list
from riis_physical.system.documents import first_fault, read_yaml

MOST_PREFIXES = 32


class KnowledgeFile(BaseModel):
    """A YAML file with what is known.

    Attributes:
        prefixes: beginnings of messages.
        among: file with all messages that can occur, beside the YAML file if relative.
        column: of `among`, where it is a CSV file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    prefixes: tuple[str, ...] = ()
    among: Path | None = None
    column: str | None = None


def load_knowledge(
    prefixes: Sequence[str] = (),
    among: str | Path | None = None,
    column: str | None = None,
    file: str | Path | None = None,
) -> Knowledge:
    """Beginnings and a list, from options and from a YAML file; options come first.

    Args:
        prefixes: beginnings of messages, for example ``https://example.org/``.
        among: file with all messages that can occur, one a line, or a CSV file.
        column: of `among`, where it is a CSV file.
        file: YAML with the keys `prefixes`, `among`, `column`.

    Raises:
        MessageError: a file cannot be read, a list is empty or too long, a beginning is
            empty.
        ConfigError: unknown keys or wrong types in the YAML file, too many beginnings.
    """
    begun = list(prefixes)
    if file is not None:
        stored = _read(Path(file))
        begun += stored.prefixes
        if among is None and stored.among is not None:
            among, column = Path(file).parent / stored.among, column or stored.column
    if any(not one for one in begun):
        raise MessageError("a beginning is empty: expected at least one character")
    if len(begun) > MOST_PREFIXES:
        raise ConfigError(f"{len(begun)} beginnings: expected at most {MOST_PREFIXES}")
    if column is not None and among is None:
        raise ConfigError(f"a column {column!r} without a list: name the CSV file too (--among)")
    if not begun and among is None:
        return NOTHING
    contents = tuple(dict.fromkeys(one.encode() for one in begun))
    return Knowledge(contents, None if among is None else read_list(among, column))


def known(prefixes: Sequence[str] = (), among: Sequence[str | bytes] | None = None) -> Knowledge:
    """The same from values: beginnings, and all messages that can occur.

    Raises:
        MessageError: the list is empty, too long, or holds a message that fits no code.
    """
    listed = None if among is None else MessageList(among)
    return Knowledge(tuple(one.encode() for one in prefixes), listed)


def _read(path: Path) -> KnowledgeFile:
    content = read_yaml(path, ConfigError) or {}
    try:
        return KnowledgeFile.model_validate(content)
    except ValidationError as error:
        raise ConfigError(
            f"{path}: {first_fault(error)}; expected the keys prefixes, among and column"
        ) from error
