"""What one measurement of a model of pictures is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from riis_physical.artifacts import UInt8Image
from riis_physical.distortion.level import Level
from riis_physical.errors import ConfigError
from riis_physical.images import load_photo
from riis_physical.pictures import PictureModel
from training.measure.common.draws import Hosts
from training.measure.common.settings import Plain

SECRETS = ("photo", "pattern")
CELL_PX = 12


@dataclass(frozen=True)
class PictureSettings(Plain):
    """Which model, on which pictures.

    Attributes:
        model: shipped name or path of a .safetensors file.
        images: folder of pictures.
        n: hosts.
        levels: distortions, see :class:`riis_physical.distortion.level.Level`.
        size: short side that pictures are scaled down to, 0 for none.
        secret: `photo`, another picture of the folder, or `pattern`, made in code.
        seed: of the order of pictures, of edits and of noise.
        device: where the model runs.
    """

    model: str
    images: str
    n: int
    levels: tuple[str, ...]
    size: int = 384
    secret: str = "photo"
    seed: int = 0
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.n < 2:
            raise ConfigError(f"{self.n} pictures: expected at least 2")
        if self.size and self.size < 64:
            raise ConfigError(f"a short side of {self.size} px: expected at least 64, or 0 for all")
        if self.secret not in SECRETS:
            raise ConfigError(f"secret {self.secret!r}: expected one of {', '.join(SECRETS)}")
        for level in self.levels:
            if not Level.parse(level).known:
                raise ConfigError(f"distortion {level!r}: it is done, so it is known")


class Pictures:
    """Hosts, their secrets and other pictures of the settings' folder."""

    def __init__(self, settings: PictureSettings, model: PictureModel) -> None:
        """Raises TrainingError where the folder holds no picture."""
        self.settings = settings
        self.model = model
        self.hosts = Hosts(Path(settings.images), settings.seed)

    def picture(self, index: int) -> UInt8Image:
        """Picture `index`, scaled down to the settings' size."""
        pixels = load_photo(self.hosts.path(index)).pixels
        scale = self.settings.size / min(pixels.shape[:2])
        if not self.settings.size or scale >= 1:
            return pixels
        size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
        return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)

    def secrets(self, index: int) -> list[UInt8Image]:
        """What picture `index` hides: as many as the model does, none for grey hosts."""
        if self.model.is_grey:
            return []
        count = self.model.secrets
        if self.settings.secret == "pattern":
            shape = self.picture(index).shape
            return [pattern((shape[0], shape[1]), [index, n]) for n in range(count)]
        return [self.picture(index + 1 + n) for n in range(count)]


def pattern(size: tuple[int, int], seed: list[int]) -> UInt8Image:
    """Cells of strong colours (h, w, 3): a secret that differs from anything everywhere."""
    cells = (-(-size[0] // CELL_PX), -(-size[1] // CELL_PX))
    rng = np.random.default_rng(seed)
    colours = np.where(rng.random((*cells, 3)) < 0.5, 32, 224).astype(np.uint8)
    return colours.repeat(CELL_PX, axis=0).repeat(CELL_PX, axis=1)[: size[0], : size[1]]


class Loaded:
    """What measures one host after the other needs."""

    def __init__(self, settings: PictureSettings) -> None:
        """Raises RiisError: no such model, no pictures."""
        self.settings = settings
        self.model = PictureModel.load(settings.model, settings.device)
        self.pictures = Pictures(settings, self.model)
