"""`riis-physical measure quality`: how well quality estimates agree with the simulation's truth.

Each of n containers is photographed once under each preset, with its sheet but not
much around it, and assessed at the true corners. The file's own JPEG tables are
withheld from the estimate from the pixels: they tell the last quality exactly.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import spearmanr

from capture.clock import Clock
from capture.geometry.rectify import Region
from capture.quality.assess import assess
from riis_physical.artifacts import CaptureQuality, Condition, UInt8Image
from riis_physical.channel import condition_of
from riis_physical.channel.effects import geometry, tone
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.photo import photograph
from riis_physical.channel.scene import outline
from riis_physical.images import jpeg_quality
from riis_physical.model.condition import denormalise_condition
from riis_physical.model.revealer import Revealer
from training.measure.capture import hide_one
from training.measure.common.draws import Hosts
from training.measure.common.experiment import Experiment, PlainRecord, carry_out, each, simulated
from training.measure.common.settings import Settings
from training.measure.reading.trial import draw_capture

KIND = "quality"
PRESETS = ("easy", "normal", "hard")
MARGIN = 0.06
LONG_PX, SHORT_PX = 1600, 1200  # largest photo
RESAMPLES = 500  # of the bootstrap
MOVED = 2.0  # px of a container 512 px wide, from which motion should be told

#: Name to (truth, estimate) of a record.
QUANTITIES: dict[str, tuple[str, str]] = {
    "blur": ("blur", "blur"),
    "blur, network": ("blur", "network_blur"),
    "noise": ("noise", "noise"),
    "noise, network": ("noise", "network_noise"),
    "jpeg quality, from the tables": ("jpeg_quality", "file_jpeg_quality"),
    "jpeg quality, from the pixels": ("jpeg_quality", "jpeg_quality"),
    "jpeg quality, network": ("jpeg_quality", "network_jpeg_quality"),
    "width": ("width_px", "width_px"),
    "scale": ("scale_px", "scale_px"),
    "exposure": ("level", "level"),
    "angle": ("angle_deg", "angle_deg"),
}


def capture_record(
    container: UInt8Image, modules: int, params: ChannelParams, seed: int, revealer: Revealer
) -> dict[str, dict[str, float | str | None]]:
    """Photograph and assess once: the truth, and the estimates."""
    photo = photograph(
        container, params, margin=MARGIN, seed=seed, size=_tight_size(container, params)
    )
    with Image.open(io.BytesIO(photo.jpeg)) as file:
        tables = jpeg_quality(file)
    side = 8 * modules
    rectified = Region.cut(photo.image, photo.corners).rectify((side, side))
    network = revealer.estimate(rectified.image, None, rectified.scale_px)
    quality = assess(photo.image, photo.corners, network, None)
    params = photo.params.override(modules_total=modules)
    truth = denormalise_condition(condition_of(params)[0])
    return {
        "truth": _truth(truth, params, container),
        "estimate": {**_estimate(quality, network), "file_jpeg_quality": tables},
    }


def _tight_size(container: UInt8Image, params: ChannelParams) -> tuple[int, int]:
    """Size (h, w) of a photo that shows the sheet and little else."""
    params = params.override(aspect=container.shape[0] / container.shape[1])
    seen = geometry.project(geometry.pose_homography(params), outline(params, MARGIN))[0]
    width, height = (seen.amax(0) - seen.amin(0)).tolist()
    fits = min(1.0, LONG_PX / max(width, height), SHORT_PX / min(width, height))
    return round(1.06 * height * fits) + 8, round(1.06 * width * fits) + 8


def _truth(
    condition: Condition, params: ChannelParams, container: UInt8Image
) -> dict[str, float | str | None]:
    step = max(1, container.shape[1] // 128)
    small = torch.from_numpy(np.ascontiguousarray(container[::step, ::step])).permute(2, 0, 1)
    lit = tone.to_linear(tone.medium_response(small[None].float() / 255, params)) * params.gain
    level = float(tone.to_srgb(lit.clamp(0, 1)).mean())
    yaw, pitch = (math.radians(float(v[0])) for v in (params.yaw_deg, params.pitch_deg))
    # Unlike the condition of the network, blur and noise are not cut at its full scale.
    blur = float((params.blur_sigma**2 + params.dot_blur**2 + params.motion**2 / 12).sqrt())
    return {
        "blur": blur,
        "noise": float(params.noise_sigma[0]),
        "jpeg_quality": condition.jpeg_quality,
        "width_px": float(params.container_width_px[0]),
        "scale_px": condition.scale_px,
        "level": level,
        "angle_deg": math.degrees(math.acos(math.cos(yaw) * math.cos(pitch))),
        "motion": float(params.motion[0]),
        "glare": float(params.glare[0]),
    }


def _estimate(quality: CaptureQuality, network: Condition) -> dict[str, float | str | None]:
    return {
        "blur": quality.blur,
        "noise": quality.noise,
        "jpeg_quality": quality.jpeg_quality,
        "width_px": quality.width_px,
        "scale_px": quality.module_px,
        "level": quality.level,
        "angle_deg": quality.angle_deg,
        "motion_px": quality.motion_px,
        "glare": quality.glare,
        "network_blur": network.blur,
        "network_noise": network.noise,
        "network_jpeg_quality": network.jpeg_quality,
    }


def agreement(truth: Sequence[float], estimate: Sequence[float]) -> dict[str, Any]:
    """Rank correlation with its 95 % bootstrap interval, and median errors."""
    t, e = np.asarray(truth, np.float64), np.asarray(estimate, np.float64)
    rng = np.random.default_rng(0)
    draws = (rng.integers(0, len(t), len(t)) for _ in range(RESAMPLES))
    known = [rho for rho in (_spearman(t[d], e[d]) for d in draws) if math.isfinite(rho)]
    low, high = np.percentile(known, [2.5, 97.5]) if known else (math.nan, math.nan)
    error = np.abs(e - t)
    return {
        "n": len(t),
        "spearman": _rounded(_spearman(t, e)),
        "low": _rounded(float(low)),
        "high": _rounded(float(high)),
        "median_absolute_error": _rounded(float(np.median(error))),
        "median_relative_error": _rounded(float(np.median(error / np.maximum(t, 1e-9)))),
    }


def _spearman(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return math.nan
    return float(spearmanr(one, other).statistic)


def _rounded(value: float) -> float | None:
    return round(value, 5) if math.isfinite(value) else None


def summarise(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Agreement by quantity over all captures, and by preset."""
    groups: list[dict[str, Any]] = []
    for preset in (None, *dict.fromkeys(r["preset"] for r in records)):
        inside = [r for r in records if preset in (None, r["preset"])]
        quantities = {
            name: agreement(
                [r["truth"][truth] for r in inside], [r["estimate"][found] for r in inside]
            )
            for name, (truth, found) in QUANTITIES.items()
        }
        groups.append(
            {
                "preset": preset or "all",
                "captures": len(inside),
                "quantities": quantities,
                "motion": _told(inside, lambda r: r["estimate"]["motion_px"] is not None, "motion"),
                "glare": _told(inside, lambda r: r["estimate"]["glare"] > 0, "glare"),
            }
        )
    return groups


def _told(
    records: Sequence[dict[str, Any]], told: Callable[[dict[str, Any]], bool], name: str
) -> dict[str, int]:
    """How often something is told where there is none, and where there is much of it."""
    least = MOVED if name == "motion" else 0.2
    without = [r for r in records if r["truth"][name] == 0]
    much = [r for r in records if r["truth"][name] >= least]
    return {
        "without": len(without),
        "told_without": sum(map(told, without)),
        "with": len(much),
        "told_with": sum(map(told, much)),
    }


@dataclass(frozen=True)
class Assessor:
    """Photographs and assesses containers; a runner of pool.run_tasks."""

    settings: Settings
    hosts: Hosts
    revealer: Revealer

    def run(self, index: int) -> Iterator[PlainRecord]:
        """One container under each preset; none where the host is refused."""
        clock = Clock.bare()
        hidden = hide_one(self.hosts, self.revealer, self.settings.seed, index, clock)
        if hidden.made is None:
            yield PlainRecord({"index": index, "refused": hidden.refused})
            return
        for preset in PRESETS:
            params, seed = draw_capture(self.settings, preset, index)
            found = capture_record(
                hidden.made.container, hidden.code.size, params, seed, self.revealer
            )
            about = {"index": index, "preset": preset, "host": hidden.path.name}
            yield PlainRecord({**about, **found})


def make_assessor(settings: Settings) -> Assessor:
    """Raises RiisError: no such model, no pictures."""
    hosts = Hosts(Path(settings.images), settings.seed)
    return Assessor(settings, hosts, Revealer.load(settings.model))


def evaluate_quality(
    images: Path, n: int, seed: int, model: str, output: Path, *, workers: int = 1,
    force: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Form, assess and compare; see :func:`carry_out`."""
    settings = Settings(model=model, images=str(images), n=n, presets=PRESETS, seed=seed)
    made = make_assessor(settings)
    named = {"images": images.name, "n": n, "seed": seed, "presets": list(PRESETS)}
    experiment = Experiment(
        kind=KIND,
        **simulated(named, made.revealer.record, made.hosts),
        settings=settings,
        make=make_assessor,
        **each([(index,) for index in range(n)], "index"),
        unit="container",
        summarise=_figures,
        whole=_whole,
        by_task=True,
    )
    return carry_out(experiment, output, workers=workers, force=force)


def _whole(records: Sequence[PlainRecord]) -> list[PlainRecord]:
    """Of a stopped run, the containers of which all captures are there."""
    ends = {
        r.values["index"] for r in records if r.values.get("preset", PRESETS[-1]) == PRESETS[-1]
    }
    return [record for record in records if record.values["index"] in ends]


def _figures(made: list[PlainRecord]) -> dict[str, Any]:
    order = {preset: place for place, preset in enumerate(PRESETS)}
    records = sorted(
        (record.values for record in made if "refused" not in record.values),
        key=lambda r: (r["index"], order[r["preset"]]),
    )
    return {"groups": summarise(records), "records": [_short(r) for r in records]}


def _short(record: dict[str, Any]) -> dict[str, Any]:
    def cut(values: dict[str, Any]) -> dict[str, Any]:
        return {k: round(v, 5) if isinstance(v, float) else v for k, v in values.items()}

    return {**record, "truth": cut(record["truth"]), "estimate": cut(record["estimate"])}


def lines(result: dict[str, Any]) -> list[str]:
    """A result for people, one line for each quantity over all captures."""
    group = result["groups"][0]
    return [
        f"{name}: correlation {q['spearman']} ({q['low']} to {q['high']}), median error "
        f"{q['median_absolute_error']} ({q['median_relative_error']} relative), n = {q['n']}"
        for name, q in group["quantities"].items()
    ]
