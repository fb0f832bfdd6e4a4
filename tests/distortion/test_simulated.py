"""Distortions of training against what they stand for."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from riis_physical.distortion.level import Level, Range
from riis_physical.distortion.simulated import (
    ROUNDINGS,
    Amounts,
    Rounding,
    distorted,
    draw_levels,
    fourier_round,
    poisson,
    quantise,
)


def drawn(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def received(
    pictures: torch.Tensor, levels: list[Level], rounding: Rounding = "exact"
) -> torch.Tensor:
    noise = torch.randn(pictures.shape, generator=drawn(1))
    return distorted(pictures, Amounts.of(levels), noise, drawn(), rounding)


def test_poisson_noise_has_the_variance_of_photons() -> None:
    for grey in (0.05, 0.5, 0.9):
        flat = torch.full((1, 1, 300, 300), grey)
        noisy = poisson(flat, torch.ones(1), drawn())
        assert noisy.mean().item() == pytest.approx(grey, abs=0.001)
        assert noisy.var().item() == pytest.approx(grey / 255, rel=0.03)
        counts = noisy * 255
        assert (counts - counts.round()).abs().max() < 1e-3  # whole photons


def test_poisson_noise_has_a_gradient() -> None:
    flat = torch.full((1, 1, 200, 200), 0.5, requires_grad=True)
    poisson(flat, torch.ones(1), drawn()).mean().backward()
    assert flat.grad is not None
    assert (flat.grad * flat.numel()).mean().item() == pytest.approx(1, abs=0.01)
    assert (flat.grad * flat.numel()).std() > 0.01  # brighter parts are noisier


def test_each_picture_gets_its_own_level() -> None:
    flat = torch.full((4, 3, 64, 64), 0.5)
    shot, clean, noisy, packed = received(
        flat, [Level(gain=1), Level(), Level(sigma=10), Level(quality=40)]
    )
    assert shot.std().item() * 255 == pytest.approx(127.5**0.5, rel=0.05)
    assert torch.equal(clean, quantise(flat[0]))
    assert noisy.std().item() * 255 == pytest.approx(10, rel=0.05)
    assert (packed - flat[2]).abs().max() < 0.02
    assert received(flat[:, :1], [Level(quality=50)] * 4).shape == (4, 1, 64, 64)
    with pytest.raises(ValueError, match="JPEG last"):
        Amounts.of([Level(quality=40), Level()])


def test_amounts_are_sent_as_one_tensor() -> None:
    amounts = Amounts.of([Level(gain=1), Level(sigma=10), Level(quality=40)])
    again = Amounts.unpacked(amounts.pack(), 1, 1)
    assert (again.shot, again.coded) == (amounts.shot, amounts.coded)
    for name in ("sigma", "gain", "quality", "condition"):
        assert torch.equal(getattr(again, name), getattr(amounts, name))


def test_strength_zero_leaves_eight_bits() -> None:
    pictures = torch.rand(8, 3, 16, 16)
    ranges = [Range.parse(text) for text in ("none", "sigma=0..50", "poisson", "jpeg=30..95")]
    levels = draw_levels(ranges, 8, 0.0, np.random.default_rng(0))
    assert torch.equal(received(pictures, levels), quantise(pictures)) and set(levels) == {Level()}
    levels = draw_levels(ranges, 40, 1.0, np.random.default_rng(0))
    amounts = Amounts.of(levels)
    assert len(set(levels)) > 10 and amounts.shot and amounts.coded


def test_exact_jpeg_is_nearer_to_the_codec_than_the_fourier_one() -> None:
    rng = np.random.default_rng(0)
    small = Image.fromarray(rng.integers(0, 255, (12, 12), dtype=np.uint8))
    picture = small.resize((96, 96), Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=40)
    real = torch.from_numpy(np.asarray(Image.open(stream), np.float32)) / 255
    grey = torch.from_numpy(np.asarray(picture, np.float32))[None, None] / 255
    errors = {}
    for name in ROUNDINGS:
        coded = received(grey, [Level(quality=40)], name)[0, 0]
        errors[name] = (coded - real).pow(2).mean().sqrt().item()
    assert errors["exact"] < 0.0025 < errors["fourier"] < 0.02, errors


def test_fourier_rounding_rounds_and_has_a_gradient() -> None:
    value = torch.tensor([0.0, 0.1, 1.2, -2.3, 5.0], requires_grad=True)
    rounded = fourier_round(value)
    torch.testing.assert_close(rounded, value.detach().round(), atol=0.03, rtol=0)
    rounded.sum().backward()
    assert value.grad is not None and value.grad.abs().max() > 0.01
