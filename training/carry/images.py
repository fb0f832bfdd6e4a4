"""Photographs at the size that training looks at, in few bytes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image, ImageOps
from tqdm import tqdm

from riis_physical.errors import BadImageError
from riis_physical.system.files import atomic_path, make_folder
from riis_physical.system.terminal import asked_quiet
from training.hiding.material.data import FOLDER_MARK, PACKED, list_photos

SHORT_SIDE = 432
QUALITY = 85


def pack_images(
    images: Path, target: Path, short_side: int = SHORT_SIDE, quality: int = QUALITY
) -> int:
    """Write every photograph below a folder as WebP, upright, in RGB; returns how many.

    Names keep their suffix in front of the new one, so that the same photographs are held
    out. Those that are there already stay: a run that was stopped goes on.

    Args:
        short_side: larger photographs are scaled down to it, px.
        quality: of WebP.

    Raises:
        TrainingError: the folder is missing or holds no picture.
        BadImageError: a file cannot be decoded.
    """
    paths = list_photos(images)
    make_folder(target)
    left = [(path, target / packed_name(path, images)) for path in paths]
    left = [(path, place) for path, place in left if not place.exists()]

    def work() -> Iterator[None]:
        with ThreadPoolExecutor() as pool:
            yield from pool.map(lambda pair: _pack(pair[0], pair[1], short_side, quality), left)

    for _ in tqdm(
        work(), total=len(left), desc="photographs", disable=asked_quiet() or len(left) < 50
    ):
        pass
    return len(paths)


def packed_name(path: Path, images: Path) -> str:
    """Name of a photograph's copy: folders become part of it."""
    return FOLDER_MARK.join(path.relative_to(images).parts) + PACKED


def _pack(path: Path, place: Path, short_side: int, quality: int) -> None:
    try:
        with Image.open(path) as opened:
            image = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, SyntaxError) as error:
        raise BadImageError(f"{path} cannot be decoded: remove it or replace it") from error
    scale = short_side / min(image.size)
    if scale < 1:
        size = (round(image.width * scale), round(image.height * scale))
        image = image.resize(size, Image.Resampling.LANCZOS)
    with atomic_path(place) as part:
        image.save(part, "WEBP", quality=quality, method=4)
