"""How well the quality estimates agree with the simulation's truth.

    python -m training.measure.reading.quality --images DIR --n 30 -o results/quality-print-1.json

Each of n containers is photographed once under each preset, with its sheet but not
much around it, and assessed at the true corners. The file's own JPEG tables are
withheld from the estimate from the pixels: they tell the last quality exactly.
"""

from __future__ import annotations

import argparse
import io
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import spearmanr
from tqdm import tqdm

from capture.geometry.rectify import Region
from capture.quality.assess import assess
from riis_physical.artifacts import CaptureQuality, Condition, UInt8Image
from riis_physical.channel import condition_of, geometry, tone
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.photo import photograph
from riis_physical.channel.scene import outline
from riis_physical.errors import HostError
from riis_physical.hiding import hide
from riis_physical.images import jpeg_quality, load_host
from riis_physical.model.condition import denormalise_condition
from riis_physical.model.revealer import Revealer
from riis_physical.qr.code.encode import encode
from riis_physical.system.files import check_writable, write_text
from training.measure.common.draws import Hosts, draw_message
from training.measure.common.environment import describe_environment
from training.measure.common.settings import Settings
from training.measure.reading.trial import draw_capture

KIND, FORMAT = "quality", 1
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
    container: UInt8Image, message: str, params: ChannelParams, seed: int, revealer: Revealer
) -> dict[str, dict[str, float | str | None]]:
    """Photograph and assess once: the truth, and the estimates."""
    photo = photograph(
        container, params, margin=MARGIN, seed=seed, size=_tight_size(container, params)
    )
    with Image.open(io.BytesIO(photo.jpeg)) as file:
        tables = jpeg_quality(file)
    side = 8 * encode(message).size
    rectified = Region.cut(photo.image, photo.corners).rectify((side, side))
    network = revealer.estimate(rectified.image, None, rectified.scale_px)
    quality = assess(photo.image, photo.corners, network, None)
    params = photo.params.override(modules_total=side // 8)
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


def evaluate(images: Path, n: int, seed: int, model: str) -> dict[str, Any]:
    """Form, assess and compare; the same arguments give the same captures."""
    settings = Settings(model=model, images=str(images), n=n, presets=PRESETS, seed=seed)
    revealer = Revealer.load(model)
    hosts = Hosts(images, seed)
    records: list[dict[str, Any]] = []
    for index in tqdm(range(n), unit="container", desc="quality"):
        message = draw_message(seed, index)
        host = hosts.path(index)
        try:
            container = hide(load_host(host), message, revealer=revealer).container
        except HostError:
            continue
        for preset in PRESETS:
            params, photo_seed = draw_capture(settings, preset, index)
            found = capture_record(container, message, params, photo_seed, revealer)
            records.append({"index": index, "preset": preset, "host": host.name, **found})
    record = revealer.record
    return {
        "kind": KIND,
        "format": FORMAT,
        "captures": "simulated",
        "model": {"name": record.get("name"), "sha256": record.get("sha256")},
        "settings": {"images": images.name, "n": n, "seed": seed, "presets": list(PRESETS)},
        "hosts": {"pictures": len(hosts), "sha256": hosts.digest},
        "environment": describe_environment(),
        "groups": summarise(records),
        "records": [_short(r) for r in records],
    }


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


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="folder with hosts")
    parser.add_argument("--n", type=int, default=30, help="containers, three captures each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default="auto")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--force", action="store_true")
    arguments = parser.parse_args()
    check_writable(arguments.output, force=arguments.force)
    result = evaluate(arguments.images, arguments.n, arguments.seed, arguments.model)
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    write_text(arguments.output, text, force=arguments.force)
    print("\n".join(lines(result)))


if __name__ == "__main__":
    main()
