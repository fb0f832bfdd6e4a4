"""Each effect alone: identity at zero, right size otherwise, gradients."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from riis_physical.channel.constants import pixel_grid
from riis_physical.channel.draw import sample_params
from riis_physical.channel.effects import geometry, light, optics, sensor, tone
from riis_physical.channel.effects.jpeg import jpeg
from riis_physical.channel.effects.occlusion import occlude, occlusion_mask
from riis_physical.channel.params import ChannelParams


def picture(batch: int = 2, size: int = 64, seed: int = 0) -> torch.Tensor:
    noise = torch.rand(
        batch, 3, size // 8, size // 8, generator=torch.Generator().manual_seed(seed)
    )
    smooth = torch.nn.functional.interpolate(noise, size, mode="bicubic", align_corners=False)
    return smooth.clamp(0, 1)


def params_at(strength: float, batch: int = 2, **values) -> ChannelParams:
    generator = torch.Generator().manual_seed(1)
    sampled = sample_params("hard", batch, generator, medium="mixed", strength=strength)
    return sampled.override(**values)


def container_uv(size: int, batch: int = 2) -> torch.Tensor:
    return ((pixel_grid(size, size, torch.device("cpu")) + 0.5) / size).expand(batch, -1, -1, -1)


def test_every_effect_is_the_identity_at_zero_strength():
    image, none, uv = picture(), params_at(0.0), container_uv(64)
    pixels = pixel_grid(64, 64, torch.device("cpu"))
    ones = torch.ones(2)
    results = {
        "medium": tone.medium_response(image, none),
        "shoulder": tone.highlight_shoulder(image, none.shoulder),
        "gamma": tone.to_srgb(tone.to_linear(image)),
        "light": image * light.light_field(none, uv),
        "glare": image + light.glare_field(none, uv),
        "white": image * light.white_gains(none),
        "screen": image * light.screen_pattern(none, uv, pixels),
        "noise": sensor.sensor_noise(
            image, none.noise_sigma, sensor.noise_like(image, none.noise_seed)
        ),
        "processing": sensor.phone_processing(image, none, ones),
        "occlusion": occlude(image, none, uv),
        "blur": optics.optical_blur(image, optics.isotropic(none.blur_sigma), torch.zeros(2, 2)),
    }
    for name, result in results.items():
        torch.testing.assert_close(result, image, atol=2e-4, rtol=0, msg=name)
    torch.testing.assert_close(geometry.bend(none, uv), uv)


@pytest.mark.parametrize("quality", [60, 75, 85, 95])
def test_jpeg_resembles_the_real_codec(quality):
    image = (picture(1, 96) * 255).round() / 255
    image = image + 0.04 * torch.randn(image.shape, generator=torch.Generator().manual_seed(5))
    image = (image.clamp(0, 1) * 255).round() / 255
    array = (image[0].permute(1, 2, 0) * 255).byte().numpy()
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, "JPEG", quality=quality, subsampling=2)
    real = np.asarray(Image.open(stream)).astype(np.float32) / 255
    ours = jpeg(image, torch.tensor([float(quality)]))[0].permute(1, 2, 0).numpy()
    loss_real = float(np.mean((real - array / 255) ** 2))
    gap = float(np.mean((ours - real) ** 2))
    assert gap < 0.1 * loss_real
    assert float(np.mean((ours - array / 255) ** 2)) == pytest.approx(loss_real, rel=0.1)


def test_jpeg_gradients_flow_and_sizes_need_not_be_multiples_of_the_block():
    image = picture(2, 64)[..., :50, :37].clone().requires_grad_()
    coded = jpeg(image, torch.tensor([60.0, 90.0]))
    assert coded.shape == image.shape
    (coded**2).sum().backward()
    assert bool(image.grad.isfinite().all())
    assert float(image.grad.abs().mean()) > 0.1


def test_gaussian_blur_matches_a_kernel():
    impulse = torch.zeros(1, 1, 65, 65)
    impulse[..., 32, 32] = 1.0
    covariance = torch.tensor([[[4.0, 1.0], [1.0, 2.0]]])
    spread = optics.optical_blur(impulse, covariance, torch.zeros(1, 2))[0, 0]
    grid = pixel_grid(65, 65, torch.device("cpu"))[0] - 32
    measured = torch.einsum("hw,hwi,hwj->ij", spread, grid, grid)
    torch.testing.assert_close(measured, covariance[0], atol=1e-2, rtol=0)
    assert float(spread.sum()) == pytest.approx(1.0, abs=1e-4)


def test_motion_blur_spreads_along_its_line_only():
    impulse = torch.zeros(1, 1, 65, 65)
    impulse[..., 32, 32] = 1.0
    spread = optics.optical_blur(impulse, torch.zeros(1, 2, 2), torch.tensor([[9.0, 0.0]]))[0, 0]
    assert float(spread[32].sum()) == pytest.approx(1.0, abs=1e-3)
    assert float(spread[32, 29:36].mean()) == pytest.approx(1 / 9, rel=0.1)


def test_noise_has_the_stated_sigma_at_mid_grey():
    grey = torch.full((2, 3, 128, 128), sensor.MID_GREY)
    stated, seeds = torch.tensor([0.01, 0.03]), torch.tensor([1, 2])
    noisy = sensor.sensor_noise(grey, stated, sensor.noise_like(grey, seeds))
    sigma = tone.to_srgb(noisy).std(dim=(1, 2, 3))
    torch.testing.assert_close(sigma, stated, rtol=0.05, atol=0)
    again = sensor.sensor_noise(grey, stated, sensor.noise_like(grey, seeds))
    assert torch.equal(noisy, again)


def test_colour_matrix_keeps_grey_and_saturation_goes_to_grey():
    grey = torch.full((2, 3, 4, 4), 0.4)
    deviation = params_at(1.0).crosstalk_matrix
    torch.testing.assert_close(tone.mix_channels(grey, deviation), grey)
    flat = tone.saturate(picture(), torch.zeros(2))
    torch.testing.assert_close(flat[:, 0], flat[:, 2])


def test_warm_light_is_red_and_cool_light_blue():
    gains = light.planckian_rgb(torch.tensor([3000.0, 6500.0, 9000.0]))
    assert gains[0, 0] > 1.3 and gains[0, 2] < 0.6
    assert gains[2, 2] > gains[1, 2] > gains[0, 2]


def test_highlights_keep_their_order():
    ramp = torch.linspace(0, 1.3, 50).expand(1, 3, 1, 50)
    rolled = tone.highlight_shoulder(ramp, torch.tensor([0.3]))
    assert bool((rolled.diff(dim=-1) > 0).all())
    assert float(rolled.max()) < 1.0


def test_occlusion_hides_the_stated_area():
    params = params_at(1.0, occlusion=0.1, occlusion_xy=0.5)
    mask = occlusion_mask(params, container_uv(128))
    torch.testing.assert_close(
        mask.mean(dim=(1, 2, 3)), torch.tensor([0.1, 0.1]), atol=0.01, rtol=0
    )


def test_bends_leave_the_corners_and_move_the_sides_by_the_stated_amount():
    params = params_at(1.0, curl=0.01, lens=0.0, curl_axis=0.0)
    corners = geometry.unit_corners(params)[:, None]
    torch.testing.assert_close(geometry.bend(params, corners), corners)
    middle = torch.tensor([0.5, 0.0]).expand(2, 1, 1, 2)
    moved = geometry.bend(params, middle) - middle
    torch.testing.assert_close(moved[..., 1], torch.full((2, 1, 1), 0.01))
    bulged = geometry.bend(params.override(curl=0.0, lens=0.02), corners)
    torch.testing.assert_close(bulged, corners)


def test_pose_has_the_stated_width_and_corners_give_it_back():
    params = params_at(1.0, batch=6, container_width_px=640.0, aspect=0.7)
    pose = geometry.pose_homography(params)
    corners = geometry.project(pose, geometry.unit_corners(params))
    torch.testing.assert_close(geometry.edge_lengths(corners)[0], torch.full((6,), 640.0))
    again = geometry.homography_from_corners(corners)
    inner = torch.rand(6, 10, 2, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        geometry.project(again, inner), geometry.project(pose, inner), atol=1e-2, rtol=1e-4
    )


def test_pose_stays_in_front_of_the_camera_at_the_widest_angles():
    params = params_at(1.0, yaw_deg=60.0, pitch_deg=60.0, aspect=1.5, distance=1.0)
    corners = geometry.project(geometry.pose_homography(params), geometry.unit_corners(params))
    sides = corners.roll(-1, dims=1) - corners
    turned = sides.roll(-1, dims=1)
    cross = sides[..., 0] * turned[..., 1] - sides[..., 1] * turned[..., 0]
    assert bool((cross > 0).all())
