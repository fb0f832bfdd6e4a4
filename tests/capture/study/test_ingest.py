"""Taking in photos: HEIC with a place in it, twice the same, by hand, after a stop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import ExifTags, Image
from studies import write_source

pytest.importorskip("pyDOE3")

from capture.study import ingest as ingesting
from capture.study.config import StudyConfig
from capture.study.ingest import ingest
from capture.study.photos.exif import has_location
from capture.study.plan import plan, sheet_of_study
from capture.study.store import Study
from riis_physical.cli import cli
from riis_physical.errors import ConfigError
from riis_physical.images.facts import read_facts

FOCAL_MM35 = 58  # with which 500 px in a photo of 1200 are 150 mm at 0.6 m


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planned")
    plan(write_source(folder), folder / "study", jobs=1)
    return folder / "study"


@pytest.fixture
def folder(planned: Path, tmp_path: Path) -> Iterator[Path]:
    yield Path(copytree(planned, tmp_path / "study"))


def photo(folder: Path, path: Path, sheet: str = "A01") -> Path:
    """A sheet as a phone would save it from 0.6 m: upright, sharp, with a place in its EXIF."""
    with Study.open(folder) as study:
        line = study.rows("SELECT * FROM sheet WHERE id = ?", [sheet])[0]
        made = sheet_of_study(study, line["container_id"], sheet, line["tag"], line["width_mm"])
    pixels, _ = made.picture(500)
    canvas = np.full((900, 1200, 3), 180, np.uint8)
    top, left = (900 - pixels.shape[0]) // 2, (1200 - pixels.shape[1]) // 2
    canvas[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "Pixel 9"
    own = exif.get_ifd(ExifTags.IFD.Exif)
    own[ExifTags.Base.ISOSpeedRatings] = 125
    own[ExifTags.Base.DateTimeOriginal] = "2026:05:01 14:03:00"
    own[ExifTags.Base.FocalLengthIn35mmFilm] = FOCAL_MM35
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[1], place[2] = "N", (48.0, 51.0, 29.6)
    place[3], place[4] = "E", (2.0, 17.0, 40.2)
    picture = Image.fromarray(canvas)
    if path.suffix == ".heic":
        heif = pytest.importorskip("pillow_heif")
        heif.from_pillow(picture).save(path, quality=90, exif=exif.tobytes())
    else:
        picture.save(path, exif=exif.tobytes(), quality=92)
    return path


def photos_of(folder: Path) -> list[dict[str, Any]]:
    with Study.open(folder) as study:
        return study.rows("SELECT * FROM photo ORDER BY id")


def test_a_heic_photo_is_taken_in_without_its_place(folder: Path, tmp_path: Path) -> None:
    source = photo(folder, tmp_path / "IMG_0001.heic")
    assert has_location(source)
    found = ingest(folder, [source], jobs=1)
    assert (found.new, found.known, found.unassigned, found.refused) == (1, 0, (), ())
    line = photos_of(folder)[0]
    kept = folder / line["file"]
    assert kept.suffix == ".heic" and not has_location(kept) and has_location(source)
    with Image.open(source) as before, Image.open(kept) as after:
        assert np.array_equal(np.asarray(before), np.asarray(after))
    facts = read_facts(kept)
    assert (facts.device, facts.iso, facts.taken) == ("Pixel 9", 125, "2026:05:01 14:03:00")
    assert (line["exif_device"], line["focal_mm35"], line["simulated"]) == (
        "Pixel 9",
        FOCAL_MM35,
        0,
    )
    assert line["recognised_by"] == "margin code" and line["sheet_id"] == "A01"
    assert line["width_px"] == pytest.approx(500, abs=2)
    # 150 mm on 500 px, and the film's 43.27 mm on 1500 px.
    away = 0.150 * FOCAL_MM35 / 43.2666 * 1500 / 500
    assert line["distance_m"] == pytest.approx(away, rel=0.01)
    assert line["angle_deg"] < 3
    with Study.open(folder) as study:
        row = study.rows("SELECT * FROM row WHERE id = ?", [line["row_id"]])[0]
    assert (row["sheet_id"], row["angle_deg"], row["device"]) == ("A01", 0.0, "pixel")


def test_the_place_stays_on_request_and_files_may_be_links(folder: Path, tmp_path: Path) -> None:
    source = photo(folder, tmp_path / "a.jpg")
    ingest(folder, [source], keep_location=True, link=True, jobs=1)
    kept = folder / photos_of(folder)[0]["file"]
    assert has_location(kept) and kept.samefile(source)


def test_the_same_photos_again_change_nothing(folder: Path, tmp_path: Path) -> None:
    card = tmp_path / "card"
    card.mkdir()
    photo(folder, card / "a.jpg")
    (card / "copy of a.jpg").write_bytes((card / "a.jpg").read_bytes())
    (card / "torn.jpg").write_bytes(b"no picture")
    first = ingest(folder, [card], jobs=1)
    assert (first.new, first.known) == (1, 1)
    assert [(Path(name).name, bool(why)) for name, why in first.refused] == [("torn.jpg", True)]
    before = photos_of(folder), sorted((folder / "photos").iterdir())
    second = ingest(folder, [card], jobs=1)
    assert (second.new, second.known) == (0, 2)
    assert (photos_of(folder), sorted((folder / "photos").iterdir())) == before


def test_what_is_not_clear_is_listed_and_settled_by_hand(folder: Path, tmp_path: Path) -> None:
    source = photo(folder, tmp_path / "a.jpg")
    data = source.read_bytes().replace(b"Pixel 9", b"Pixel 3")  # a phone that is not in the study
    source.write_bytes(data)
    run = CliRunner().invoke(cli, ["study", "ingest", str(folder), str(source)])
    assert run.exit_code == 1 and "device is one of other, pixel" in run.output
    told = CliRunner().invoke(cli, ["study", "status", str(folder), "--rows"])
    assert "rows     0 of 8 have a photo" in told.output and "photo 1 (a.jpg)" in told.output
    assert told.output.count("row ") >= 8
    number = photos_of(folder)[0]["id"]
    with Study.open(folder) as study:
        ingesting.assign(study, number, 3)
        with pytest.raises(ConfigError, match="no row 99: this study has rows 1 to 8"):
            ingesting.assign(study, number, 99)
        with pytest.raises(ConfigError, match="no photo 7"):
            ingesting.assign(study, 7, 1)
        assert ingesting.unassigned(study) == ()
    assert photos_of(folder)[0]["row_id"] == 3


def test_levels_said_once_hold_for_all(folder: Path, tmp_path: Path) -> None:
    source = photo(folder, tmp_path / "a.jpg")
    source.write_bytes(source.read_bytes().replace(b"Pixel 9", b"Pixel 3"))
    arguments = ["study", "ingest", str(folder), str(source), "--set", "device=other"]
    run = CliRunner().invoke(cli, arguments)
    assert run.exit_code == 0, run.output
    named = tmp_path / "Other" / "b.jpg"  # a folder of that name says so too
    named.parent.mkdir()
    photo(folder, named, "A02")
    named.write_bytes(named.read_bytes().replace(b"Pixel 9", b"Pixel 3"))
    assert ingest(folder, [named.parent], jobs=1).unassigned == ()
    wrong = CliRunner().invoke(cli, [*arguments[:-1], "device=nokia"])
    assert wrong.exit_code != 0
    assert "device 'nokia' is no level of this study: expected other, pixel" in str(wrong.exception)


def test_a_stop_before_rows_were_given_is_made_good(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = photo(folder, tmp_path / "a.jpg")

    def stopped(_: Study) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ingesting, "assign_rows", stopped)
        with pytest.raises(KeyboardInterrupt):
            ingest(folder, [source], jobs=1)
    assert photos_of(folder)[0]["row_id"] is None
    again = ingest(folder, [source], jobs=1)
    assert (again.new, again.known, again.unassigned) == (0, 1, ())
    assert photos_of(folder)[0]["row_id"] is not None


def test_init_asks_and_writes_what_was_answered(tmp_path: Path) -> None:
    target = tmp_path / "STUDY.yaml"
    answers = "foyer\npictures\n0.5, 2\n0, 40\ndaylight, lamp\npixel, iphone\n"
    run = CliRunner().invoke(cli, ["study", "init", "-o", str(target)], input=answers)
    assert run.exit_code == 0, run.output
    for question in ("Name of the study", "Folder with the pictures", "Distances in m",
                     "Angles in degrees", "Lights", "Phones"):  # fmt: skip
        assert question in run.output
    text = target.read_text()
    assert text.count("#") > 15  # every setting is explained
    config = StudyConfig.load(target)
    assert (config.name, str(config.hosts)) == ("foyer", "pictures")
    assert config.factors.distance_m == (0.5, 2.0) and config.factors.angle_deg == (0.0, 40.0)
    assert config.factors.light == ("daylight", "lamp")
    assert config.factors.device == ("pixel", "iphone")
    again = CliRunner().invoke(cli, ["study", "init", "-o", str(target)], input=answers)
    assert again.exit_code != 0 and target.read_text() == text
    plain = CliRunner().invoke(cli, ["study", "init", "-o", str(tmp_path / "d.yaml")], "\n" * 6)
    assert plain.exit_code == 0 and StudyConfig.load(tmp_path / "d.yaml").name == "my study"
    bad = CliRunner().invoke(
        cli, ["study", "init", "-o", str(tmp_path / "e.yaml")], "x\nh\nfar\n0\nlamp\na\n"
    )
    assert bad.exit_code != 0 and not (tmp_path / "e.yaml").exists()
