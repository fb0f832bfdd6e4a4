"""Every invertible layer: exact inverse, and log-determinant against the autograd Jacobian."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from riis_physical.flow import (
    ActNorm,
    FlowBlock,
    HaarSqueeze,
    InvertibleConv1x1,
    InvertibleFlow,
    NoiseProjection,
)

NET = {
    "growth": 4,
    "layers": 3,
    "last_kernel": 3,
    "separate": True,
    "clamp": 1.0,
    "width": 0,
}


def shake(module: nn.Module, seed: int = 0, size: float = 0.3) -> None:
    """Move every parameter off its neutral start."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.add_(size * noise.to(parameter.dtype))


def jacobian_log_det(function, x: torch.Tensor) -> torch.Tensor:  # type: ignore[no-untyped-def]
    jacobian = torch.autograd.functional.jacobian(function, x)
    return torch.linalg.slogdet(jacobian.reshape(x.numel(), x.numel()))[1]


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_haar_is_orthonormal_and_inverts(levels: int) -> None:
    haar = HaarSqueeze(levels).double()
    x = torch.rand(2, 3, 16, 24, dtype=torch.float64)
    y = haar(x)
    assert y.shape == (2, 3 * 4**levels, 16 // 2**levels, 24 // 2**levels)
    torch.testing.assert_close(haar.inverse(y), x, atol=1e-6, rtol=0)
    torch.testing.assert_close(y.pow(2).sum(), x.pow(2).sum(), atol=1e-4, rtol=0)


def test_haar_first_band_is_the_mean() -> None:
    x = torch.rand(1, 1, 8, 8)
    assert HaarSqueeze(3)(x)[0, 0, 0, 0].item() == pytest.approx(8 * x.mean().item(), abs=1e-5)


def test_haar_refuses_sizes_it_cannot_squeeze() -> None:
    with pytest.raises(ValueError, match="multiples of 8"):
        HaarSqueeze(3)(torch.rand(1, 3, 20, 16))


def test_actnorm_initialises_on_the_first_training_pass_only() -> None:
    norm = ActNorm(3).train()
    x = torch.randn(8, 3, 5, 5) * 4 + 2
    y, _ = norm(x)
    assert y.mean(dim=(0, 2, 3)).abs().max() < 1e-4
    assert (y.std(dim=(0, 2, 3)) - 1).abs().max() < 0.02
    before = norm.bias.clone()
    norm(x + 7)
    assert torch.equal(norm.bias, before)


def test_actnorm_says_when_it_has_seen_no_data() -> None:
    norm = ActNorm(3).eval()
    with pytest.raises(RuntimeError, match="has not seen any data"):
        norm(torch.zeros(1, 3, 2, 2))
    with pytest.raises(RuntimeError, match="has not seen any data"):
        norm.inverse(torch.zeros(1, 3, 2, 2))


def test_actnorm_does_not_amplify_empty_channels() -> None:
    norm = ActNorm(1, std_floor=0.5).train()
    norm(torch.zeros(2, 1, 4, 4))
    assert norm.log_scale.exp().item() == pytest.approx(2.0)


@pytest.mark.parametrize("identity", [True, False])
def test_1x1_convolution_inverts_and_knows_its_determinant(identity: bool) -> None:
    mix = InvertibleConv1x1(4, identity=identity).double()
    shake(mix)
    x = torch.randn(1, 4, 2, 2, dtype=torch.float64)
    y, log_det = mix(x)
    torch.testing.assert_close(mix.inverse(y), x, atol=1e-10, rtol=0)
    expected = jacobian_log_det(lambda v: mix(v)[0], x)
    torch.testing.assert_close(log_det[0], expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("with_condition", [False, True])
def test_block_inverts_and_knows_its_determinant(with_condition: bool) -> None:
    block = FlowBlock(1, 3, 2 if with_condition else 0, identity=False, **NET).double().train()
    block(torch.randn(4, 4, 2, 2, dtype=torch.float64), None,
          torch.randn(4, 2, 2, 2, dtype=torch.float64) if with_condition else None)  # fmt: skip
    shake(block)
    condition = torch.randn(1, 2, 2, 2, dtype=torch.float64) if with_condition else None
    x = torch.randn(1, 4, 2, 2, dtype=torch.float64)
    y, log_det = block(x, None, condition)
    torch.testing.assert_close(block.inverse(y, None, condition), x, atol=1e-9, rtol=0)
    expected = jacobian_log_det(lambda v: block(v, None, condition)[0], x)
    torch.testing.assert_close(log_det[0], expected, atol=1e-6, rtol=0)


def test_modulation_changes_the_factors_and_keeps_the_inverse() -> None:
    net = {**NET, "width": 6}
    block = FlowBlock(2, 2, **net).double().train()
    x = torch.randn(2, 4, 4, 4, dtype=torch.float64)
    block(x)
    shake(block)
    weak, strong = torch.zeros(2, 6).double(), torch.ones(2, 6).double()
    y_weak, y_strong = block(x, weak)[0], block(x, strong)[0]
    assert (y_weak - y_strong).abs().max() > 1e-3
    torch.testing.assert_close(block.inverse(y_strong, strong), x, atol=1e-9, rtol=0)


def test_untrained_flow_leaves_the_host_as_it_is() -> None:
    flow = InvertibleFlow(4, 12, 2, **NET).train()
    secret, host = torch.randn(2, 4, 6, 6), torch.rand(2, 12, 6, 6)
    h_f, y, _ = flow(secret, host)
    torch.testing.assert_close(y, host, atol=1e-5, rtol=0)
    torch.testing.assert_close(h_f, secret, atol=1e-5, rtol=0)


def test_flow_round_trip_in_float32() -> None:
    torch.manual_seed(0)
    flow = InvertibleFlow(4, 12, 3, **NET).train()
    secret, host = torch.randn(2, 4, 6, 6), torch.rand(2, 12, 6, 6)
    flow(secret, host)
    shake(flow, size=0.05)
    h_f, y, _ = flow(secret, host)
    secret_2, host_2 = flow.inverse(h_f, y)
    torch.testing.assert_close(secret_2, secret, atol=1e-3, rtol=0)
    torch.testing.assert_close(host_2, host, atol=1e-3, rtol=0)


def test_flow_log_determinant() -> None:
    flow = InvertibleFlow(1, 3, 2, **NET).double().train()
    flow(torch.randn(4, 1, 2, 2).double(), torch.rand(4, 3, 2, 2).double())
    shake(flow)
    x = torch.randn(1, 4, 2, 2, dtype=torch.float64)

    def run(v: torch.Tensor) -> torch.Tensor:
        h_f, y, _ = flow(v[:, :1], v[:, 1:])
        return torch.cat([h_f, y], dim=1)

    torch.testing.assert_close(
        flow(x[:, :1], x[:, 1:])[2][0], jacobian_log_det(run, x), atol=1e-6, rtol=0
    )


def test_noise_projection_depends_on_the_container_and_inverts() -> None:
    net = {k: v for k, v in NET.items() if k != "width"}
    canp = NoiseProjection(4, 12, 2, 8, width=0, **net).double().train()
    h_f, y = torch.randn(2, 4, 5, 5).double(), torch.rand(2, 12, 5, 5).double()
    canp(h_f, y)
    shake(canp)
    z, _ = canp(h_f, y)
    torch.testing.assert_close(canp.inverse(z, y), h_f, atol=1e-8, rtol=0)
    assert (canp.inverse(z, y + 0.5) - h_f).abs().max() > 1e-3


def test_convolution_forgets_its_inverse_when_the_weights_change() -> None:
    convolution = InvertibleConv1x1(6, identity=False)
    x = torch.randn(1, 6, 4, 4)
    for _ in range(2):
        with torch.no_grad():
            assert torch.allclose(convolution.inverse(convolution(x)[0]), x, atol=1e-4)
            convolution.upper.add_(0.1 * torch.randn(6, 6))
            convolution.log_s.add_(0.2)
    other = InvertibleConv1x1(6, identity=False)
    convolution.load_state_dict(other.state_dict())
    with torch.inference_mode():
        assert torch.allclose(convolution.inverse(other(x)[0]), x, atol=1e-4)
