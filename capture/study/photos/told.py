"""What is sure of a photo's setting before it is looked at: said, in folder names, in EXIF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from capture.study.config import NUMERIC, SHOT_FACTORS
from capture.study.store import Study
from riis_physical.errors import ConfigError
from riis_physical.images.facts import PhotoFacts


def levels_of(study: Study) -> dict[str, set[Any]]:
    """The levels of what is set up for a photo, by factor."""
    return {
        name: {line[name] for line in study.rows(f"SELECT DISTINCT {name} FROM row")}
        for name in SHOT_FACTORS
    }


def given_levels(levels: dict[str, set[Any]], given: dict[str, str]) -> dict[str, Any]:
    """Levels that a person gave as text.

    Raises:
        ConfigError: no such factor, or no such level in this study.
    """
    sure: dict[str, Any] = {}
    for name, text in given.items():
        if name not in levels:
            raise ConfigError(f"{name!r} cannot be set: expected one of {', '.join(SHOT_FACTORS)}")
        number = name in NUMERIC
        same = [one for one in levels[name] if text == (f"{one:g}" if number else one)]
        if not same:
            known = ", ".join(str(level) for level in sorted(levels[name]))
            raise ConfigError(f"{name} {text!r} is no level of this study: expected {known}")
        sure[name] = same[0]
    return sure


def from_names(file: Path, levels: dict[str, set[Any]]) -> dict[str, Any]:
    """Light and device, where a folder on the way to the file has their name."""
    parts = {part.casefold() for part in file.parts[:-1]}
    found = {}
    for name in ("light", "device"):
        same = [level for level in levels[name] if level.casefold() in parts]
        if len(same) == 1:
            found[name] = same[0]
    return found


def from_exif(study: Study, facts: PhotoFacts) -> dict[str, Any]:
    """The device whose model, or name, the file states."""
    if facts.device is None:
        return {}
    own = facts.device.casefold()
    names = study.config.factors.device
    for name in names:
        exif = study.config.device(name).exif
        if own == (exif or name).casefold():
            return {"device": name}
    return {}
