"""Frozen values handed from one stage to the next.

Conventions: images are uint8 RGB arrays (H, W, 3) outside the network and
float32 sRGB tensors (B, 3, H, W) in [0, 1] inside it. Points are (x, y) at
pixel centres (the centre of the first pixel is (0, 0)), quadrilaterals are
clockwise from the printed top-left, sizes are (h, w).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

UInt8Image = NDArray[np.uint8]
FloatArray = NDArray[np.float32]


class Status(StrEnum):
    """What became of one photograph, or of one container in it."""

    DECODED = "decoded"
    NO_CONTAINER = "no_container"
    UNREADABLE = "unreadable"
    BAD_IMAGE = "bad_image"


@dataclass(frozen=True)
class Condition:
    """Distortion level that modulates the coupling factors (paper section 3.6).

    Attributes:
        blur: Gaussian sigma, in pixels of a container 512 px wide.
        noise: standard deviation of pixel noise, sRGB units of a [0, 1] range.
        jpeg_quality: 1 to 100; 100 where the photo was never compressed.
        scale_px: photo pixels per QR module along the shorter axis.
    """

    blur: float
    noise: float
    jpeg_quality: float
    scale_px: float


@dataclass(frozen=True)
class ScanResult:
    """Outcome for one container, or for a photo without any.

    Attributes:
        photo: the path as given.
        status: see :class:`Status`.
        payload: message bytes, None unless decoded.
        corners: xy (4, 2) outer corners in the upright photo, None where
            nothing was found.
        decoder: name of the decoder that succeeded.
        confidence: in [0, 1].
        condition: estimated distortion level, None where nothing was found.
        timings_ms: milliseconds by stage.
        index: number of the container within its photo, from 0.
        model: name of the model that revealed it.
        detail: one line for people: why it failed, what to do.
    """

    photo: str
    status: Status
    payload: bytes | None = None
    corners: FloatArray | None = None
    decoder: str | None = None
    confidence: float = 0.0
    condition: Condition | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)
    index: int = 0
    model: str | None = None
    detail: str = ""

    @property
    def text(self) -> str | None:
        """The message as text, None where it is absent or no valid UTF-8."""
        if self.payload is None:
            return None
        try:
            return self.payload.decode("utf-8")
        except UnicodeDecodeError:
            return None
