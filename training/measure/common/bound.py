"""The physical bound: the same message as a visible code through the same capture.

A visible black and white code whose modules are as large as the hidden ones
tells what the paper, the light and the camera leave readable at all. It is read
from the photo as any code is; where that fails, also at the true corners with a
quiet zone drawn around it, so that neither finding it nor a dark bezel counts
against the bound, and last from the mean brightness of each module.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from capture.geometry.rectify import rectify
from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.photo import photograph
from riis_physical.qr.code.encode import QrCode
from riis_physical.qr.soft.decode import read_grid
from riis_physical.qr.visible import read_visible

QUIET_ZONE = 4
_FRAME_PX = 12  # per module, of the frame that decoders see
_CELL_PX = 4  # per module, the side of the middle that its brightness is taken from


@dataclass(frozen=True)
class BoundReading:
    """What was read of the visible code.

    Attributes:
        in_photo: read from the photo alone.
        readable: read from the photo, or with the corners known.
    """

    in_photo: bool
    readable: bool


def visible_container(code: QrCode, size: tuple[int, int]) -> UInt8Image:
    """The code's modules spread over a picture (h, w, 3) of the container's size."""
    height, width = size
    fine = 2 * max(1, -(-max(size) // code.size))
    drawn = np.kron(~code.modules, np.ones((fine, fine), np.uint8)).astype(np.uint8) * 255
    light = cv2.resize(drawn, (width, height), interpolation=cv2.INTER_AREA)
    return np.repeat(light[:, :, None], 3, axis=2)


def read_bound(
    code: QrCode,
    container_size: tuple[int, int],
    params: ChannelParams,
    *,
    background: UInt8Image | None,
    size: tuple[int, int] | None,
    margin: float,
    seed: int,
) -> BoundReading:
    """Photograph the visible code as the container was, and read it by every means.

    Args:
        container_size: (h, w) of the container.
        params, background, size, margin, seed: as for `photograph`.
    """
    photo = photograph(
        visible_container(code, container_size),
        params,
        background=background,
        size=size,
        margin=margin,
        seed=seed,
    )
    if any(reading.payload == code.payload for reading in read_visible(photo.image)):
        return BoundReading(True, True)
    side = _FRAME_PX * code.size
    gray = rectify(photo.image, photo.corners, (side, side)).image.mean(axis=2)
    framed = np.pad(gray, QUIET_ZONE * _FRAME_PX, constant_values=float(gray.max()))
    dark, light = float(framed.min()), float(framed.max())
    drawn = (255 * (framed - dark) / max(light - dark, 1e-6)).round().astype(np.uint8)
    if any(reading.payload == code.payload for reading in read_visible(drawn)):
        return BoundReading(False, True)
    reading = read_grid(module_darkness(gray), code.version)
    return BoundReading(False, reading is not None and reading.payload == code.payload)


def module_darkness(gray: FloatArray) -> FloatArray:
    """Soft values (N, N), positive for dark, of a frame with _FRAME_PX pixels a module.

    Each module's middle against the light around it, since photos are lit unevenly.
    """
    size = gray.shape[0] // _FRAME_PX
    first = (_FRAME_PX - _CELL_PX) // 2
    cells = gray.reshape(size, _FRAME_PX, size, _FRAME_PX)
    middle = cells[:, first : first + _CELL_PX, :, first : first + _CELL_PX].mean(axis=(1, 3))
    middle = np.ascontiguousarray(middle, np.float32)
    around = cv2.blur(middle, (9, 9), borderType=cv2.BORDER_REFLECT)
    return np.asarray(around - middle, np.float32)
