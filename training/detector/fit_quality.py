"""Fit the map from spectra to blur and noise: python -m training.detector.fit_quality --images DIR.

Flat captures (no pose, no background) of parts of containers go through the physical
channel's optics, sensor, phone and JPEG, with the presets' parameters and wider ones;
a kernel regression of the logarithms on the features goes to capture/spectrum_fit.npz.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from capture.geometry.rectify import frame_corners
from capture.quality.spectrum import tile_power
from capture.quality.spectrum_fit import FILE, features, kernel
from riis_physical.artifacts import UInt8Image
from riis_physical.channel.draw import sample_params
from riis_physical.channel.effects import light, sensor, tone
from riis_physical.channel.effects.optics import isotropic, optical_blur
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.photo import decode_jpeg, encode_jpeg
from riis_physical.errors import HostError
from riis_physical.hiding import hide
from riis_physical.images import load_host
from riis_physical.model.revealer import Revealer
from training.measure.common.draws import Hosts
from training.measure.common.messages import draw_message

PRESETS = ("easy", "normal", "hard", "wide")
LARGEST_PX = 420  # of the part of a photo that is formed, along a side
REFERENCE_PX = 512.0
# Of straight lines, and of kernels from 8 to 32, the best on simulated photographs.
KERNEL_REACH, RIDGE = 24.0, 0.005
REACH = 0.4  # how far beyond the range of the truth an estimate may go, in log


def draw(preset: str, rng: np.random.Generator) -> ChannelParams:
    """Parameters of a preset; `wide` goes far beyond `hard`, as bad photos do."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    params = sample_params("hard" if preset == "wide" else preset, 1, generator, medium="mixed")
    if preset != "wide":
        return params

    def log_uniform(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    return params.override(
        blur_sigma=log_uniform(0.3, 5),
        noise_sigma=log_uniform(0.002, 0.15),
        container_width_px=log_uniform(120, 2400),
        motion=float(rng.uniform(0, 10)) if rng.random() < 0.5 else 0.0,
        jpeg_quality=float(rng.uniform(30, 95)),
        second_quality=float(rng.uniform(20, 95)),
    )


@torch.no_grad()
def flat_capture(
    container: UInt8Image, params: ChannelParams, rng: np.random.Generator
) -> UInt8Image:
    """A part of a container as a phone straight in front of it would see it."""
    width = float(params.container_width_px[0])
    enlarge = float(params.downscale[0])
    scale = width * enlarge / container.shape[1]
    part = min(1.0, LARGEST_PX / width), min(1.0, LARGEST_PX / (scale * container.shape[0]))
    side = [max(1, round(s * p)) for s, p in zip(container.shape[1::-1], part, strict=True)]
    left, top = (int(rng.integers(0, container.shape[1 - k] - side[k] + 1)) for k in (0, 1))
    crop = container[top : top + side[1], left : left + side[0]]
    size = (max(8, round(side[0] * scale)), max(8, round(side[1] * scale)))
    printed = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    photo = torch.from_numpy(printed).permute(2, 0, 1).contiguous()[None].float() / 255
    photo = tone.to_linear(tone.medium_response(photo, params)) * light.white_gains(params)
    reference = params.container_width_px * enlarge / REFERENCE_PX
    spread = (params.blur_sigma**2 + params.dot_blur**2).sqrt() * reference
    angle = torch.stack([torch.cos(params.motion_angle), torch.sin(params.motion_angle)], dim=1)
    photo = optical_blur(photo, isotropic(spread), (params.motion * reference)[:, None] * angle)
    noise = sensor.noise_like(photo, params.noise_seed)
    photo = sensor.sensor_noise(photo, params.noise_sigma, noise)
    photo = tone.to_srgb(tone.highlight_shoulder(photo, params.shoulder))
    photo = sensor.phone_processing(photo, params, torch.ones(1)).clamp(0, 1)
    developed = (photo[0] * 255).round().byte().permute(1, 2, 0).contiguous().numpy()
    once = decode_jpeg(encode_jpeg(developed, round(float(params.jpeg_quality[0]))))
    small = (max(8, round(size[0] / enlarge)), max(8, round(size[1] / enlarge)))
    sent = np.asarray(cv2.resize(once, small, interpolation=cv2.INTER_AREA), np.uint8)
    return decode_jpeg(encode_jpeg(sent, round(float(params.second_quality[0]))))


def true_blur(params: ChannelParams) -> float:
    """Sigma of all blur in pixels of a container 512 px wide, as in `condition_of`."""
    return float((params.blur_sigma**2 + params.dot_blur**2 + params.motion**2 / 12).sqrt())


def collect(
    images: Path, n: int, seed: int, model: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Features (m, k) and logarithms (m, 2) of blur and noise, four presets a container."""
    revealer = Revealer.load(model)
    hosts = Hosts(images, seed)
    rows: list[NDArray[np.float32]] = []
    truths: list[tuple[float, float]] = []
    for index in range(n):
        rng = np.random.default_rng((seed, index))
        try:
            host = load_host(hosts.path(index))
            container = hide(host, draw_message(seed, index), revealer=revealer).container
        except HostError:
            continue
        for preset in PRESETS * 2:
            params = draw(preset, rng)
            photo = flat_capture(container, params, rng)
            width = float(params.container_width_px[0])
            corners = frame_corners((photo.shape[0], photo.shape[1]))
            fine = tile_power(photo, corners, 1.0)
            coarse = tile_power(photo, corners, max(1.0, width / REFERENCE_PX))
            rows.append(features(fine, coarse, width))
            truths.append((true_blur(params), float(params.noise_sigma)))
    return np.array(rows, np.float64), np.log(np.array(truths, np.float64))


def fit(x: NDArray[np.float64], y: NDArray[np.float64]) -> dict[str, NDArray[np.floating]]:
    """Kernel ridge regression on standardised features, as `spectrum_fit` reads it."""
    centre, spread, mean = x.mean(0), x.std(0) + 1e-6, y.mean(0)
    places = ((x - centre) / spread).astype(np.float16)
    exact = places.astype(np.float64)
    similar = kernel(exact, exact, KERNEL_REACH) + RIDGE * np.eye(len(x))
    return {
        "centre": centre,
        "spread": spread,
        "mean": mean,
        "places": places,
        "weights": np.linalg.solve(similar, y - mean),
        "reach": np.array(KERNEL_REACH),
        "low": y.min(0) - REACH,
        "high": y.max(0) + REACH,
    }


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--n", type=int, default=40, help="containers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", default="auto")
    parser.add_argument("-o", "--output", type=Path, default=FILE)
    arguments = parser.parse_args()
    x, y = collect(arguments.images, arguments.n, arguments.seed, arguments.model)
    stored: dict[str, Any] = dict(fit(x, y))
    np.savez_compressed(arguments.output, **stored)


if __name__ == "__main__":
    main()
