"""Reading at the true corners: what the network reveals when nothing else fails."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from capture.geometry.rectify import MODULE_PX, rectify
from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.model.revealer import Revealer
from riis_physical.qr.code.encode import QrCode
from riis_physical.qr.soft.knowledge import NOTHING, Knowledge
from riis_physical.qr.soft.reading import read_revealed


@dataclass(frozen=True)
class TruthReading:
    """What was revealed at the true corners with the version known.

    Attributes:
        accuracy: share of modules whose sign is right.
        right: the exact message was read.
        decoder: what read it, None where nothing was.
        px_per_module: photo pixels per module along the shorter axis.
    """

    accuracy: float
    right: bool
    decoder: str | None
    px_per_module: float


def read_at_truth(
    photo: UInt8Image,
    corners: FloatArray,
    jpeg_quality: float | None,
    code: QrCode,
    revealer: Revealer,
    knowledge: Knowledge = NOTHING,
) -> TruthReading:
    """Reveal a photo at known corners and compare with the modules that were hidden.

    Args:
        photo: uint8 (H, W, 3).
        corners: xy (4, 2) of the container, clockwise from its top-left.
        jpeg_quality: from the file's tables, None where it has none.
        code: what was hidden. knowledge: what its reader knows of it.
    """
    side = MODULE_PX * code.size
    rectified = rectify(photo, corners, (side, side))
    condition = revealer.estimate(rectified.image, jpeg_quality, rectified.scale_px)
    revealed = revealer.reveal(rectified.image[None], [condition])
    accuracy = float(np.mean((revealed.logits[0] > 0) == code.modules))
    reading = read_revealed(revealed.logits[0], revealed.picture[0], code.version, knowledge)
    right = reading is not None and reading.payload == code.payload
    decoder = None if reading is None else reading.decoder
    return TruthReading(accuracy, right, decoder, rectified.scale_px)
