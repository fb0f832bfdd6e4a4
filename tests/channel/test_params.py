"""Sampling of channel parameters and the presets."""

from dataclasses import fields

import pytest
import torch

from riis_physical.artifacts import Condition
from riis_physical.channel import PRESETS, ChannelRanges, condition_of, preset_table, sample_params
from riis_physical.errors import ConfigError
from riis_physical.model.condition import denormalise_condition, normalise_condition


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_normal_covers_what_is_promised():
    normal = PRESETS["normal"]
    promised = {
        "container_width_px": (350, 1200),
        "yaw_deg": (-25, 25),
        "pitch_deg": (-25, 25),
        "blur_sigma": (0.3, 1.5),
        "temperature_k": (3000, 7500),
        "gain": (0.7, 1.3),
        "gradient": (0, 0.3),
        "jpeg_quality": (60, 95),
        "second_quality": (60, 95),
    }
    for name, (low, high) in promised.items():
        have = getattr(normal, name)
        assert have[0] <= low and have[1] >= high, name
    assert normal.noise_sigma[1] >= 0.03


def test_easy_has_at_least_half_of_normal_and_hard_at_least_all():
    easy, normal, hard = (PRESETS[name] for name in ("easy", "normal", "hard"))
    for item in fields(ChannelRanges):
        if item.name in ("container_width_px", "temperature_k", "aspect", "distance"):
            continue
        identity = item.metadata["identity"]
        reach = [
            max(abs(bound - identity) for bound in getattr(preset, item.name))
            for preset in (easy, normal, hard)
        ]
        assert reach[1] / 2 - 1e-9 <= reach[0] <= reach[1] <= reach[2] + 1e-9, item.name
    assert hard.yaw_deg == (-45, 45)
    assert hard.container_width_px[0] <= 250
    assert hard.blur_sigma[1] >= 2.5
    assert hard.noise_sigma[1] >= 0.06
    assert hard.occlusion[1] >= 0.1
    assert hard.glare[1] > normal.glare[1]
    assert hard.curl[1] > normal.curl[1]


@pytest.mark.parametrize("preset", list(PRESETS))
def test_samples_lie_within_the_ranges(preset):
    params = sample_params(preset, 300, generator(), medium="mixed")
    for item in fields(ChannelRanges):
        low, high = getattr(PRESETS[preset], item.name)
        identity = item.metadata["identity"]
        values = getattr(params, item.name)
        inside = (values >= low - 1e-3) & (values <= high + 1e-3)
        assert bool((inside | (values - identity).abs().lt(1e-6)).all()), item.name
    cut = 0.01 * PRESETS[preset].corner_error[0] / 0.0035
    assert float(params.corner_error_xy.norm(dim=-1).max()) <= cut + 1e-6
    assert 0.3 < float(params.is_screen.mean()) < 0.7


def test_same_generator_state_same_parameters_scaled_by_strength():
    full = sample_params("normal", 8, generator(3), medium="print")
    again = sample_params("normal", 8, generator(3), medium="print")
    half = sample_params("normal", 8, generator(3), medium="print", strength=0.5)
    for item in fields(full):
        value = getattr(full, item.name)
        if isinstance(value, torch.Tensor):
            torch.testing.assert_close(value, getattr(again, item.name), rtol=0, atol=0)
    torch.testing.assert_close(half.yaw_deg, full.yaw_deg / 2)
    torch.testing.assert_close(half.gain - 1, (full.gain - 1) / 2)
    torch.testing.assert_close(half.corner_error_xy, full.corner_error_xy / 2)


def test_zero_strength_is_the_identity_of_every_parameter():
    params = sample_params("hard", 16, generator(), medium="mixed", strength=0.0, module_px=12.0)
    for item in fields(ChannelRanges):
        if item.name in ("container_width_px", "distance", "sharpen_sigma"):
            continue
        values = getattr(params, item.name)
        expected = torch.full_like(values, item.metadata["identity"])
        torch.testing.assert_close(values, expected, msg=item.name)
    expected = torch.full((16,), 12.0 * 37)
    torch.testing.assert_close(params.container_width_px, expected)
    assert float(params.jpeg_mix.max()) == 0 and float(params.second_mix.max()) == 0


def test_override_and_item():
    params = sample_params("normal", 4, generator())
    fixed = params.override(container_width_px=500, yaw_deg=10.0)
    assert fixed.container_width_px.tolist() == [500.0] * 4
    assert fixed.item(2).batch == 1
    assert fixed.item(2).describe()["yaw_deg"] == 10.0
    with pytest.raises(ConfigError, match="unknown channel parameter 'yaw'"):
        params.override(yaw=3)


def test_wrong_settings_are_refused():
    with pytest.raises(ConfigError, match="unknown channel preset 'brutal'"):
        sample_params("brutal", 1, generator())
    with pytest.raises(ConfigError, match="unknown medium"):
        sample_params("easy", 1, generator(), medium="slide")
    with pytest.raises(ConfigError, match="strength 2"):
        sample_params("easy", 1, generator(), strength=2.0)
    with pytest.raises(ConfigError, match="modules_patch 40"):
        sample_params("easy", 1, generator(), modules_patch=40)
    with pytest.raises(ConfigError, match="low <= high"):
        ChannelRanges(gain=(2, 1))


def test_table_has_a_row_for_each_parameter_with_its_unit():
    table = preset_table()
    assert table.count("\n") == len(fields(ChannelRanges)) + 1
    assert "| yaw_deg | -13 to 13 | -25 to 25 | -45 to 45 | deg | both |" in table
    assert preset_table("easy").count("-25 to 25") == 0


def test_condition_is_normalised_and_comes_back():
    condition = Condition(blur=1.0, noise=0.03, jpeg_quality=70.0, scale_px=16.0)
    values = normalise_condition(condition)
    torch.testing.assert_close(values, torch.tensor([0.5, 0.5, 0.5, 1 / 3 + 0.5]))
    back = denormalise_condition(values)
    assert back.scale_px == pytest.approx(16.0, rel=1e-5)
    assert back.jpeg_quality == pytest.approx(70.0, rel=1e-5)


def test_true_condition_follows_the_parameters():
    params = sample_params("normal", 6, generator(), strength=0.0).override(
        container_width_px=592.0, aspect=1.0, noise_sigma=0.03, blur_sigma=1.0
    )
    expected = torch.tensor([0.5, 0.5, 0.0, 1 / 3 + 0.5]).expand(6, 4)
    torch.testing.assert_close(condition_of(params), expected, atol=1e-3, rtol=0)
    coded = params.override(jpeg_mix=1.0, jpeg_quality=70.0)
    assert condition_of(coded)[:, 2].tolist() == pytest.approx([0.5] * 6)
    twice = coded.override(second_mix=1.0, second_quality=85.0)
    assert condition_of(twice)[:, 2].tolist() == pytest.approx([0.25] * 6)
