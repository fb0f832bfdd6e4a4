"""Photographs and secrets for training, drawn by step so that a resumed run repeats itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor
from tqdm import tqdm

from riis_physical.artifacts import FloatArray
from riis_physical.channel.effects.sensor import to_ycc
from riis_physical.errors import BadImageError, TrainingError
from riis_physical.system.terminal import asked_quiet
from training.hiding.config import TrainConfig
from training.hiding.material.plain import blur, draw_plain

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}
LONGEST_SHORT_SIDE = 512
"""Larger photographs are scaled down to this short side when they are loaded."""

HELD_OUT_IN = 20
"""One file in so many, chosen by the hash of its name, is never trained on."""

FINDER = torch.ones(7, 7)
FINDER[1:6, 1:6] = -1
FINDER[2:5, 2:5] = 1


FOLDER_MARK = "%2F"
PACKED = ".packed.webp"
"""Ending of a copy that was made small (training.carry), behind the photograph's own name; the
mark stands there for the folders that it lay in."""


def is_held_out(name: str) -> bool:
    """Whether the file of this name is kept for validation (stable across machines)."""
    own = name.removesuffix(PACKED).rpartition(FOLDER_MARK)[2] if name.endswith(PACKED) else name
    return int(hashlib.sha256(own.encode()).hexdigest(), 16) % HELD_OUT_IN == 0


def spread(paths: list[Path], most: int) -> list[Path]:
    """At most so many of the paths, evenly spread; all of them for 0."""
    if not most or len(paths) <= most:
        return paths
    return [paths[i * len(paths) // most] for i in range(most)]


@dataclass(frozen=True)
class Photos:
    """Photographs in memory.

    Attributes:
        pixels: uint8 RGB arrays (H, W, 3).
        names: file names, in the same order.
        manifest: SHA-256 over names and sizes in bytes.
    """

    pixels: list[NDArray[np.uint8]]
    names: list[str]
    manifest: str


def list_photos(folder: Path) -> list[Path]:
    """Picture files below a folder, sorted.

    Raises:
        TrainingError: the folder is missing or holds no picture.
    """
    if not folder.is_dir():
        raise TrainingError(f"{folder} is no folder: name a folder of photographs with --images")
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    if not paths:
        raise TrainingError(
            f"{folder} holds no picture ({', '.join(sorted(SUFFIXES))}): add photographs"
        )
    return paths


def load_photos(paths: list[Path], least_px: int) -> Photos:
    """Decode photographs upright, in RGB, at a short side of at most 512 px.

    Raises:
        BadImageError: a file cannot be decoded.
        TrainingError: every file is smaller than least_px.
    """
    digest = hashlib.sha256()
    pixels, names = [], []
    for path in tqdm(
        paths, desc="photographs", leave=False, disable=asked_quiet() or len(paths) < 50
    ):
        try:
            with Image.open(path) as opened:
                image = ImageOps.exif_transpose(opened).convert("RGB")
        except (OSError, SyntaxError) as error:
            raise BadImageError(f"{path} cannot be decoded: remove it or replace it") from error
        if min(image.size) < least_px:
            continue
        scale = LONGEST_SHORT_SIDE / min(image.size)
        if scale < 1:
            size = (round(image.width * scale), round(image.height * scale))
            image = image.resize(size, Image.Resampling.LANCZOS)
        pixels.append(np.asarray(image))
        names.append(path.name)
        digest.update(f"{path.name}:{path.stat().st_size}\n".encode())
    if not pixels:
        raise TrainingError(f"all {len(paths)} pictures are smaller than {least_px} px")
    return Photos(pixels, names, digest.hexdigest())


def step_rng(seed: int, step: int, rank: int = 0) -> np.random.Generator:
    """Random numbers of one step: they depend on nothing that came before."""
    return np.random.default_rng([seed, step, rank])


def draw_hosts(
    photos: Photos,
    rng: np.random.Generator,
    batch: int,
    side_px: int,
    pitch: tuple[float, float],
    *,
    plain: float = 0.0,
    blurred: float = 0.0,
) -> Tensor:
    """Random crops as hosts (batch, 3, side_px, side_px) in [0, 1].

    A crop's height and width are drawn apart by up to 1.5 (containers are not
    square, their modules stretch), mirrored half of the time, and sometimes
    darkened, brightened or desaturated, for the hosts that carry badly.

    Args:
        pitch: range of the crop's side as a fraction of the photograph's short side.
        plain: share of hosts that are no photographs, see training.hiding.material.plain.
        blurred: share of photographs that are out of focus.
    """
    hosts: list[FloatArray] = []
    for _ in range(batch):
        if plain and rng.random() < plain:
            hosts.append(draw_plain(rng, side_px))
            continue
        photo = photos.pixels[rng.integers(len(photos.pixels))]
        short = min(photo.shape[:2])
        side = rng.uniform(*pitch) * short
        aspect = np.exp(rng.uniform(-0.2, 0.2))
        h = int(np.clip(side * aspect, 16, photo.shape[0]))
        w = int(np.clip(side / aspect, 16, photo.shape[1]))
        top = rng.integers(photo.shape[0] - h + 1)
        left = rng.integers(photo.shape[1] - w + 1)
        crop: NDArray[Any] = photo[top : top + h, left : left + w]
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
        shrink = min(h, w) >= side_px
        crop = cv2.resize(
            np.ascontiguousarray(crop),
            (side_px, side_px),
            interpolation=cv2.INTER_AREA if shrink else cv2.INTER_CUBIC,
        )
        host: FloatArray = (crop / np.float32(255)).astype(np.float32)
        if blurred and rng.random() < blurred:
            host = blur(rng, host)
        if rng.random() < 0.25:
            host = np.clip(host ** np.exp(rng.normal(0, 0.4)), 0, 1)
        if rng.random() < 0.1:
            grey = host.mean(axis=2, keepdims=True)
            host = grey + (host - grey) * rng.uniform(0, 1)
        hosts.append(host)
    return torch.from_numpy(np.stack(hosts).astype(np.float32)).permute(0, 3, 1, 2).contiguous()


def draw_pictures(
    photos: Photos, rng: np.random.Generator, batch: int, config: TrainConfig
) -> tuple[Tensor, Tensor]:
    """Hosts (batch, C, side, side) and their secrets (batch, 3 * n_secrets, side, side).

    Other pictures, or, with grey hosts, each picture in colour for its own grey.
    """

    def draw() -> Tensor:
        return draw_hosts(photos, rng, batch, config.patch_px, config.pitch)

    pictures = draw()
    if config.pairs == "same":
        return to_ycc(pictures)[:, :1], pictures
    return pictures, torch.cat([draw() for _ in range(config.model.n_secrets)], dim=1)


def draw_grids(rng: np.random.Generator, batch: int, side: int) -> Tensor:
    """Random module grids (batch, 1, side, side) in {-1, +1}, finder patterns at some corners."""
    grids = torch.from_numpy(rng.integers(0, 2, (batch, 1, side, side)).astype(np.float32) * 2 - 1)
    framed = -torch.ones(8, 8)
    framed[:7, :7] = FINDER
    for grid in grids[:, 0]:
        for turn in range(4):
            if rng.random() < 0.25:
                corner = torch.rot90(grid, turn)
                corner[:8, :8] = framed
    return grids
