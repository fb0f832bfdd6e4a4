"""The hiding network as a whole, small and untrained."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from riis_physical.model.config import PAPER, PRINT, ModelConfig
from riis_physical.model.network import HidingNetwork, module_means

TINY = PRINT.model_copy(
    update={"blocks": 2, "growth": 8, "cem_features": 8, "cem_layers": 2, "canp_features": 8}
)
TINY_PAPER = PAPER.model_copy(
    update={"blocks": 2, "growth": 8, "dense_layers": 3, "cem_features": 8, "cem_layers": 3}
)


def network_for(config: ModelConfig, seed: int = 0) -> HidingNetwork:
    torch.manual_seed(seed)
    network = HidingNetwork(config).train()
    side = 4 * 2**config.host_levels
    if config.secret == "modules":
        secret = torch.randint(0, 2, (2, 1, 4, 4)).float() * 2 - 1
    else:
        secret = torch.rand(2, config.c_secret_pixels, side, side)
    network.hide(torch.rand(2, 3, side, side), secret)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    return network.eval()


@pytest.fixture(scope="module")
def network() -> HidingNetwork:
    return network_for(TINY)


def test_shapes(network: HidingNetwork) -> None:
    secret = torch.ones(3, 1, 5, 6)
    hidden = network.hide(torch.rand(3, 3, 40, 48), secret)
    assert hidden.container.shape == (3, 3, 40, 48)
    assert hidden.z.shape == hidden.h_f.shape == (3, 16, 5, 6)
    assert hidden.log_det.shape == (3,)
    revealed = network.reveal(hidden.container, torch.zeros(3, 4))
    assert revealed.picture.shape == (3, 1, 20, 24)
    assert revealed.logits.shape == (3, 5, 6)
    assert revealed.enhanced.shape == revealed.host.shape == (3, 3, 40, 48)
    assert network.estimate_condition(hidden.container).shape == (3, 3)


def test_true_z_and_no_distortion_give_the_secret_back() -> None:
    network = network_for(TINY).double()
    with torch.no_grad():  # the enhancement module as the identity
        network.cem.body[-1].weight.zero_()
        network.cem.body[-1].bias.zero_()
    secret = torch.randint(0, 2, (2, 1, 4, 4)).double() * 2 - 1
    host = torch.rand(2, 3, 32, 32).double()
    hidden = network.hide(host, secret)
    assert (hidden.container - host).abs().max() > 1e-4
    revealed = network.reveal_from(hidden.container, torch.zeros(2, 4).double(), hidden.z)
    drawn = torch.nn.functional.interpolate(secret, scale_factor=4)
    torch.testing.assert_close(revealed.picture, drawn, atol=1e-6, rtol=0)
    torch.testing.assert_close(revealed.host, host, atol=1e-6, rtol=0)


@pytest.mark.parametrize("n_secrets", [1, 2, 5])
def test_paper_model_hides_several_pictures(n_secrets: int) -> None:
    network = network_for(TINY_PAPER.model_copy(update={"n_secrets": n_secrets})).double()
    with torch.no_grad():
        network.cem.body[-1].weight.zero_()
        network.cem.body[-1].bias.zero_()
    host = torch.rand(1, 3, 12, 18).double()
    secret = torch.rand(1, 3 * n_secrets, 12, 18).double()
    hidden = network.hide(host, secret)
    revealed = network.reveal_from(hidden.container, torch.zeros(1, 4).double(), hidden.z)
    torch.testing.assert_close(revealed.picture, secret, atol=1e-6, rtol=0)


def test_the_same_seed_gives_the_same_answer(network: HidingNetwork) -> None:
    picture = torch.rand(1, 3, 32, 32)
    level = torch.zeros(1, 4)
    first, again = network.reveal(picture, level), network.reveal(picture, level)
    assert torch.equal(first.logits, again.logits)
    other = network.reveal(picture, level, seed=1)
    assert not torch.equal(first.logits, other.logits)
    mean = network.reveal(picture, level, temperature=0.0)
    assert not torch.equal(first.logits, mean.logits)


def test_batch_equals_per_item(network: HidingNetwork) -> None:
    pictures, levels = torch.rand(3, 3, 32, 32), torch.rand(3, 4)
    together = network.reveal(pictures, levels).logits
    apart = torch.cat(
        [
            network.reveal(p, v).logits
            for p, v in zip(pictures.split(1), levels.split(1), strict=True)
        ]
    )
    torch.testing.assert_close(together, apart, atol=1e-4, rtol=1e-4)


def test_distortion_level_modulates_the_reveal(network: HidingNetwork) -> None:
    picture = torch.rand(1, 3, 32, 32)
    clean = network.reveal(picture, torch.zeros(1, 4)).logits
    distorted = network.reveal(picture, torch.ones(1, 4)).logits
    assert not torch.allclose(clean, distorted)


def test_decoupling_parts_the_two_ways() -> None:
    network = network_for(TINY)
    picture, level = torch.rand(1, 3, 32, 32), torch.zeros(1, 4)
    before = network.reveal(picture, level).logits
    network.decouple()
    torch.testing.assert_close(network.reveal(picture, level).logits, before)
    with torch.no_grad():
        for parameter in network.forward_way.parameters():
            parameter.add_(0.1)
    torch.testing.assert_close(network.reveal(picture, level).logits, before)
    assert network.config.decoupled


def test_module_means_weigh_the_centre() -> None:
    picture = torch.zeros(1, 1, 4, 8)
    picture[..., :4] = 1
    assert module_means(picture, 4).tolist() == [[[pytest.approx(1.0), 0.0]]]
    rim = torch.zeros(1, 1, 4, 4)
    rim[..., 0, :] = 1
    assert module_means(rim, 4).item() < 0.25


def test_config_refuses_what_makes_no_model() -> None:
    with pytest.raises(ValidationError, match="one secret"):
        ModelConfig.model_validate({**PRINT.model_dump(), "n_secrets": 2})
    with pytest.raises(ValidationError, match="equal levels"):
        ModelConfig.model_validate({**PAPER.model_dump(), "secret_levels": 2})
    with pytest.raises(ValidationError, match="Extra inputs"):
        ModelConfig.model_validate({**PRINT.model_dump(), "growht": 2})


@pytest.mark.parametrize("modulation", ["factors", "features"])
def test_the_level_modulates_the_couplings_and_they_still_invert(modulation: str) -> None:
    config = TINY_PAPER.model_copy(update={"modulation": modulation, "host_channels": 1})
    torch.manual_seed(0)
    network = HidingNetwork(config).double().train()
    host, secret = torch.rand(2, 1, 16, 16).double(), torch.rand(2, 3, 16, 16).double()
    network.hide(host, secret)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
        network.cem.body[-1].weight.zero_()
        network.cem.body[-1].bias.zero_()
    network.eval()
    level = torch.tensor([[0.4, 0.0, 0.2, 0.0]] * 2).double()
    plain, told = network.hide(host, secret), network.hide(host, secret, level)
    assert plain.container.shape == (2, 1, 16, 16)
    assert (plain.container - told.container).abs().max() > 1e-4
    revealed = network.reveal_from(told.container, level, told.z)
    torch.testing.assert_close(revealed.picture, secret, atol=1e-6, rtol=0)
