"""Hiding pictures in a picture of any size, and revealing them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from picture_models import model_of, network_of, picture, saved

from riis_physical import hide_image, reveal
from riis_physical.commands.hiding import hide_image as command
from riis_physical.distortion.level import Level
from riis_physical.errors import BadImageError, ConfigError, WeightsError
from riis_physical.pictures import PictureModel, hide_pictures, reveal_pictures, tamper_map
from riis_physical.pictures.hide import FITS, fitted_to, grey_of
from riis_physical.pictures.reveal import estimate_level
from riis_physical.pictures.tamper import SUSPECT, compared, heat_picture


@pytest.mark.parametrize("secrets", [1, 3])
def test_hiding_and_revealing_keep_the_size(secrets: int) -> None:
    model = model_of(n_secrets=secrets)
    host = picture(75, 101)
    made = hide_pictures(host, [picture(60, 60, 1 + n) for n in range(secrets)], model)
    assert made.container.shape == host.shape and made.container.dtype == np.uint8
    assert 20 < made.psnr < 60
    back = reveal_pictures(made.container, model, level=Level())
    assert len(back.secrets) == secrets and back.host.shape == host.shape
    assert all(one.shape == host.shape for one in back.secrets)


def test_tiles_give_what_the_whole_gives() -> None:
    model = model_of()
    host, secret = picture(150, 170), picture(150, 170, 1)
    whole = hide_pictures(host, [secret], model, tile=512)
    tiled = hide_pictures(host, [secret], model, tile=96, overlap=48)
    assert np.abs(whole.container.astype(int) - tiled.container).max() <= 1
    known = Level(sigma=5)
    one = reveal_pictures(whole.container, model, level=known, tile=512)
    other = reveal_pictures(whole.container, model, level=known, tile=96, overlap=48)
    assert np.abs(one.secrets[0].astype(int) - other.secrets[0]).max() <= 1


def test_the_level_changes_what_is_revealed_and_is_estimated_if_not_given() -> None:
    model = model_of()
    received = picture(64, 64)
    told = [reveal_pictures(received, model, level=level).secrets[0]
            for level in (Level(), Level(sigma=30), Level(known=False))]  # fmt: skip
    assert not np.array_equal(told[0], told[1]) and not np.array_equal(told[0], told[2])
    estimated = estimate_level(received, model)
    assert estimated.known and estimated != Level()
    assert estimate_level(received, model, file_quality=7.0).quality == 7.0
    assert reveal_pictures(received, model).level == estimated


def test_grey_hosts_hide_their_own_colours() -> None:
    model = model_of(host_channels=1)
    host = picture(40, 50)
    made = hide_pictures(host, [], model)
    assert np.array_equal(made.container[..., 0], made.container[..., 2])
    assert np.array_equal(made.secrets[0], host) and np.array_equal(made.host, grey_of(host))
    back = reveal_pictures(made.container, model, level=Level())
    assert back.secrets[0].shape == host.shape
    with pytest.raises(ConfigError, match="leave secret= away|leave --secret away"):
        hide_pictures(host, [host], model)


def test_the_number_of_secrets_must_be_the_models() -> None:
    with pytest.raises(ConfigError, match="hides 2 pictures in a container, got 1"):
        hide_pictures(picture(64, 64), [picture(64, 64)], model_of(n_secrets=2))
    with pytest.raises(BadImageError, match="take a larger one"):
        hide_pictures(picture(20, 9), [picture(32, 32)], model_of())


@pytest.mark.parametrize("fit", FITS)
def test_secrets_get_the_hosts_size(fit: str) -> None:
    wide = np.zeros((20, 80, 3), np.uint8)
    wide[:, 40:] = 255
    fitted = fitted_to(wide, (50, 50), fit)  # type: ignore[arg-type]
    assert fitted.shape == (50, 50, 3)
    assert fitted[25, 5].max() == 0 and fitted[25, 45].min() == 255
    assert (fitted[2, 2] == 128).all() == (fit == "pad")
    assert fitted_to(wide, (20, 80)) is wide


def test_options_are_those_of_the_pictures() -> None:
    assert command.FITS == FITS


def test_an_edit_stands_out() -> None:
    rng = np.random.default_rng(0)
    intact = picture(120, 160)
    back = np.clip(intact + rng.normal(0, 6, intact.shape), 0, 255).astype(np.uint8)
    assert compared(back, intact).share == 0
    back[40:80, 50:100] = rng.integers(0, 255, (40, 50, 3))
    found = compared(back, intact)
    assert found.heat[60, 75] > SUSPECT > found.heat[10, 10]
    assert 0.1 < found.share < 0.35
    assert heat_picture(intact, found).shape == intact.shape


def test_an_untouched_container_is_not_suspect() -> None:
    model = model_of()
    secret = picture(64, 96, 1)
    made = hide_pictures(picture(64, 96), [secret], model)
    for quality in (100.0, 60.0):
        back = reveal_pictures(made.container, model, level=Level(quality=quality))
        assert tamper_map(back, [secret], model).share < 0.05
    with pytest.raises(ConfigError, match="another size"):
        tamper_map(back, [picture(20, 20)], model)
    grey = model_of(host_channels=1)
    with pytest.raises(ConfigError, match="own colours"):
        tamper_map(reveal_pictures(picture(32, 32), grey), [picture(32, 32)], grey)


def test_python_hides_and_reveals(tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = saved(tmp_path)
    host, secret = picture(64, 80), picture(64, 80, 1)
    output = tmp_path / "container.png"
    made = hide_image(host, secret, output, model=str(file))
    back = reveal(output, model=str(file), level="none")
    again = reveal(made.container, model=PictureModel.load(file), level=Level())
    assert np.array_equal(back.secrets[0], again.secrets[0])
    assert reveal(made.container, model=str(file), level="blind").level == Level(known=False)
    with pytest.raises(ConfigError, match="unknown distortion"):
        reveal(output, model=str(file), level="noisy")


def test_models_of_another_kind_are_refused() -> None:
    with pytest.raises(ConfigError, match="hides messages, not pictures"):
        PictureModel.load("print-2")
    with pytest.raises(WeightsError, match="no model that hides 5 pictures ships"):
        PictureModel.load("auto", secrets=5)


def test_z_is_the_same_wherever_a_tile_begins() -> None:
    model = PictureModel(network_of(), "tiny", {})
    rng = np.random.default_rng(0)
    flat = np.full((128, 128, 3), 0.5, np.float32) + rng.normal(0, 0, (1, 1, 3)).astype(np.float32)
    whole = model.reveal(flat, Level())
    part = model.reveal(flat[64:, 32:], Level(), (64, 32))
    inner = (slice(24, 40), slice(24, 40))
    np.testing.assert_allclose(part[inner], whole[64:, 32:][inner], atol=1e-4)
    with torch.no_grad():
        assert np.ptp(whole[24:-24, 24:-24, 0]) > 0
