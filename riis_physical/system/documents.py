"""JSON and YAML that somebody else wrote: read within bounds, refused with a sentence."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from riis_physical.errors import ConfigError, RiisError

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound="BaseModel")

#: Profiles and records have some kilobytes.
MAX_BYTES = 4_000_000
_MOST_NESTED = 50


def read_json(path: str | Path, error: type[RiisError]) -> Any:
    """The value in a UTF-8 JSON file.

    Args:
        error: raised for all that is wrong with the file.

    Raises:
        RiisError: of that type: missing, no plain file, larger than MAX_BYTES, no UTF-8,
            no JSON, or nested deeper than Python goes.
    """
    data = read_bounded(path, MAX_BYTES, error)
    try:
        return json.loads(data.decode("utf-8"))
    except RecursionError:
        raise error(f"{path} is nested too deeply: get it again from who made it") from None
    except ValueError as wrong:
        raise error(f"{path} is no JSON file ({wrong}): get it again") from wrong


def read_yaml(path: str | Path, error: type[RiisError]) -> Any:
    """The value in a UTF-8 YAML file; None for an empty one.

    Raises:
        RiisError: as :func:`read_json`.
    """
    data = read_bounded(path, MAX_BYTES, error)
    try:
        return parse_yaml(data.decode("utf-8"), str(path), error)
    except UnicodeDecodeError as wrong:
        raise error(f"{path} is no UTF-8 text ({wrong}): store it as such") from wrong


def parse_yaml(text: str, source: str, error: type[RiisError]) -> Any:
    """The value of a YAML text; `source` is named in the error.

    Raises:
        RiisError: no YAML, or nested deeper than Python goes.
    """
    import yaml

    if _deepest(text) > _MOST_NESTED:  # PyYAML takes minutes to find that itself
        raise error(f"{source} is nested too deeply: expected key: value")
    try:
        return yaml.safe_load(text)
    except RecursionError:
        raise error(f"{source} is nested too deeply: expected key: value") from None
    except (yaml.YAMLError, ValueError) as wrong:
        raise error(f"{source} is no valid YAML: {str(wrong).splitlines()[0]}") from wrong


def _deepest(text: str) -> int:
    """How deeply brackets, and lists that begin on one line, are nested at most."""
    depth = deepest = 0
    for bracket in re.findall(r"[][{}]", text):
        depth = depth + 1 if bracket in "[{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    begun = max((run.count("-") for run in re.findall(r"(?:- ){2,}", text)), default=0)
    return max(deepest, begun)


def read_bounded(path: str | Path, most: int, error: type[RiisError]) -> bytes:
    """The bytes of a plain file; devices and pipes, which may never end, are refused.

    Raises:
        RiisError: of the type given: missing, not readable, no plain file, larger than `most`.
    """
    try:
        # Without O_NONBLOCK opening a pipe would wait for somebody to write to it.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise error(f"{path} is no plain file: expected one")
            data = stream.read(most + 1)
    except OSError as wrong:
        raise error(f"cannot read {path}: {wrong.strerror or wrong}") from wrong
    if len(data) > most:
        raise error(f"{path} has more than {most / 1e6:g} MB: expected a smaller file")
    return data


def validated(model: type[Model], data: object, path: str | Path) -> Model:
    """A document's data as what it describes.

    Raises:
        ConfigError: an unknown key, which names the known ones, or an impossible value.
    """
    from pydantic import ValidationError

    try:
        return model.model_validate(data)
    except ValidationError as error:
        unknown = error.errors()[0]["type"] == "extra_forbidden"
        hint = f"; known keys: {', '.join(model.model_fields)}" if unknown else ""
        raise ConfigError(f"{path}: {first_fault(error)}{hint}") from error


def first_fault(error: ValidationError) -> str:
    """The first thing that pydantic found wrong: place, and what is the matter."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"]) or "the file"
    return f"{place}: {str(first['msg']).removeprefix('Value error, ')}"[:400]
