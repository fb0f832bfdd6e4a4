"""What all kinds of photos are made of: containers, walls, and a capture of a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.channel.draw import sample_params
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.photo import DEFAULT_SIZE, photograph
from riis_physical.errors import HostError
from riis_physical.hiding import hide
from riis_physical.images import load_host, load_photo
from riis_physical.model.revealer import Revealer
from training.hiding.material.data import list_photos
from training.measure.common.draws import Hosts

STRENGTH = 1.5
"""Of hiding: between what `hide` chooses for an easy and for a difficult host."""


@dataclass(frozen=True)
class Case:
    """A photo and what is in it.

    Attributes:
        photo: uint8 RGB (H, W, 3).
        messages: of the containers that it shows.
    """

    photo: UInt8Image
    messages: tuple[str, ...]


@dataclass
class Material:
    """Containers and settings of one case, drawn by seed and number.

    Attributes:
        hosts: pictures. walls: photographs of rooms.
        revealer: that hides. seed: of everything.
    """

    hosts: Hosts
    walls: Sequence[Path]
    revealer: Revealer
    seed: int
    _kept: dict[int, tuple[UInt8Image, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, images: Path, backgrounds: Path, revealer: Revealer, seed: int) -> Material:
        """Raises TrainingError where a folder is missing or holds no picture."""
        return cls(Hosts(images, seed), list_photos(backgrounds), revealer, seed)

    def rng(self, index: int) -> np.random.Generator:
        """Of one case."""
        return np.random.default_rng([self.seed, index])

    def container(self, index: int) -> tuple[UInt8Image, str]:
        """A container and its message; a host that cannot carry it makes room for the next."""
        if index not in self._kept:
            message = f"https://example.org/{self.seed}/photo-{index:04}"
            for skip in range(len(self.hosts)):
                host = load_host(self.hosts.path(index + 101 * skip))
                try:
                    done = hide(host, message, revealer=self.revealer, strength=STRENGTH)
                except HostError:
                    continue
                self._kept = {
                    index: (done.container, message),
                    **dict(list(self._kept.items())[:7]),
                }
                break
        return self._kept[index]

    def wall(self, index: int) -> UInt8Image:
        """A photograph of a room."""
        place = int(self.rng(index).integers(len(self.walls)))
        return load_photo(self.walls[place]).pixels


def capture(
    picture: UInt8Image,
    wall: UInt8Image,
    rng: np.random.Generator,
    *,
    size: tuple[int, int] = DEFAULT_SIZE,
    margin: float = 0.06,
    **given: Any,
) -> tuple[UInt8Image, FloatArray, ChannelParams]:
    """A simulated photo of preset normal, the picture's corners in it and its parameters.

    Args:
        given: parameters in place of the drawn ones.
    """
    words = [int(word) for word in rng.integers(0, 2**31, 2)]
    params = sample_params("normal", 1, torch.Generator().manual_seed(words[0]))
    params = params.override(**given) if given else params
    taken = photograph(picture, params, background=wall, size=size, margin=margin, seed=words[1])
    return taken.image, taken.corners, taken.params


def fitted(picture: UInt8Image, size: tuple[int, int]) -> UInt8Image:
    """A picture scaled to (h, w)."""
    return np.asarray(
        cv2.resize(picture, (size[1], size[0]), interpolation=cv2.INTER_AREA), np.uint8
    )


Maker = Callable[[Material, int], Case]
"""Makes the case of a number."""
