"""Messages of a measurement, and what their reader knows of them.

Addresses and sentences are of words that the reader's character model has not learned from:
cities of the time zone database.
"""

from __future__ import annotations

import string
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from riis_physical.errors import ConfigError
from riis_physical.qr.soft.knowledge import NOTHING, Knowledge
from riis_physical.qr.soft.listed import MessageList

KINDS = ("printable", "letters", "address", "sentence")
KNOWN = ("nothing", "beginning", "list-1000", "list-100000")
PREFIX = 18  # characters of a known beginning
SHORTEST, LONGEST = 30, 40
UMLAUTS = "äöüÄÖÜß"
#: One printable message in so many has umlauts, one to three of them.
UMLAUTS_IN = 4

_PRINTABLE = [chr(code) for code in range(0x20, 0x7F)]
_STREAM, _LISTED_LENGTH = 1, 38
Rng = np.random.Generator


def draw_message(seed: int, index: int) -> str:
    """A message of 30 to 40 characters: printable ASCII, sometimes with umlauts."""
    return PRINTABLE.draw(seed, index)[0]


@dataclass(frozen=True)
class Messages:
    """What is hidden in the captures of a measurement, and what their reader knows of it.

    Attributes:
        kind: one of KINDS.
        known: one of KNOWN; those of a list have 38 characters, others 30 to 40.
    """

    kind: str = "printable"
    known: str = "nothing"

    def __post_init__(self) -> None:
        for name, value, values in (
            ("messages", self.kind, KINDS),
            ("known", self.known, KNOWN),
        ):
            if value not in values:
                raise ConfigError(f"unknown {name} {value!r}: choose {', '.join(values)}")
        if self.known.startswith("list-") and self.kind != "address":
            raise ConfigError(
                f"{self.known} is a list of addresses, not of {self.kind}: choose the messages "
                "'address'"
            )

    def draw(self, seed: int, index: int) -> tuple[str, Knowledge]:
        """Message `index` of a measurement, and what its reader knows."""
        rng = np.random.default_rng([seed, _STREAM, index])
        length = int(rng.integers(SHORTEST, LONGEST + 1))
        return draw(
            self.kind,
            _LISTED_LENGTH if self.known.startswith("list-") else length,
            self.known,
            rng,
        )


PRINTABLE = Messages()


def draw(kind: str, length: int, known: str, rng: Rng) -> tuple[str, Knowledge]:
    """A message of so many characters, and what its reader knows."""
    if known.startswith("list-"):
        texts, among = _listed(int(known[5:]), length)
        return _one(rng, texts), Knowledge(among=among)
    text = _text(kind, length, rng)
    if known == "beginning":
        return text, Knowledge((text[:PREFIX].encode(),))
    return text, NOTHING


def _text(kind: str, length: int, rng: Rng) -> str:
    if kind == "printable":
        return _printable(length, rng)
    if kind == "letters":
        return "".join(rng.choice(list(string.ascii_lowercase), length))
    cities = _cities()
    text = f"https://{_one(rng, cities)}-{_one(rng, cities)}"[:14] + ".org/"
    if kind == "sentence":
        text = _one(rng, cities).capitalize() + " "
    while len(text) < length + 1:
        text += _one(rng, cities) + (" " if kind == "sentence" else _one(rng, ["-", "/", ""]))
    return text[:length].strip().ljust(length, "s")


def _printable(length: int, rng: Rng) -> str:
    characters = [str(char) for char in rng.choice(_PRINTABLE, length)]
    if rng.integers(UMLAUTS_IN) == 0:
        for place in rng.choice(length, int(rng.integers(1, 4)), replace=False):
            characters[int(place)] = UMLAUTS[int(rng.integers(len(UMLAUTS)))]
    return "".join(characters)


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
        found[_text("address", length, rng)] = None
    return tuple(found), MessageList(found)
