"""Scans that are written to a file and go on after a stop."""

import json
import os
from pathlib import Path

import pytest

from capture.many.log import ScanLog
from riis_physical.errors import OutputError


def test_what_was_scanned_is_not_scanned_again(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("a")
    (tmp_path / "b.jpg").write_text("b")
    a, b = str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg")
    target = tmp_path / "found.jsonl"
    log = ScanLog(target, {"model": "m"}, force=False)
    log.add(b, [{"photo": b, "n": 1}, {"photo": b, "n": 2}])
    log.add(a, [{"photo": a, "n": 3}])
    again = ScanLog(target, {"model": "m"}, force=False)
    assert again.gone_on == 2 and again.known(a) == [{"photo": a, "n": 3}]
    os.utime(b, ns=(1, 1))  # the photo is another one now
    again = ScanLog(target, {"model": "m"}, force=False)
    assert again.known(b) is None and again.gone_on == 1
    again.add(b, [{"photo": b, "n": 4}])
    again.finish([a, b])
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert [line["n"] for line in lines] == [3, 4]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "b.jpg", "found.jsonl"]


def test_other_options_do_not_go_on_with_a_scan(tmp_path: Path) -> None:
    ScanLog(tmp_path / "f.jsonl", {"model": "m"}, force=False)
    with pytest.raises(OutputError, match="another model or other options: finish that one"):
        ScanLog(tmp_path / "f.jsonl", {"model": "n"}, force=False)
    log = ScanLog(tmp_path / "f.jsonl", {"model": "n"}, force=True)
    assert log.gone_on == 0
    log.add("x.jpg", [])
    assert ScanLog(tmp_path / "f.jsonl", {"model": "n"}, force=True).gone_on == 1
