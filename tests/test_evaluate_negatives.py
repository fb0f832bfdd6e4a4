"""Pictures without container: kinds, counting, exit status."""

import json
from pathlib import Path

import numpy as np
import pytest
from evaluation_fakes import FakeRevealer, no_container, write_hosts

from riis_physical.artifacts import ScanResult, Status
from riis_physical.errors import ConfigError, OutputError
from training.data import list_photos
from training.evaluate_negatives import evaluate_negatives
from training.evaluation.negatives import (
    Negatives,
    NegativeSettings,
    draw_box,
    make_negatives,
    summarise_negatives,
)


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
    scans = [json.loads(line) for line in output.with_suffix(".jsonl").read_text().splitlines()]
    assert [scan["kind"] for scan in scans] == [
        "original", "print", "original", "crop", "visible_code"
    ]  # fmt: skip
    assert scans[3]["box"] is not None and scans[3]["source"].startswith("val/")
    with pytest.raises(OutputError, match="exists already"):
        evaluate_negatives(negatives.settings, output, negatives=negatives)


def test_texts_and_unreadable_are_counted(tmp_path: Path) -> None:
    folder = write_hosts(tmp_path / "val", 2)

    def scan(path: str, revealers: object, corners: object) -> list[ScanResult]:
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
