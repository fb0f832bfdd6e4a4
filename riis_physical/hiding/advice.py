"""What is wrong with a host, in words, with what to do about it."""

from __future__ import annotations

import numpy as np

from riis_physical import metrics
from riis_physical.artifacts import FloatArray
from riis_physical.qr.encode import QrCode

# Hosts that carry badly; all judged on the model frame.
_DARK_LUMA = 30.0  # levels of mean luma
_FLAT_DEVIATION, _FLAT_SHARE = 1.5, 0.5  # levels of local deviation; share of the area
_CLIPPED_SHARE = 0.05  # share of samples that the residual drives out of range


def carrying_badly(frame: FloatArray, clipped_share: float, code: QrCode) -> list[str]:
    pixels = np.clip(np.rint(frame * 255), 0, 255).astype(np.uint8)
    found = []
    luma = float(metrics.luma_of(pixels).mean())
    if luma < _DARK_LUMA:
        found.append(
            f"the host is dark (mean luma {luma:.0f} of 255): print and camera lose shadows, "
            "choose a brighter picture or raise the strength"
        )
    flat = float(np.mean(metrics.local_deviation(pixels) < _FLAT_DEVIATION))
    if flat > _FLAT_SHARE:
        found.append(
            f"{flat:.0%} of the host is flat: the change may show there, "
            "look at it or choose a picture with more texture"
        )
    if clipped_share > _CLIPPED_SHARE:
        found.append(
            f"{clipped_share:.0%} of the change meets pure black or white and is lost: "
            "choose a picture with more mid-tones"
        )
    if code.level != "H":
        found.append(
            f"the message of {len(code.payload)} bytes needs error correction {code.level} "
            "in place of H and will read less surely: shorten it"
        )
    return found
