"""Pairs of hosts and their containers on disk, the material of the composites."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from riis_physical.artifacts import UInt8Image
from riis_physical.errors import HostError
from riis_physical.hiding import hide
from riis_physical.model.revealer import Revealer
from riis_physical.system.files import atomic_path, make_folder
from training.hiding.material.data import is_held_out, list_photos

_STREAM = 11
# Messages of 4 to 90 characters cover versions 1 to 9.
SHORTEST, LONGEST = 4, 90
STRENGTHS = (0.7, 1.5)
ASPECTS = (0.6, 1.6)


def make_pairs(
    images: Path, folder: Path, revealer: Revealer, seed: int, *, held_out: bool = False
) -> list[Path]:
    """Hide a random message in a random crop of every training picture.

    Args:
        images: folder of photographs.
        folder: gets NAME.host.png and NAME.container.png; those there are kept.
        revealer: hides.
        seed: of crops, messages and strengths.
        held_out: use the held-out pictures (:func:`training.hiding.material.data.is_held_out`)
            alone, in place of all others.

    Returns:
        paths of the containers, sorted by name.
    """
    made = []
    paths = [path for path in list_photos(images) if is_held_out(path.name) == held_out]
    make_folder(folder)
    for number, path in enumerate(tqdm(paths, desc="containers")):
        target = folder / f"{path.stem}.container.png"
        if not target.exists():
            rng = np.random.default_rng([seed, _STREAM, number])
            host = _crop(path, rng)
            length = int(rng.integers(SHORTEST, LONGEST + 1))
            message = "".join(chr(c) for c in rng.integers(0x21, 0x7F, length))
            try:
                hidden = hide(
                    host, message, revealer=revealer, strength=float(rng.uniform(*STRENGTHS))
                )
            except HostError:
                continue
            _write(folder / f"{path.stem}.host.png", host)
            _write(target, hidden.container)
        made.append(target)
    return made


def load_pair(container: Path) -> tuple[UInt8Image, UInt8Image]:
    """Host and container, uint8 RGB."""
    host = container.with_name(container.name.replace(".container.", ".host."))
    return _read(host), _read(container)


def _crop(path: Path, rng: np.random.Generator) -> UInt8Image:
    picture = _read(path)
    height, width = picture.shape[:2]
    aspect = float(np.exp(rng.uniform(*np.log(ASPECTS))))
    w = min(width, height / aspect) * float(rng.uniform(0.8, 1.0))
    h = w * aspect
    top = int(rng.integers(height - int(h) + 1))
    left = int(rng.integers(width - int(w) + 1))
    return picture[top : top + int(h), left : left + int(w)].copy()


def _read(path: Path) -> UInt8Image:
    data: NDArray[np.uint8] = np.fromfile(path, np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert picture is not None, path
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def _write(path: Path, picture: UInt8Image) -> None:
    ok, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    assert ok
    with atomic_path(path, force=True) as part:
        part.write_bytes(data.tobytes())
