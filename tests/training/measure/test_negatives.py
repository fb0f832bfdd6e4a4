"""Pictures without container: kinds, counting, exit status."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from evaluation_fakes import FakeRevealer, no_container, write_hosts

from riis_physical.artifacts import ScanResult, Status
from riis_physical.commands.measure.captures.negatives import negatives as command
from riis_physical.errors import ConfigError, OutputError, TrainingError
from riis_physical.qr.soft.knowledge import Knowledge
from training.detector.held_out import unseen
from training.hiding.material.data import is_held_out, list_photos
from training.measure.negatives.pictures import (
    Negatives,
    NegativeSettings,
    draw_box,
    make_negatives,
    summarise_negatives,
)
from training.measure.negatives.run import evaluate_negatives


def negatives_of(folder: Path, scan: object = no_container, **changes: object) -> Negatives:
    settings = NegativeSettings("fake-1", (str(folder),), **changes)  # type: ignore[arg-type]
    return Negatives(settings, list_photos(folder), [FakeRevealer()], scan)  # type: ignore


def test_originals_then_crops_prints_and_codes(tmp_path: Path) -> None:
    folder = write_hosts(tmp_path / "val", 2)
    negatives = negatives_of(folder, n=3, print_every=3, codes=1)
    output = tmp_path / "negatives.json"
    result = evaluate_negatives(negatives.settings, output, negatives=negatives)
    assert result["pictures"] == 3 and result["originals"] == 2
    assert {kind: row["scans"] for kind, row in result["by_kind"].items()} == {
        "original": 2, "crop": 1, "print": 1, "visible_code": 1
    }  # fmt: skip
    assert result["texts"] == 0 and result["scans"] == 5
    assert result["status"] == {"no_container": 5}
    assert str(tmp_path) not in output.read_text()
    lines = output.with_suffix(".jsonl").read_text().splitlines()
    scans = [json.loads(line) for line in lines[2:]]  # a head and a run come first
    assert [scan["kind"] for scan in scans] == [
        "original", "print", "original", "crop", "visible_code"
    ]  # fmt: skip
    assert scans[3]["box"] is not None and scans[3]["source"].startswith("val/")
    with pytest.raises(OutputError, match="exists already"):
        evaluate_negatives(negatives.settings, output, negatives=negatives)


def test_prints_come_in_turn_with_a_margin_and_bare_before_other_pictures(tmp_path: Path) -> None:
    folder = write_hosts(tmp_path / "val", 2)
    negatives = negatives_of(folder, n=4, print_every=1, codes=0, backgrounds=str(folder))
    records = [record for index in range(4) for record in negatives.run(index)]
    kinds = [record.kind for record in records if "print" in record.kind]
    assert kinds == ["print", "bare_print", "print", "bare_print"]
    walls = [negatives._wall(index, list_photos(folder)[0]) for index in range(40)]
    assert 20 < sum(wall is None for wall in walls) < 40  # never the printed picture itself
    figures = summarise_negatives(records)
    assert figures["without_codes"]["scans"] == 8
    assert set(figures["without_codes"]["scan_ms"]) >= {"median", "p95"}


@pytest.mark.parametrize("known", [False, True])
def test_a_reader_may_be_told_the_most_there_is(tmp_path: Path, known: bool) -> None:
    folder = write_hosts(tmp_path / "val", 1)
    told: list[Knowledge] = []

    def scan(path: str, revealers: object, corners: object, knows: Knowledge) -> list[ScanResult]:
        told.append(knows)
        return no_container(path, revealers, corners)

    made = negatives_of(folder, scan, n=1, print_every=1, codes=1, known=known)
    assert len([record for index in range(2) for record in made.run(index)]) == len(told) == 3
    for knows in told:
        assert bool(knows.prefixes) == known and (knows.among is not None) == known


def test_a_stopped_measurement_goes_on(tmp_path: Path) -> None:
    folder = write_hosts(tmp_path / "val", 2)
    scanned: list[str] = []

    def scan(path: str, revealers: object, corners: object, _known: object) -> list[ScanResult]:
        scanned.append(path)
        return no_container(path, revealers, corners)

    negatives = negatives_of(folder, scan, n=3, print_every=3, codes=1)
    output = tmp_path / "negatives.json"
    whole = evaluate_negatives(negatives.settings, output, negatives=negatives)
    output.unlink()
    journal = output.with_suffix(".jsonl")
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:3]))  # the first original without its print
    scanned.clear()
    again = evaluate_negatives(negatives.settings, output, negatives=negatives)
    assert len(scanned) == 5 and again["resumed_after"] == 0
    assert again["by_kind"].keys() == whole["by_kind"].keys()
    assert again["scans"] == whole["scans"]
    output.unlink()
    scanned.clear()
    assert evaluate_negatives(negatives.settings, output, negatives=negatives)["scans"] == 5
    assert not scanned
    output.unlink()
    other = negatives_of(folder, scan, n=2, print_every=3, codes=1)
    with pytest.raises(OutputError, match="other settings"):
        evaluate_negatives(other.settings, output, negatives=other)


def test_pictures_that_no_training_saw(tmp_path: Path) -> None:
    folder = write_hosts(tmp_path / "train", 1)
    names = [f"{number}.png" for number in range(200)]
    for name in names:
        (folder / name).write_bytes((folder / "00.png").read_bytes())
    held = [name for name in names if is_held_out(name)]
    seen = next(name for name in names if not is_held_out(name))
    assert sorted(path.name for path in unseen(folder)) == sorted(held)
    rows = [f"{held[0]},x,a.jpg", f"{seen},x,a.jpg", f"{held[1]},x,b.jpg"]
    (folder / "sources.csv").write_text("\n".join(["file,source,source_path", *rows]) + "\n")
    assert sorted(path.name for path in unseen(folder)) == sorted(held[1:])
    settings = NegativeSettings("auto", (), held_out_of=(str(folder),))
    assert settings.as_dict()["held_out_of"] == ["train"]
    (folder / "sources.csv").write_text("name\na\n")
    with pytest.raises(TrainingError, match="expected columns file, source and source_path"):
        unseen(folder)
    with pytest.raises(TrainingError, match="was held out"):
        unseen(write_hosts(tmp_path / "few", 1))


def test_without_any_folder_is_wrong_usage(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["--json", str(tmp_path / "a.json")])
    assert done.exit_code == 2 and "--held-out-of" in done.output


def test_texts_and_unreadable_are_counted(tmp_path: Path) -> None:
    folder = write_hosts(tmp_path / "val", 2)

    def scan(path: str, revealers: object, corners: object, _known: object) -> list[ScanResult]:
        return [
            ScanResult(path, Status.DECODED, payload=b"no"),
            ScanResult(path, Status.UNREADABLE, index=1),
        ]

    negatives = negatives_of(folder, scan, n=1, codes=0, print_every=5)
    figures = summarise_negatives([record for i in range(1) for record in negatives.run(i)])
    assert figures["texts"] == 2
    assert figures["by_kind"]["original"]["unreadable"]["hits"] == 1


def test_boxes_lie_within_the_picture() -> None:
    boxes = np.array([draw_box(0, index, (200, 300)) for index in range(100)])
    assert (boxes >= 0).all()
    assert (boxes[:, 0] + boxes[:, 2] <= 300).all() and (boxes[:, 1] + boxes[:, 3] <= 200).all()
    assert boxes[:, 2].min() >= 120 and boxes[:, 3].max() <= 180


def test_bad_settings(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least one folder"):
        NegativeSettings("auto", ())
    negatives = negatives_of(write_hosts(tmp_path / "val", 1), n=1)
    with pytest.raises(ConfigError, match="0 workers"):
        evaluate_negatives(negatives.settings, tmp_path / "a.json", workers=0)
    with pytest.raises(Exception, match="is no folder"):
        make_negatives(NegativeSettings("auto", (str(tmp_path / "absent"),)))
