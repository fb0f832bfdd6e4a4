"""Pictures to train on and to measure with: any folder, or a data set as it unpacks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from riis_physical.artifacts import UInt8Image
from riis_physical.errors import BadImageError, ConfigError
from training.hiding.material.data import is_held_out, list_photos

LAYOUTS = (
    ("DIV2K_train_HR", "DIV2K_valid_HR"),
    ("train2017", "val2017"),
    ("train2014", "val2014"),
    ("ILSVRC/Data/CLS-LOC/train", "ILSVRC/Data/CLS-LOC/val"),
    ("ILSVRC2012_img_train", "ILSVRC2012_img_val"),
    ("train", "val"),
)
"""Folders for training and for testing: DIV2K, COCO, ImageNet, and any data set of two parts."""


def train_folder(data: Path) -> Path:
    """What to train on; training leaves one file in twenty out."""
    found = _parts(data)
    return data if found is None else found[0]


def measured_paths(data: Path) -> list[Path]:
    """What to measure with, sorted: the test part, or what training leaves out.

    Raises:
        TrainingError: no folder, no pictures.
        ConfigError: fewer than two.
    """
    found = _parts(data)
    paths = list_photos(data if found is None else found[1])
    if found is None:
        paths = [path for path in paths if is_held_out(path.name)]
    if len(paths) < 2:
        raise ConfigError(
            f"{data} leaves {len(paths)} pictures to measure with: expected 2 or more"
        )
    return paths


def _parts(data: Path) -> tuple[Path, Path] | None:
    for train, test in LAYOUTS:
        if (data / train).is_dir() and (data / test).is_dir():
            return data / train, data / test
    return None


class Pairs:
    """Hosts and secrets in a fixed shuffled order.

    Args:
        paths: of the pictures. size, crop: see PaperSettings.
    """

    def __init__(self, paths: list[Path], size: int, crop: int) -> None:
        order = np.random.default_rng(0).permutation(len(paths))
        self.paths = [paths[int(place)] for place in order]
        self.size, self.crop = size, crop

    def host(self, index: int) -> UInt8Image:
        """The host (crop, crop, 3) of a pair."""
        return self._picture(index)

    def secrets(self, index: int, count: int) -> list[UInt8Image]:
        """So many other pictures."""
        return [self._picture(index + 1 + number) for number in range(count)]

    def _picture(self, index: int) -> UInt8Image:
        return central(self.paths[index % len(self.paths)], self.size, self.crop)


def central(path: Path, size: int, crop: int) -> UInt8Image:
    """The central square (crop, crop, 3) of a picture, scaled down to a short side of `size`.

    Raises:
        BadImageError: it cannot be decoded, or is smaller than the square.
    """
    try:
        with Image.open(path) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, SyntaxError) as error:
        raise BadImageError(f"{path} cannot be decoded: remove it or replace it") from error
    short = min(picture.size)
    if size and short > size:
        scaled = tuple(round(side * size / short) for side in picture.size)
        picture = picture.resize((scaled[0], scaled[1]), Image.Resampling.LANCZOS)
    if min(picture.size) < crop:
        raise BadImageError(f"{path} is {picture.width} x {picture.height}, smaller than {crop} px")
    left, top = (picture.width - crop) // 2, (picture.height - crop) // 2
    return np.asarray(picture.crop((left, top, left + crop, top + crop)), np.uint8)
