"""Make the detector's material: containers, composites to learn from, composites to check on."""

from __future__ import annotations

import hashlib
import multiprocessing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from tqdm import tqdm

from riis_physical.errors import TrainingError
from riis_physical.model.revealer import Revealer
from riis_physical.system.files import make_folder
from riis_physical.system.processes import end_with_parent
from training.detector.material.containers import make_pairs
from training.detector.material.scenes import Scenes, store, stored_indices
from training.hiding.material.data import is_held_out, list_photos

#: One background in so many is learned from; the others are never seen in training.
LEARNED_IN = 3
CHECKS = 120
_CHECK_SEED = 1_000_000


def is_learned_background(name: str) -> bool:
    """Whether the detector may learn from the background of this name."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % LEARNED_IN == 0


@dataclass(frozen=True)
class Material:
    """Where composites come from.

    Attributes:
        images: folder of photographs, hidden in and used as walls; held-out ones
            (:func:`training.hiding.material.data.is_held_out`) are used for the checks alone.
        backgrounds: folder of rooms and streets; those of
            :func:`is_learned_background` are learned from, the others checked on.
        out: run folder. model: hides. seed: of everything drawn.
    """

    images: Path
    backgrounds: Path
    out: Path
    model: str = "auto"
    seed: int = 0

    def scenes(self, *, checks: bool) -> Scenes:
        """What composites for learning, or for checking, are drawn from."""
        photos = [p for p in list_photos(self.images) if is_held_out(p.name) == checks]
        rooms = [
            p for p in list_photos(self.backgrounds) if is_learned_background(p.name) != checks
        ]
        pairs = sorted((self.out / ("check_pairs" if checks else "pairs")).glob("*.container.png"))
        if not (rooms and photos and pairs):
            raise TrainingError(
                f"{len(photos)} pictures of {self.images}, {len(rooms)} of {self.backgrounds} and "
                f"{len(pairs)} containers are {'held out for checks' if checks else 'learned from'}"
                ": expected at least one of each, give larger folders (some 40 pictures)"
            )
        seed = self.seed + (_CHECK_SEED if checks else 0)
        return Scenes(pairs, (tuple(rooms), tuple(photos)), seed)


def make_material(material: Material, scenes: int, workers: int) -> None:
    """Make all that is missing of the pairs, `scenes` composites and the checks."""
    revealer = Revealer.load(material.model)
    for name, checks in (("pairs", False), ("check_pairs", True)):
        make_pairs(material.images, material.out / name, revealer, material.seed, held_out=checks)
    _compose(material, CHECKS, workers, checks=True)
    _compose(material, scenes, workers, checks=False)


def _compose(material: Material, count: int, workers: int, *, checks: bool) -> None:
    folder = material.out / ("checks" if checks else "scenes")
    make_folder(folder)
    there = set(stored_indices(folder))
    missing = [index for index in range(count) if index not in there]
    if not missing:
        return
    one = partial(_one, material.scenes(checks=checks), folder)
    label = "checks" if checks else "composites"
    with multiprocessing.get_context("spawn").Pool(workers, _start) as pool:
        for _ in tqdm(pool.imap(one, missing), total=len(missing), desc=label):
            pass


def _one(scenes: Scenes, folder: Path, index: int) -> None:
    store(folder, index, *scenes.make(index))


def _start() -> None:
    end_with_parent()
    torch.set_num_threads(1)
