"""A revealer that hides and reveals without a network, and scans that answer by rote."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from riis_physical.artifacts import Condition, FloatArray, RevealedGrid, ScanResult, Status

MODULE_PX = 8
AMPLITUDE = 0.12


class FakeRevealer:
    """Darkens dark modules, brightens light ones; reveals by brightness against the surround."""

    name = "fake-1"
    record: dict[str, object] = {"name": "fake-1", "sha256": "0" * 64, "released": False}
    module_px = MODULE_PX

    def embed(self, host_frame: FloatArray, modules: np.ndarray) -> FloatArray:
        """Residual (8N, 8N, 3)."""
        signs = np.where(modules, -AMPLITUDE, AMPLITUDE).astype(np.float32)
        return np.repeat(np.kron(signs, np.ones((8, 8), np.float32))[:, :, None], 3, axis=2)

    def reveal(self, frames: FloatArray, conditions: Sequence[Condition | None]) -> RevealedGrid:
        """Mean of each module's middle against its neighbourhood."""
        batch, height, width, _ = frames.shape
        gray = frames.mean(axis=3).reshape(batch, height // 8, 8, width // 8, 8)
        cells = gray[:, :, 2:6, :, 2:6].mean(axis=(2, 4)).astype(np.float32)
        around = np.stack([cv2.blur(cell, (7, 7)) for cell in cells])
        logits = (around - cells) / AMPLITUDE
        picture = np.kron(np.clip(logits, -1, 1), np.ones((1, 4, 4), np.float32))
        return RevealedGrid(logits, picture, frames)

    def estimate(self, frame: FloatArray, jpeg_quality: float | None, scale_px: float) -> Condition:
        """No distortion but the scale."""
        return Condition(0.5, 0.01, jpeg_quality or 100.0, scale_px)


def write_hosts(folder: Path, count: int, size: tuple[int, int] = (320, 400)) -> Path:
    """Smooth pictures in mid-tones, in which the fake reveals well."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        rng = np.random.default_rng(number)
        coarse = rng.uniform(90, 165, (3, 4, 3)).astype(np.float32)
        pixels = cv2.resize(coarse, (size[1], size[0]), interpolation=cv2.INTER_CUBIC)
        Image.fromarray(pixels.round().astype(np.uint8)).save(folder / f"{number:02}.png")
    return folder


def no_container(
    path: str, revealers: object, corners: object, _known: object = None
) -> list[ScanResult]:
    """A scan that finds nothing."""
    return [ScanResult(path, Status.NO_CONTAINER, timings_ms={"detect": 1.0})]
