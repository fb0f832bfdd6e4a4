"""What the channel computes itself, for speed, against kornia's functions."""

import kornia
import pytest
import torch
from kornia.enhance import jpeg_codec_differentiable

from riis_physical.channel.constants import pixel_grid
from riis_physical.channel.draw import sample_params
from riis_physical.channel.effects import geometry, light, optics, sensor, tone
from riis_physical.channel.effects.jpeg import CHROMA_TABLE, LUMA_TABLE, jpeg


def picture(size: int = 96, batch: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(batch, 3, size // 8, size // 8, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, size, mode="bicubic", align_corners=False)
    return smooth.clamp(0, 1)


@pytest.mark.parametrize("sigma", [1.2, 2.5])
def test_gaussian_blur_in_the_frequency_domain_is_that_of_a_kernel(sigma):
    image = picture()
    covariance = optics.isotropic(torch.full((2,), sigma))
    ours = optics.optical_blur(image, covariance, torch.zeros(2, 2))
    theirs = kornia.filters.gaussian_blur2d(image, (25, 25), (sigma, sigma), border_type="circular")
    torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=0)


def test_motion_blur_along_an_axis_is_that_of_a_line_kernel():
    image, length = picture(), 9
    line = torch.tensor([[float(length), 0.0]] * 2)
    ours = optics.optical_blur(image, torch.zeros(2, 2, 2), line)
    theirs = kornia.filters.motion_blur(image, length, 0.0, 0.0, border_type="circular")
    torch.testing.assert_close(ours, theirs, atol=0.01, rtol=0)
    assert float((ours - theirs).abs().mean()) < 0.1 * float((ours - image).abs().mean())


def test_sharpening_is_an_unsharp_mask():
    grey = 0.25 + 0.5 * picture().mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)
    params = sample_params("normal", 2, torch.Generator().manual_seed(0), strength=0.0)
    params = params.override(sharpen=1.0, sharpen_sigma=1.5)
    ours = sensor.phone_processing(grey, params, torch.ones(2))
    theirs = kornia.filters.unsharp_mask(grey, (15, 15), (1.5, 1.5), border_type="circular")
    torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=0)


def test_ycbcr_is_kornias_to_the_digits_that_kornia_has():
    image, middle = picture(), torch.tensor([0.0, 0.5, 0.5]).reshape(1, 3, 1, 1)
    ours = sensor.to_ycc(image)
    torch.testing.assert_close(ours + middle, kornia.color.rgb_to_ycbcr(image), atol=5e-4, rtol=0)
    back = kornia.color.ycbcr_to_rgb(ours + middle)
    torch.testing.assert_close(sensor.to_rgb(ours), back, atol=1e-3, rtol=0)


@pytest.mark.parametrize("quality", [60.0, 75.0, 90.0])
def test_jpeg_loses_about_what_kornias_codec_loses(quality):
    image = (picture() * 255).round() / 255
    levels = torch.tensor([quality])
    luma = torch.tensor(LUMA_TABLE).reshape(8, 8).float()
    chroma = torch.tensor(CHROMA_TABLE).reshape(8, 8).float()
    ours = jpeg(image, levels.expand(2))
    theirs = jpeg_codec_differentiable(image, levels, luma, chroma)
    loss = float((theirs - image).square().mean())
    assert float((ours - theirs).square().mean()) < loss
    assert float((ours - image).square().mean()) == pytest.approx(loss, rel=0.5)


def test_homography_of_corners_takes_the_square_to_them():
    corners = torch.tensor([[[10.0, 20.0], [220.0, 5.0], [260.0, 190.0], [-8.0, 230.0]]])
    homography = geometry.homography_from_corners(corners)
    square = torch.tensor(geometry.UNIT_CORNERS)[None]
    torch.testing.assert_close(geometry.project(homography, square), corners, atol=1e-3, rtol=0)


def test_sampling_at_pixel_centres_is_exact_and_repeats_the_edge():
    image = picture(24)
    grid = pixel_grid(24, 24, image.device).expand(2, -1, -1, -1)
    torch.testing.assert_close(geometry.sample_at(image, grid), image, atol=1e-5, rtol=0)
    outside = geometry.sample_at(image, grid - 100)
    torch.testing.assert_close(outside, image[..., :1, :1].expand_as(image))
    half = geometry.sample_at(image, grid + torch.tensor([0.5, 0.0]))[..., :-1]
    torch.testing.assert_close(half, (image[..., :-1] + image[..., 1:]) / 2, atol=1e-5, rtol=0)


def test_colour_curves_are_the_srgb_standard_and_clamp():
    levels = torch.tensor([-0.2, 0.0, 0.04, 0.5, 1.0, 1.3]).expand(1, 3, 1, 6)
    linear = torch.tensor([0.0, 0.0, 0.04 / 12.92, 0.21404, 1.0, 1.0]).expand(1, 3, 1, 6)
    torch.testing.assert_close(tone.to_linear(levels), linear, atol=1e-5, rtol=0)
    torch.testing.assert_close(tone.to_srgb(linear), levels.clamp(0, 1), atol=1e-5, rtol=0)


def test_daylight_is_nearly_white():
    torch.testing.assert_close(
        light.planckian_rgb(torch.tensor([6500.0])), torch.ones(1, 3), atol=0.1, rtol=0
    )
