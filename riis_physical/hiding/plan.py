"""From a host and a wish to the residual that is added: chosen, refined, lifted as needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.hiding.blacks import Lift, lifted, needed_lift
from riis_physical.hiding.frame import to_frame
from riis_physical.hiding.masking import steady
from riis_physical.hiding.refine import DEFAULT_SECONDS, Refined
from riis_physical.hiding.refine import refine as refined_residual
from riis_physical.hiding.strength.draws import Proof, Scene
from riis_physical.hiding.strength.least import Aim, Choice, choose, described
from riis_physical.qr.code.encode import QrCode

if TYPE_CHECKING:
    from riis_physical.model.revealer import Revealer

WORTH_LIFTING = 0.9
"""A lift is made where it brings the strength below this share of what it is without."""


@dataclass(frozen=True)
class Refinement:
    """How long to refine.

    Attributes:
        seconds: of refining; measuring before and after comes on top.
        steps: at most; None for no bound.
        aim: what draws to refine for where the strength is given and not chosen.
        tell: called with the share that is done, 0 to 1.
    """

    seconds: float = DEFAULT_SECONDS
    steps: int | None = None
    aim: Aim = Aim()
    tell: Callable[[float], None] = lambda share: None


@dataclass(frozen=True)
class Plan:
    """What is added to which host.

    Attributes:
        host: uint8 (H, W, 3), lifted where `lift` says so.
        residual: (8N, 8N, 3), its strength in it.
        strength: factor that is in it. choice, refined, lift: None where not asked for
            or not needed.
    """

    host: UInt8Image
    residual: FloatArray
    strength: float
    choice: Choice | None = None
    refined: Refined | None = None
    lift: Lift | None = None

    def stronger(self, factor: float) -> Plan:
        """The same with all that is added times a factor; what is predicted stays."""
        strength = self.strength * factor
        return replace(
            self,
            residual=self.residual * np.float32(factor),
            strength=strength,
            choice=None if self.choice is None else replace(self.choice, strength=strength),
        )

    @classmethod
    def made(
        cls,
        host: UInt8Image,
        code: QrCode,
        revealer: Revealer,
        strength: float | Aim,
        refine: Refinement | None = None,
        file_quality: int | None = None,
        proof: Proof | None = None,
    ) -> Plan:
        """Choose, lift and refine as asked; arguments as those of hide."""
        if not isinstance(strength, Aim) and refine is None:
            frame = to_frame(host, code.size * revealer.module_px)
            residual = steadied(revealer.embed(frame, code.modules))
            return cls(host, residual * np.float32(strength), float(strength))
        lift = None
        scene = Scene(host, code, revealer, file_quality, proof)
        residual = steadied(revealer.embed(scene.frame, code.modules))
        if isinstance(strength, Aim):
            aim, choice = strength, choose(scene, residual, strength)
            wanted = needed_lift(host)
            if wanted is not None:
                raised = Scene(lifted(host, wanted), code, revealer, file_quality, proof)
                other = steadied(revealer.embed(raised.frame, code.modules))
                found = choose(raised, other, aim)
                if better(found, choice):
                    scene, residual, choice, lift = raised, other, found, wanted
        else:
            assert refine is not None
            aim, choice = refine.aim, described(scene, residual, strength, refine.aim)
        refined = None
        if refine is not None:
            refined = refined_residual(
                scene, residual, choice, aim,
                seconds=refine.seconds, steps=refine.steps, tell=refine.tell,
            )  # fmt: skip
            residual, choice = refined.residual, refined.choice
        return cls(
            host=host if lift is None else lifted(host, lift),
            residual=residual * np.float32(choice.strength),
            strength=choice.strength,
            choice=choice,
            refined=refined,
            lift=lift,
        )


def better(lifted_choice: Choice, plain: Choice) -> bool:
    """Whether a lift is worth it: clearly less strength, or a clearly better rate."""
    if plain.limit:
        gained = lifted_choice.with_margin - plain.with_margin
        return not lifted_choice.limit or gained > 0.02
    return lifted_choice.strength < WORTH_LIFTING * plain.strength and not lifted_choice.limit


def steadied(residual: FloatArray) -> FloatArray:
    """A frame residual (8N, 8N, 3) that leaves the colour of flat areas as it is."""
    values = torch.from_numpy(np.ascontiguousarray(residual.transpose(2, 0, 1)[None]))
    return np.ascontiguousarray(steady(values)[0].permute(1, 2, 0).numpy())
