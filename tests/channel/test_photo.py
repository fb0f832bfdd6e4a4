"""Whole photographs: truth, the real codec, sizes and settings."""

import io

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from riis_physical.channel import capture_rectified, photograph, sample_params
from riis_physical.channel.background import procedural_background
from riis_physical.channel.params import ChannelParams
from riis_physical.errors import ConfigError

SMALL = (300, 400)


def container(height: int = 160, width: int = 200) -> np.ndarray:
    rng = np.random.default_rng(0)
    coarse = rng.integers(30, 226, (height // 10, width // 10, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def params(preset: str = "normal", seed: int = 0, medium: str = "print", **values) -> ChannelParams:
    generator = torch.Generator().manual_seed(seed)
    return sample_params(preset, 1, generator, medium=medium).override(**values)


def rectified(photo: np.ndarray, corners: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    high, wide = size
    outer = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32) - 0.5
    back = cv2.getPerspectiveTransform(outer, corners.astype(np.float32))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(photo, back, (wide, high), flags=flags).astype(np.float32) / 255


@pytest.mark.parametrize("medium", ["print", "screen"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_truth_corners_bring_the_container_back(medium, seed):
    picture = container()
    shot = photograph(picture, params(seed=seed, medium=medium, container_width_px=220.0),
                      size=SMALL, seed=seed)  # fmt: skip
    back = rectified(shot.image, shot.corners, picture.shape[:2]).mean(axis=2)
    meant = picture.astype(np.float32).mean(axis=2) / 255
    # Bends move the inside by up to a pixel and a half here, the corners not at all.
    assert np.corrcoef(back.ravel(), meant.ravel())[0, 1] > 0.85
    shift, _ = cv2.phaseCorrelate(meant, back)
    assert np.hypot(*shift) < 0.8


def test_training_and_photo_agree():
    picture = container(200, 200)
    sampled = params(seed=3, aspect=1.0, corner_error_xy=0.0, noise_sigma=0.0, glare=0.0,
                     container_width_px=200.0)  # fmt: skip
    shot = photograph(picture, sampled, size=SMALL, seed=1)
    tensor = torch.from_numpy(picture).permute(2, 0, 1)[None] / 255
    trained = capture_rectified(tensor, shot.params, (200, 200))[0].permute(1, 2, 0).numpy()
    photo = rectified(shot.image, shot.corners, (200, 200))
    inner = np.s_[8:-8, 8:-8]
    assert float(np.sqrt(np.mean((photo[inner] - trained[inner]) ** 2))) < 0.035


def test_same_seed_same_file_and_another_seed_another():
    sampled = params(container_width_px=150.0)
    first, again, other = (
        photograph(container(), sampled, size=SMALL, seed=seed) for seed in (5, 5, 6)
    )
    assert first.jpeg == again.jpeg
    assert first.jpeg != other.jpeg
    assert not np.allclose(first.corners, other.corners)


def test_file_is_the_picture_with_the_stated_quality():
    sampled = params(container_width_px=150.0, second_mix=0.0, jpeg_quality=71.0)
    shot = photograph(container(), sampled, size=SMALL)
    with Image.open(io.BytesIO(shot.jpeg)) as opened:
        tables = opened.quantization
        assert np.array_equal(np.asarray(opened), shot.image)
    assert shot.size == SMALL == shot.image.shape[:2]
    reference = io.BytesIO()
    Image.new("RGB", (8, 8)).save(reference, "JPEG", quality=71)
    with Image.open(io.BytesIO(reference.getvalue())) as opened:
        assert tables == opened.quantization


def test_messenger_keeps_size_and_corners():
    once = photograph(container(), params(container_width_px=180.0, second_mix=0.0), size=SMALL)
    twice = photograph(
        container(),
        params(container_width_px=180.0, second_mix=1.0, downscale=1.5, second_quality=60.0),
        size=SMALL,
    )
    assert twice.image.shape == once.image.shape
    np.testing.assert_allclose(twice.corners, once.corners, atol=1e-3)
    assert twice.jpeg != once.jpeg


@pytest.mark.parametrize("margin", [0.0, 0.06, 0.3])
@pytest.mark.parametrize("shape", [(160, 200), (240, 120), (90, 270)])
def test_the_container_lies_inside_whatever_its_aspect_and_margin(margin, shape):
    sampled = params("hard", container_width_px=1200.0)
    shot = photograph(container(*shape), sampled, size=SMALL, margin=margin)
    assert shot.corners.min() > 0
    assert shot.corners[:, 0].max() < SMALL[1] and shot.corners[:, 1].max() < SMALL[0]
    assert float(shot.params.container_width_px[0]) < 1200
    top, bottom = shot.corners[1] - shot.corners[0], shot.corners[2] - shot.corners[3]
    seen = (np.linalg.norm(top) + np.linalg.norm(bottom)) / 2
    assert seen == pytest.approx(float(shot.params.container_width_px[0]), rel=1e-3)


def test_print_has_a_white_margin_and_screen_a_dark_one():
    plain = params(
        container_width_px=200.0, yaw_deg=0.0, pitch_deg=0.0, roll_deg=0.0, gain=1.0, shadow=0.0
    )
    for medium, low, high in (("print", 0.6, 1.0), ("screen", 0.0, 0.25)):
        shot = photograph(container(), plain, size=SMALL, margin=0.1, medium=medium)
        left, top = shot.corners[0]
        patch = shot.image[int(top) + 20 : int(top) + 60, int(left) - 14 : int(left) - 6]
        assert low <= patch.mean() / 255 <= high, medium


def test_a_large_container_does_not_alias():
    stripes = np.zeros((1500, 2000, 3), np.uint8)
    stripes[:, ::2] = 255
    shot = photograph(stripes, params("easy", container_width_px=150.0, moire=0.0, screen_grid=0.0,
                                      noise_sigma=0.0, gradient=0.0, vignette=0.0, shadow=0.0,
                                      glare=0.0), size=SMALL)  # fmt: skip
    inner = rectified(shot.image, shot.corners, (120, 160))[20:-20, 20:-20]
    assert float(inner.std(axis=(0, 1)).max()) < 0.04


def test_a_background_is_used():
    red = np.zeros((50, 900, 3), np.uint8)
    red[..., 0] = 200
    shot = photograph(container(), params(container_width_px=120.0), size=SMALL, background=red)
    corner = shot.image[:20, :20].reshape(-1, 3).mean(axis=0)
    assert corner[0] > 3 * corner[1]


def test_procedural_backgrounds_are_textured_and_differ():
    means = []
    for seed in range(8):
        wall = procedural_background(seed, (150, 200))
        assert wall.shape == (150, 200, 3) and wall.dtype == np.float32
        assert wall.min() >= 0 and wall.max() <= 1
        assert wall.std() > 0.01
        means.append(wall.mean())
    assert np.ptp(means) > 0.1


def test_wrong_settings_are_refused():
    with pytest.raises(ConfigError, match="of one item, got 2"):
        generator = torch.Generator().manual_seed(0)
        photograph(container(), sample_params("easy", 2, generator))
    with pytest.raises(ConfigError, match="margin 0.9"):
        photograph(container(), params(), margin=0.9)
    with pytest.raises(ConfigError, match="medium 'slide'"):
        photograph(container(), params(), medium="slide")
    with pytest.raises(ConfigError, match="photo size 10x10"):
        photograph(container(), params(), size=(10, 10))
