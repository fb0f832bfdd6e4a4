"""Records of the paper's models to figures: means over pictures, with intervals."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import t as student

from training.measure.paper.making import Trained
from training.measure.paper.measuring import PairRecord

FIGURES = ("secret_psnr", "secret_ssim", "container_psnr", "container_ssim")
FULL = "riis-star"
"""What ablations and others are compared with, pair by pair."""
Json = dict[str, Any]


def mean_over_pairs(values: Sequence[float]) -> Json:
    """Mean, its 95 % interval by Student's t, and how many pairs."""
    n, mean = len(values), float(np.mean(values))
    half = math.nan
    if n > 1:
        half = float(student.ppf(0.975, n - 1)) * float(np.std(values, ddof=1)) / math.sqrt(n)
    found = {"mean": mean, "low": mean - half, "high": mean + half}
    return {"n": n, **{k: round(v, 4) if math.isfinite(v) else None for k, v in found.items()}}


def summarise(records: Sequence[PairRecord], models: Sequence[Trained]) -> Json:
    """Figures of each plan and distortion, over the seeds that are there."""
    kept = [r for r in records if r.model in {m.key for m in models}]
    return {
        "models": [described(m) for m in models],
        "groups": _groups(kept),
        "against_full": _against(kept),
    }


def described(model: Trained) -> Json:
    """What a result says of a model."""
    return {
        "name": model.plan.name,
        "seed": model.seed,
        "method": model.plan.method,
        "secrets": model.plan.secrets,
        "trained": list(model.plan.trained),
        "started_from": model.plan.start,
        "steps": model.steps,
        "seconds": model.seconds,
        "parameters": model.parameters,
        "commit": model.commit,
        "sha256": model.digest,
    }


def _by_pair(records: Sequence[PairRecord], figure: str) -> dict[int, float]:
    """A figure of each pair, the mean over seeds; pairs come back in order."""
    each: dict[int, list[float]] = defaultdict(list)
    for record in records:
        value = getattr(record, figure)
        if value is not None:
            each[record.pair].append(value)
    return {pair: float(np.mean(each[pair])) for pair in sorted(each)}


def _groups(records: Sequence[PairRecord]) -> list[Json]:
    groups = []
    for plan, distortion in dict.fromkeys((r.plan, r.distortion) for r in records):
        own = [r for r in records if (r.plan, r.distortion) == (plan, distortion)]
        seeds = sorted({r.seed for r in own})
        groups.append(
            {
                "model": plan,
                "distortion": distortion,
                "seeds": seeds,
                **{f: mean_over_pairs(list(_by_pair(own, f).values())) for f in FIGURES},
                "secret_psnr_by_seed": [
                    round(float(np.mean([r.secret_psnr for r in own if r.seed == seed])), 3)
                    for seed in seeds
                ],
            }
        )
    return groups


def _against(records: Sequence[PairRecord]) -> list[Json]:
    """The full model's secret PSNR less another's, pair by pair, over the seeds that both have."""
    rows = []
    for plan, distortion in dict.fromkeys((r.plan, r.distortion) for r in records):
        base = plan.partition("@")[0]
        if plan == FULL or "-5" in base or base.startswith(f"{FULL}-"):
            continue
        own = [r for r in records if (r.plan, r.distortion) == (plan, distortion)]
        full = [r for r in records if (r.plan, r.distortion) == (FULL, distortion)]
        shared = {r.seed for r in own} & {r.seed for r in full}
        one = _by_pair([r for r in full if r.seed in shared], "secret_psnr")
        other = _by_pair([r for r in own if r.seed in shared], "secret_psnr")
        pairs = sorted(one.keys() & other.keys())
        if pairs:
            apart = mean_over_pairs([one[p] - other[p] for p in pairs])
            rows.append({"model": plan, "distortion": distortion, "seeds": sorted(shared), **apart})
    return rows
