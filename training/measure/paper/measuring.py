"""Hide in a picture, distort the file, reveal: figures of one pair of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from riis_physical.artifacts import UInt8Image
from riis_physical.distortion.level import Level
from riis_physical.metrics import psnr, ssim
from training.measure.common.records import Record
from training.measure.paper.data import Pairs, measured_paths
from training.measure.paper.distorting import distorted_file
from training.measure.paper.making import Trained, network_of
from training.measure.paper.models import BY_NAME
from training.measure.paper.settings import PaperSettings


@dataclass(frozen=True)
class PairRecord(Record):
    """One model's answer to one pair under one distortion, measured on 8-bit files.

    Attributes:
        model: key of the Trained. plan, seed: of it.
        pair: index. distortion: of the container.
        container_psnr, container_ssim: against the host, before the distortion.
        secret_psnr, secret_ssim: mean over the secrets.
    """

    model: str
    plan: str
    seed: int
    pair: int
    distortion: str
    container_psnr: float
    container_ssim: float
    secret_psnr: float
    secret_ssim: float


@dataclass(frozen=True)
class Answer:
    """Pictures uint8 (H, W, 3) of one pair under one distortion."""

    host: UInt8Image
    secrets: list[UInt8Image]
    container: UInt8Image
    received: UInt8Image
    revealed: list[UInt8Image]


_Hidden = tuple[UInt8Image, list[UInt8Image], UInt8Image, torch.Size]


class Measurer:
    """Hides and reveals; a runner of pool.run_tasks."""

    def __init__(self, settings: PaperSettings) -> None:
        """Raises RiisError: no pictures."""
        self.settings = settings
        self.pairs = Pairs(measured_paths(Path(settings.data)), settings.size, settings.crop)
        self._last: tuple[Any, Any] = (None, None)

    def run(self, key: str, plan: str, seed: int, pair: int) -> Iterator[PairRecord]:
        """All distortions of one pair."""
        for distortion in BY_NAME[plan].tested:
            answer = self.answer(plan, seed, pair, distortion)
            secret = [
                (psnr(a, b), ssim(a, b))
                for a, b in zip(answer.secrets, answer.revealed, strict=True)
            ]
            yield PairRecord(
                key,
                plan,
                seed,
                pair,
                distortion,
                psnr(answer.host, answer.container),
                ssim(answer.host, answer.container),
                float(np.mean([one for one, _ in secret])),
                float(np.mean([one for _, one in secret])),
            )

    @torch.no_grad()
    def answer(self, plan: str, seed: int, pair: int, distortion: str) -> Answer:
        """The pictures of one pair under one distortion; the same call gives the same pixels."""
        network, known = _network(self.settings.folder(plan, seed)), BY_NAME[plan]
        host, secrets, container, shape = self._hidden(plan, seed, pair)
        level = Level.parse(distortion)
        received = distorted_file(container, level, np.random.default_rng([pair, 1]))
        told = level if known.told else Level(known=False)
        z = torch.randn(shape, generator=torch.Generator().manual_seed(pair))
        condition = torch.tensor([told.values()])
        picture = network.reveal_from(_batch(received), condition, z).picture
        revealed = [_pixels(one) for one in picture.split(3, dim=1)]
        return Answer(host, secrets, container, received, revealed)

    def _hidden(self, plan: str, seed: int, pair: int) -> _Hidden:
        """Host, secrets, container and the shape of z; once for all distortions of a pair."""
        if self._last[0] != (plan, seed, pair):
            network, count = _network(self.settings.folder(plan, seed)), BY_NAME[plan].secrets
            host, secrets = self.pairs.host(pair), self.pairs.secrets(pair, count)
            hidden = network.hide(_batch(host), torch.cat([_batch(one) for one in secrets], dim=1))
            made = host, secrets, _pixels(hidden.container), hidden.z.shape
            self._last = (plan, seed, pair), made
        return self._last[1]


def tasks_of(models: list[Trained], n: int) -> list[tuple[str, str, int, int]]:
    """Pairs of each model."""
    return [(m.key, m.plan.name, m.seed, pair) for m in models for pair in range(n)]


@lru_cache(maxsize=2)
def _network(folder: Path):  # type: ignore[no-untyped-def]
    return network_of(folder)


def _batch(picture: UInt8Image) -> Tensor:
    return torch.from_numpy(picture.astype(np.float32) / 255).permute(2, 0, 1)[None].contiguous()


def _pixels(batch: Tensor) -> UInt8Image:
    return (batch[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().numpy()
