"""Measures against references, whole and in strips."""

import math

import numpy as np
import pytest
from skimage import data
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from riis_physical import metrics
from riis_physical.artifacts import UInt8Image
from riis_physical.errors import ConfigError


@pytest.fixture(scope="module")
def pair() -> tuple[UInt8Image, UInt8Image]:
    host = np.ascontiguousarray(data.coffee())  # 400 x 600: two strips
    noise = np.random.default_rng(0).normal(0, 5, host.shape)
    return host, np.clip(host + noise, 0, 255).round().astype(np.uint8)


def test_psnr_agrees_with_scikit_image(pair: tuple[UInt8Image, UInt8Image]) -> None:
    assert metrics.psnr(*pair) == pytest.approx(peak_signal_noise_ratio(*pair), abs=1e-9)
    assert metrics.psnr(pair[0], pair[0]) == math.inf


def test_psnr_of_extremes_does_not_overflow() -> None:
    black = np.zeros((300, 4000, 3), np.uint8)
    assert metrics.psnr(black, black + 255) == pytest.approx(0)


def test_ssim_agrees_with_scikit_image(pair: tuple[UInt8Image, UInt8Image]) -> None:
    host, container = (metrics.luma_of(image) for image in pair)
    expected = structural_similarity(
        host,
        container,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
    )
    assert metrics.ssim(*pair) == pytest.approx(expected, abs=1e-5)
    assert metrics.ssim(pair[0], pair[0]) == pytest.approx(1)


def test_strips_change_nothing(
    pair: tuple[UInt8Image, UInt8Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    mask = metrics.smooth_mask(pair[0])
    measures = (metrics.psnr, metrics.ssim)
    whole = [measure(*pair, part) for measure in measures for part in (None, mask)]
    plain = metrics.strips
    monkeypatch.setattr(metrics, "strips", lambda height, rows=17: plain(height, rows))
    assert np.array_equal(metrics.smooth_mask(pair[0]), mask)
    parts = [measure(*pair, part) for measure in measures for part in (None, mask)]
    assert parts == pytest.approx(whole, abs=1e-6)


def test_masked_measures_look_only_at_the_mask(pair: tuple[UInt8Image, UInt8Image]) -> None:
    host, _ = pair
    container = host.copy()
    container[:200] ^= 8
    mask = np.zeros(host.shape[:2], bool)
    mask[220:] = True
    assert metrics.psnr(host, container, mask) == math.inf
    assert metrics.ssim(host, container, mask) == pytest.approx(1)
    assert metrics.psnr(host, container, ~mask) < 40
    assert metrics.flip(host, container, mask) < 1e-3 < metrics.flip(host, container, ~mask)


def test_flip_agrees_with_its_authors_code(pair: tuple[UInt8Image, UInt8Image]) -> None:
    import flip_evaluator

    host, container = (np.tile(image[:, :100], (3, 1, 1)) for image in pair)  # two strips
    images = [image.astype(np.float32) / np.float32(255) for image in (host, container)]
    _, expected, _ = flip_evaluator.evaluate(*images, "LDR", applyMagma=False)
    assert metrics.flip(host, container) == pytest.approx(expected, abs=1e-6)


def test_flip_without_its_package_says_what_to_do(
    pair: tuple[UInt8Image, UInt8Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "flip_evaluator", None)
    with pytest.raises(ConfigError, match="eval extra"):
        metrics.flip(*pair)


def test_smooth_mask_takes_exactly_a_tenth_of_the_calmest_area() -> None:
    rng = np.random.default_rng(0)
    host = rng.integers(0, 256, (200, 300, 3), dtype=np.uint8)
    host[:80, :150] = 120  # a calm fifth
    mask = metrics.smooth_mask(host)
    assert mask.sum() == 6000
    assert mask[:80, :150].sum() == 6000
    flat = metrics.smooth_mask(np.full((50, 40, 3), 9, np.uint8))
    assert flat.sum() == 200


def test_local_deviation_of_known_textures() -> None:
    board = np.indices((60, 60)).sum(axis=0) % 2 * 20 + 100
    image = np.repeat(board[..., None], 3, axis=2).astype(np.uint8)
    assert metrics.local_deviation(image)[30, 30] == pytest.approx(10, abs=0.05)
    assert metrics.local_deviation(np.full((60, 60, 3), 77, np.uint8)).max() < 0.1


def test_wilson_interval_of_known_values() -> None:
    low, high = metrics.wilson_interval(90, 100)
    assert (low, high) == pytest.approx((0.8256, 0.9448), abs=1e-4)
    assert metrics.wilson_interval(0, 300)[0] == 0
    assert metrics.wilson_interval(0, 300)[1] == pytest.approx(0.01264, abs=1e-5)
    with pytest.raises(ValueError, match="5 hits in 3 trials"):
        metrics.wilson_interval(5, 3)


def test_pictures_of_different_size_are_a_bug() -> None:
    with pytest.raises(ValueError, match="of one size"):
        metrics.psnr(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8))
