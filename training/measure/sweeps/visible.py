"""A visible code with the same module pitch, in the same place of the same capture.

It is printed on the sheet, or shown on the screen, where the container was, and the
sheet's margin is white on screens too: a visible code needs a light quiet zone, and a
dark bezel around it would count against the decoders. The sheet is as large as the
container's with its margin, so that place, pose and pixels per module are the same.
"""

from __future__ import annotations

import cv2
import numpy as np

from riis_physical.artifacts import UInt8Image
from riis_physical.channel.effects import geometry
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.photo import Photograph, photograph
from riis_physical.channel.scene import outline
from riis_physical.qr.code.encode import QrCode
from riis_physical.qr.decoders import DECODERS
from training.measure.common.bound import visible_container


def photograph_visible(
    code: QrCode,
    container_size: tuple[int, int],
    params: ChannelParams,
    *,
    background: UInt8Image | None,
    size: tuple[int, int],
    margin: float,
    seed: int,
) -> Photograph:
    """Photograph the visible code as the container was.

    Args:
        container_size: (h, w) of the container.
        params: as the container's photograph returned them.
        background, size, margin, seed: as for `photograph`.
    """
    border = round(margin * container_size[1])
    sheet = np.pad(
        visible_container(code, container_size),
        ((border, border), (border, border), (0, 0)),
        constant_values=255,
    )
    return photograph(
        sheet,
        of_sheet(params, margin),
        background=background,
        size=size,
        margin=0.0,
        seed=seed,
    )


def of_sheet(params: ChannelParams, margin: float) -> ChannelParams:
    """Parameters that do to the whole sheet what `params` do to the container on it.

    What is counted in widths of the container is counted in widths of the sheet.
    """
    wider = 1 + 2 * margin
    pose = geometry.pose_homography(params)
    width, _ = geometry.edge_lengths(geometry.project(pose, outline(params, margin)))
    stretch = float(width[0]) / float(params.container_width_px[0])
    aspect = float(params.aspect[0])
    tall = aspect + 2 * margin

    def inside(places: np.ndarray) -> list[float]:
        x, y = (float(v) for v in places)
        return [(x + margin) / wider, (y * aspect + margin) / tall]

    return params.override(
        aspect=tall / wider,
        container_width_px=float(width[0]),
        distance=float(params.distance[0]) / wider,
        blur_sigma=float(params.blur_sigma[0]) / stretch,
        dot_blur=float(params.dot_blur[0]) / stretch,
        motion=float(params.motion[0]) / stretch,
        curl=float(params.curl[0]) * wider,
        lens=float(params.lens[0]) * wider**2,
        gradient=float(params.gradient[0]) * wider,
        vignette=float(params.vignette[0]) * wider**2,
        shadow_pos=float(params.shadow_pos[0]) / wider,
        shadow_soft=float(params.shadow_soft[0]) / wider,
        moire_cycles=(params.moire_cycles[0] * wider).tolist(),
        glare_xy=inside(params.glare_xy[0].numpy()),
        glare_radius=float(params.glare_radius[0]) / wider,
        occlusion_xy=inside(params.occlusion_xy[0].numpy()),
    )


def read_by_each(photo: UInt8Image, payload: bytes) -> dict[str, bool]:
    """Which decoders read exactly this payload from a photo as it is."""
    gray = np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), np.uint8)
    return {
        name: any(payload in symbol.candidates for symbol in read(gray))
        for name, read in DECODERS.items()
    }
