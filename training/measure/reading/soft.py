"""`python -m training.measure.reading.soft`: what soft reading carries, by wrong modules.

Gaussian noise on the modules of codes, as much as turns a given share of them, read as
the reader of a photo does: without knowing anything, with a known beginning, with a list.
Messages are addresses and sentences of words that the reader's character model has not
learned from (cities of the time zone database), and letters at random. No photo, no
network: for these see `riis-physical evaluate`.
"""

from __future__ import annotations

import json
import string
import time
import zoneinfo
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import click
import numpy as np
from scipy.stats import norm
from tqdm import tqdm

from riis_physical.errors import RiisError
from riis_physical.metrics import wilson_interval
from riis_physical.qr.code.encode import encode
from riis_physical.qr.soft.decode import read_grid
from riis_physical.qr.soft.knowledge import NOTHING, Knowledge
from riis_physical.qr.soft.listed import MessageList
from riis_physical.system.files import check_writable, write_text
from training.measure.common.environment import describe_environment

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


def measure(series: Series, n: int, seed: int, tell: Callable[[], None]) -> list[dict[str, Any]]:
    """Read `n` grids for each share of wrong modules; the same seed gives the same ones."""
    rows = []
    for wrong in series.wrong:
        rng = np.random.default_rng([seed, round(1000 * wrong), series.length])
        methods: Counter[str] = Counter()
        false = 0
        seconds = 0.0
        for _ in range(n):
            if series.known.startswith("list-"):
                texts, among = _listed(int(series.known[5:]), series.length)
                text, knowledge = _one(rng, texts), Knowledge(among=among)
            else:
                text, knowledge = message(series.messages, series.length, rng), NOTHING
            if series.known == "beginning":
                knowledge = Knowledge((text[:PREFIX].encode(),))
            code = encode(text)
            noise = rng.normal(size=code.modules.shape) / -norm.ppf(wrong)
            grid = np.where(code.modules, 1.0, -1.0) + noise
            began = time.process_time()
            reading = read_grid(grid, code.version, knowledge, thorough=True)
            seconds += time.process_time() - began
            if reading is not None:
                false += reading.payload != text.encode()
                methods[reading.method] += reading.payload == text.encode()
            tell()
        read = sum(methods.values())
        low, high = wilson_interval(read, n)
        rows.append(
            {
                **asdict(series),
                "wrong": wrong,
                "version": code.version,
                "n": n,
                "read": read,
                "share": read / n,
                "interval": [low, high],
                "false_texts": false,
                "by_step": dict(methods),
                "cpu_ms_a_grid": round(1000 * seconds / n, 1),
            }
        )
    return rows


@click.command(help=__doc__)
@click.option("--n", default=200, show_default=True, help="Grids for each share of wrong modules.")
@click.option("--seed", default=0, show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.option("--force", is_flag=True, help="Overwrite the output.")
def main(n: int, seed: int, output: Path, force: bool) -> None:
    try:
        check_writable(output, force=force)
        rows: list[dict[str, Any]] = []
        total = n * sum(len(series.wrong) for series in SERIES)
        with tqdm(total=total, unit="grid") as bar:
            for series in SERIES:
                rows += measure(series, n, seed, bar.update)
        result = {
            "kind": KIND,
            "format": 1,
            "settings": {"n": n, "seed": seed, "prefix": PREFIX},
            "environment": describe_environment(),
            "rows": rows,
        }
        write_text(output, json.dumps(result, indent=1) + "\n", force=force)
    except RiisError as error:
        raise click.ClickException(str(error)) from error
    for row in rows:
        click.echo(
            f"{row['messages']} {row['length']} ({row['known']} known), {row['wrong']:.0%} wrong: "
            f"{row['share']:.1%} ({row['interval'][0]:.1%} to {row['interval'][1]:.1%}), "
            f"{row['cpu_ms_a_grid']:.0f} ms"
        )


if __name__ == "__main__":
    main()
