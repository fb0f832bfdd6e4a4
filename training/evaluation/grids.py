"""Grids that hold no message, drawn by seed: fair coins, codes without content, pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from riis_physical.qr.presence import function_modules
from riis_physical.qr.reading import read_revealed
from riis_physical.qr.soft import MIN_PATTERN_AGREEMENT, normalised, read_grid
from riis_physical.qr.structure import LEVELS, MAX_VERSION, Level, grid_size, known_modules
from training.evaluation.screening import Screen

GridKind = Literal["coins", "patterns", "smooth", "pictures"]
KINDS: tuple[GridKind, ...] = get_args(GridKind)
"""Fair coins; the same with everything written in that a code of the level must hold;
smooth noise with the same written in; what the network reveals in pictures, the same."""

GROUP = 512
"""Grids of one version and level that share the sizes of their soft values."""
CASCADE_EVERY = 128
"""One grid in so many goes through the whole cascade of decoders too."""
_REVEALED_SIDE = 57

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class GridSettings:
    """What to draw.

    Attributes:
        grids: of coins, and of coins with patterns, each; whole groups are drawn.
        structured: of smooth noise, and of revealed pictures, each.
        seed: of everything.
        images: folder of pictures that hold nothing; empty for no revealed pictures.
        model: that reveals them.
    """

    grids: int
    structured: int
    seed: int = 0
    images: str = ""
    model: str = "auto"

    def as_dict(self) -> dict[str, Any]:
        """For the result's file; of the folder its name alone, wherever it lies."""
        return {**asdict(self), "images": Path(self.images).name if self.images else None}

    def tasks(self) -> list[tuple[GridKind, int]]:
        """Kind and number of each group."""
        most = {"coins": self.grids, "patterns": self.grids, "smooth": self.structured}
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
class GroupRecord:
    """What became of one group.

    Attributes:
        kind, version, level: of its grids.
        grids: how many.
        passed: those that the gate (coins) or the screen (patterns) let through.
        cascade: those that went through the whole cascade too.
        accepted: those in which a message was read. Each is a false one.
    """

    kind: GridKind
    version: int
    level: Level
    grids: int
    passed: int
    cascade: int
    accepted: int


class GridReader:
    """Draws groups of grids and reads them."""

    def __init__(self, settings: GridSettings, revealed: Floats | None = None) -> None:
        """Revealed pictures (P, 57, 57) are made from the settings' folder if None."""
        self._settings = settings
        self._revealed = revealed

    def run(self, kind: GridKind, number: int) -> Iterator[GroupRecord]:
        """Read one group; the same settings and number give the same grids."""
        rng = np.random.default_rng([self._settings.seed, KINDS.index(kind), number])
        version = 1 + number % MAX_VERSION
        level = LEVELS[number // MAX_VERSION % len(LEVELS)]
        if kind == "coins":
            yield _read_coins(rng, version, level)
        elif kind == "patterns":
            yield _read_patterns(rng, version, level)
        else:
            yield self._read_structured(kind, rng, version, level)

    def _read_structured(
        self, kind: GridKind, rng: np.random.Generator, version: int, level: Level
    ) -> GroupRecord:
        accepted = 0
        for _ in range(GROUP):
            field = self._cut(rng, version) if kind == "pictures" else _smooth(rng, version)
            accepted += read_grid(_with_patterns(field, version, level), version) is not None
        return GroupRecord(kind, version, level, GROUP, GROUP, 0, accepted)

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

    from riis_physical.image_io import load_photo
    from riis_physical.revealer import Revealer
    from training.data import list_photos

    revealer = Revealer.load(settings.model)
    side = revealer.module_px * _REVEALED_SIDE
    grids = []
    for path in list_photos(Path(settings.images))[:most]:
        pixels = cv2.resize(load_photo(path).pixels, (side, side), interpolation=cv2.INTER_AREA)
        frame = pixels.astype(np.float32)[None] / np.float32(255)
        grids.append(revealer.reveal(frame, [None]).logits[0])
    return np.stack(grids)


def _read_coins(rng: np.random.Generator, version: int, level: Level) -> GroupRecord:
    """Independent signs and sizes; the gate on function patterns, then the reader."""
    size = grid_size(version)
    grids = rng.standard_normal((GROUP, size, size), np.float32)
    mask, values = function_modules(version)
    agreement = ((grids[:, mask] > 0) == values[mask]).mean(axis=1)
    passed = agreement >= MIN_PATTERN_AGREEMENT
    accepted = sum(read_grid(grid, version) is not None for grid in grids[passed])
    return GroupRecord("coins", version, level, GROUP, int(passed.sum()), 0, accepted)


def _read_patterns(rng: np.random.Generator, version: int, level: Level) -> GroupRecord:
    """Independent signs under one set of sizes, all known modules right."""
    size = grid_size(version)
    sizes = normalised(np.abs(rng.standard_normal((size, size))), version)
    mask, values = known_modules(version, level)
    dark = np.where(mask, values, rng.random((GROUP, size, size)) < 0.5)
    grids = np.where(dark, sizes, -sizes).astype(np.float32)
    passed = Screen.of(sizes, version, level).passes(grids)
    read = passed.copy()
    read[::CASCADE_EVERY] = True
    accepted = 0
    for index in np.flatnonzero(read):
        found = read_grid(grids[index], version) is not None
        if index % CASCADE_EVERY == 0:
            found |= read_revealed(grids[index], None, version) is not None
        accepted += found
    cascade = len(range(0, GROUP, CASCADE_EVERY))
    return GroupRecord("patterns", version, level, GROUP, int(passed.sum()), cascade, accepted)


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
