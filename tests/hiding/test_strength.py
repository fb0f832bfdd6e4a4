"""Choosing the strength: no more than is needed, the same reach for all, and never a guess."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from skimage import data

from riis_physical.channel.ranges import EASY, NORMAL
from riis_physical.cli import cli
from riis_physical.errors import ConfigError, HostError
from riis_physical.hiding import Aim, hide
from riis_physical.hiding import container as container_module
from riis_physical.hiding.blacks import Lift, lifted, needed_lift
from riis_physical.hiding.plan import better, steadied
from riis_physical.hiding.strength.draws import Scene, batches, reaching, spread_params
from riis_physical.hiding.strength.least import Choice, Curve, choose, predicted_rate
from riis_physical.hiding.strength.need import NEEDED, needed_information
from riis_physical.model.revealer import Revealer
from riis_physical.qr.code.encode import encode
from riis_physical.qr.code.structure import blocks
from riis_physical.qr.prior.message_prior import message_log2
from riis_physical.qr.soft.knowledge import NOTHING
from training.measure.hiding.hard_hosts import HARD_HOSTS

HOST = data.astronaut()
SHORT = "room12"  # version 1, for speed


@pytest.fixture(scope="module")
def revealer() -> Revealer:
    return Revealer.load()


@pytest.fixture(scope="module")
def scene(revealer: Revealer) -> Scene:
    return Scene(HOST, encode(SHORT), revealer)


@pytest.fixture(scope="module")
def residual(scene: Scene, revealer: Revealer) -> np.ndarray:
    return steadied(revealer.embed(scene.frame, scene.code.modules))


def test_draws_cover_the_widths_evenly_and_stay_the_same() -> None:
    drawn = spread_params(NORMAL, 9, 3, medium="mixed", modules=37, aspect=0.8)
    widths = np.sort(drawn.container_width_px.numpy())
    assert np.diff(np.log(widths)) == pytest.approx(np.full(8, np.log(1200 / 350) / 9), abs=1e-3)
    assert float(drawn.is_screen.sum()) == 4
    assert np.allclose(drawn.aspect, 0.8)
    again = spread_params(NORMAL, 9, 3, medium="mixed", modules=37, aspect=0.8)
    assert np.array_equal(drawn.noise_seed, again.noise_seed)
    assert [part.batch for part in batches(drawn, 4)] == [4, 4, 1]


def test_reach_moves_the_widths() -> None:
    assert reaching("normal", None) == NORMAL
    assert reaching(EASY, 200).container_width_px == (200.0, 1200)
    assert reaching("normal", 900).container_width_px == (900.0, 1800.0)
    with pytest.raises(ConfigError, match="reach 20 px: expected 50 to 5000"):
        reaching("normal", 20)


def test_the_measures_know_right_wrong_and_unsure(scene: Scene) -> None:
    truth = scene.signs.numpy()
    unsure = np.where(np.indices(truth.shape)[1] % 2, truth, 0.01 * truth)
    wrong = np.where(np.indices(truth.shape)[1] % 2, truth, -truth)
    params = scene.params(NORMAL, 3, 0, "print")
    seen = scene.judged(np.stack([truth, unsure, wrong]).astype(np.float32), params)
    assert seen.accuracy[:2] == pytest.approx([1, 1])
    assert 0.4 < seen.accuracy[2] < 0.6
    assert seen.information[0] > 0.99
    assert 0.4 < seen.information[1] < 0.6  # half of it is not known, and none is wrong
    assert seen.information[2] < 0.05


def test_a_rate_is_the_share_above_what_reading_needs() -> None:
    widths = np.geomspace(350, 1200, 20)
    assert predicted_rate(np.full(20, 0.9), widths) > 0.99
    assert predicted_rate(np.full(20, 0.2), widths) < 0.01
    half = predicted_rate(np.full(20, NEEDED), widths)
    assert half == pytest.approx(0.5, abs=0.01)
    assert predicted_rate(np.full(20, NEEDED), widths, margin=0.05) < 0.2


def test_the_chosen_strength_is_the_least_that_does(scene: Scene, residual: np.ndarray) -> None:
    aim = Aim(draws=8)
    choice = choose(scene, residual, aim)
    assert choice.limit == ""
    assert choice.with_margin >= aim.rate - 0.005
    assert choice.predicted >= choice.with_margin
    assert choice.strength < 1  # a short message on an easy host: less to see
    assert 350 <= choice.min_width_px <= 1200
    looked = Curve.measured(scene, residual, aim, at=0.75 * choice.strength)
    assert looked.rate(0.75 * choice.strength, aim.margin) < aim.rate
    farther = choose(scene, residual, Aim(draws=8, reach_px=150))
    assert farther.strength > choice.strength
    easier = choose(scene, residual, Aim(draws=8, ranges="easy"))
    assert easier.strength <= choice.strength


def test_the_strength_is_bounded_by_what_is_seen(revealer: Revealer) -> None:
    page = HARD_HOSTS["text_page"]()
    scene = Scene(page, encode(SHORT), revealer)
    residual = 3 * steadied(revealer.embed(scene.frame, scene.code.modules))
    choice = choose(scene, residual, Aim(draws=8, ranges="hard", rate=0.99))
    assert choice.limit == "seen"
    assert choice.strength < 1


@pytest.mark.parametrize("values", [{"rate": 1.0}, {"rate": 0.0}, {"draws": 3}])
def test_an_aim_that_cannot_be(values: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="expected a rate above 0 and below 1"):
        Aim(**values)  # type: ignore[arg-type]


def test_lifting_keeps_the_order_and_the_mid_tones() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    moved = lifted(ramp, Lift(black=5, white=4, black_share=0.5, white_share=0.3))[0, :, 0]
    assert (moved[0], moved[255]) == (5, 251)
    assert np.all(np.diff(moved.astype(int)) >= 0)
    assert np.array_equal(moved[20:236], np.arange(20, 236))


def test_large_black_and_white_areas_are_seen() -> None:
    lift = needed_lift(HARD_HOSTS["half_black"]())
    assert lift is not None
    assert (lift.black, lift.white) == (5, 0)
    assert "black raised by 5 of 255" in str(lift)
    white = needed_lift(HARD_HOSTS["half_white"]())
    assert white is not None
    assert (white.black, white.white) == (0, 5)
    assert needed_lift(data.coffee()) is None


def test_a_lift_must_be_worth_it() -> None:
    plain = Choice(1.0, 0.99, 0.97, 350, 0.95)
    assert better(Choice(0.8, 0.99, 0.97, 350, 0.95), plain)
    assert not better(Choice(0.95, 0.99, 0.97, 350, 0.95), plain)
    short = Choice(1.5, 0.9, 0.8, 350, 0.9, limit="strength")
    assert better(Choice(1.4, 0.99, 0.97, 350, 0.95), short)
    assert not better(Choice(1.5, 0.9, 0.81, 350, 0.9, limit="strength"), short)


def test_half_a_picture_in_black_gets_what_it_needs(revealer: Revealer) -> None:
    host = HARD_HOSTS["half_black"]()
    result = hide(host, SHORT, revealer=revealer, strength=Aim(draws=8))
    assert result.choice is not None
    assert result.strength == result.choice.strength
    assert result.lift is not None
    assert result.choice.with_margin > 0.9
    dark = host.max(axis=2) < 2
    assert result.container[dark].mean() == pytest.approx(5, abs=1)


def test_flat_areas_keep_their_colour(revealer: Revealer) -> None:
    wall = np.full((600, 600, 3), (180, 150, 120), np.uint8)
    result = hide(wall, "a longer message, version 4", revealer=revealer)
    change = result.container.astype(float) - wall
    side = 600 * 4 // result.modules  # 32 px of the model frame are 4 modules
    tiles = change[: 600 // side * side, : 600 // side * side]
    means = tiles.reshape(600 // side, side, 600 // side, side, 3).mean(axis=(1, 3))
    assert np.abs(change).max() >= 3
    assert np.abs(means).max() < 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--strength", "1", "--for", "easy"], "leave --strength away"),
        (["--strength", "1", "--reach-px", "200"], "leave --strength away"),
        (["--for", "easy", "--profile", "office-laser"], "give one"),
        (["--seconds", "5"], "belongs to --refine"),
        (["--captures", "20"], "belongs to --target-rate"),
    ],
)
def test_options_that_do_not_go_together(options: list[str], message: str) -> None:
    done = CliRunner().invoke(cli, ["hide", "host.png", "-m", "x", "-o", "c.png", *options])
    assert done.exit_code == 2
    assert message in done.output


def test_a_chosen_strength_that_does_not_read_back_is_raised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check = container_module._self_check
    failed: list[float] = []

    def fails_twice(container: object, code: object, revealer: object, strength: float, *rest: Any):  # type: ignore[no-untyped-def]
        if len(failed) < 2:
            failed.append(strength)
            raise HostError("does not read back")
        return check(container, code, revealer, strength, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(container_module, "_self_check", fails_twice)
    host = data.coffee()[:200, :300]
    result = hide(host, "room12", revealer=Revealer.load(), strength=Aim(draws=8))
    assert result.strength == pytest.approx(failed[0] * 1.15**2)
    assert result.choice is not None and result.choice.strength == result.strength
    assert "raised to" in result.warnings[0]
    failed.clear()
    with pytest.raises(HostError):
        hide(host, "room12", revealer=Revealer.load(), strength=0.8)


def test_a_code_of_one_block_need_show_less_beyond_its_message() -> None:
    def beyond(message: str) -> float:
        code = encode(message)
        bits = -message_log2(code.payload, code.version, code.level)
        spread = sum(8 * len(block.positions) for block in blocks(code.version, code.level))
        return needed_information(code, NOTHING) - bits / spread

    one, several = beyond("exhibition-7"), beyond("https://example.org/room-12")
    assert several - one == pytest.approx(0.045, abs=1e-6)
