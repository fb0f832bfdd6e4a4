"""Levels of distortion in words and as numbers."""

from __future__ import annotations

import pytest

from riis_physical.distortion.level import Level, Range
from riis_physical.errors import ConfigError


@pytest.mark.parametrize("text", ["none", "sigma=10", "poisson", "jpeg=40", "blind", "sigma=2.5"])
def test_words_and_levels_go_both_ways(text: str) -> None:
    assert str(Level.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "sigma", "jpeg", "sigma=-1", "jpeg=0", "sigma=300", "noise=3", "sigma=1..2"]
)
def test_what_is_no_level_is_told(text: str) -> None:
    with pytest.raises(ConfigError, match="expected"):
        Level.parse(text)


def test_no_two_levels_look_the_same() -> None:
    words = [f"sigma={s}" for s in (0.5, 1, 10, 16, 20, 30, 50, 80)]
    words += [f"jpeg={q}" for q in (5, 10, 20, 39, 40, 60, 80, 95)]
    words += ["none", "poisson", "poisson=2", "blind"]
    assert len({Level.parse(word).values() for word in words}) == len(words)


def test_the_estimator_speaks_of_the_same_level() -> None:
    for level in (Level(sigma=10), Level(gain=1), Level(quality=40)):
        again = Level.estimated(level.values()[:3])
        assert again.values() == pytest.approx(level.values())


def test_ranges_are_drawn_evenly_in_the_root_of_sigma() -> None:
    noise = Range.parse("sigma=0..50")
    assert [noise.at(share).sigma for share in (0, 0.5, 1)] == pytest.approx([0, 12.5, 50])
    assert noise.at(1, strength=0.5).sigma == pytest.approx(25)
    packed = Range.parse("jpeg=40..90")
    assert packed.at(0).quality == 40 and packed.at(1, strength=0) == Level()
    with pytest.raises(ConfigError, match="lower first"):
        Range.parse("jpeg=90..40")
