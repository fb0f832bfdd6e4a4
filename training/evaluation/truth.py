"""Reading at the true corners: what the network reveals when nothing else fails."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.qr.encode import QrCode
from riis_physical.qr.reading import read_revealed
from riis_physical.revealer import Revealer

MODULE_PX = 8


@dataclass(frozen=True)
class TruthReading:
    """What was revealed at the true corners with the version known.

    Attributes:
        accuracy: share of modules whose sign is right.
        right: the exact message was read.
        decoder: what read it, None where nothing was.
    """

    accuracy: float
    right: bool
    decoder: str | None


def read_at_truth(
    photo: UInt8Image,
    corners: FloatArray,
    jpeg_quality: float | None,
    code: QrCode,
    revealer: Revealer,
) -> TruthReading:
    """Reveal a photo at known corners and compare with the modules that were hidden.

    Args:
        photo: uint8 (H, W, 3).
        corners: xy (4, 2) of the container, clockwise from its top-left.
        jpeg_quality: from the file's tables, None where it has none.
        code: what was hidden.
    """
    frame = frame_at(photo, corners, MODULE_PX * code.size)
    condition = revealer.estimate(frame, jpeg_quality, px_per_module(corners, code.size))
    revealed = revealer.reveal(frame[None], [condition])
    accuracy = float(np.mean((revealed.logits[0] > 0) == code.modules))
    reading = read_revealed(revealed.logits[0], revealed.picture[0], code.version)
    right = reading is not None and reading.payload == code.payload
    return TruthReading(accuracy, right, None if reading is None else reading.decoder)


def frame_at(photo: UInt8Image, corners: FloatArray, side: int) -> FloatArray:
    """The quadrilateral as a square frame (side, side, 3), float32 in [0, 1], antialiased."""
    edges = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    fine = max(1, int(np.ceil(float(edges.max()) / side)))
    length = side * fine
    square = np.array([[0, 0], [length, 0], [length, length], [0, length]], np.float32) - 0.5
    to_frame = cv2.getPerspectiveTransform(corners.astype(np.float32), square.astype(np.float32))
    warped = cv2.warpPerspective(
        photo, to_frame, (length, length), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    frame = cv2.resize(warped.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(frame, np.float32) / np.float32(255)


def px_per_module(corners: FloatArray, modules: int) -> float:
    """Photo pixels per module along the shorter axis."""
    edges = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    return float(min(edges[0] + edges[2], edges[1] + edges[3])) / 2 / modules
