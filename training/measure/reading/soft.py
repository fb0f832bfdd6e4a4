"""`riis-physical measure soft`: what soft reading carries, by wrong modules.

Gaussian noise on the modules of codes, as much as turns a given share of them, read as
the reader of a photo does: without knowing anything, with a known beginning, with a list.
No photo, no network: for these see `riis-physical measure reading`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import norm

from riis_physical.errors import ConfigError
from riis_physical.metrics import wilson_interval
from riis_physical.qr.code.encode import encode
from riis_physical.qr.soft.decode import read_grid
from training.measure.common.experiment import Experiment, PlainRecord, carry_out, each
from training.measure.common.messages import PREFIX, draw

KIND = "soft-reading"


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
            text, knowledge = draw(series.messages, series.length, series.known, rng)
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
        **each(tasks, "series", "wrong"),
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
