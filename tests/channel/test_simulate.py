"""The training channel: capture and rectification in one differentiable pass."""

import pytest
import torch

from riis_physical.channel import capture_rectified, sample_params


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def containers(batch: int, size: tuple[int, int] = (96, 96)) -> torch.Tensor:
    coarse = torch.rand(batch, 3, size[0] // 6, size[1] // 6, generator=generator(9))
    smooth = torch.nn.functional.interpolate(coarse, size, mode="bicubic", align_corners=False)
    return (smooth.clamp(0, 1) * 255).round() / 255


def psnr(first: torch.Tensor, second: torch.Tensor) -> float:
    return float(-10 * torch.log10(((first - second) ** 2).mean()))


@pytest.mark.parametrize("size", [(96, 96), (60, 84)])
def test_zero_strength_is_the_identity(size):
    container = containers(4, size)
    params = sample_params(
        "hard", 4, generator(), medium="mixed", strength=0.0,
        module_px=12.0, modules_total=37, modules_patch=8,
    ).override(container_width_px=size[1] * 37 / 8, aspect=size[0] / size[1])  # fmt: skip
    out = capture_rectified(container, params, size)
    torch.testing.assert_close(out, container, atol=1e-3, rtol=0)


@pytest.mark.parametrize("medium", ["print", "screen", "mixed"])
def test_full_strength_stays_in_range_and_looks_like_the_container(medium):
    container = containers(4)
    params = sample_params("normal", 4, generator(1), medium=medium, module_px=12.0,
                           modules_patch=8)  # fmt: skip
    out = capture_rectified(container, params, (64, 64))
    assert out.shape == (4, 3, 64, 64)
    assert bool(out.isfinite().all())
    assert float(out.min()) >= 0 and float(out.max()) <= 1
    small = torch.nn.functional.interpolate(container, 64, mode="area")
    for seen, meant in zip(out, small, strict=True):
        together = torch.stack([seen.mean(0).flatten(), meant.mean(0).flatten()])
        assert float(torch.corrcoef(together)[0, 1]) > 0.6


def test_strength_orders_the_damage():
    container = containers(6)
    scores = []
    for strength in (0.0, 0.3, 0.7, 1.3):
        params = sample_params("normal", 6, generator(2), strength=strength, module_px=12.0,
                               modules_patch=8)  # fmt: skip
        scores.append(psnr(capture_rectified(container, params, (96, 96)), container))
    assert scores == sorted(scores, reverse=True)


def test_same_parameters_same_pixels_and_batch_equals_per_item():
    container = containers(3)
    params = sample_params("hard", 3, generator(4), medium="mixed", module_px=12.0, modules_patch=8)
    out = capture_rectified(container, params, (64, 64))
    assert torch.equal(out, capture_rectified(container, params, (64, 64)))
    for index in range(3):
        alone = capture_rectified(container[index : index + 1], params.item(index), (64, 64))
        # The codec rounds, so a last-bit difference can move one pixel by a step.
        assert float((alone[0] - out[index]).abs().mean()) < 1e-3


def test_gradients_reach_the_container_everywhere():
    container = containers(3).requires_grad_()
    params = sample_params("normal", 3, generator(5), medium="mixed", module_px=12.0,
                           modules_patch=8)  # fmt: skip
    capture_rectified(container, params, (64, 64)).sum().backward()
    assert bool(container.grad.isfinite().all())
    assert float((container.grad.abs() > 1e-4).float().mean()) > 0.9


def test_pose_alone_is_undone_by_the_rectification():
    container = containers(4, (192, 192))
    params = sample_params("normal", 4, generator(), strength=0.0, module_px=12.0,
                           modules_patch=16).override(yaw_deg=20.0, pitch_deg=-15.0, roll_deg=6.0,
                                                      distance=2.0)  # fmt: skip
    assert psnr(capture_rectified(container, params, (192, 192)), container) > 33


def test_corner_error_moves_the_picture_by_its_own_size():
    ramp = torch.linspace(0, 1, 96).expand(1, 3, 96, 96)
    params = sample_params("normal", 1, generator(), strength=0.0, module_px=12.0, modules_patch=8)
    error = torch.tensor([0.01, 0.0])  # 1 % of the whole width = 0.37 of 8 modules = 4.44 px of 96
    out = capture_rectified(ramp, params.override(corner_error_xy=error), (96, 96))
    shift = (out - ramp)[..., 20:-20].mean() * 95
    assert float(shift) == pytest.approx(0.01 * 37 * 12, rel=0.05)


def test_a_width_below_the_frame_loses_detail():
    fine = (torch.rand(1, 3, 96, 96, generator=generator(7)) > 0.5).float()
    base = sample_params("normal", 1, generator(), strength=0.0, module_px=12.0, modules_patch=8)
    near = capture_rectified(fine, base.override(container_width_px=444.0), (96, 96))
    far = capture_rectified(fine, base.override(container_width_px=148.0), (96, 96))
    assert float(far.std()) < 0.5 * float(near.std())


def test_it_is_exact_under_autocast():
    container = containers(2)
    params = sample_params("normal", 2, generator(8), module_px=12.0, modules_patch=8)
    plain = capture_rectified(container, params, (64, 64))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = capture_rectified(container, params, (64, 64))
    assert inside.dtype == torch.float32
    assert torch.equal(plain, inside)


def test_batches_must_agree():
    params = sample_params("normal", 2, generator())
    with pytest.raises(ValueError, match="3 containers with parameters of 2"):
        capture_rectified(containers(3), params, (64, 64))
