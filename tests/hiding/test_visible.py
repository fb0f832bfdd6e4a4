"""How visible: figures that follow what is seen, in words, and advice for hosts that show it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from skimage import data

from riis_physical.errors import ConfigError
from riis_physical.hiding import visible
from riis_physical.hiding.advice import showing_badly
from riis_physical.hiding.visible import METRICS, QUALITIES, Ladder, Metric, how_visible, jpeg_copy
from training.measure.hiding.hard_hosts import HARD_HOSTS

HOST = data.coffee()[:256, :320]
THERE = [label for label, metric in METRICS.items() if metric.is_there()]


def test_some_metric_is_there() -> None:
    assert {"ssimulacra2", "flip"} <= set(THERE)


@pytest.mark.parametrize("label", THERE)
def test_a_jpeg_copy_is_as_visible_as_itself(label: str) -> None:
    for quality in (20, 70):
        seen = how_visible(HOST, jpeg_copy(HOST, quality), label)
        assert seen is not None
        place = QUALITIES.index(quality)
        assert seen.jpeg_quality in QUALITIES[max(0, place - 1) : place + 2]
        assert f"JPEG at quality {seen.jpeg_quality}" in str(seen)


@pytest.mark.parametrize("label", THERE)
def test_the_ends_are_told(label: str) -> None:
    same = how_visible(HOST, HOST, label)
    assert same is not None
    assert "no more visible than JPEG at quality 95" in str(same)
    inverted = how_visible(HOST, 255 - HOST, label)
    assert inverted is not None
    assert inverted.jpeg_quality == 0
    assert "more visible than JPEG at quality 5" in str(inverted)


@pytest.mark.parametrize("shift", [-25.0, 0.0, 9.0])
def test_a_search_that_begins_where_it_is_likely_ends_at_the_same_quality(shift: float) -> None:
    def searched(metric: Metric, value: float) -> tuple[int, int]:
        """Quality, and how many copies were looked at."""
        ladder = Ladder(HOST, metric)
        seen: list[int] = []
        ladder.figure = lambda quality: seen.append(quality) or figures[quality]  # type: ignore
        return ladder.as_visible(value), len(seen)

    metric = METRICS["ssimulacra2"]
    figures = {q: figure + shift for q, figure in zip(QUALITIES, metric.typical, strict=True)}
    values = [*range(-90, 100), *figures.values()]
    likely = [searched(metric, value) for value in values]
    halved = [searched(replace(metric, typical=()), value) for value in values]
    assert [quality for quality, _ in likely] == [quality for quality, _ in halved]
    if not shift:
        assert sum(looks for _, looks in likely) < 0.6 * sum(looks for _, looks in halved)


def test_large_pictures_are_looked_at_from_the_same_distance() -> None:
    small = visible.looked_at(np.zeros((3000, 1500, 3), np.uint8))
    assert small.shape == (768, 384, 3)
    assert visible.looked_at(HOST) is HOST


def test_a_metric_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visible.shutil, "which", lambda name: None)
    with pytest.raises(ConfigError, match=r"butteraugli is not there: install Debian's package"):
        how_visible(HOST, HOST, "butteraugli")
    with pytest.raises(ConfigError, match="no metric 'psnr': expected one of ssimulacra2"):
        how_visible(HOST, HOST, "psnr")
    monkeypatch.setattr(visible, "_imports", lambda module: False)
    assert how_visible(HOST, HOST) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [("text_page", "even white, as paper"), ("poster", "flat graphics"), ("poster", "lettering")],
)
def test_hosts_that_show_it_are_told(name: str, words: str) -> None:
    assert any(words in line for line in showing_badly(HARD_HOSTS[name]()))


@pytest.mark.parametrize("photo", [data.astronaut, data.coffee, data.chelsea])
def test_photographs_are_not_warned_about(photo: object) -> None:
    assert showing_badly(photo()) == []  # type: ignore[operator]
