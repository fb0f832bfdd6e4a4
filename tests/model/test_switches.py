"""What the paper's tables turn on and off."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from riis_physical.flow import CopySource, ResidualSource
from riis_physical.model.config import PAPER, ModelConfig
from riis_physical.model.network import HidingNetwork

SMALL = PAPER.model_dump() | {"blocks": 2, "growth": 4, "dense_layers": 2, "cem_features": 4}


def network_with(**switches: object) -> HidingNetwork:
    torch.manual_seed(0)
    return HidingNetwork(ModelConfig.model_validate(SMALL | switches)).train()


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"canp_blocks": 0},
        {"canp_blocks": 0, "h_f_source": "copy"},
        {"canp_blocks": 0, "h_f_source": "resblock", "n_secrets": 5},
        {"cem_layers": 0},
        {"condition_width": 0},
    ],
)
def test_every_switch_hides_and_reveals(switches: dict[str, object]) -> None:
    network = network_with(**switches)
    host = torch.rand(2, 3, 16, 16)
    secret = torch.rand(2, 3 * network.config.n_secrets, 16, 16)
    hidden = network.hide(host, secret)
    torch.testing.assert_close(hidden.container, host, atol=1e-5, rtol=0)  # untrained
    revealed = network.reveal(hidden.container, torch.zeros(2, 4))
    assert revealed.picture.shape == secret.shape and revealed.host.shape == host.shape
    (hidden.container.sum() + revealed.picture.sum() + hidden.z.sum()).backward()


def test_without_enhancement_the_container_is_taken_as_it_comes() -> None:
    network = network_with(cem_layers=0)
    received = torch.rand(1, 3, 16, 16)
    network.hide(received, received)
    assert torch.equal(network.reveal(received, torch.zeros(1, 4)).enhanced, received)


def test_without_canp_h_f_is_z_and_its_volume_stays() -> None:
    network = network_with(canp_blocks=0)
    host = torch.rand(2, 3, 16, 16)
    hidden = network.hide(host, host)
    assert torch.equal(hidden.h_f, hidden.z)
    true = network.hide(host, host.flip(0))
    revealed = network.reveal_from(true.container, torch.zeros(2, 4), true.z)
    torch.testing.assert_close(revealed.picture, host.flip(0), atol=1e-4, rtol=0)


@pytest.mark.parametrize("make", [CopySource, lambda c, b: ResidualSource(c, b, 4)])
def test_other_sources_take_the_container_and_no_noise(make) -> None:  # type: ignore[no-untyped-def]
    source = make(30, 12)
    bands = torch.randn(2, 12, 4, 4)
    first, second = (source.inverse(torch.randn(2, 30, 4, 4), bands) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(first[:, :12], bands) and torch.equal(first[:, 24:], bands[:, :6])
    h_f = torch.randn(2, 30, 4, 4)
    apart, log_det = source(h_f, bands)
    torch.testing.assert_close(apart + first, h_f)
    assert torch.equal(log_det, torch.zeros(2))


@pytest.mark.parametrize(
    ("switches", "told"),
    [
        ({"cem_layers": 1}, "set cem_layers to 0 for none, or 2 or more"),
        ({"h_f_source": "copy"}, "set canp_blocks to 0"),
        ({"h_f_source": "noise2"}, "h_f_source"),
    ],
)
def test_switches_that_cannot_be_are_refused(switches: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        ModelConfig.model_validate(SMALL | switches)
