"""The measurements of results/*.json that documents show: of one model, the best-measured ones.

Only whole-pipeline results count: corners found in the photo, widths as the preset draws
them, both media.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from riis_physical.errors import ConfigError
from riis_physical.model.weights import available, load_record
from training.report.pairs import Pair, load_pairs

PRESETS = ("easy", "normal", "hard")
Json = dict[str, Any]


@dataclass(frozen=True)
class Results:
    """The measurements of one model, or of the best-measured one.

    Attributes:
        model: name, None where nothing was measured.
        groups: by preset and strength, of the evaluation with the most captures.
        files: all results, of any model.
        captures: rows of `benchmark capture` by part (`detection` or a sweep's name).
        pairs: of this model with others on the same captures.
        fused: results of `benchmark fuse`, one for each preset and margin.
        kinds: photos as people take them, by effort, the newest of each and the one before it.
        known: evaluations of this model with messages of a kind, or known to the reader.
        tamper: results of `measure tamper`, one for each kind of secret.
    """

    model: str | None
    groups: dict[tuple[str, float], Json]
    files: Sequence[Json] = ()
    captures: dict[str, list[Json]] = field(default_factory=dict)
    fused: list[Json] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    known: list[Json] = field(default_factory=list)
    kinds: dict[str, Json] = field(default_factory=dict)
    tamper: list[Json] = field(default_factory=list)

    def newest(self, kind: str) -> Json | None:
        """The last result of a kind, of whatever model; None where there is none."""
        own = [found for found in self.files if found["kind"] == kind]
        return max(own, key=lambda found: str(found["environment"]["date"]), default=None)

    def at(self, preset: str, strength: float = 1.0) -> Json | None:
        """Figures of a preset and strength."""
        return self.groups.get((preset, strength))

    def curve(self, preset: str) -> list[tuple[float, Json]]:
        """Strengths and figures of a preset, weakest first."""
        return [(key[1], self.groups[key]) for key in sorted(self.groups) if key[0] == preset]


def load_results(folder: Path, model: str | None = None) -> Results:
    """Read results/*.json.

    Args:
        model: whose figures; None for the last name by version (print-2 before print-1).

    Raises:
        ConfigError: a file is no result.
    """
    read = [(path, _named(_read(path))) for path in sorted(folder.glob("*.json"))]
    files = [found for _, found in read]
    whole = [found for found in files if found["kind"] == "evaluation" and _is_whole(found)]
    names = sorted({str(found["model"]["name"]) for found in whole}, key=_version)
    chosen = model or (names[-1] if names else None)
    groups: dict[tuple[str, float], Json] = {}
    for found in whole:
        if found["model"]["name"] != chosen:
            continue
        for group in found["groups"]:
            key = (group["preset"], float(group["strength"]))
            if key not in groups or groups[key]["captures"] <= group["captures"]:
                groups[key] = _with_bound(group, groups.get(key))
    return Results(
        chosen,
        groups,
        tuple(files),
        _capture_rows(files, chosen),
        _fused(files, chosen),
        load_pairs(read, chosen),
        [found for found in files if _is_of_known(found) and found["model"]["name"] == chosen],
        _kinds(files, chosen),
        [found for found in files if found["kind"] == "tamper"],
    )


def _capture_rows(files: Sequence[Json], model: str | None) -> dict[str, list[Json]]:
    """Of each part of the capture benchmark the rows of the file with the most captures.

    Any model's where no evaluation has chosen one.
    """
    chosen: dict[str, list[Json]] = {}
    for found in files:
        if found["kind"] != "capture-benchmark" or model not in (None, found["model"]["name"]):
            continue
        for part, rows in {"detection": found["detection"], **found["sweeps"]}.items():
            if rows and (part not in chosen or _least(chosen[part]) <= _least(rows)):
                chosen[part] = rows
    return chosen


def _kinds(files: Sequence[Json], model: str | None) -> dict[str, Json]:
    """Measurements of kinds of photos by effort, normal first: the newest, and the one before."""
    own = [f for f in files if f["kind"] == "kinds" and f["model"]["name"] == model]
    chosen: dict[str, Json] = {}
    for found in sorted(own, key=lambda found: str(found["environment"]["date"])):
        effort = found["settings"]["effort"]
        if effort in chosen:
            chosen[f"{effort}, before"] = chosen[effort]
        chosen[effort] = found
    return dict(sorted(chosen.items()))


def _fused(files: Sequence[Json], model: str | None) -> list[Json]:
    """Of each preset, margin, number of photos and strength the result with the most containers.

    Any model's where no evaluation has chosen one.
    """
    chosen: dict[tuple[str, float, int, float], Json] = {}
    for found in files:
        if found["kind"] != "fuse-benchmark" or model not in (None, found["model"]["name"]):
            continue
        settings = found["settings"]
        key = (
            settings["preset"],
            float(settings["margin"]),
            int(settings["frames"]),
            -float(settings.get("strength", 1.0)),
        )
        if key not in chosen or chosen[key]["containers"] <= found["containers"]:
            chosen[key] = found
    return [chosen[key] for key in sorted(chosen)]


def _least(rows: Sequence[Json]) -> int:
    return min(int(row["captures"]) for row in rows)


def _with_bound(group: Json, earlier: Json | None) -> Json:
    """The group, with the visible code of an equally large one where it has none.

    The bound depends on the captures alone, not on the model or the code that scans.
    """
    measured = group["visible"]["readable"] is not None
    if measured or earlier is None or earlier["captures"] != group["captures"]:
        return group
    return {**group, "visible": earlier["visible"]}


def _read(path: Path) -> Json:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read {path} ({error}): measure again or remove it") from error
    if not isinstance(found, dict) or "kind" not in found:
        raise ConfigError(f"{path} is no result: remove it from the folder")
    return found


def _named(found: Json) -> Json:
    """With the name that the weights ship under, whatever they were called when measured."""
    model = found.get("model")
    if not isinstance(model, dict):
        return found
    shipped = {load_record(name)["sha256"]: name for name in available(None)}
    name = shipped.get(model.get("sha256"), model.get("name"))
    return {**found, "model": {**model, "name": name}}


def _is_whole(found: Json) -> bool:
    settings = found["settings"]
    return bool(
        settings["corners"] == "detect"
        and settings["width_px"] is None
        and settings["medium"] == "mixed"
        and not _is_of_known(found)
    )


def _is_of_known(found: Json) -> bool:
    usual = {"kind": "printable", "known": "nothing"}
    return bool(found["kind"] == "evaluation" and found["settings"].get("messages", usual) != usual)


def _version(name: str) -> tuple[int, str]:
    match = re.search(r"-(\d+)$", name)
    return (int(match[1]) if match else 0, name)
