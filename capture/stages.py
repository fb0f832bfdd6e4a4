"""Pictures of each stage of a scan, for people who want to see what went on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from riis_physical.errors import OutputError
from riis_physical.system.files import atomic_path, check_folder, make_folder

FloatArray = NDArray[np.float32]
UInt8Image = NDArray[np.uint8]

LONG_SIDE_PX = 1600


class Stages:
    """Writes numbered PNG files into a folder, made with the first; does nothing without one."""

    def __init__(self, folder: str | Path | None) -> None:
        self.folder = None if folder is None else Path(folder)
        if self.folder is not None:
            check_folder(self.folder)

    def outlines(
        self, photo: UInt8Image, quads: list[FloatArray], chosen: FloatArray | None
    ) -> None:
        """1-detected.png: all candidates thin, the chosen one thick."""
        if self.folder is None:
            return
        self._write("1-detected.png", drawn_outlines(photo, quads, chosen))

    def revealed(
        self,
        index: int,
        rectified: FloatArray,
        enhanced: FloatArray | None,
        picture: FloatArray,
        logits: FloatArray,
    ) -> None:
        """Container, enhanced container, revealed picture and module grid."""
        if self.folder is None:
            return
        name = "" if index == 0 else f"-{index}"
        self._write(f"2-rectified{name}.png", _byte(rectified))
        if enhanced is not None:
            self._write(f"3-enhanced{name}.png", _byte(enhanced))
        self._write(f"4-revealed{name}.png", _enlarge(_byte(0.5 - 0.5 * picture), 2))
        self._write(f"5-grid{name}.png", _enlarge(np.where(logits > 0, 0, 255).astype(np.uint8), 8))

    def _write(self, name: str, image: UInt8Image) -> None:
        assert self.folder is not None
        stored = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        ok, data = cv2.imencode(".png", stored)
        if not ok:
            raise OutputError(f"cannot encode {name} of shape {image.shape} as PNG")
        with atomic_path(make_folder(self.folder) / name, force=True) as part:
            part.write_bytes(data.tobytes())


def drawn_outlines(
    photo: UInt8Image, quads: Sequence[FloatArray], chosen: FloatArray | None
) -> UInt8Image:
    """The photo, at most LONG_SIDE_PX long, with all candidates thin, the chosen one thick."""
    scale = min(1.0, LONG_SIDE_PX / max(photo.shape[:2]))
    size = (round(photo.shape[1] * scale), round(photo.shape[0] * scale))
    canvas = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)
    for quad in quads:
        _draw(canvas, quad, scale, (255, 200, 0), 1)
    if chosen is not None:
        _draw(canvas, chosen, scale, (0, 200, 60), 4)
    return canvas


def _draw(
    canvas: UInt8Image, quad: FloatArray, scale: float, colour: tuple[int, int, int], width: int
) -> None:
    points = np.rint(((quad + 0.5) * scale - 0.5) * 16).astype(np.int32)
    cv2.polylines(canvas, [points], True, colour, width, cv2.LINE_AA, 4)


def _byte(image: FloatArray) -> UInt8Image:
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)


def _enlarge(image: UInt8Image, times: int) -> UInt8Image:
    return np.asarray(np.kron(image, np.ones((times, times), np.uint8)), np.uint8)
