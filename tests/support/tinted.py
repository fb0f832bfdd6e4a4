"""A stand-in for the network that sees a faint colour pattern, and photos of its containers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import skimage.data
from capture_scenes import Scene, photograph_flat

from riis_physical.artifacts import Condition
from riis_physical.qr.code.encode import encode

MESSAGE = "Meet me at the old harbour at nine"
# Red up and blue down by amounts that leave the luma alone.
TINT = np.array([30.0, 0.0, -30.0 * 0.299 / 0.114])
SIZE = (900, 1200)


@dataclass(frozen=True)
class Revealed:
    """What the stand-in returns."""

    logits: np.ndarray
    picture: np.ndarray


class TintRevealer:
    """Takes red minus blue for the secret, or darkness where `luma` is set."""

    name = "tint"

    def __init__(self, *, luma: bool = False, noise: float = 0.0) -> None:
        self.luma, self.noise, self.modules = luma, noise, 0

    def reveal(self, frames: np.ndarray, conditions: Sequence[Condition | None]) -> Revealed:
        assert len(frames) == len(conditions)
        batch, height, width, _ = frames.shape
        self.modules += batch * (height // 8) * (width // 8)
        value = 0.5 - frames.mean(3) if self.luma else frames[..., 0] - frames[..., 2]
        if not self.luma:
            value = np.stack([v - cv2.GaussianBlur(v, (0, 0), 24) for v in value])
        fine = value.reshape(batch, height // 2, 2, width // 2, 2).mean((2, 4))
        logits = value.reshape(batch, height // 8, 8, width // 8, 8).mean((2, 4))
        rng = np.random.default_rng(0)
        logits = logits + self.noise * rng.normal(size=logits.shape)
        fine = fine + self.noise * rng.normal(size=fine.shape)
        return Revealed((20 * logits).astype(np.float32), np.clip(8 * fine, -1, 1))

    def estimate(self, frame: np.ndarray, jpeg_quality: float | None, scale_px: float) -> Condition:
        return Condition(0.5, 0.01, 95.0 if jpeg_quality is None else jpeg_quality, scale_px)


def host() -> np.ndarray:
    grey = np.asarray(cv2.cvtColor(skimage.data.coffee()[..., :3], cv2.COLOR_RGB2GRAY), np.float32)
    return np.repeat(100 + 0.4 * cv2.GaussianBlur(grey, (0, 0), 3)[..., None], 3, axis=2)


def container(message: str = MESSAGE) -> np.ndarray:
    """A grey picture with the code in its tint."""
    return tinted(encode(message).modules)


def tinted(modules: np.ndarray) -> np.ndarray:
    """A grey picture with modules (N, N) in its tint."""
    picture = host()
    dark = np.where(modules, 1.0, -1.0)
    signs = cv2.resize(dark, (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_NEAREST)
    return np.clip(picture + signs[..., None] * TINT, 0, 255).astype(np.uint8)


def wall() -> np.ndarray:
    rng = np.random.default_rng(8)
    stripes = np.repeat(rng.integers(60, 190, (1, 40, 1)), 20, axis=1)
    room = np.broadcast_to(stripes, (600, 800, 3)).astype(np.float32)
    return np.clip(room + rng.normal(0, 4, room.shape), 0, 255).astype(np.uint8)


def take(picture: np.ndarray, seed: int = 0, **options: object) -> Scene:
    given: dict[str, object] = {
        "size": SIZE, "width_px": 620, "angle_deg": 15, "blur": 0.5, "noise": 0.005,
        "jpeg": 95, "aged_light": False,
    }  # fmt: skip
    rng = np.random.default_rng(seed)
    return photograph_flat(picture, wall(), rng, **(given | options))


def error_px(scene: Scene, corners: np.ndarray | None) -> float:
    assert corners is not None
    return float(np.abs(corners - scene.corners).max())
