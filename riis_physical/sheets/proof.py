"""Soft proof: what a printer's colours leave of a container, and whether its message survives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

from riis_physical.artifacts import UInt8Image
from riis_physical.channel import sample_params
from riis_physical.hiding import to_frame
from riis_physical.hiding.target_rate import DISPLAY_PX, Rate, read_capture
from riis_physical.model.revealer import Revealer
from riis_physical.qr.soft.reading import read_revealed
from riis_physical.sheets.profiles import Profile, converted, srgb
from riis_physical.system.files import atomic_path

VISIBLE_DE = 3.0  # CIEDE2000 from which a change of colour is seen side by side
COMPARED_PX = 512  # longer side of the copies on which colours are compared
CAPTURES = 10
# The proof costs too much where so much smaller a share of captures reads.
LEAST_SHARE_KEPT = 0.8
VERSIONS = (4, 3, 5, 6, 2, 7, 8, 9, 10, 1)


@dataclass(frozen=True)
class Proof:
    """A container as a printer shows it.

    Attributes:
        original, proofed: uint8 (H, W, 3) sRGB.
        changed_share: of the picture, what changes by more than VISIBLE_DE.
        mean_de, p95_de: CIEDE2000 between original and proof.
        is_container: whether a message reads from the original at all.
        reads: whether the same message reads from the proof.
        plain, printed: simulated captures of original and proof that read; None where
            the original holds no message.
    """

    original: UInt8Image
    proofed: UInt8Image
    changed_share: float
    mean_de: float
    p95_de: float
    is_container: bool
    reads: bool
    plain: Rate | None = None
    printed: Rate | None = None

    @property
    def survives(self) -> bool:
        """Whether the message reads from the proof, and from captures about as often."""
        if not self.reads or self.plain is None or self.printed is None:
            return self.reads
        return self.printed.hits >= LEAST_SHARE_KEPT * self.plain.hits


def soft_proof(
    pixels: UInt8Image, icc_profile: bytes | None, printer: Profile, revealer: Revealer
) -> Proof:
    """Send a container through a printer's profile and back, and read it.

    Colours are converted relative to the paper's white with black point compensation, as
    a print shop does for photographs. The captures are of preset `normal`, prints, with
    the true outline known; original and proof see the same ones.

    Args:
        pixels: uint8 (H, W, 3) in the colours of `icc_profile`, sRGB where it is None.
        printer: RGB or CMYK profile with tables or a matrix both ways.

    Raises:
        ConfigError: colours cannot be converted to the profile and back.
    """
    original = converted(pixels, icc_profile, None)
    proofed = converted(pixels, icc_profile, printer)
    error = colour_error(original, proofed)
    found = _message(original, revealer)
    figures = {
        "original": original,
        "proofed": proofed,
        "changed_share": float((error > VISIBLE_DE).mean()),
        "mean_de": float(error.mean()),
        "p95_de": float(np.percentile(error, 95)),
    }
    if found is None:
        return Proof(**figures, is_container=False, reads=False)  # type: ignore[arg-type]
    payload, version = found
    return Proof(
        **figures,  # type: ignore[arg-type]
        is_container=True,
        reads=_read(proofed, version, revealer) == payload,
        plain=_captured(original, payload, version, revealer),
        printed=_captured(proofed, payload, version, revealer),
    )


def colour_error(one: UInt8Image, other: UInt8Image) -> NDArray[np.float64]:
    """CIEDE2000 between two sRGB pictures, (h, w), on copies of at most COMPARED_PX."""
    scale = min(1.0, COMPARED_PX / max(one.shape[:2]))
    size = tuple(max(1, round(side * scale)) for side in (one.shape[1], one.shape[0]))
    small = [cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in (one, other)]
    return np.asarray(deltaE_ciede2000(rgb2lab(small[0]), rgb2lab(small[1])), np.float64)


def save_proof(path: Path, proof: Proof, *, force: bool = False) -> None:
    """Write original, proof and, in red, what changes visibly, side by side as PNG.

    Raises:
        OutputError: the file exists and `force` is off, or cannot be written.
    """
    height, width = proof.original.shape[:2]
    error = colour_error(proof.original, proof.proofed).astype(np.float32)
    changed = cv2.resize(error, (width, height), interpolation=cv2.INTER_LINEAR) > VISIBLE_DE
    marked = np.repeat(proof.proofed.mean(axis=2, keepdims=True), 3, axis=2)
    marked[changed] = 0.4 * marked[changed] + 0.6 * np.array([255.0, 0, 0])
    sheet = np.hstack([proof.original, proof.proofed, marked.astype(np.uint8)])
    with atomic_path(path, force=force) as part:
        Image.fromarray(sheet).save(part, "PNG", icc_profile=srgb().data)


def _read(pixels: UInt8Image, version: int, revealer: Revealer) -> bytes | None:
    """The message in a container's own pixels at a QR version."""
    frame = to_frame(pixels, (17 + 4 * version) * revealer.module_px)
    revealed = revealer.reveal(frame[None], [None])
    reading = read_revealed(revealed.logits[0], revealed.picture[0], version)
    return None if reading is None else reading.payload


def _message(pixels: UInt8Image, revealer: Revealer) -> tuple[bytes, int] | None:
    """Message and QR version of a container's own pixels."""
    for version in VERSIONS:
        payload = _read(pixels, version, revealer)
        if payload is not None:
            return payload, version
    return None


def _captured(pixels: UInt8Image, payload: bytes, version: int, revealer: Revealer) -> Rate:
    size = 17 + 4 * version
    square = to_frame(pixels, size * DISPLAY_PX)
    container = torch.from_numpy(square).permute(2, 0, 1)[None].contiguous()
    hits = 0
    for number in range(CAPTURES):
        generator = torch.Generator().manual_seed(number)
        params = sample_params("normal", 1, generator, medium="print", modules_total=size)
        params = params.override(aspect=pixels.shape[0] / pixels.shape[1])
        hits += read_capture(container, params, version, revealer) == payload
    return Rate(hits, CAPTURES)
