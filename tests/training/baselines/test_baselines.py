"""Earlier methods on the project's blocks."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from riis_physical.errors import ConfigError, TrainingError
from riis_physical.model.config import PAPER, ModelConfig
from training.baselines import BASELINES, make_network
from training.hiding.config import load_config
from training.hiding.export import export
from training.hiding.loop import main
from training.hiding.steps.losses import low_frequency_loss

SMALL = PAPER.model_dump() | {"blocks": 2, "growth": 4, "dense_layers": 2, "n_secrets": 2}
CONFIG = ModelConfig.model_validate(SMALL)


def shaken(method: str) -> torch.nn.Module:
    """A network that does something: its last layers start at zero."""
    torch.manual_seed(0)
    network = make_network(method, CONFIG)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.02 * torch.randn_like(parameter)
    return network.eval()


@pytest.mark.parametrize("method", sorted(BASELINES))
def test_pictures_go_in_and_come_back_in_shape(method: str) -> None:
    network = make_network(method, CONFIG)
    host, secret = torch.rand(2, 3, 16, 16), torch.rand(2, 6, 16, 16)
    hidden = network.hide(host, secret)
    revealed = network.reveal_from(hidden.container, torch.zeros(2, 4), torch.randn_like(hidden.z))
    assert hidden.container.shape == host.shape and revealed.picture.shape == secret.shape
    assert revealed.host.shape == host.shape
    (hidden.container.sum() + revealed.picture.sum() + revealed.host.sum()).backward()
    assert all(p.grad is not None for p in network.parameters() if p.requires_grad)


@pytest.mark.parametrize("method", ["isn", "hinet", "autoencoder"])
def test_untrained_containers_are_their_hosts(method: str) -> None:
    host, secret = torch.rand(2, 3, 16, 16), torch.rand(2, 6, 16, 16)
    container = make_network(method, CONFIG).hide(host, secret).container
    torch.testing.assert_close(container, host, atol=1e-5, rtol=0)


def test_an_untrained_iicnet_is_the_mean_of_its_pictures() -> None:
    host, secret = torch.rand(2, 3, 16, 16), torch.rand(2, 6, 16, 16)
    container = make_network("iicnet", CONFIG).hide(host, secret).container
    torch.testing.assert_close(container, (host + secret[:, :3] + secret[:, 3:]) / 3)


def test_hinet_with_what_it_lost_gives_all_back() -> None:
    network = shaken("hinet")
    host, secret = torch.rand(2, 3, 16, 16), torch.rand(2, 6, 16, 16)
    with torch.no_grad():
        hidden = network.hide(host, secret)
        revealed = network.reveal_from(hidden.container, torch.zeros(2, 4), hidden.z)
    assert (hidden.container - host).abs().max() > 1e-2
    torch.testing.assert_close(revealed.picture, secret, atol=1e-4, rtol=0)
    torch.testing.assert_close(revealed.host, host, atol=1e-4, rtol=0)


def test_isn_puts_a_constant_in_for_what_it_lost() -> None:
    network = shaken("isn")
    received = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        first, second = (
            network.reveal_from(received, torch.zeros(1, 4), torch.randn(1, 24, 8, 8)).picture
            for _ in range(2)
        )
    assert torch.equal(first, second)


def test_low_frequencies_alone_count() -> None:
    host = torch.rand(1, 3, 8, 8)
    fine = torch.ones(8, 8)
    fine[::2] = -1
    assert low_frequency_loss(host + 0.1 * fine, host, 2) < 1e-9
    torch.testing.assert_close(low_frequency_loss(host + 0.1, host, 2), torch.tensor(0.04))


def test_baselines_refuse_what_is_not_theirs(tmp_path: Path, photos_folder: Path) -> None:
    with pytest.raises(TrainingError, match="RGB pictures in RGB hosts"):
        make_network("isn", CONFIG.model_copy(update={"host_channels": 1}))
    with pytest.raises(ConfigError, match="hinet has one set of parameters"):
        load_config("paper-cpu", ["method=hinet"])
    with pytest.raises(ConfigError, match="isn hides pictures: its channel is digital"):
        load_config("print", ["method=isn"])
    tiny = ["batch=1", "patch_px=16", "steps=1", "decouple_at=9", "model.blocks=1", "photos=3"]
    run = main(
        "paper-cpu", photos_folder, tmp_path / "isn", overrides=[*tiny, "method=isn"], cpu=True
    )
    with pytest.raises(TrainingError, match="for comparison alone"):
        export(run, tmp_path / "isn.safetensors")
    goes_on = main(
        "paper-cpu",
        photos_folder,
        tmp_path / "more",
        overrides=[*tiny, "method=isn", "learning_rate=0.000000001"],
        cpu=True,
        init=str(run),
    )
    first, second = (torch.load(f / "checkpoint.pt")["average"] for f in (run, goes_on))
    for key, value in first.items():
        torch.testing.assert_close(second[key], value, atol=1e-6, rtol=0)
    with pytest.raises(TrainingError, match="another shape"):
        main("paper-cpu", photos_folder, tmp_path / "other", overrides=tiny, cpu=True,
             init=str(run))  # fmt: skip
