"""Hosts and backgrounds of an evaluation, drawn by seed and index."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from training.hiding.material.data import list_photos

_HOST_STREAM, _BACKGROUND_STREAM = 2, 3  # the first is that of messages


class Hosts:
    """A folder's pictures in a fixed shuffled order, over and over again.

    Attributes:
        paths: in the order of use.
        digest: SHA-256 over names and sizes in bytes; tells two folders apart.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        """Raises TrainingError where the folder is missing or holds no picture."""
        found = list_photos(folder)
        order = np.random.default_rng([seed, _HOST_STREAM]).permutation(len(found))
        self.paths = [found[int(place)] for place in order]
        self.digest = digest(found)

    def __len__(self) -> int:
        return len(self.paths)

    def path(self, index: int) -> Path:
        """The host of capture `index`."""
        return self.paths[index % len(self.paths)]

    def is_first(self, index: int) -> bool:
        """Whether capture `index` is the first with its host."""
        return index < len(self.paths)


def digest(paths: Iterable[Path]) -> str:
    """SHA-256 over names and sizes in bytes of files; tells two sets of pictures apart."""
    names = "".join(f"{path.name}:{path.stat().st_size}\n" for path in paths)
    return hashlib.sha256(names.encode()).hexdigest()


def draw_background(folder: Path | None, seed: tuple[int, ...]) -> Path | None:
    """A photograph behind half of the captures, None for the other half."""
    if folder is None:
        return None
    rng = np.random.default_rng([*seed, _BACKGROUND_STREAM])
    if rng.random() < 0.5:
        return None
    found = list_photos(folder)
    return found[int(rng.integers(len(found)))]
