"""Two models on the same captures: evaluations that differ in nothing but the model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from training.measure.common.paired import paired_difference

Json = dict[str, Any]


@dataclass(frozen=True)
class Pair:
    """The same captures, read after hiding with either model.

    Attributes:
        models: names, the newer one first.
        preset, strength, margin: of the captures. captures: how many.
        read: of each model. psnr: dB, means over containers that both models made.
        difference: of `paired_difference`, the newer model minus the other one.
    """

    models: tuple[str, str]
    preset: str
    strength: float
    margin: float
    captures: int
    read: tuple[int, int]
    psnr: tuple[float, float]
    difference: Json


def load_pairs(files: Sequence[tuple[Path, Json]], newest: str | None) -> list[Pair]:
    """All pairs of evaluations with the model `newest` that have their captures beside them."""
    whole = [(path, found) for path, found in files if found["kind"] == "evaluation"]
    pairs = []
    for one, other in combinations(whole, 2):
        if _same(one[1]) != _same(other[1]) or one[1]["model"] == other[1]["model"]:
            continue
        new, old = (one, other) if one[1]["model"]["name"] == newest else (other, one)
        if new[1]["model"]["name"] == newest:
            pairs += _pairs(new, old)
    return sorted(
        pairs, key=lambda pair: (pair.preset != "easy", pair.preset, -pair.margin, -pair.strength)
    )


def _same(found: Json) -> Json:
    return {**found["settings"], "model": None, "hosts": found.get("hosts")}


def _pairs(new: tuple[Path, Json], old: tuple[Path, Json]) -> list[Pair]:
    captures = []
    for path, _ in (new, old):
        lines = path.with_suffix(".jsonl")
        if not lines.is_file():
            return []
        rows = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
        captures.append({(r["preset"], r["strength"], r["index"]): r for r in rows if "index" in r})
    found = []
    for group in new[1]["groups"]:
        kind = (group["preset"], group["strength"])
        keys = [key for key in captures[0] if key[:2] == kind and key in captures[1]]
        rights = [[bool(own[key]["right"]) for key in keys] for own in captures]
        made = [key for key in keys if all(own[key].get("psnr") for own in captures)]
        difference = paired_difference(*rights)
        if difference is None or not made:
            continue
        means = [sum(own[key]["psnr"] for key in made) / len(made) for own in captures]
        found.append(
            Pair(
                models=(new[1]["model"]["name"], old[1]["model"]["name"]),
                preset=kind[0],
                strength=kind[1],
                margin=float(new[1]["settings"]["margin"]),
                captures=len(keys),
                read=(sum(rights[0]), sum(rights[1])),
                psnr=(means[0], means[1]),
                difference=difference,
            )
        )
    return found
