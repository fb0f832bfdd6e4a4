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
    SKIPPED = "skipped"


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
class RevealedGrid:
    """Revealed secrets of a batch.

    Attributes:
        logits: (B, h, w) one value a module, positive for dark.
        picture: (B, h * s, w * s) revealed pictures about [-1, 1], +1 for dark.
        enhanced: (B, H, W, 3) containers as the enhancement module cleaned them.
    """

    logits: FloatArray
    picture: FloatArray
    enhanced: FloatArray


@dataclass(frozen=True)
class CaptureQuality:
    """How well a container was captured, for people and for weighing photos.

    Attributes:
        width_px: width of the container in the photo: mean of its upper and lower side.
        module_px: photo pixels per QR module along the shorter axis.
        blur: sigma of all blur together, in pixels of a container 512 px wide.
        blur_px: the same in photo pixels.
        motion_px: length of the motion blur in photo pixels; None where blur is
            absent or cannot be told from defocus.
        motion_deg: direction of that motion in the photo, 0 to 180, clockwise
            from horizontal; None with `motion_px`.
        noise: standard deviation of pixel noise, sRGB units of a [0, 1] range.
        file_jpeg_quality: 1 to 100 from the file's own quantisation tables;
            None where the file is no JPEG, or there is no file.
        jpeg_quality: 1 to 100, effective: the worse of the file's and of what
            the pixels show, which may have been compressed before; 100 where
            neither is known.
        level: mean level of the container, sRGB, 0 to 1.
        clipped: share of the container that is burnt out to white.
        dark: share of the container that is almost black.
        glare: share of the container under a bright, washed-out patch.
        glare_place: where that is, "upper right" for example, as seen in the
            photo; None without glare.
        angle_deg: between the line of sight and the container's normal, 0 to
            90; 0 is straight on. From the corners, for a phone's usual lens.
        uneven: fall of light across the container, 0 (even) to 1: 1 minus the
            ratio of the darker side's light to the brighter side's.
    """

    width_px: float
    module_px: float
    blur: float
    blur_px: float
    motion_px: float | None
    motion_deg: float | None
    noise: float
    file_jpeg_quality: float | None
    jpeg_quality: float
    level: float
    clipped: float
    dark: float
    glare: float
    glare_place: str | None
    angle_deg: float
    uneven: float


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
        found_by: which step of detection found the container, None where none was.
        quality: how well it was captured, None where nothing was found.
        corrected: whether a device profile's correction was used for what was found.
        by: what is known of the message that told most: ``code`` alone, ``text``, a given
            ``beginning`` or a given ``list``; None unless decoded.
        evidence_bits: bits that the photo speaks for the message, see
            :mod:`riis_physical.qr.soft.evidence`; None unless decoded.
        mirrored: whether the photo shows the container mirrored.
        fault: what is wrong with the photo's file although it was read; empty for nothing.
        matched: the reference picture, or the number of the markers, that gave the place.
        outside: share of the container that lies beyond the photo's edges.
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
    found_by: str | None = None
    quality: CaptureQuality | None = None
    corrected: bool = False
    by: str | None = None
    evidence_bits: float | None = None
    mirrored: bool = False
    fault: str = ""
    matched: str | None = None
    outside: float = 0.0

    @property
    def text(self) -> str | None:
        """The message as text, None where it is absent or no valid UTF-8."""
        if self.payload is None:
            return None
        try:
            return self.payload.decode("utf-8")
        except UnicodeDecodeError:
            return None
