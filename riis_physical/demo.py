"""The main job once, with a picture of every stage.

Photographing and scanning are passed in, so that this module stays within the
core package and tests can take their place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from riis_physical.artifacts import ScanResult, Status, UInt8Image
from riis_physical.hiding import hide
from riis_physical.images import LoadedImage, load_host, save_image
from riis_physical.system.files import atomic_path, check_writable, new_folder

if TYPE_CHECKING:
    from riis_physical.channel.photo import Photograph
    from riis_physical.model.revealer import Revealer

SHEET_NAME = "contact-sheet.png"
STAGES_FOLDER = "scan-stages"
#: How much the change is amplified where it is shown.
DIFFERENCE_GAIN = 10

_TILE_PX, _GAP_PX, _CAPTION_PX, _COLUMNS = 420, 16, 40, 3


@dataclass(frozen=True)
class DemoOutcome:
    """What the demo read.

    Attributes:
        text: the message as read from the photo, None where it was not read.
        version: of the QR code. psnr: dB of the container against its host.
        detail: why nothing was read.
        sheet: path of the contact sheet.
    """

    text: str | None
    version: int
    psnr: float
    detail: str
    sheet: Path


def run_demo(
    folder: Path,
    message: str,
    *,
    host: Path | None,
    revealer: Revealer,
    take_photo: Callable[[UInt8Image], Photograph],
    scan: Callable[[str, Path], Sequence[ScanResult]],
    force: bool = False,
) -> DemoOutcome:
    """Hide, photograph, scan; write the stages and one contact sheet.

    Args:
        folder: made where missing.
        host: a picture, None for the one that scikit-image ships.
        take_photo: container to photograph.
        scan: photo path and folder for its stages to results.
        force: overwrite files of an earlier run.

    Raises:
        RiisError: as `hide`; OutputError where a file exists or cannot be written.
    """
    with new_folder(folder), new_folder(folder / STAGES_FOLDER) as stages:
        return _run(folder, stages, message, host, revealer, take_photo, scan, force)


def _run(
    folder: Path,
    stages: Path,
    message: str,
    host: Path | None,
    revealer: Revealer,
    take_photo: Callable[[UInt8Image], Photograph],
    scan: Callable[[str, Path], Sequence[ScanResult]],
    force: bool,
) -> DemoOutcome:
    sheet = folder / SHEET_NAME
    names = ["1-host.png", "2-container.png", "3-difference-x10.png", "4-photo.jpg"]
    host_path, container_path, difference_path, photo_path = (folder / name for name in names)
    for path in (sheet, host_path, container_path, difference_path, photo_path):
        check_writable(path, force=force)
    old_stages = _pictures_in(stages)
    for old in old_stages:
        check_writable(old, force=force)

    loaded = sample_host() if host is None else load_host(host)
    for old in old_stages:
        old.unlink()
    hidden = hide(loaded, message, revealer=revealer)
    amplified = difference(loaded.pixels, hidden.container)
    photo = take_photo(hidden.container)
    save_image(host_path, loaded.pixels, icc_profile=loaded.icc_profile, force=force)
    save_image(container_path, hidden.container, icc_profile=loaded.icc_profile, force=force)
    save_image(difference_path, amplified, force=force)
    with atomic_path(photo_path, force=force) as part:
        part.write_bytes(photo.jpeg)

    results = scan(str(photo_path), stages)
    read = next((result for result in results if result.status is Status.DECODED), None)
    tiles = [
        ("host", loaded.pixels),
        (f"container, PSNR {hidden.psnr:.1f} dB, SSIM {hidden.ssim:.3f}", hidden.container),
        (f"difference x {DIFFERENCE_GAIN}", amplified),
        ("simulated phone photo", photo.image),
    ]
    tiles += [(_caption(path), _picture(path)) for path in _pictures_in(stages)]
    text = read.text if read is not None else None
    headline = f"read from the photo: {text}" if text is not None else "not read from the photo"
    save_image(sheet, contact_sheet(tiles, headline), force=force)
    detail = "" if read is not None else "; ".join(result.detail for result in results)
    return DemoOutcome(text, hidden.version, hidden.psnr, detail, sheet)


def sample_host() -> LoadedImage:
    """A photograph that scikit-image carries in its package: a cup of coffee."""
    from skimage import data

    return LoadedImage(np.ascontiguousarray(data.coffee()))


def difference(host: UInt8Image, container: UInt8Image) -> UInt8Image:
    """Mid-grey plus the change times DIFFERENCE_GAIN, clamped."""
    change = container.astype(np.int16) - host
    return np.clip(128 + DIFFERENCE_GAIN * change, 0, 255).astype(np.uint8)


def contact_sheet(tiles: Sequence[tuple[str, UInt8Image]], headline: str) -> UInt8Image:
    """All pictures in one, three in a row, each with its caption below."""
    shown = [Image.fromarray(_fitted(picture)) for _, picture in tiles]
    rows = [shown[i : i + _COLUMNS] for i in range(0, len(shown), _COLUMNS)]
    heights = [max(picture.height for picture in row) + _CAPTION_PX + _GAP_PX for row in rows]
    step_x, head = _TILE_PX + _GAP_PX, _CAPTION_PX + 2 * _GAP_PX
    sheet = Image.new("RGB", (_GAP_PX + _COLUMNS * step_x, head + sum(heights)), "white")
    draw = ImageDraw.Draw(sheet)
    _write(draw, (_GAP_PX, _GAP_PX), headline, 22, sheet.width - 2 * _GAP_PX)
    for number, ((caption, _), picture) in enumerate(zip(tiles, shown, strict=True)):
        row, column = divmod(number, _COLUMNS)
        left = _GAP_PX + column * step_x
        foot = head + sum(heights[: row + 1]) - _CAPTION_PX - _GAP_PX
        # At the row's foot, right above its caption.
        sheet.paste(picture, (left + (_TILE_PX - picture.width) // 2, foot - picture.height))
        _write(draw, (left, foot + 6), caption, 16, _TILE_PX)
    return np.array(sheet)


def _fitted(picture: UInt8Image) -> UInt8Image:
    """Scaled so that the longer side fills a tile; small ones keep hard edges."""
    height, width = picture.shape[:2]
    scale = _TILE_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(picture, size, interpolation=method), np.uint8)


def _write(
    draw: ImageDraw.ImageDraw, place: tuple[int, int], text: str, size: int, width: int
) -> None:
    """One line, cut where it would leave its tile."""
    font = ImageFont.load_default(size)
    text = " ".join(text.split())
    while draw.textlength(text, font) > width and len(text) > 4:
        text = text[:-4].rstrip(".") + "..."
    draw.text(place, text, fill="black", font=font)


def _pictures_in(folder: Path) -> list[Path]:
    return sorted(path for kind in ("*.png", "*.jpg") for path in folder.rglob(kind))


def _caption(path: Path) -> str:
    return path.stem.replace("_", " ").replace("-", " ")


def _picture(path: Path) -> UInt8Image:
    with Image.open(path) as image:
        return np.array(image.convert("RGB"))
