"""Fixed draws of the channel for one host: what hiding is judged by before anything is printed.

A draw is one simulated capture, rectified by its true corners (a little wrong, as found
corners are). Nothing is detected. Draws go through the network in batches and
gradients pass through, so that strength and refinement judge by the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.channel import capture_rectified, condition_of, sample_params
from riis_physical.channel.effects.jpeg import jpeg
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.ranges import ChannelRanges, resolve_ranges
from riis_physical.errors import ConfigError
from riis_physical.hiding.frame import resampling_matrix, to_frame
from riis_physical.model.revealer import Revealer
from riis_physical.qr.code.encode import QrCode
from riis_physical.qr.soft.presence import function_modules

DISPLAY_PX = 10
"""Container pixels a module in the simulation."""
Proof = Callable[[UInt8Image], UInt8Image]
"""What a printer's colours make of sRGB pixels (H, W, 3)."""
BATCH = 4
"""Draws that go through the network at once; more gains nothing on a CPU."""
REACH_PX = (50, 5000)
"""Widths in a photo that may be asked for."""

_GAINS = (0.5, 1.0, 2.0, 4.0, 8.0)  # of values of mean size 1, tried for the information they hold


def reaching(ranges: str | ChannelRanges, reach_px: int | None) -> ChannelRanges:
    """Ranges whose smallest container is `reach_px` wide in the photo; None: as they are.

    Raises:
        ConfigError: unknown preset, or a width out of REACH_PX.
    """
    found = resolve_ranges(ranges)
    if reach_px is None:
        return found
    if not REACH_PX[0] <= reach_px <= REACH_PX[1]:
        raise ConfigError(
            f"reach {reach_px} px: expected {REACH_PX[0]} to {REACH_PX[1]}, "
            "the width of the container in the photo"
        )
    most = max(found.container_width_px[1], 2.0 * reach_px)
    return replace(found, container_width_px=(float(reach_px), most))


def spread_params(
    ranges: ChannelRanges, count: int, seed: int, *, medium: str, modules: int, aspect: float
) -> ChannelParams:
    """Parameters of `count` draws whose widths cover their range evenly, on a log scale.

    `mixed` is as many prints as screens. Width decides most about reading, so that a
    few draws with even widths tell as much as many with chance ones.
    """
    generator = torch.Generator().manual_seed(seed)
    media = ("print", "screen") if medium == "mixed" else (medium,)
    low, high = ranges.container_width_px
    parts = []
    for place, one in enumerate(media):
        numbers = torch.arange(place, count, len(media))
        if len(numbers):
            params = sample_params(ranges, len(numbers), generator, one, modules_total=modules)
            widths = low * (high / low) ** ((numbers + 0.5) / count)
            parts.append(params.override(container_width_px=widths, aspect=aspect))
    return ChannelParams.joined(parts)


@dataclass(frozen=True)
class Seen:
    """What draws show of a code.

    Attributes:
        logits: (B, N, N) soft module values, positive for dark.
        accuracy: (B,) share of the message's modules with the right sign.
        information: (B,) bits a module of the message that the values hold, at most 1:
            1 - mean log2(1 + exp(-a l)) of the values l with the sign of the truth, at
            the best of a few gains a. An unsure module costs less than a wrong one.
        width_px: (B,) of the container in the photo.
    """

    logits: FloatArray
    accuracy: FloatArray
    information: FloatArray
    width_px: FloatArray


class Scene:
    """One host and code at the sizes of the simulation.

    Attributes:
        frame: (8N, 8N, 3) float32, the host in the model frame.
        side: of the model frame, px.
    """

    def __init__(
        self,
        host: UInt8Image,
        code: QrCode,
        revealer: Revealer,
        file_quality: int | None = None,
        proof: Proof | None = None,
    ) -> None:
        """One host, and what becomes of its container before it is printed.

        Args:
            host: uint8 (H, W, 3).
            file_quality: of the JPEG that will be stored, None for none.
            proof: of the printer, None for one that shows all colours.
        """
        self.code, self.revealer = code, revealer
        self.side = code.size * revealer.module_px
        shown = code.size * DISPLAY_PX
        self.frame = to_frame(host, self.side)
        self.aspect = host.shape[0] / host.shape[1]
        self.file_quality, self.proof = file_quality, proof
        self.file_scale = min(1.0, shown / min(host.shape[:2]))
        small = cv2.resize(host.astype(np.float32), (shown, shown), interpolation=cv2.INTER_AREA)
        device = revealer.device
        self.host = torch.from_numpy(small / np.float32(255)).permute(2, 0, 1)[None].to(device)
        self.grow = torch.from_numpy(resampling_matrix(shown, self.side)).to(device)
        signs = torch.from_numpy(np.where(code.modules, 1.0, -1.0).astype(np.float32))
        self.signs = signs.to(device)
        self.data = ~function_modules(code.version)[0]

    def params(self, ranges: ChannelRanges, count: int, seed: int, medium: str) -> ChannelParams:
        """As :func:`spread_params`, for this host's aspect and code."""
        return spread_params(
            ranges, count, seed, medium=medium, modules=self.code.size, aspect=self.aspect
        )

    def tensor(self, residual: FloatArray) -> Tensor:
        """A frame residual (8N, 8N, 3) as (1, 3, 8N, 8N)."""
        values = np.ascontiguousarray(residual.transpose(2, 0, 1)[None], np.float32)
        return torch.from_numpy(values).to(self.revealer.device)

    def container(self, residual: Tensor) -> Tensor:
        """Host and residual (1, 3, 8N, 8N) as displayed, clipped and rounded to 8 bits."""
        shown = self.host + self.grow @ residual @ self.grow.T
        clamped = shown.clamp(0, 1)
        container = clamped + (torch.round(clamped * 255) / 255 - clamped).detach()
        if self.file_quality is not None:
            quality = torch.full((1,), float(self.file_quality), device=container.device)
            container = jpeg(container, quality, torch.full_like(quality, self.file_scale))
        return container

    def printed(self, container: Tensor) -> Tensor:
        """As the printer shows it; gradients pass as if it changed nothing (straight through)."""
        if self.proof is None:
            return container
        pixels = (container.detach()[0].permute(1, 2, 0) * 255).round().byte().cpu().numpy()
        shown = torch.from_numpy(self.proof(np.ascontiguousarray(pixels)).astype(np.float32) / 255)
        return container + (shown.permute(2, 0, 1)[None].to(container) - container).detach()

    def capture(self, container: Tensor, params: ChannelParams) -> Tensor:
        """Logits (B, N, N) of a container (1, 3, S, S) in every draw of `params`."""
        batch = self.printed(container).expand(params.batch, -1, -1, -1)
        seen = capture_rectified(batch, params, (self.side, self.side))
        return self.revealer.logits(seen, condition_of(params).to(seen))

    def look(self, residual: FloatArray, params: ChannelParams) -> Seen:
        """What every draw shows of the code hidden by a frame residual (8N, 8N, 3)."""
        with torch.no_grad():
            container = self.container(self.tensor(residual))
            logits = torch.cat([self.capture(container, part) for part in batches(params)])
        return self.judged(logits.cpu().numpy(), params)

    def judged(self, logits: FloatArray, params: ChannelParams) -> Seen:
        """The measures of logits (B, N, N)."""
        right = (logits * self.signs.cpu().numpy())[:, self.data].astype(np.float64)
        size = np.abs(right).mean(axis=1, keepdims=True) + 1e-9
        held = [
            1 - np.logaddexp(0, -gain * right / size).mean(axis=1) / np.log(2) for gain in _GAINS
        ]
        return Seen(
            logits=logits,
            accuracy=(right > 0).mean(axis=1).astype(np.float32),
            information=np.maximum(0, np.max(held, axis=0)).astype(np.float32),
            width_px=params.container_width_px.numpy().astype(np.float32),
        )


def batches(params: ChannelParams, size: int = BATCH) -> Iterator[ChannelParams]:
    """The draws in groups of at most `size`, in order."""
    for first in range(0, params.batch, size):
        last = min(first + size, params.batch)
        yield chosen(params, np.arange(first, last))


def chosen(params: ChannelParams, numbers: NDArray[np.integer]) -> ChannelParams:
    """Some of the draws, by number."""
    return ChannelParams.joined([params.item(int(number)) for number in numbers])
