"""STUDY.yaml, designs, sheets: what is planned is what was asked for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from places import ROOT
from studies import TEXT, write_source

pytest.importorskip("pyDOE3")

from capture.study.config import StudyConfig
from capture.study.design import combinations, sheets_of
from capture.study.plan import PRINT_FILE, plan
from capture.study.sheets import MOST_TAGS, compose_sheet, find_tags, sheet_name
from capture.study.store import Study
from capture.study.template import write_template
from riis_physical.errors import ConfigError, OutputError
from riis_physical.sheets.sources import Source


def parsed(**sections: str) -> StudyConfig:
    lines = [f"{name}: {value}" for name, value in sections.items()]
    return StudyConfig.parse("\n".join(["name: x", "hosts: hosts", *lines]))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nmae: x\nhosts: h", r"unknown key 'nmae'; did you mean 'name'\?"),
        ("name: x\nhosts: h\nfactors: {distances_m: [1]}", r"did you mean 'distance_m'\?"),
        ("name: x\nhosts: h\nfactors: {strength: [9]}", "strength is 9; expected 0.25 to 3"),
        ("name: x\nhosts: h\nfactors: {light: [dim, dim]}", "light names a level twice"),
        ("name: x\nhosts: h\nfactors: {message_length: [21]}", "leaves no 4 characters"),
        ("name: x\nhosts: h\ndesign: {kind: latin}", "rows belongs to `kind: latin`"),
        ("name: x\nhosts: h\ndevices: {a: {}}", "'a' is no level of the factor device"),
        ("name: [", "is no YAML"),
        ("just text", "holds no settings"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        StudyConfig.parse(text)


def test_the_template_is_a_study(tmp_path: Path) -> None:
    path = tmp_path / "STUDY.yaml"
    write_template(path, name='a "b"', hosts="pictures", distances="0.5, 2", angles="0",
                   lights="daylight,dim", devices="one, two")  # fmt: skip
    config = StudyConfig.load(path)
    assert config.name == 'a "b"' and config.factors.distance_m == (0.5, 2.0)
    assert config.factors.device == ("one", "two") and config.device("two").exif == "two"
    with pytest.raises(ConfigError, match="distances 'far' are no numbers"):
        write_template(path, name="x", hosts="h", distances="far", angles="0", lights="dim",
                       devices="a", force=True)  # fmt: skip


def test_the_guide_plans_what_it_says() -> None:
    guide = (ROOT / "docs" / "field-study.md").read_text(encoding="utf-8")
    text = guide.split("```yaml\n")[1].split("```")[0]
    hosts = [f"{n}.jpg" for n in range(6)]
    config = StudyConfig.parse(text)
    rows = combinations(config, hosts)
    assert len(sheets_of(rows)) == 12 and len(rows) == 288 and "are 288 photos" in guide
    for design, count in (
        ("{kind: fractional, reduction: 2}", 144),
        ("{kind: latin, rows: 100}", 100),
    ):
        assert f"`design: {design}`" in guide or f"`{design}`" in guide
        assert len(combinations(StudyConfig.parse(f"{text}design: {design}\n"), hosts)) == count
    config.parse(text.replace("[0.5, 1, 2]", "{from: 0.4, to: 3}"))


def test_a_full_design_has_all_combinations_in_a_walk() -> None:
    config = parsed(factors="{distance_m: [1, 2], angle_deg: [0, 30], device: [a, b]}",
                    design="{repeats: 2}")  # fmt: skip
    rows = combinations(config, ["h"])
    assert len(rows) == 16 and len({(*r.levels.values(), r.repeat) for r in rows}) == 16
    phones = [row.levels["device"] for row in rows]
    assert phones == ["a"] * 8 + ["b"] * 8  # the phone changes once
    assert [row.repeat for row in rows[:2]] == [1, 2]
    assert len(sheets_of(rows)) == 1


def test_a_fractional_design_is_a_balanced_part() -> None:
    factors = "{distance_m: [1, 2, 3, 4], angle_deg: [0, 30], device: [a, b]}"
    rows = combinations(parsed(factors=factors, design="{kind: fractional}"), ["h", "i"])
    assert len(rows) == 16  # of 32
    for name in ("distance_m", "angle_deg", "device", "host"):
        counts = Counter(row.levels[name] for row in rows).values()
        assert len(set(counts)) == 1
    with pytest.raises(ConfigError, match="needs two factors"):
        combinations(parsed(design="{kind: fractional}"), ["h"])


def test_a_latin_hypercube_spreads_over_spans() -> None:
    config = parsed(factors="{distance_m: {from: 0.5, to: 3}, light: [daylight, dim]}",
                    design="{kind: latin, rows: 10, seed: 3}")  # fmt: skip
    rows = combinations(config, ["h"])
    distances = sorted(row.levels["distance_m"] for row in rows)
    assert np.allclose(distances, np.arange(10) * 0.25 + 0.625, atol=0.006)
    assert Counter(row.levels["light"] for row in rows) == {"daylight": 5, "dim": 5}
    assert combinations(config, ["h"]) == rows


def test_too_many_rows_are_refused_at_once() -> None:
    factors = "{distance_m: {from: 1, to: 2, steps: 50}, angle_deg: {from: 0, to: 60, steps: 50}}"
    config = parsed(factors=factors, design="{repeats: 100}")
    with pytest.raises(ConfigError, match="250000 rows, at most 100000"):
        combinations(config, ["h"])


def test_sheet_names_are_short_and_none_twice() -> None:
    names = [sheet_name(number) for number in range(3000)]
    assert names[0] == "A01" and names[98] == "A99" and names[99] == "B01"
    assert names[26 * 99] == "AA01" and len(set(names)) == 3000


def test_a_sheet_shows_its_marker_and_keeps_the_containers_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (400, 600, 3), np.uint8)
    sheet = compose_sheet(Source("c", pixels), name="A07", study="wall", width_mm=150, tag=6)
    picture, corners = sheet.picture(600)
    (x, y), (right, bottom) = (corners[[0, 2]] + 0.5).astype(int)
    assert np.array_equal(picture[y:bottom, x:right], pixels)
    found = find_tags(np.ascontiguousarray(picture[..., 1]))
    assert list(found) == [6]
    scale = 600 / 150
    assert sheet.tag_box is not None
    at = (np.array([sheet.tag_box.left - sheet.box.left, sheet.tag_box.top - sheet.box.top])
          * scale + (x - 0.5, y - 0.5))  # fmt: skip
    assert np.abs(found[6][0] - at).max() < 2
    with pytest.raises(ConfigError, match="margin_code: false"):
        compose_sheet(Source("c", pixels), name="A", study="w", width_mm=150, tag=MOST_TAGS)


def test_plan_makes_one_folder_or_none(tmp_path: Path) -> None:
    source = write_source(tmp_path)
    planned = plan(source, tmp_path / "study", jobs=1)
    assert (planned.containers, planned.sheets, planned.rows) == (2, 2, 8)
    assert planned.papers == {"A4": 2}
    with Study.open(tmp_path / "study") as study:
        messages = [line["message"] for line in study.rows("SELECT message FROM container")]
        assert len(set(messages)) == 2 and all(len(m) == 28 for m in messages)
        assert study.one("PRAGMA journal_mode") == "wal"
        assert study.one("SELECT count(*) FROM row") == 8
    page = (tmp_path / "study" / "checklist.html").read_text()
    assert page.count('class="box"') == 8 and "35°" in page
    assert (tmp_path / "study" / PRINT_FILE).read_bytes().startswith(b"%PDF")
    with pytest.raises(OutputError, match="not empty"):
        plan(source, tmp_path / "study")
    source.write_text(TEXT.replace("width_mm: [150]", "width_mm: [150, 400]"))
    with pytest.raises(ConfigError, match="astronaut.png is 512 px wide, 33 dpi at 400"):
        plan(source, tmp_path / "second")
    source.write_text(TEXT.replace("coffee.png", "absent.png"))
    with pytest.raises(ConfigError, match=r"'absent.png' is not in"):
        plan(source, tmp_path / "second")
    assert not [p for p in tmp_path.iterdir() if p.name not in ("hosts", "STUDY.yaml", "study")]
