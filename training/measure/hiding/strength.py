"""`riis-physical measure strength`: how much information soft reading needs.

The fit that `hide` chooses strengths by. Each host is hidden in at several strengths, its draws
of the channel are looked at and read, and a logistic curve is fitted to what was read against the
information in bits a module. Its middle and width stand against `need.py` and WIDTH of `least.py`
in `riis_physical/hiding/strength/`; run this again when reading changes. Simulated captures, true
outline known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from riis_physical.artifacts import UInt8Image
from riis_physical.channel.ranges import PRESETS
from riis_physical.errors import ConfigError
from riis_physical.hiding.plan import steadied
from riis_physical.hiding.strength.draws import Scene
from riis_physical.hiding.strength.need import needed_information
from riis_physical.images import load_host
from riis_physical.model.revealer import Revealer
from riis_physical.qr.code.encode import encode
from riis_physical.qr.soft.knowledge import NOTHING
from riis_physical.qr.soft.reading import read_revealed
from training.hiding.material.data import list_photos
from training.measure.common.draws import Hosts
from training.measure.common.experiment import Experiment, PlainRecord, carry_out, each, simulated
from training.measure.common.settings import plain

KIND = "strength-fit"
MESSAGES = (
    "https://example.org/exhibition/room-12",
    "riis",
    "hi, this is a longer message: https://example.org/abc/def?x=1",
    "exhibition-7",
    "https://example.org/room-12",
    "https://example.org/7",
    "x7Qp2",
    "table 12",
)
"""Versions 5, 1, 7, 2, 4, 3, 1 and 2."""
STRENGTHS = (0.35, 0.5, 0.65, 0.8)


def looked_and_read(
    host: UInt8Image, message: str, revealer: Revealer, strength: float, draws: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Information of each draw, and whether the message was read from it."""
    scene = Scene(host, encode(message), revealer)
    residual = steadied(revealer.embed(scene.frame, scene.code.modules)) * np.float32(strength)
    seen = scene.look(residual, scene.params(PRESETS["normal"], draws, seed, "mixed"))
    read = []
    for logits in seen.logits:
        reading = read_revealed(logits, None, scene.code.version)
        read.append(reading is not None and reading.payload == scene.code.payload)
    return seen.information, np.array(read)


def fit_curve(information: NDArray[np.floating], read: NDArray[np.bool_]) -> tuple[float, float]:
    """Middle and width of the logistic curve that makes what was read most likely.

    Raises:
        ValueError: all draws were read, or none: there is nothing to fit.
    """
    if read.all() or not read.any():
        raise ValueError("all draws were read, or none: expected some of both")
    signs = np.where(read, 1.0, -1.0)

    def cost(point: NDArray[np.float64]) -> float:
        middle, log_width = point
        above = signs * (information - middle) / math.exp(log_width)
        return float(np.logaddexp(0, -above).sum() + 1e-3 * (log_width + 4) ** 2)

    starts = [np.array([middle, -4.0]) for middle in (0.3, 0.45, 0.6)]
    fits = [minimize(cost, start, method="Nelder-Mead").x for start in starts]
    middle, log_width = min(fits, key=cost)
    return float(middle), math.exp(float(log_width))


@dataclass(frozen=True)
class FitSettings:
    """Hosts, spread over a folder, each at STRENGTHS in so many draws."""

    images: str
    n: int = 16
    draws: int = 14
    model: str = "auto"

    def __post_init__(self) -> None:
        if self.n < 1 or self.draws < 4:
            raise ConfigError(f"{self.n} hosts, {self.draws} draws: expected 1 and 4 or more")

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; of paths the last part alone, wherever they lie."""
        return {**plain(self), "messages": list(MESSAGES)}


@dataclass(frozen=True)
class Looker:
    """Looks at draws and reads them; a runner of pool.run_tasks."""

    settings: FitSettings

    @cached_property
    def revealer(self) -> Revealer:
        """The model."""
        return Revealer.load(self.settings.model)

    def run(self, number: int, strength: float) -> Iterator[PlainRecord]:
        """All draws of one host at one strength."""
        photos = list_photos(Path(self.settings.images))
        photos = photos[:: max(1, len(photos) // self.settings.n)]
        host = load_host(photos[number % len(photos)]).pixels
        message = MESSAGES[number % len(MESSAGES)]
        known, read = looked_and_read(
            host, message, self.revealer, strength, self.settings.draws, number
        )
        yield PlainRecord(
            {
                "host": number,
                "strength": strength,
                "message": message,
                "information": [round(float(value), 5) for value in known],
                "read": [bool(hit) for hit in read],
            }
        )


def evaluate_strength(
    settings: FitSettings, output: Path, *, workers: int = 1, force: bool = False
) -> dict[str, Any]:
    """Look, read, fit and write `output`; see :func:`carry_out`."""
    tasks = [(number, strength) for number in range(settings.n) for strength in STRENGTHS]
    experiment = Experiment(
        kind=KIND,
        **simulated(
            settings.as_dict(), Looker(settings).revealer.record, Hosts(Path(settings.images), 0)
        ),
        settings=settings,
        make=Looker,
        **each(tasks, "host", "strength"),
        unit="look",
        summarise=_figures,
    )
    return carry_out(experiment, output, workers=workers, force=force)


def _figures(records: list[PlainRecord]) -> dict[str, Any]:
    """The fit over all draws, and for each message beside what `hide` takes it to need."""

    def fitted(rows: list[dict[str, Any]]) -> dict[str, Any]:
        known = np.concatenate([row["information"] for row in rows])
        read = np.concatenate([row["read"] for row in rows]).astype(bool)
        found: dict[str, Any] = {"draws": len(read), "read": int(read.sum())}
        if 0 < read.sum() < len(read):
            middle, width = fit_curve(known, read)
            found |= {"middle": round(middle, 4), "width": round(width, 4)}
        return found

    rows = sorted((r.values for r in records), key=lambda r: (r["host"], r["strength"]))
    by_message = {}
    for message in MESSAGES:
        own = [row for row in rows if row["message"] == message]
        if own:
            needed = round(needed_information(encode(message), NOTHING), 4)
            by_message[message] = {**fitted(own), "taken_to_need": needed}
    return {"all": fitted(rows), "by_message": by_message, "records": rows}


def lines(result: dict[str, Any]) -> Iterator[str]:
    """A result for people."""
    for name, found in {"all": result["all"], **result["by_message"]}.items():
        yield (
            f"{name}: {found['read']} of {found['draws']} simulated draws read"
            + (f", half at {found['middle']:.3f} bits a module" if "middle" in found else "")
            + (f", taken to need {found['taken_to_need']:.3f}" if "taken_to_need" in found else "")
        )
