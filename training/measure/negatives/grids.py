"""Grids that hold no message, drawn by seed: fair coins, codes without content, pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.stats import norm

from riis_physical.qr.code.encode import encode
from riis_physical.qr.code.structure import LEVELS, MAX_VERSION, Level, grid_size, known_modules
from riis_physical.qr.soft.decode import normalised, passes_gate, read_grid
from riis_physical.qr.soft.knowledge import NOTHING
from training.measure.common.records import Record
from training.measure.common.settings import Plain
from training.measure.negatives.knowledge import LONGEST, all_known
from training.text.messages import draw_messages

GridKind = Literal["coins", "patterns", "foreign", "smooth", "pictures"]
KINDS: tuple[GridKind, ...] = get_args(GridKind)
"""Fair coins; the same with everything written in that a code of the level must hold;
codes of other messages than the list's with 2 to 40 % of the modules wrong; smooth noise
with the same written in as in the second; what the network reveals in pictures, the same."""

GROUP = 32
"""Grids of one kind, version and level that are drawn together."""
_REVEALED_SIDE = 57

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class GridSettings(Plain):
    """What to draw.

    Attributes:
        grids: of coins.
        structured: of each other kind.
        seed: of everything.
        images: folder of pictures that hold nothing; empty for no revealed pictures.
        model: that reveals them.
        known: read with beginnings and a list of messages too.
    """

    grids: int
    structured: int
    seed: int = 0
    images: str = ""
    model: str = "auto"
    known: bool = False

    def tasks(self) -> list[tuple[GridKind, int]]:
        """Kind and number of each group."""
        most = dict.fromkeys(KINDS, self.structured) | {"coins": self.grids}
        most["pictures"] = self.structured if self.images else 0
        counts = {kind: -(-most[kind] // GROUP) for kind in KINDS}
        longest = max(counts.values(), default=0)
        # In turn, so that a run that is cut short has a share of each kind.
        return [
            (kind, number)
            for number in range(longest)
            for kind in KINDS
            if number * counts[kind] % longest < counts[kind]
        ]


@dataclass(frozen=True)
class GroupRecord(Record):
    """What became of one group.

    Attributes:
        kind, number: of the task. version, level: of its grids.
        grids: how many.
        passed: those that the gate on the function patterns let through.
        accepted: those in which a message was read that they do not hold.
    """

    kind: GridKind
    number: int
    version: int
    level: Level
    grids: int
    passed: int
    accepted: int


class GridReader:
    """Draws groups of grids and reads them."""

    def __init__(self, settings: GridSettings, revealed: Floats | None = None) -> None:
        """Revealed pictures (P, 57, 57) are made from the settings' folder if None."""
        self._settings = settings
        self._revealed = revealed
        self._knowledge = all_known() if settings.known else NOTHING

    def run(self, kind: GridKind, number: int) -> Iterator[GroupRecord]:
        """Read one group; the same settings and number give the same grids."""
        rng = np.random.default_rng([self._settings.seed, KINDS.index(kind), number])
        version = 1 + number % MAX_VERSION
        level = LEVELS[number // MAX_VERSION % len(LEVELS)]
        read = accepted = 0
        for _ in range(GROUP):
            grid, own, at = self._draw(kind, rng, version, level)
            read += passes_gate(grid, at)
            found = read_grid(grid, at, self._knowledge)
            accepted += found is not None and found.payload != own
        yield GroupRecord(kind, number, version, level, GROUP, read, accepted)

    def _draw(
        self, kind: GridKind, rng: np.random.Generator, version: int, level: Level
    ) -> tuple[Floats, bytes | None, int]:
        """A grid, the message that it may rightly be read as, and its version."""
        size = grid_size(version)
        if kind == "coins":
            return rng.standard_normal((size, size), np.float32), None, version
        if kind == "patterns":
            return _with_coins(rng, version, level), None, version
        if kind == "foreign":
            return _foreign(rng)
        field = self._cut(rng, version) if kind == "pictures" else _smooth(rng, version)
        return _with_patterns(field, version, level), None, version

    def _cut(self, rng: np.random.Generator, version: int) -> Floats:
        """A turned or mirrored part of one revealed picture."""
        if self._revealed is None:
            self._revealed = reveal_pictures(self._settings)
        one = self._revealed[rng.integers(len(self._revealed))]
        size = grid_size(version)
        top, left = rng.integers(0, _REVEALED_SIDE - size + 1, 2)
        part = np.rot90(one[top : top + size, left : left + size], int(rng.integers(4)))
        return part.T if rng.random() < 0.5 else part


def make_reader(settings: GridSettings) -> GridReader:
    """A reader; it reveals pictures when the first group of them is drawn."""
    return GridReader(settings)


def reveal_pictures(settings: GridSettings, most: int = 24) -> Floats:
    """Soft values (P, 57, 57) that the network finds in pictures without a code."""
    import cv2

    from riis_physical.images import load_photo
    from riis_physical.model.revealer import Revealer
    from training.hiding.material.data import list_photos

    revealer = Revealer.load(settings.model)
    side = revealer.module_px * _REVEALED_SIDE
    grids = []
    for path in list_photos(Path(settings.images))[:most]:
        pixels = cv2.resize(load_photo(path).pixels, (side, side), interpolation=cv2.INTER_AREA)
        frame = pixels.astype(np.float32)[None] / np.float32(255)
        grids.append(revealer.reveal(frame, [None]).logits[0])
    return np.stack(grids)


def _with_coins(rng: np.random.Generator, version: int, level: Level) -> Floats:
    """Independent signs and sizes where the message is, all known modules right."""
    size = grid_size(version)
    sizes = normalised(np.abs(rng.standard_normal((size, size))), version)
    mask, values = known_modules(version, level)
    dark = np.where(mask, values, rng.random((size, size)) < 0.5)
    return np.where(dark, sizes, -sizes).astype(np.float32)


def _foreign(rng: np.random.Generator) -> tuple[Floats, bytes, int]:
    """A code of a message that is hardly in the list, with noise."""
    message = draw_messages(1, int(rng.integers(1 << 31)))[0].encode()[:LONGEST]
    code = encode(message)
    sigma = -1 / norm.ppf(rng.uniform(0.02, 0.4))
    noise = sigma * rng.standard_normal(code.modules.shape)
    grid = np.where(code.modules, 1.0, -1.0) + noise
    return grid.astype(np.float32), message, code.version


def _smooth(rng: np.random.Generator, version: int) -> Floats:
    """Noise whose neighbours are alike over 0.5 to 4 modules, balanced, of either sign."""
    size = grid_size(version)
    sigma = float(np.exp(rng.uniform(np.log(0.5), np.log(4))))
    noise = gaussian_filter(rng.standard_normal((size, size)), sigma, mode="wrap")
    return np.asarray(noise - noise.mean(), np.float32)


def _with_patterns(field: Floats, version: int, level: Level) -> Floats:
    """Everything known of a code written in, as sure as the field usually is."""
    mask, values = known_modules(version, level)
    sure = float(np.median(np.abs(field))) or 1.0
    return np.where(mask, np.where(values, sure, -sure), field).astype(np.float32)
