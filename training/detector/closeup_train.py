"""Train the close look on stored composites, as :mod:`training.detector.train` the detector."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional

from capture.find.learned.closeup import CloseLook
from capture.find.learned.networks.closeup_net import CloseUpMaps, CloseUpNet
from riis_physical.artifacts import UInt8Image
from training.detector.closeups import (
    SMALLEST_PX,
    CloseUpExample,
    draw_place,
    example,
    perturbed,
)
from training.detector.loop import Settings, Task
from training.detector.material.scenes import Composites, Picture
from training.detector.targets import clockwise, stacked
from training.detector.validate import auc, corner_error, whole

WEIGHTS = {"container": 2.0}
_STREAM = 14
_CHECK_SEED = 15


@dataclass(frozen=True)
class CloseUpBatch:
    """Examples as tensors, see :class:`training.detector.closeups.CloseUpExample`."""

    images: Tensor
    sides: Tensor
    container: Tensor
    weight: Tensor


def task(out: Path, settings: Settings, device: str = "cpu") -> Task[CloseUpNet, CloseUpBatch]:
    """Learn to look closely, from the composites of a run folder.

    Raises:
        TrainingError: the folder holds no composites.
    """
    learned, checks = Composites.of(out, "scenes", "pairs"), Composites.of(out, "checks")
    return Task(
        build=CloseUpNet,
        draw=lambda step: stacked(CloseUpBatch, _draw(learned, settings, step), device),
        losses=loss_of,
        weights=WEIGHTS,
        check=lambda network: score(network, checks, device).rounded(),
        about={"scenes": len(learned)},
    )


def _draw(composites: Composites, settings: Settings, step: int) -> list[CloseUpExample]:
    """Views of twins, each pair from the same place and changed in the same way."""
    rng = np.random.default_rng([settings.seed, _STREAM, step])
    examples: list[CloseUpExample] = []
    while len(examples) < settings.batch:
        twins = composites.twins(rng)
        image, pictures = twins[0]
        drawn = draw_place(pictures, (image.shape[0], image.shape[1]), rng)
        if drawn is None:
            continue
        same = int(rng.integers(2**31))
        place, number = drawn
        alike = number is None or pictures[number].hidden == twins[1][1][number].hidden
        for shown, there in twins[:1] if alike else twins:
            one = example(shown, there, place, number, np.random.default_rng(same))
            if one is not None:
                examples.append(one)
    return examples[: settings.batch]


def loss_of(maps: CloseUpMaps, batch: CloseUpBatch) -> dict[str, Tensor]:
    """Cross-entropy of where the sides are, and of what is a container."""
    asked = batch.sides.sum(-2)
    sides = -(batch.sides * functional.log_softmax(maps.sides, dim=-2)).sum(-2)
    container = functional.binary_cross_entropy_with_logits(
        maps.container, batch.container, reduction="none"
    )
    return {
        "sides": sides.sum() / asked.sum().clamp_min(1),
        "container": (container * batch.weight).sum() / batch.weight.sum().clamp_min(1),
    }


@dataclass(frozen=True)
class CloseUpScore:
    """Figures over the pictures of composites, each looked at from corners some percent off.

    Attributes:
        pictures: how many. start: median error of the corners given, the largest of four as
            a share of the width. error: median after two looks. within_2, within_5: share
            with at most that many percent. auc: chance that a container's score is above
            an ordinary picture's. auc_place: the same against places without a picture.
    """

    pictures: int
    start: float
    error: float
    within_2: float
    within_5: float
    auc: float
    auc_place: float

    def rounded(self) -> dict[str, Any]:
        """For JSON."""
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(self).items()}


def score(
    network: CloseUpNet,
    composites: Iterable[tuple[int, UInt8Image, Sequence[Picture]]],
    device: str = "cpu",
) -> CloseUpScore:
    """Run the close look on composites (number, image, pictures)."""
    look = CloseLook(network, device)
    starts: list[float] = []
    errors: list[float] = []
    scores: dict[str, list[float]] = {"container": [], "picture": [], "place": []}
    for number, image, pictures in composites:
        rng = np.random.default_rng([_CHECK_SEED, number])
        size = (image.shape[0], image.shape[1])
        for picture in whole(pictures, size, SMALLEST_PX):
            place = perturbed(clockwise(picture.corners), rng)
            found = look.look(image, [place])[0]
            starts.append(corner_error(place, picture))
            errors.append(1.0 if found is None else corner_error(found.corners, picture))
            kind = "container" if picture.hidden else "picture"
            scores[kind].append(0.0 if found is None else found.container)
        drawn = draw_place(pictures, size, rng)
        if drawn is not None and drawn[1] is None:
            found = look.look(image, [drawn[0]])[0]
            scores["place"].append(0.0 if found is None else found.container)
    off = np.array(errors or [1.0])
    return CloseUpScore(
        pictures=len(errors),
        start=float(np.median(starts or [1.0])),
        error=float(np.median(off)),
        within_2=float((off < 0.02).mean()),
        within_5=float((off < 0.05).mean()),
        auc=auc(scores["container"], scores["picture"]),
        auc_place=auc(scores["container"], scores["place"]),
    )
