"""`riis-physical measure soft`: what soft reading carries, by wrong modules.

Gaussian noise on the modules of codes, as much as turns a given share of them, read as
the reader of a photo does: without knowing anything, with a known beginning, with a list.
Messages are addresses and sentences of words that the reader's character model has not
learned from (cities of the time zone database), and letters at random. No photo, no
network: for these see `riis-physical measure reading`.
"""

from __future__ import annotations

import string
import time
import zoneinfo
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import norm

from riis_physical.errors import ConfigError
from riis_physical.metrics import wilson_interval
from riis_physical.qr.code.encode import encode
from riis_physical.qr.soft.decode import read_grid
from riis_physical.qr.soft.knowledge import NOTHING, Knowledge
from riis_physical.qr.soft.listed import MessageList
from training.measure.common.experiment import Experiment, PlainRecord, all_of, carry_out

KIND = "soft-reading"
PREFIX = 18  # characters of a known beginning
Rng = np.random.Generator


@dataclass(frozen=True)
class Series:
    """One curve.

    Attributes:
        messages: kind of messages. length: their characters.
        known: nothing, beginning, list-1000 or list-100000.
        wrong: shares of wrong modules.
    """

    messages: str
    length: int
    known: str
    wrong: tuple[float, ...]


SERIES = (
    Series("address", 38, "nothing", (0.12, 0.14, 0.16, 0.18, 0.20, 0.22, 0.25)),
    Series("address", 20, "nothing", (0.12, 0.14, 0.16, 0.18, 0.20, 0.22, 0.25)),
    Series("sentence", 38, "nothing", (0.12, 0.14, 0.16, 0.18, 0.20, 0.22, 0.25)),
    Series("letters", 38, "nothing", (0.12, 0.14, 0.16, 0.18)),
    Series("letters", 20, "nothing", (0.12, 0.14, 0.16, 0.18)),
    Series("address", 38, "beginning", (0.16, 0.18, 0.20, 0.22, 0.25)),
    Series("address", 20, "beginning", (0.16, 0.18, 0.20, 0.22, 0.25)),
    Series("address", 38, "list-1000", (0.30, 0.33, 0.36, 0.38, 0.40)),
    Series("address", 38, "list-100000", (0.30, 0.33, 0.36, 0.38)),
)


def message(kind: str, length: int, rng: Rng) -> str:
    """A message of so many characters that the character model has not learned from."""
    if kind == "letters":
        return "".join(rng.choice(list(string.ascii_lowercase), length))
    cities = _cities()
    text = f"https://{_one(rng, cities)}-{_one(rng, cities)}"[:14] + ".org/"
    if kind == "sentence":
        text = _one(rng, cities).capitalize() + " "
    while len(text) < length + 1:
        text += _one(rng, cities) + (" " if kind == "sentence" else _one(rng, ["-", "/", ""]))
    return text[:length].strip().ljust(length, "s")


def _one(rng: Rng, words: Sequence[str]) -> str:
    return str(words[int(rng.integers(len(words)))])


@cache
def _cities() -> tuple[str, ...]:
    names = {zone.split("/")[-1].split("_")[0].lower() for zone in zoneinfo.available_timezones()}
    return tuple(sorted(name for name in names if name.isalpha() and 3 < len(name) < 10))


@cache
def _listed(count: int, length: int) -> tuple[tuple[str, ...], MessageList]:
    rng = np.random.default_rng([count, length])
    found: dict[str, None] = {}
    while len(found) < count:
        found[message("address", length, rng)] = None
    return tuple(found), MessageList(found)


@dataclass(frozen=True)
class SoftSettings:
    """Grids for each share of wrong modules; the same seed gives the same ones."""

    n: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ConfigError(f"{self.n} grids: expected at least 1")

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "prefix": PREFIX}


@dataclass(frozen=True)
class SoftReading:
    """Reads the grids of one series at one share; a runner of pool.run_tasks."""

    settings: SoftSettings

    def run(self, number: int, wrong: float) -> Iterator[PlainRecord]:
        """One row of the result."""
        series = SERIES[number]
        rng = np.random.default_rng([self.settings.seed, round(1000 * wrong), series.length])
        methods: Counter[str] = Counter()
        false, version, seconds = 0, 0, 0.0
        for _ in range(self.settings.n):
            text, knowledge = _drawn(series, rng)
            code = encode(text)
            version = code.version
            noise = rng.normal(size=code.modules.shape) / -norm.ppf(wrong)
            grid = np.where(code.modules, 1.0, -1.0) + noise
            began = time.process_time()
            reading = read_grid(grid, code.version, knowledge, thorough=True)
            seconds += time.process_time() - began
            if reading is not None:
                false += reading.payload != text.encode()
                methods[reading.method] += reading.payload == text.encode()
        n, read = self.settings.n, sum(methods.values())
        row = {
            **asdict(series),
            "wrong": wrong,
            "version": version,
            "n": n,
            "read": read,
            "share": read / n,
            "interval": list(wilson_interval(read, n)),
            "false_texts": false,
            "by_step": dict(methods),
            "cpu_ms_a_grid": round(1000 * seconds / n, 1),
        }
        yield PlainRecord({"series": number, **row})


def _drawn(series: Series, rng: Rng) -> tuple[str, Knowledge]:
    """A message, and what its reader knows."""
    if series.known.startswith("list-"):
        texts, among = _listed(int(series.known[5:]), series.length)
        return _one(rng, texts), Knowledge(among=among)
    text = message(series.messages, series.length, rng)
    if series.known == "beginning":
        return text, Knowledge((text[:PREFIX].encode(),))
    return text, NOTHING


def evaluate_soft(
    settings: SoftSettings,
    output: Path,
    *,
    workers: int = 1,
    force: bool = False,
    reading: SoftReading | None = None,
) -> dict[str, Any]:
    """Measure and write `output`; see :func:`carry_out`.

    Args:
        reading: runs in this process in place of workers.
    """
    tasks = [(number, wrong) for number, series in enumerate(SERIES) for wrong in series.wrong]

    def summary(records: list[PlainRecord]) -> dict[str, Any]:
        rows = sorted((r.values for r in records), key=lambda row: (row["series"], row["wrong"]))
        return {"rows": [{k: v for k, v in row.items() if k != "series"} for row in rows]}

    experiment = Experiment(
        kind=KIND,
        head={"settings": settings.as_dict()},
        about={"settings": settings.as_dict()},
        settings=settings,
        make=SoftReading,
        parse=PlainRecord.from_dict,
        left=all_of(tasks, lambda record: (record.values["series"], record.values["wrong"])),
        total=len(tasks),
        unit="row",
        summarise=summary,
    )
    return carry_out(experiment, output, workers=workers, force=force, here=reading)


def lines(result: dict[str, Any]) -> Iterator[str]:
    """A result for people, one line a row."""
    for row in result["rows"]:
        yield (
            f"{row['messages']} {row['length']} ({row['known']} known), {row['wrong']:.0%} wrong: "
            f"{row['share']:.1%} ({row['interval'][0]:.1%} to {row['interval'][1]:.1%}), "
            f"{row['cpu_ms_a_grid']:.0f} ms"
        )
