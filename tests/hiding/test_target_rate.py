"""Choosing the strength: a harder capture needs more, and what cannot be had is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from skimage import data

from riis_physical.channel.ranges import EASY, HARD, NORMAL
from riis_physical.cli import cli
from riis_physical.errors import ConfigError, HostError
from riis_physical.hiding.target_rate import STRENGTHS, choose_strength
from riis_physical.model.revealer import Revealer

HOST = data.astronaut()
MESSAGE = "https://example.org/target"


@pytest.fixture(scope="module")
def revealer() -> Revealer:
    return Revealer.load()


def test_harder_captures_need_more_strength(revealer: Revealer) -> None:
    chosen = {
        name: choose_strength(
            HOST, MESSAGE, revealer=revealer, target=0.8, ranges=ranges, medium="print", captures=10
        )
        for name, ranges in (("easy", EASY), ("normal", NORMAL))
    }
    assert chosen["easy"].strength < chosen["normal"].strength
    assert chosen["normal"].strength < 0.95  # it reads well there, so that less is asked for
    for one in chosen.values():
        assert one.strength in STRENGTHS
        assert one.rate.share >= 0.8
        low, high = one.rate.interval
        assert low < one.rate.share <= high


def test_a_rate_out_of_reach_is_told(revealer: Revealer) -> None:
    told: list[None] = []
    with pytest.raises(HostError, match="less than the 99.0% wanted"):
        choose_strength(
            HOST[::32, ::32] // 64, MESSAGE, revealer=revealer, target=0.99, ranges=HARD,
            captures=10, tell=lambda: told.append(None),
        )  # fmt: skip
    assert told
    with pytest.raises(ConfigError, match="below 1"):
        choose_strength(HOST, MESSAGE, revealer=revealer, target=1.0)


def test_a_strength_given_is_not_chosen(tmp_path: Path) -> None:
    options = ["--target-rate", "0.9", "--strength", "1"]
    done = CliRunner().invoke(
        cli, ["hide", "host.png", "-m", "x", "-o", str(tmp_path / "c.png"), *options]
    )
    assert done.exit_code == 2
    assert "leave --strength away" in done.output
    assert not (tmp_path / "c.png").exists()
