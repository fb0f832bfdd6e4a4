"""The main job once, with a picture of every stage.

Photographing and scanning are passed in, so that this module stays within the
core package and tests can take their place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from riis_physical.artifacts import ScanResult, Status, UInt8Image
from riis_physical.hiding import hide
from riis_physical.images import LoadedImage, load_host, save_image
from riis_physical.images.contact_sheet import DIFFERENCE_GAIN, contact_sheet, difference
from riis_physical.system.files import atomic_path, check_writable, new_folder

if TYPE_CHECKING:
    from riis_physical.channel.photo import Photograph
    from riis_physical.model.revealer import Revealer

SHEET_NAME = "contact-sheet.png"
STAGES_FOLDER = "scan-stages"


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


def _pictures_in(folder: Path) -> list[Path]:
    return sorted(path for kind in ("*.png", "*.jpg") for path in folder.rglob(kind))


def _caption(path: Path) -> str:
    return path.stem.replace("_", " ").replace("-", " ")


def _picture(path: Path) -> UInt8Image:
    with Image.open(path) as image:
        return np.array(image.convert("RGB"))
