"""Noisy grids of modules, and what the Python package reads in them: other readers shall too."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np

from riis_physical.qr.code.encode import encode
from riis_physical.qr.code.structure import known_modules
from riis_physical.qr.soft.blocks.words import Words
from riis_physical.qr.soft.code_bits import CodeBits
from riis_physical.qr.soft.decode import likely_levels
from riis_physical.qr.soft.knowledge import Knowledge
from riis_physical.qr.soft.likelihood import log_likelihoods
from riis_physical.qr.soft.listed import MessageList
from riis_physical.qr.soft.reading import read_revealed
from training.measure.common.messages import draw

MESSAGES = (
    "https://example.org/room-7",
    "Grüße aus Berlin!",
    "HTTPS://EXAMPLE.ORG/ROOM/7",
    "01234567890123456789",
    "https://www.example.com/a/long/address/that/needs/blocks?id=12345",
)
LIST = (*MESSAGES, *(f"https://example.org/{number}" for number in range(200)))
PREFIX = "https://example.org/"
#: Messages as `measure soft` draws them: kind, length, what is known, wrong modules, grids.
#: In the thirteenth grid of the first a message of 18 characters fits better than the right one.
SERIES = (
    ("address", 20, "beginning", 0.16, 13),
    ("address", 38, "nothing", 0.18, 4),
    ("address", 38, "beginning", 0.20, 4),
    ("sentence", 38, "nothing", 0.18, 3),
)


def values(array: Any) -> list[float]:
    """Plain numbers, row by row."""
    return np.asarray(array, np.float64).ravel().tolist()


def noisy(message: str, wrong: float, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """Soft values of a code of which such a share has the wrong sign."""
    code = encode(message)
    sigma = -1 / NormalDist().inv_cdf(wrong) if wrong else 0.3
    signs = np.where(code.modules, 1.0, -1.0)
    return (signs + rng.normal(0, sigma, signs.shape)).astype(np.float32), code.version


def series() -> list[tuple[np.ndarray, int, Knowledge]]:
    """Grids, versions and what is known, of all SERIES."""
    found = []
    for kind, length, known, wrong, count in SERIES:
        rng = np.random.default_rng([0, round(1000 * wrong), length])
        for _ in range(count):
            text, knowledge = draw(kind, length, known, rng)
            found.append((*noisy(text, wrong, rng), knowledge))
    return found


def readings() -> list[dict[str, Any]]:
    """What is read in grids without errors, with many, and without a message."""
    rng = np.random.default_rng(0)
    among = Knowledge((), MessageList(LIST))
    kinds = (Knowledge(), Knowledge((PREFIX.encode(),)), among)
    cases: list[tuple[np.ndarray, int, Knowledge]] = []
    for message in MESSAGES:
        cases.append((*noisy(message, 0.0, rng), Knowledge()))
        grid, version = noisy(message, 0.15, rng)
        cases += [(grid, version, knowledge) for knowledge in kinds]
    cases += series()
    known, dark = known_modules(5, "H")
    for _ in range(3):  # the patterns of a code about coins
        grid = rng.normal(0, 1, known.shape).astype(np.float32)
        grid[known] = np.where(dark, 1, -1)[known]
        cases.append((grid, 5, among))
    return [_reading(*case) for case in cases]


def _reading(grid: np.ndarray, version: int, knowledge: Knowledge) -> dict[str, Any]:
    read = read_revealed(grid, None, version, knowledge)
    found = None
    if read is not None:
        found = {
            "text": read.payload.decode(),
            "bits": read.grid.bits,
            "by": read.grid.by,
            "confidence": read.confidence,
        }
    return {
        "version": version,
        "prefixes": [prefix.decode() for prefix in knowledge.prefixes],
        "among": knowledge.among is not None,
        "grid": values(grid),
        "read": found,
    }


def attempts() -> list[dict[str, Any]]:
    """What is tried one after the other in some of the grids, all the way to the end."""
    found = []
    for grid, version, knowledge in series()[8:22:4]:
        odds = log_likelihoods(grid, version)
        level = likely_levels(grid, version)[0]
        words = Words(CodeBits.of(odds, version, level), knowledge.prefixes)
        found.append(
            {
                "version": version,
                "level": level,
                "prefixes": [prefix.decode() for prefix in knowledge.prefixes],
                "odds": values(odds),
                "tried": [[how, data.tolist()] for how, data in words.attempts(thorough=False)],
            }
        )
    return found
