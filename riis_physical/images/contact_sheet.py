"""Pictures side by side with captions, and what changed between two of them, amplified."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from riis_physical.artifacts import UInt8Image

DIFFERENCE_GAIN = 10
"""How much the change is amplified where it is shown."""

_TILE_PX, _GAP_PX, _CAPTION_PX, _COLUMNS = 420, 16, 40, 3


def difference(host: UInt8Image, container: UInt8Image, gain: int = DIFFERENCE_GAIN) -> UInt8Image:
    """Mid-grey plus the change times the gain, clamped."""
    change = container.astype(np.int16) - host
    return np.clip(128 + gain * change, 0, 255).astype(np.uint8)


def contact_sheet(tiles: Sequence[tuple[str, UInt8Image]], headline: str) -> UInt8Image:
    """All pictures in one, three in a row, each with its caption below."""
    shown = [Image.fromarray(_fitted(picture)) for _, picture in tiles]
    rows = [shown[i : i + _COLUMNS] for i in range(0, len(shown), _COLUMNS)]
    heights = [max(picture.height for picture in row) + _CAPTION_PX + _GAP_PX for row in rows]
    step_x, head = _TILE_PX + _GAP_PX, _CAPTION_PX + 2 * _GAP_PX
    sheet = Image.new("RGB", (_GAP_PX + _COLUMNS * step_x, head + sum(heights)), "white")
    draw = ImageDraw.Draw(sheet)
    _write(draw, (_GAP_PX, _GAP_PX), headline, 22, sheet.width - 2 * _GAP_PX)
    for number, ((caption, _), picture) in enumerate(zip(tiles, shown, strict=True)):
        row, column = divmod(number, _COLUMNS)
        left = _GAP_PX + column * step_x
        foot = head + sum(heights[: row + 1]) - _CAPTION_PX - _GAP_PX
        # At the row's foot, right above its caption.
        sheet.paste(picture, (left + (_TILE_PX - picture.width) // 2, foot - picture.height))
        _write(draw, (left, foot + 6), caption, 16, _TILE_PX)
    return np.array(sheet)


def _fitted(picture: UInt8Image) -> UInt8Image:
    """Scaled so that the longer side fills a tile; small ones keep hard edges."""
    height, width = picture.shape[:2]
    scale = _TILE_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(picture, size, interpolation=method), np.uint8)


def _write(
    draw: ImageDraw.ImageDraw, place: tuple[int, int], text: str, size: int, width: int
) -> None:
    """One line, cut where it would leave its tile."""
    font = ImageFont.load_default(size)
    text = " ".join(text.split())
    while draw.textlength(text, font) > width and len(text) > 4:
        text = text[:-4].rstrip(".") + "..."
    draw.text(place, text, fill="black", font=font)
