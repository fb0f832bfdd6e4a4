"""`measure tamper`: whether edits of a container show where they were made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from riis_physical.distortion.level import Level
from riis_physical.pictures import hide_pictures, reveal_pictures, tamper_map
from training.measure.common.experiment import PlainRecord, carry_out, check_output
from training.measure.paper.distorting import distorted_file
from training.measure.paper.summary import mean_over_pairs
from training.measure.pictures.edits import EDITS, Mask, place_of
from training.measure.pictures.quality import experiment
from training.measure.pictures.settings import Loaded, PictureSettings

KIND = "tamper"
LEVELS = ("none", "jpeg=90", "jpeg=70", "sigma=5")
OTHER = 1000
"""What is spliced in comes from a host so many places on: neither host nor secret."""
FIGURES = ("auc", "found", "false")


def area_under_curve(scores: NDArray[np.floating], mask: Mask) -> float:
    """Probability that a changed pixel scores higher than an unchanged one (Mann-Whitney)."""
    ranks = rankdata(scores.ravel())
    positive = mask.ravel()
    count, rest = int(positive.sum()), int((~positive).sum())
    if not count or not rest:
        raise ValueError("the mask must hold both changed and unchanged pixels")
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * rest))


class Measurer(Loaded):
    """Edits a container in every way and looks for each edit; a runner of pool.run_tasks."""

    def run(self, index: int) -> Iterator[PlainRecord]:
        """All edits and distortions of one host."""
        host = self.pictures.picture(index)
        made = hide_pictures(host, self.pictures.secrets(index), self.model)
        other = self.pictures.picture(index + OTHER)
        for number, (name, edit) in enumerate(EDITS.items()):
            rng = np.random.default_rng([self.settings.seed, index, number])
            mask = place_of((host.shape[0], host.shape[1]), rng)
            edited = edit(made.container, other, mask, rng)
            for text in self.settings.levels:
                level = Level.parse(text)
                received = distorted_file(edited, level, rng)
                coded = None if level.quality == 100 else level.quality
                back = reveal_pictures(received, self.model, file_quality=coded)
                found = tamper_map(back, made.secrets, self.model)
                yield PlainRecord(
                    {
                        "index": index,
                        "edit": name,
                        "distortion": text,
                        "area": round(float(mask.mean()), 4),
                        "auc": round(area_under_curve(found.heat, mask), 4),
                        "found": round(float(found.suspect[mask].mean()), 4),
                        "false": round(float(found.suspect[~mask].mean()), 4),
                    }
                )


def measure_tamper(
    settings: PictureSettings, output: Path, *, workers: int = 1, force: bool = False
) -> dict[str, Any]:
    """Measure and write `output`; see :func:`carry_out`."""
    check_output(output, workers=workers, force=force)
    each = len(EDITS) * len(settings.levels)
    return carry_out(
        experiment(KIND, settings, Measurer, summarise, each),
        output,
        workers=workers,
        force=force,
    )


def summarise(records: Sequence[PlainRecord]) -> dict[str, Any]:
    """Means over hosts, with intervals, by edit and distortion, and over all edits."""
    rows = [r.values for r in records]
    groups = []
    for distortion in dict.fromkeys(r["distortion"] for r in rows):
        own = [r for r in rows if r["distortion"] == distortion]
        for edit in (*dict.fromkeys(r["edit"] for r in own), None):
            part = [r for r in own if edit in (None, r["edit"])]
            by_host: dict[int, list[dict[str, Any]]] = {}
            for row in part:
                by_host.setdefault(row["index"], []).append(row)
            figures = {
                name: _share([float(np.mean([r[name] for r in of])) for of in by_host.values()])
                for name in FIGURES
            }
            groups.append({"distortion": distortion, "edit": edit or "all", **figures})
    return {"groups": groups}


def _share(values: Sequence[float]) -> dict[str, Any]:
    """A mean over hosts; its interval ends where shares end."""
    found = mean_over_pairs(values)
    for end in ("low", "high"):
        if found[end] is not None:
            found[end] = min(1.0, max(0.0, found[end]))
    return found


def lines(result: dict[str, Any]) -> Iterator[str]:
    """A result for people."""
    for group in result["groups"]:
        auc = group["auc"]
        yield (
            f"{group['distortion']:<8} {group['edit']:<9} area under the curve {auc['mean']:.3f} "
            f"({auc['low']:.3f} to {auc['high']:.3f}); {group['found']['mean']:.0%} of the edit "
            f"and {group['false']['mean']:.1%} of the rest is suspect; {auc['n']} hosts"
        )
