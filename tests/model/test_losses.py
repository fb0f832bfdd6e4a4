"""Loss terms against what the paper prints and what they are for."""

from __future__ import annotations

import pytest
import torch

from training.hiding.steps.losses import (
    container_loss,
    distribution_loss,
    image_reveal_loss,
    paper_container_loss,
    reveal_loss,
    tail_weights,
    visibility_mask,
)


def test_eq_8_adds_the_spectrum_of_the_difference() -> None:
    host, container = torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)
    squared = (host - container).pow(2).mean()
    torch.testing.assert_close(paper_container_loss(container, host), 2 * squared)
    shifted = host.roll(1, dims=-1)  # equal amplitudes, other phases
    assert paper_container_loss(shifted, host) > 0.01


def test_eq_5_weighs_the_host() -> None:
    zero, one = torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4)
    assert image_reveal_loss(zero, one, zero, one, 0.25).item() == pytest.approx(1.25)


def test_eq_7_is_smallest_at_zero() -> None:
    assert distribution_loss(torch.zeros(2, 4)).item() == 0
    assert distribution_loss(torch.ones(2, 4)).item() == pytest.approx(0.5)


def test_a_change_counts_more_where_the_host_is_smooth() -> None:
    torch.manual_seed(0)
    host = torch.full((1, 3, 64, 64), 0.5)
    host[..., 32:] += 0.3 * (torch.rand(1, 1, 64, 32) - 0.5)
    mask = visibility_mask(host)
    assert mask.mean().item() == pytest.approx(1.0, abs=1e-5)
    assert mask[..., :16].mean() > 2 * mask[..., 48:].mean()
    pattern = 0.02 * (torch.arange(64) % 2 * 2.0 - 1)[None, None, :, None]
    smooth, rough = host.clone(), host.clone()
    smooth[..., :16] += pattern
    rough[..., 48:] += pattern
    assert container_loss(smooth, host, 2.0, 8.0) > 1.5 * container_loss(rough, host, 2.0, 8.0)


def test_slow_and_coloured_changes_count_more() -> None:
    host = torch.full((1, 3, 64, 64), 0.5)
    checks = (torch.arange(64)[:, None] + torch.arange(64)) % 2 * 2.0 - 1
    fine = container_loss(host + 0.02 * checks, host, 2.0, 8.0)
    slow = container_loss(host + 0.02, host, 2.0, 8.0)
    assert slow > 3 * fine
    red = torch.tensor([1.0, 0.0, 0.0])[None, :, None, None] * 0.02
    grey_of_equal_luma = 0.299 * 0.02
    assert container_loss(host + red, host, 2.0, 8.0) > 3 * container_loss(
        host + grey_of_equal_luma, host, 2.0, 8.0
    )


def test_reveal_loss_falls_with_right_modules() -> None:
    secret = torch.randint(0, 2, (1, 1, 6, 6)).float() * 2 - 1
    picture = torch.nn.functional.interpolate(secret, scale_factor=4)
    right, exact = reveal_loss(4 * secret[:, 0], picture, secret)
    wrong, _ = reveal_loss(-4 * secret[:, 0], picture, secret)
    assert right.shape == (1,)
    assert right < 0.05 < 3 < wrong and exact.item() == 0


def test_items_near_the_threshold_count_most() -> None:
    nats = torch.tensor([0.05, 0.3, 0.69])
    weights = tail_weights(nats, 2.0, need=0.3, width=0.1)
    assert weights.mean().item() == pytest.approx(1.0)
    assert weights[1] > 2.5 * weights[0] and weights[1] > 2.5 * weights[2]
    assert torch.equal(tail_weights(nats, 0.0, 0.3, 0.1), torch.ones(3))
