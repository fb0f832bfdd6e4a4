"""Batches of a run: hosts, secrets and channel, drawn by step in worker processes.

What a step needs is drawn from its number alone, so that a resumed run repeats itself and
the number of workers changes nothing. A packet is what a worker hands over: few and small
tensors, pictures in 8 bits. A batch is the same on the device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from riis_physical.channel import sample_params
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.plan import CapturePlan, plan_capture
from riis_physical.distortion.simulated import Amounts, draw_levels
from riis_physical.profile import load_profile
from training.hiding.config import TrainConfig
from training.hiding.material.data import Photos, draw_grids, draw_hosts, draw_pictures, step_rng

PREFETCH = 3  # packets that each worker makes ahead


class Request(NamedTuple):
    """What is to be drawn.

    Attributes:
        step: of the run. part: of the step, where it accumulates batches.
        roll_backs: so far, for other draws after each.
        strength: of the channel.
    """

    step: int
    part: int
    roll_backs: int
    strength: float


class Packet(NamedTuple):
    """What a worker drew.

    Attributes:
        host: (B, 3, H, W) uint8. secret: uint8 pictures, or int8 modules in {-1, +1}.
        plan: (B, K) of :meth:`CapturePlan.pack`, or of :meth:`Amounts.pack`.
        held: (B,) 1 where the item is of the preset that steering looks at.
        seed: of the step's noise. shot, coded: see :class:`Amounts`; 0 of a capture.
    """

    host: Tensor
    secret: Tensor
    plan: Tensor
    held: Tensor
    seed: int
    shot: int = 0
    coded: int = 0


@dataclass(frozen=True)
class Batch:
    """A packet on the device, as floats.

    Attributes:
        pack: what the plan's numbers are views of. plan: amounts for the digital channel.
    """

    host: Tensor
    secret: Tensor
    pack: Tensor
    plan: CapturePlan | Amounts
    held: Tensor
    seed: int


class Draws(Dataset[Packet]):
    """Packets by request, for one process of a run."""

    def __init__(self, config: TrainConfig, photos: Photos, rank: int) -> None:
        self.config, self.photos, self.rank = config, photos, rank

    def __getitem__(self, request: Request) -> Packet:
        c = self.config
        place = self.rank * c.accumulate + request.part  # as a process of its own would draw it
        rng = step_rng(c.seed + 1_000_003 * request.roll_backs, request.step, place)
        seed = int(rng.integers(2**31))
        if c.channel == "digital":
            host, secret = draw_pictures(self.photos, rng, c.batch, c)
            amounts = Amounts.of(draw_levels(c.ranges(), c.batch, request.strength, rng))
            return Packet(
                in_8_bits(host), in_8_bits(secret), amounts.pack(), torch.ones(c.batch), seed,
                amounts.shot, amounts.coded,
            )  # fmt: skip
        side = c.patch_modules
        fraction = side / c.modules_total
        pitch = (0.75 * fraction, 1.5 * fraction)
        host = draw_hosts(
            self.photos, rng, c.batch, side * c.display_px, pitch, plain=c.plain, blurred=c.blurred
        )
        secret = draw_grids(rng, c.batch, side)
        params, held = draw_params(c, side, c.batch, request.strength, seed)
        plan = planned(c, params, side)
        return Packet(in_8_bits(host), secret.char(), plan.pack(), held, seed)


def in_8_bits(pictures: Tensor) -> Tensor:
    """Pictures in [0, 1] as the files hold them."""
    return (pictures * 255).round().byte()


def planned(config: TrainConfig, params: ChannelParams, side: int) -> CapturePlan:
    """The capture of patches of so many modules along a side."""
    shown, frame = side * config.display_px, side * config.model.module_px
    return plan_capture(params, (shown, shown), (frame, frame))


class Unpacking:
    """Packets to batches on a device: pictures and numbers are sent, nothing is waited for."""

    def __init__(self, config: TrainConfig, device: torch.device) -> None:
        self.device = device
        self.like: CapturePlan | None = None
        if config.channel == "physical":
            params, _ = draw_params(config, config.patch_modules, 1, 1.0, 0)
            self.like = planned(config, params, config.patch_modules)

    def __call__(self, packet: Packet) -> Batch:
        drawn = (packet.host, packet.secret, packet.plan, packet.held)
        host, secret, pack, held = (one.to(self.device, non_blocking=True) for one in drawn)
        secret = secret.float() if secret.dtype == torch.int8 else secret.float() / 255
        plan: CapturePlan | Amounts
        if self.like is None:
            plan = Amounts.unpacked(pack, packet.shot, packet.coded)
        else:
            plan = self.like.unpacked(pack)
        return Batch(host.float() / 255, secret, pack, plan, held, packet.seed)


class Requests(Sampler[Request]):
    """Requests without end, each made when a packet is first wanted."""

    def __init__(self, first: int, parts: int, request: Callable[[int, int], Request]) -> None:
        self.first, self.parts, self.request = first, parts, request

    def __iter__(self) -> Iterator[Request]:
        step = self.first
        while True:
            for part in range(self.parts):
                yield self.request(step, part)
            step += 1


def packets(
    draws: Draws, first: int, request: Callable[[int, int], Request], workers: int, *, pinned: bool
) -> Iterator[Packet]:
    """Packets from step `first` on, in order, without end.

    Args:
        request: of a step and part; asked a few steps ahead where there are workers.
        workers: processes; 0 draws in this one.
        pinned: put them where a GPU copies from without waiting.
    """
    more: dict[str, Any] = {}
    if workers:  # forked, so that the photographs are in memory once
        more = {"multiprocessing_context": "fork", "prefetch_factor": PREFETCH}
    loader = DataLoader(
        draws,
        batch_size=None,
        sampler=Requests(first, draws.config.accumulate, request),
        num_workers=workers,
        pin_memory=pinned,
        **more,
    )
    return iter(loader)


def draw_params(
    config: TrainConfig, modules: int, batch: int, strength: float, seed: int
) -> tuple[ChannelParams, Tensor]:
    """Channel parameters for patches of so many modules along a side.

    Each item is of one of the configuration's presets, by their shares, or of one of its
    profiles, in its medium.

    Returns:
        The parameters, and (B,) 1 where the item is of the first preset or of a profile.
    """
    generator = torch.Generator().manual_seed(seed)
    if config.profiles:
        profiles = [load_profile(source) for source in config.profiles]
        sources = [(one.ranges(), one.medium, 1.0, 1.0) for one in profiles]
    else:
        sources = [
            (name, "mixed", share, float(number == 0))  # type: ignore[misc]
            for number, (name, share) in enumerate(config.presets.items())
        ]
    shares = torch.tensor([share for _, _, share, _ in sources])
    of = torch.multinomial(shares, batch, replacement=True, generator=generator)
    parts, held = [], []
    for number, (ranges, medium, _, looked_at) in enumerate(sources):
        items = int((of == number).sum())
        if items:
            parts.append(
                sample_params(
                    ranges,
                    batch=items,
                    generator=generator,
                    medium=medium,
                    strength=strength,
                    modules_total=config.modules_total,
                    modules_patch=modules,
                )
            )
            held += [looked_at] * items
    return ChannelParams.joined(parts), torch.tensor(held)
