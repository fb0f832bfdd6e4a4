"""Profiles: what a file may say, the simulated defaults, and the commands that use them."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from riis_physical.channel.draw import sample_params
from riis_physical.channel.params import ChannelParams
from riis_physical.cli import cli
from riis_physical.errors import ConfigError
from riis_physical.profile import DeviceProfile, Response, shipped
from training.hiding.config import load_config
from training.hiding.material.batches import draw_params
from training.measure.common.settings import Settings
from training.measure.reading.trial import draw_capture

VALID = {"format_version": 1, "name": "mine", "origin": "fitted", "medium": "print"}


def written(folder: Path, **changes: object) -> Path:
    path = folder / "mine.json"
    path.write_text(json.dumps({**VALID, **changes}), encoding="utf-8")
    return path


def test_a_profile_survives_its_file(tmp_path: Path) -> None:
    response = Response(levels=(0, 0.5, 1), red=(0.1, 0.5, 0.9), green=(0.1, 0.5, 0.9),
                        blue=(0.1, 0.4, 0.9), saturation=0.8)  # fmt: skip
    first = DeviceProfile(**VALID, channel={"tone": (-0.1, 0.2)}, response=response)
    first.save(tmp_path / "first.json")
    again = DeviceProfile.load(tmp_path / "first.json")
    assert again == first
    assert again.ranges().tone == (-0.1, 0.2)
    assert again.ranges().yaw_deg == (-25, 25)  # from the base preset
    assert again.response is not None and again.response.curves().shape == (3, 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": 2}, "profile format 2, expected 1"),
        ({"gamma": 2.2}, "gamma.*known keys"),
        ({"channel": {"tonne": [0, 1]}}, "unknown parameter 'tonne'"),
        ({"channel": {"tone": [0.2, 0.1]}}, "low <= high"),
        ({"medium": "wall"}, "medium"),
        ({"response": {"levels": [0, 0.5, 1], "red": [0, 0.6, 0.5], "green": [0, 0.5, 1],
                       "blue": [0, 0.5, 1]}}, "red must lie within 0 to 1 and never fall"),
    ],
)  # fmt: skip
def test_a_wrong_profile_is_refused(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        DeviceProfile.load(written(tmp_path, **changes))


def test_a_missing_profile_names_those_that_ship(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="lcd-screen, office-laser, photo-inkjet"):
        DeviceProfile.load("office-lasre")
    with pytest.raises(ConfigError, match="cannot read"):
        DeviceProfile.load(tmp_path / "none.json")


@pytest.mark.parametrize("name", shipped())
def test_shipped_profiles_are_labelled_and_can_be_drawn_from(name: str) -> None:
    profile = DeviceProfile.load(name)
    assert profile.origin == "simulated default"
    assert "Simulated default" in profile.description
    params = sample_params(profile.ranges(), 50, torch.Generator().manual_seed(1),
                           medium=profile.medium)  # fmt: skip
    low, high = profile.channel["ink_black"]
    assert params.ink_black.min() >= low - 1e-6
    assert params.ink_black.max() <= high + 1e-6
    assert bool((params.is_screen == float(profile.medium == "screen")).all())


def test_a_mix_draws_from_every_profile() -> None:
    config = load_config("print", ["profiles=[office-laser, lcd-screen]"])
    params, held = draw_params(config, 20, 40, 1.0, seed=3)
    assert isinstance(params, ChannelParams)
    assert params.batch == 40
    assert 8 <= int(params.is_screen.sum()) <= 32
    assert held.tolist() == [1.0] * 40
    again, _ = draw_params(config, 20, 40, 1.0, seed=3)
    for item in fields(ChannelParams):
        one, other = getattr(params, item.name), getattr(again, item.name)
        assert torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other


def test_training_refuses_an_unknown_profile() -> None:
    with pytest.raises(ConfigError, match="no profile 'nothing'"):
        load_config("print", ["profiles=[nothing]"])


def test_captures_of_a_profile_are_its_own_and_repeat(tmp_path: Path) -> None:
    settings = Settings("auto", "val", presets=("office-laser",),
                        profiles=(("office-laser", "office-laser"),))  # fmt: skip
    params, seed = draw_capture(settings, "office-laser", 4)
    same, same_seed = draw_capture(settings, "office-laser", 4)
    assert seed == same_seed
    assert torch.equal(params.tone, same.tone)
    assert 0.1 <= float(params.dot_gain[0]) <= 0.25
    assert len(settings.as_dict()["profiles"]["office-laser"]) == 64
    with pytest.raises(ConfigError, match="unknown preset"):
        Settings("auto", "val", presets=("office-laser",))


def test_simulate_takes_a_profile_and_says_so(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    Image.fromarray(noise).save(picture)
    args = ["simulate", str(picture), "-o", str(tmp_path / "photo.jpg"), "--size", "320x240"]
    done = CliRunner().invoke(
        cli, [*args, "--profile", "lcd-screen", "--truth", str(tmp_path / "truth.json")]
    )
    assert done.exit_code == 0, done.output
    truth = json.loads((tmp_path / "truth.json").read_text())
    assert truth["profile"] == "lcd-screen"
    assert truth["params"]["is_screen"] == 1
    clash = CliRunner().invoke(cli, [*args, "--profile", "lcd-screen", "--medium", "print"])
    assert clash.exit_code == 2
    assert "give one" in clash.output
