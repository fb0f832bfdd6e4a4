"""Write what was measured of a stored model into its record, and release it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from riis_physical.errors import WeightsError
from riis_physical.model.weights import load_tensors
from riis_physical.system.files import write_text

WANTED_RATE = 0.9
LEAST_CAPTURES = 20
WINDOW = 1.25
MIN_CAPTURES = 300
"""Captures of the preset that a released figure rests on."""
MIN_HOSTS = 12
"""Hosts that the figures of a released model of pictures rest on."""
PICTURE_LEVELS = ("none", "sigma=10", "poisson", "jpeg=40", "jpeg=90")
"""Distortions that they must hold."""

#: What an evaluation must have been, so that its figures speak of the product
#: as people use it: name of the setting, value, what it means.
_WANTED_SETTINGS = (
    ("corners", "detect", "the whole pipeline, detection included"),
    ("medium", "mixed", "prints and screens"),
    ("width_px", None, "widths as the preset draws them"),
)


def least_px_per_module(captures: list[dict[str, Any]]) -> float | None:
    """Smallest photo scale, in px per module, from which containers read.

    The scale is the lower end of the first window (a factor of 1.25 wide) in
    which at least 20 captures read at 90 % or better, as all windows above do.

    Args:
        captures: records of an evaluation with ``px_per_module`` and ``right``.

    Returns:
        None where no window has enough captures, or the largest one reads too rarely.
    """
    known = sorted((c["px_per_module"], c["right"]) for c in captures if c.get("px_per_module"))
    least: float | None = None
    for index in range(len(known) - 1, -1, -1):
        low = known[index][0]
        window = [right for scale, right in known[index:] if scale <= low * WINDOW]
        if len(window) < LEAST_CAPTURES:
            continue
        if sum(window) < WANTED_RATE * len(window):
            break
        least = low
    return least


def read_captures(journal: Path, preset: str, strength: float) -> list[dict[str, Any]]:
    """Captures of one preset and strength from an evaluation's JSON lines."""
    lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    return [c for c in lines if c.get("preset") == preset and c.get("strength") == strength]


def _loaded(results: Path, kind: str, command: str) -> dict[str, Any]:
    """The .json of a measurement of that kind. Raises WeightsError."""
    if not results.is_file():
        raise WeightsError(f"found no {results}: run riis-physical {command} first")
    try:
        figures = json.loads(results.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"cannot read {results} ({error}): evaluate the weights again"
        ) from error
    own = figures.get("kind") if isinstance(figures, dict) else None
    expected = {"model": dict, "settings": dict, "groups": list}
    if own != kind or not all(isinstance(figures.get(k), t) for k, t in expected.items()):
        raise WeightsError(
            f"{results} holds no {kind}: expected the -o file of riis-physical {command}"
        )
    return dict(figures)


def read_figures(results: Path) -> dict[str, Any]:
    """The .json of an evaluation, checked to be one that a release may rest on.

    Raises:
        WeightsError: no evaluation, or one of other settings or too few captures.
    """
    figures = _loaded(results, "evaluation", "measure reading")
    settings = figures["settings"]
    for name, wanted, meaning in _WANTED_SETTINGS:
        if settings.get(name, "not given") != wanted:
            raise WeightsError(
                f"{results} was measured with {name} {settings.get(name)}; a release needs "
                f"{name} {wanted} ({meaning}): evaluate with that setting"
            )
    if int(settings.get("n") or 0) < MIN_CAPTURES:
        raise WeightsError(
            f"{results} rests on {settings.get('n')} captures; a release needs at least "
            f"{MIN_CAPTURES}: evaluate with --n {MIN_CAPTURES}"
        )
    return figures


def release(weights: Path, results: Path, preset: str = "normal") -> dict[str, Any]:
    """Mark a model as released, with the figures of an evaluation of this very file.

    Args:
        weights: .safetensors file with its record beside it.
        results: of a model of messages the .json of ``riis-physical measure reading`` at strength
            1, its .jsonl beside it; of the whole pipeline, both media, widths as drawn,
            MIN_CAPTURES. Of a model of pictures that of ``measure pictures``, with MIN_HOSTS
            and PICTURE_LEVELS.
        preset: which group of the results counts.

    Returns:
        The record as written.

    Raises:
        WeightsError: the results are missing, of another file, of other settings
            than a release needs, or lack the group.
    """
    _, record = load_tensors(weights)
    pictures = record["config"].get("secret") == "images"
    figures = read_picture_figures(results) if pictures else read_figures(results)
    if figures["model"].get("sha256") != record["sha256"]:
        raise WeightsError(
            f"{results} measured another file than {weights}: evaluate these weights first"
        )
    try:
        measured = _of_pictures(figures) if pictures else _of_messages(figures, results, preset)
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            f"{results} or its .jsonl lacks figures of an evaluation "
            f"({type(error).__name__}: {error}): evaluate the weights again"
        ) from error
    record = {**record, "released": True, "measured": measured}
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    write_text(weights.with_suffix(".json"), text, force=True)
    return record


def _of_messages(figures: dict[str, Any], results: Path, preset: str) -> dict[str, Any]:
    journal = results.with_suffix(".jsonl")
    if not journal.is_file():
        raise WeightsError(f"found no {journal}: run riis-physical measure reading first")
    groups = [g for g in figures["groups"] if g["preset"] == preset and g["strength"] == 1.0]
    if not groups:
        raise WeightsError(f"{results} has no captures of preset {preset!r} at strength 1")
    return {
        "captures": figures["captures"],
        "preset": preset,
        "decode": groups[0]["decode"],
        "psnr_db": groups[0]["container"]["psnr"]["mean"],
        "min_px_per_module": least_px_per_module(read_captures(journal, preset, 1.0)),
    }


def read_picture_figures(results: Path) -> dict[str, Any]:
    """The .json of `measure pictures`, checked to be one that a release may rest on.

    Raises:
        WeightsError: no such measurement, too few hosts, or distortions missing.
    """
    figures = _loaded(results, "pictures", "measure pictures")
    settings = figures["settings"]
    if int(settings.get("n") or 0) < MIN_HOSTS:
        raise WeightsError(
            f"{results} rests on {settings.get('n')} hosts; a release needs at least "
            f"{MIN_HOSTS}: measure with --n {MIN_HOSTS}"
        )
    lacking = [one for one in PICTURE_LEVELS if one not in settings.get("levels", ())]
    if lacking:
        raise WeightsError(
            f"{results} lacks the distortions {', '.join(lacking)}: measure without --level"
        )
    return figures


def _of_pictures(figures: dict[str, Any]) -> dict[str, Any]:
    secret: dict[str, dict[str, float]] = {}
    for group in figures["groups"]:
        secret.setdefault(group["distortion"], {})[group["level"]] = group["secret_psnr"]["mean"]
    return {
        "captures": figures["captures"],
        "hosts": figures["settings"]["n"],
        "container_db": figures["groups"][0]["container_psnr"]["mean"],
        "secret_db": secret,
    }
