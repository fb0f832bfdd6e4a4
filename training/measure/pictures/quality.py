"""`measure pictures`: what comes back of pictures, by the product's own hide and reveal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from riis_physical.distortion.level import Level
from riis_physical.metrics import psnr, ssim
from riis_physical.model.weights import load_record
from riis_physical.pictures import PictureModel, hide_pictures, reveal_pictures
from training.measure.common.experiment import (
    Experiment,
    PlainRecord,
    carry_out,
    check_output,
    each,
    simulated,
)
from training.measure.paper.distorting import distorted_file
from training.measure.paper.summary import mean_over_pairs
from training.measure.pictures.settings import Loaded, Pictures, PictureSettings

KIND = "pictures"
TELLING = ("told", "estimated", "blind")
FIGURES = ("secret_psnr", "secret_ssim", "container_psnr", "container_ssim")
LEVELS = (
    *("none", "sigma=1", "sigma=10", "sigma=20", "sigma=30", "sigma=50", "poisson"),
    *(f"jpeg={quality}" for quality in (40, 60, 80, 90, 95)),
)


class Measurer(Loaded):
    """Hides once and reveals under every distortion; a runner of pool.run_tasks."""

    def run(self, index: int) -> Iterator[PlainRecord]:
        """All distortions of one host."""
        host, model = self.pictures.picture(index), self.model
        made = hide_pictures(host, self.pictures.secrets(index), model)
        for distortion in self.settings.levels:
            true = Level.parse(distortion)
            rng = np.random.default_rng([self.settings.seed, index])
            received = distorted_file(made.container, true, rng)
            coded = None if true.quality == 100 else true.quality
            for how, level in zip(TELLING, (true, None, Level(known=False)), strict=True):
                back = reveal_pictures(received, model, level=level, file_quality=coded)
                pairs = list(zip(made.secrets, back.secrets, strict=True))
                yield PlainRecord(
                    {
                        "index": index,
                        "distortion": distortion,
                        "level": how,
                        "said": str(back.level),
                        "container_psnr": round(made.psnr, 4),
                        "container_ssim": round(made.ssim, 5),
                        "secret_psnr": round(float(np.mean([psnr(a, b) for a, b in pairs])), 4),
                        "secret_ssim": round(float(np.mean([ssim(a, b) for a, b in pairs])), 5),
                    }
                )


def measure_pictures(
    settings: PictureSettings, output: Path, *, workers: int = 1, force: bool = False
) -> dict[str, Any]:
    """Measure and write `output`; see :func:`carry_out`."""
    check_output(output, workers=workers, force=force)
    return carry_out(
        experiment(KIND, settings, Measurer, summarise, len(settings.levels) * len(TELLING)),
        output,
        workers=workers,
        force=force,
    )


def experiment(
    kind: str, settings: PictureSettings, make: Any, summarise_: Any, of_each: int
) -> Experiment[PlainRecord]:
    """An experiment with one task a host, which gives `of_each` records."""
    hosts = Pictures(settings, PictureModel.load(settings.model)).hosts
    tasks = [(index,) for index in range(settings.n)]

    def whole(records: Sequence[PlainRecord]) -> list[PlainRecord]:
        of = [r.values["index"] for r in records]
        return [r for r in records if of.count(r.values["index"]) == of_each]

    return Experiment(
        kind=kind,
        **simulated(settings.as_dict(), load_record(settings.model), hosts),
        settings=settings,
        make=make,
        **each(tasks, "index"),
        unit="host",
        summarise=summarise_,
        whole=whole,
        by_task=True,
    )


def summarise(records: Sequence[PlainRecord]) -> dict[str, Any]:
    """Means over hosts, with intervals, by distortion and by what the model was told."""
    rows = [r.values for r in records]
    groups = []
    for distortion, how in dict.fromkeys((r["distortion"], r["level"]) for r in rows):
        own = [r for r in rows if (r["distortion"], r["level"]) == (distortion, how)]
        figures = {name: mean_over_pairs([r[name] for r in own]) for name in FIGURES}
        groups.append({"distortion": distortion, "level": how, **figures})
    return {"groups": groups}


def lines(result: dict[str, Any]) -> Iterator[str]:
    """A result for people."""
    for group in result["groups"]:
        secret, container = group["secret_psnr"], group["container_psnr"]
        yield (
            f"{group['distortion']:<9} {group['level']:<10} secret {secret['mean']:.2f} dB "
            f"({secret['low']:.2f} to {secret['high']:.2f}), SSIM "
            f"{group['secret_ssim']['mean']:.3f}; container {container['mean']:.2f} dB; "
            f"{secret['n']} hosts"
        )
