"""One picture that shows how far the scan of a photo came, with a sentence for each stage."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from capture.read.place.reveal import EVIDENCE
from capture.stages import Stages, drawn_outlines
from riis_physical.artifacts import CaptureQuality, ScanResult, Status, UInt8Image
from riis_physical.qr.soft.evidence import MESSAGE_BITS
from riis_physical.qr.soft.presence import presence_score
from riis_physical.system.files import atomic_path

FloatArray = NDArray[np.float32]

PANEL_PX, TEXT_PX, FONT_PX, EDGE_PX = 560, 120, 17, 14
LINE_CHARACTERS = 62
FOUND_BY = {
    "given": "the corners that were given",
    "fiducials": "its printed markers",
    "reference": "the reference picture",
    "learned": "the detector",
    "outline": "a border, frame or edge",
    "part": "the place of an outline's part",
    "pillar": "a picture around a pillar, unrolled",
    "contour": "a closed outline",
    "inset": "a border that shows no inner edge",
    "photo": "the edges of the photo itself",
}
INK, PAPER = (30, 30, 30), (250, 250, 248)


class Explanation(Stages):
    """Keeps the stages of a photo, with or without writing them, for one picture of them all."""

    def __init__(self, folder: str | Path | None = None) -> None:
        """As :class:`Stages`."""
        super().__init__(folder)
        self._photo: UInt8Image | None = None
        self._tried = 0
        self._parts: tuple[FloatArray, FloatArray, FloatArray] | None = None

    def outlines(
        self, photo: UInt8Image, quads: list[FloatArray], chosen: FloatArray | None
    ) -> None:
        """Keep the photo with all candidates."""
        super().outlines(photo, quads, chosen)
        self._photo = drawn_outlines(photo, quads, chosen)
        self._tried = len(quads)

    def revealed(
        self,
        index: int,
        rectified: FloatArray,
        enhanced: FloatArray | None,
        picture: FloatArray,
        logits: FloatArray,
    ) -> None:
        """Keep what was revealed of the first container."""
        super().revealed(index, rectified, enhanced, picture, logits)
        if index == 0:
            self._parts = rectified, picture, logits

    def write(
        self,
        path: Path,
        results: Sequence[ScanResult],
        work: Mapping[str, float],
        *,
        force: bool = False,
    ) -> None:
        """Write the picture as PNG.

        Args:
            results: of the photo. work: modules revealed, by step of the scan.

        Raises:
            OutputError: it cannot be written, or exists and `force` is off.
        """
        first = results[0]
        panels: list[tuple[UInt8Image, str]] = []
        if self._photo is not None:
            panels.append((self._photo, _on_finding(first, self._tried, work)))
        if self._parts is not None:
            frame, picture, logits = self._parts
            version = (len(logits) - 17) // 4
            presence = presence_score(logits, version)
            panels += [
                (_bytes(frame), _on_quality(first.quality)),
                (_bytes(0.5 - 0.5 * picture), _on_revealing(version, presence)),
                (_bytes(0.5 - 0.5 * np.tanh(logits)), _on_reading(first)),
            ]
        if not panels:
            panels = [(np.full((64, 64, 3), 128, np.uint8), first.detail)]
        sheet = _sheet(panels)
        with atomic_path(path, force=force) as part:
            sheet.save(part, "PNG")


def _on_finding(first: ScanResult, tried: int, work: Mapping[str, float]) -> str:
    modules = sum(work.values())
    places = "1 place was" if tried == 1 else f"{tried} places were"
    looked = f"{places} looked at (thin lines), {modules:.0f} modules revealed."
    if first.status is Status.NO_CONTAINER:
        return f"1. Finding: {looked} {first.detail[:1].upper()}{first.detail[1:]}."
    mirrored = ", mirrored" if first.mirrored else ""
    by = FOUND_BY.get(str(first.found_by), first.found_by)
    return f"1. Finding: {looked} A container (thick) was found{mirrored} by {by}."


def _on_quality(quality: CaptureQuality | None) -> str:
    if quality is None:
        return "2. Straightened."
    motion = f", {quality.motion_px:.1f} px of motion" if quality.motion_px else ""
    glare = f", glare {quality.glare_place}" if quality.glare_place else ""
    return (
        f"2. Straightened: {quality.width_px:.0f} px wide, {quality.module_px:.1f} px a module, "
        f"blur {quality.blur_px:.1f} px{motion}, noise {100 * quality.noise:.1f} %, level "
        f"{quality.level:.2f}, {quality.angle_deg:.0f} degrees off, JPEG quality "
        f"{quality.jpeg_quality:.0f}{glare}."
    )


def _on_revealing(version: int, presence: float) -> str:
    return (
        f"3. Revealed as version {version}: it agrees by {presence:.2f} of 1 with the patterns "
        f"that every code has. From {EVIDENCE:g} on it counts as a container even unread."
    )


def _on_reading(first: ScanResult) -> str:
    if first.payload is None:
        return f"4. Soft modules, grey where unsure. Not read: {first.detail}."
    bits = 0.0 if first.evidence_bits is None else first.evidence_bits
    return (
        f"4. Soft modules, grey where unsure. Read by {first.decoder} with {bits:.0f} bits of "
        f"evidence, of which {MESSAGE_BITS:.0f} are needed: {first.text!r}."
    )


def _sheet(panels: Sequence[tuple[UInt8Image, str]]) -> Image.Image:
    across = min(2, len(panels))
    down = -(-len(panels) // across)
    width, height = PANEL_PX + 2 * EDGE_PX, PANEL_PX + TEXT_PX + 2 * EDGE_PX
    sheet = Image.new("RGB", (across * width, down * height), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(FONT_PX)
    for number, (picture, text) in enumerate(panels):
        left = (number % across) * width + EDGE_PX
        top = (number // across) * height + EDGE_PX
        scale = PANEL_PX / max(picture.shape[:2])
        size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
        shown = cv2.resize(picture, size, interpolation=how)
        sheet.paste(Image.fromarray(np.asarray(shown, np.uint8)).convert("RGB"), (left, top))
        draw.multiline_text((left, top + PANEL_PX + 8), _wrapped(text), INK, font, spacing=5)
    return sheet


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, LINE_CHARACTERS, max_lines=5, placeholder=" ..."))


def _bytes(image: NDArray[np.floating]) -> UInt8Image:
    return np.asarray(np.clip(image, 0, 1) * 255 + 0.5, np.uint8)
