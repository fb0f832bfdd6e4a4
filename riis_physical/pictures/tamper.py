"""Where a container was changed: there the revealed picture is not what was hidden (section 4.4).

Who protects a picture hides a known one in it. An edit, a swapped face for example, carries
none of it: what is revealed there has nothing to do with what was hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.errors import BadImageError
from riis_physical.metrics import strips

REACH_PX = 8
"""Sigma of the window that errors are averaged over."""
SUSPECT = 2.5
"""So many times the picture's own error is taken for an edit."""
LEAST_ERROR = 2.0
"""In grey levels: below it an error is rounding, however small the others are."""


@dataclass(frozen=True)
class TamperMap:
    """How little a revealed picture is like what was hidden.

    Attributes:
        heat: float32 (H, W), the local error in units of the picture's own (its median).
        suspect: bool (H, W), where that is at least SUSPECT.
    """

    heat: FloatArray
    suspect: NDArray[np.bool_]

    @property
    def share(self) -> float:
        """Of the picture that is suspect."""
        return float(self.suspect.mean())


def tamper_map(revealed: UInt8Image, hidden: UInt8Image) -> TamperMap:
    """Compare a revealed secret with the one that was hidden; both uint8 (H, W, 3).

    Raises:
        BadImageError: they are not of one size: the container was cut or scaled.
    """
    if revealed.shape != hidden.shape:
        raise BadImageError(
            f"revealed is {revealed.shape[1]} x {revealed.shape[0]} px, hidden was "
            f"{hidden.shape[1]} x {hidden.shape[0]}: the container was cut or scaled, bring it "
            "back to its size first"
        )
    error = np.empty(revealed.shape[:2], np.float32)
    for rows in strips(len(error)):
        change = revealed[rows].astype(np.float32) - hidden[rows]
        error[rows] = (change**2).mean(axis=2)
    error = np.asarray(cv2.GaussianBlur(error, (0, 0), REACH_PX), np.float32)
    np.sqrt(error, out=error)
    usual = max(float(np.median(error)), LEAST_ERROR)
    heat = error / np.float32(usual)
    return TamperMap(heat, heat >= SUSPECT)


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
