"""Where a container was changed: there the revealed picture is not what was hidden (section 4.4).

Who protects a picture hides a known one in it. An edit, a swapped face for example, carries
none of it: what is revealed there has nothing to do with what was hidden.

A model does not give back all of a secret alike, even of an untouched container: edges come back
worse than sky. So what was revealed is not compared with the secret but with what an untouched
container would give back: the secret is hidden once more, in the revealed host, coded at the same
quality, and revealed.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.errors import ConfigError
from riis_physical.metrics import strips
from riis_physical.pictures.hide import hide_pictures
from riis_physical.pictures.model import PictureModel
from riis_physical.pictures.reveal import RevealedPictures, reveal_pictures

REACH_PX = 8
"""Sigma of the window that errors are averaged over."""
SUSPECT = 2.5
"""So many times the picture's own error is taken for an edit."""
HARDLY_CODED = 96.0
"""JPEG quality from which what it does is not made anew; an estimate may say so of a PNG."""
LEAST_ERROR = 2.0
"""In grey levels: below it an error is rounding, however small the others are."""


@dataclass(frozen=True)
class TamperMap:
    """How little a revealed picture is like what an untouched container would give back.

    Attributes:
        heat: float32 (H, W), the local difference in units of the picture's own (its median).
        suspect: bool (H, W), where that is at least SUSPECT.
    """

    heat: FloatArray
    suspect: NDArray[np.bool_]

    @property
    def share(self) -> float:
        """Of the picture that is suspect."""
        return float(self.suspect.mean())


def tamper_map(
    revealed: RevealedPictures,
    secrets: Sequence[UInt8Image],
    model: PictureModel,
    *,
    progress: bool = False,
) -> TamperMap:
    """Where a container was changed after it was made.

    Args:
        revealed: of the container as received.
        secrets: all that were hidden, of the container's size, uint8 (H, W, 3); the first is
            looked at.

    Raises:
        ConfigError: a model of grey hosts, or secrets of another size or number.
    """
    if model.is_grey:
        raise ConfigError(
            f"{model.name} hides a picture's own colours, no known one: changes show with a model "
            "that hides other pictures"
        )
    if any(one.shape != revealed.host.shape for one in secrets):
        raise ConfigError("secrets of another size than the container: bring them to it first")
    again = hide_pictures(revealed.host, secrets, model, progress=progress).container
    intact = reveal_pictures(
        _coded(again, revealed.level.quality), model, level=revealed.level, progress=progress
    )
    return compared(revealed.secrets[0], intact.secrets[0])


def compared(revealed: UInt8Image, intact: UInt8Image) -> TamperMap:
    """The map of two pictures uint8 (H, W, 3)."""
    error = np.empty(revealed.shape[:2], np.float32)
    for rows in strips(len(error)):
        change = revealed[rows].astype(np.float32) - intact[rows]
        error[rows] = (change**2).mean(axis=2)
    error = np.asarray(cv2.GaussianBlur(error, (0, 0), REACH_PX), np.float32)
    np.sqrt(error, out=error)
    usual = max(float(np.median(error)), LEAST_ERROR)
    heat = error / np.float32(usual)
    return TamperMap(heat, heat >= SUSPECT)


def _coded(picture: UInt8Image, quality: float) -> UInt8Image:
    """A picture as its JPEG gives it back; as it is where it was hardly compressed."""
    if quality >= HARDLY_CODED:
        return picture
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=max(1, round(quality)))
    with Image.open(file) as coded:
        return np.asarray(coded.convert("RGB"), np.uint8)


def heat_picture(container: UInt8Image, found: TamperMap) -> UInt8Image:
    """The container in grey, with heat in colours over it and suspect areas outlined."""
    grey = cv2.cvtColor(container, cv2.COLOR_RGB2GRAY)
    scaled = np.clip(found.heat / (2 * SUSPECT), 0, 1)
    colours = cv2.applyColorMap((scaled * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    over = cv2.addWeighted(
        cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB),
        0.4,
        cv2.cvtColor(colours, cv2.COLOR_BGR2RGB),
        0.6,
        0,
    )
    mask = found.suspect.astype(np.uint8)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    thick = max(1, round(max(grey.shape) / 400))
    cv2.drawContours(over, outlines, -1, (0, 255, 80), thick)
    return np.asarray(over, np.uint8)
