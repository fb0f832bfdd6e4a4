"""Improve a residual for its own host, by gradient through the reveal side and fresh draws.

The network's residual is good for all hosts; one that is fitted to this host shows 1 to 2 dB
less at the same reading. What the loop contains is what the container meets: clipping,
8-bit rounding, the file's compression where it has one, and the channel. The colour of flat
areas is held (:func:`riis_physical.hiding.masking.steady`).

Every so often the residual is judged on draws that the loop does not learn from: how little
can be seen once its strength is set so that as much is read as before. The best so far is
what stays, whenever it is stopped.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from riis_physical.artifacts import FloatArray
from riis_physical.hiding.masking import container_loss, steady, visibility_mask
from riis_physical.hiding.strength.draws import Scene, batches, reaching
from riis_physical.hiding.strength.least import SLOPE, Aim, Choice, Curve, choose, predicted_rate

DEFAULT_SECONDS = 60.0
LEARNING_RATE = 0.0015
STEP_DRAWS = 6
HARD_DRAWS = 1  # of each step, where the aim is a preset
ENOUGH_NATS = 0.22
"""Cross-entropy of a draw's modules below which it reads surely."""
FUNCTION_WEIGHT = 0.5
"""Weight of modules that are the same for every message; the message's have one."""
MASK_POWER, CHROMA, COARSE, PEAKS = 1.3, 2.0, 8.0, 0.25

_SHARPNESS = 20.0  # of the softplus above ENOUGH_NATS, 1 / nats
_CHECK_EVERY, _CHECK_DRAWS = 10, 12  # steps; draws, whose least readable third counts
_FIRST_STEPS_SEED = 5_000_000  # seeds of draws that are learned from
_FRESH_SEED = 9_000_000  # of those that before and after are measured on
_FRESH_DRAWS = 24

Tell = Callable[[float], None]


@dataclass(frozen=True)
class Measured:
    """A container on fresh draws, which neither choosing nor refining has seen.

    Attributes:
        strength: factor on its residual.
        predicted: share of captures that read.
        accuracy, worst: mean and 5th percentile of the share of modules that are right.
        seen_db: PSNR with each difference weighted by how well it is seen there.
    """

    strength: float
    predicted: float
    accuracy: float
    worst: float
    seen_db: float

    def __str__(self) -> str:
        return (
            f"{self.predicted:.1%} predicted to read, modules right {self.accuracy:.1%} "
            f"(5th percentile {self.worst:.1%}), visibility-weighted PSNR {self.seen_db:.2f} dB"
        )


@dataclass(frozen=True)
class Refined:
    """What refining gave.

    Attributes:
        residual: (8N, 8N, 3) at strength 1; `choice` holds its strength.
        choice: the strength, chosen as for the residual that it began with.
        before, after: on the same fresh draws.
        kept: False where the refined one was no better, and the first one stays.
        steps: made. seconds: taken.
    """

    residual: FloatArray
    choice: Choice
    before: Measured
    after: Measured
    kept: bool
    steps: int
    seconds: float


def refine(
    scene: Scene,
    residual: FloatArray,
    choice: Choice,
    aim: Aim,
    *,
    seconds: float = DEFAULT_SECONDS,
    steps: int | None = None,
    tell: Tell = lambda share: None,
) -> Refined:
    """Less to see at the same reading, for one host.

    Args:
        scene: host and code.
        residual: (8N, 8N, 3) at strength 1.
        choice: its strength; what it reads at is held.
        aim: whose draws are those of the place that the container is made for.
        seconds: of refining; measuring comes on top. steps: at most, None for no bound.
        tell: called with the share of the work that is done.

    KeyboardInterrupt ends refining and keeps the best so far.
    """
    started = time.monotonic()
    loop = _Loop(scene, residual * np.float32(choice.strength), aim)
    try:
        while True:
            gone = time.monotonic() - started
            share = gone / seconds if steps is None else max(gone / seconds, loop.steps / steps)
            tell(min(share, 1.0))
            if share >= 1:
                break
            loop.step(share)
    except KeyboardInterrupt:
        tell(1.0)
    loop.check()
    taken = time.monotonic() - started
    best = loop.best_residual
    # The same rate as before, not the aim's: a strength that was given is a rate too.
    again = replace(aim, rate=float(np.clip(choice.with_margin, 0.02, 0.999)))
    found = choose(scene, best, again)
    before = measured(scene, residual, choice.strength, aim)
    after = measured(scene, best, found.strength, aim)
    kept = after.seen_db > before.seen_db and after.predicted >= before.predicted - 0.005
    if not kept:
        return Refined(residual, choice, before, after, False, loop.steps, taken)
    return Refined(best, found, before, after, True, loop.steps, taken)


def measured(scene: Scene, residual: FloatArray, strength: float, aim: Aim) -> Measured:
    """A residual at a strength, on fresh draws."""
    params = aim.params(scene, seed=aim.seed + _FRESH_SEED, draws=_FRESH_DRAWS)
    strong = residual * np.float32(strength)
    seen = scene.look(strong, params)
    with torch.no_grad():
        shown = scene.container(scene.tensor(strong))
        loss = float(container_loss(shown, scene.host, CHROMA, COARSE))
    return Measured(
        strength=strength,
        predicted=predicted_rate(seen.information, seen.width_px, needed=aim.needed),
        accuracy=float(seen.accuracy.mean()),
        worst=float(np.percentile(seen.accuracy, 5)),
        seen_db=-10 * math.log10(max(loss, 1e-12)),
    )


class _Loop:
    """State of refining one host."""

    def __init__(self, scene: Scene, residual: FloatArray, aim: Aim) -> None:
        self.scene, self.aim = scene, aim
        self.judge = replace(aim, draws=_CHECK_DRAWS)
        self.value = scene.tensor(residual).clone().requires_grad_(True)
        self.optimiser = torch.optim.Adam([self.value], lr=LEARNING_RATE, betas=(0.9, 0.99))
        self.mask = visibility_mask(scene.host, MASK_POWER)
        self.bits = (scene.signs + 1) / 2
        weight = np.where(scene.data, 1.0, FUNCTION_WEIGHT).astype(np.float32)
        self.weight = torch.from_numpy(weight / weight.mean()).to(scene.host.device)
        self.ranges = reaching(aim.ranges, aim.reach_px)
        self.harder = reaching("hard", aim.reach_px) if isinstance(aim.ranges, str) else None
        self.steps = 0
        self.level: float | None = None  # of reading, to be held
        self.price: float | None = None  # weight of what is seen
        self.best_cost = math.inf
        self.best_residual = residual
        self.check()

    def residual(self) -> Tensor:
        return steady(self.value)

    def seen(self, container: Tensor) -> Tensor:
        """Loss of what is seen."""
        return container_loss(
            container, self.scene.host, CHROMA, COARSE, mask=self.mask, peaks=PEAKS
        )

    def step(self, share: float) -> None:
        """One step; `share` of the work is done, and the rate falls over its last third."""
        for settings in self.optimiser.param_groups:
            settings["lr"] = LEARNING_RATE * min(1.0, 0.1 + 3 * (1 - share))
        scene, seed = self.scene, _FIRST_STEPS_SEED + self.steps
        hard = HARD_DRAWS if self.harder is not None else 0
        drawn = [scene.params(self.ranges, STEP_DRAWS - hard, seed, self.aim.medium)]
        if self.harder is not None:
            drawn.append(scene.params(self.harder, hard, seed, self.aim.medium))
        self.optimiser.zero_grad(set_to_none=True)
        with _frozen(scene):
            container = scene.container(self.residual())
            # Each group goes back by itself: one graph of all draws would not fit small machines.
            leaf = container.detach().requires_grad_(True)
            for group in (part for one in drawn for part in batches(one)):
                logits = scene.capture(leaf, group)
                nats = F.binary_cross_entropy_with_logits(
                    logits, self.bits.expand_as(logits), reduction="none"
                )
                lack = F.softplus(_SHARPNESS * ((nats * self.weight).mean((1, 2)) - ENOUGH_NATS))
                (lack.sum() / (_SHARPNESS * STEP_DRAWS)).backward()
            assert leaf.grad is not None
            read_gradient = leaf.grad
            seen = self.seen(container)
            if self.price is None:
                (pull,) = torch.autograd.grad(seen, container, retain_graph=True)
                self.price = float(read_gradient.norm() / pull.norm().clamp_min(1e-12))
            torch.autograd.backward(
                [container, seen], [read_gradient, torch.full_like(seen, self.price)]
            )
        self.optimiser.step()
        self.steps += 1
        if self.steps % _CHECK_EVERY == 0:
            self.check()

    def check(self) -> None:
        """Judge on draws that are not learned from; steer the price; keep the best.

        The cost is what would be seen at the strength at which as much is read as at the
        start: information and what is seen both rise with the strength in a known way.
        """
        with torch.no_grad():
            strong = self.residual()
            frame = strong[0].permute(1, 2, 0).contiguous().cpu().numpy()
            cost = float(self.seen(self.scene.container(strong)))
        look = Curve.measured(self.scene, frame, self.judge, at=1.0)
        level = float(np.sort(look.values(1.0))[: self.judge.draws // 3].mean())
        if self.level is None:
            self.level = level
        behind = self.level - level
        if self.price is not None:
            self.price *= math.exp(float(np.clip(-2.0 * behind, -0.5, 0.5)))
        cost *= math.exp(2 * behind / SLOPE)
        if cost < self.best_cost:
            self.best_cost, self.best_residual = cost, frame


@contextmanager
def _frozen(scene: Scene) -> Iterator[None]:
    """The network's parameters take no gradients within."""
    parameters = [p for p in scene.revealer.network.parameters() if p.requires_grad]
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)
