"""The benchmark's own machinery; times are for people, not for tests."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from capture.many.scanner import LoadModels, Settings, Task
from riis_physical.artifacts import ScanResult, Status
from riis_physical.errors import ConfigError, OutputError, RiisError
from training.measure.speed import folder as bench_folder
from training.measure.speed import run as bench_module
from training.measure.speed import start_up
from training.measure.speed.folder import measure_folder, throughput
from training.measure.speed.run import bench, lines, peak_rss_mb, synthetic_host
from training.report.results import load_results
from training.report.tables import TABLES


def test_host_is_seeded_textured_and_has_the_asked_size() -> None:
    host = synthetic_host((120, 180))
    assert host.shape == (120, 180, 3) and host.dtype.name == "uint8"
    assert (host == synthetic_host((120, 180))).all()
    assert 10 < host.std() < 100


def test_figures_of_the_parts_make_the_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: list[str] = []

    def child(part: str, model: str, folder: Path, threads: int, repeat: int) -> dict[str, Any]:
        parts.append(part)
        if part == "prepare":
            return {"model": {"name": model, "sha256": "0"}}
        times = {"median_s": 1.5, "runs_s": [2.0, 1.5, 1.0], "peak_rss_mb": 700.0}
        if part.startswith("folder-"):
            assert folder.name in ("large", "small") and repeat == 1
            _, jobs, workers = part.split("-")
            return {"jobs": int(jobs), "workers": workers, "photos": 6, "start_s": 2.5,
                    "photos_per_minute": 40.0 * int(jobs)}  # fmt: skip
        return {**times, "decoded": False} if part.startswith("scan") else times

    monkeypatch.setattr(bench_module, "_child", child)
    output = tmp_path / "bench.json"
    result = bench("print-9", repeat=3, photos=6, output=output)
    ways = ["folder-1-processes", "folder-2-processes", "folder-2-threads"]
    assert parts == ["prepare", "hide", "scan", "scan-empty", "prepare-folders", *ways, *ways]
    assert result == json.loads(output.read_text())
    assert result["hide"]["megapixels"] == 24 and result["scan"]["megapixels"] == 12
    shown = "\n".join(lines(result))
    assert (
        "hide 24 megapixels" in shown
        and "no container" in shown
        and "1.50 s" in shown
        and "was not read" in shown
    )
    assert "folder of 6, 2 MP, 2 threads" in shown and "80.0 photos a minute" in shown
    table = TABLES["folder"](load_results(tmp_path)).splitlines()
    assert table[2] == "| 12 megapixels | one process | 6 | 40 | 2.5 s |"
    assert table[6] == "| 2 megapixels | 2 processes | 6 | 80 | 2.5 s |"
    with pytest.raises(OutputError, match="exists already"):
        bench("print-9", output=output)
    assert bench("print-9", photos=0)["folder"] == []
    with pytest.raises(ConfigError, match="folders of 3 photos"):
        bench("print-9", photos=3)


def test_a_part_that_fails_is_told_in_one_line() -> None:
    with pytest.raises(RiisError, match="bench could not prepare: .*no model 'nosuch'"):
        bench("nosuch", repeat=1)


def test_peak_memory_is_in_megabytes() -> None:
    assert 20 < peak_rss_mb() < 100_000


def test_folders_are_timed_from_the_first_photo_of_each_worker() -> None:
    assert throughput([10.0, 11.0, 13.0, 15.0], 2) == pytest.approx(30)
    with pytest.raises(ValueError, match="2 tasks for 2 workers"):
        throughput([1.0, 2.0], 2)


@pytest.mark.parametrize(("jobs", "workers"), [(1, "processes"), (2, "threads")])
def test_a_folder_is_scanned_photo_by_photo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int, workers: str
) -> None:
    class Scanner:
        def __init__(self, settings: Settings, load: LoadModels) -> None:
            assert settings == Settings("print-9", "cpu")

        def __call__(self, task: Task) -> list[ScanResult]:
            time.sleep(0.01)
            text = b"x" if task.photo.endswith("1.jpg") else None
            return [ScanResult(task.photo, Status.DECODED if text else Status.UNREADABLE, text)]

    monkeypatch.setattr(bench_folder, "Scanner", Scanner)
    for number in range(5):
        (tmp_path / f"{number}.jpg").touch()
    found = measure_folder(tmp_path, "print-9", jobs, workers)
    assert (found["photos"], found["decoded"]) == (5, 1)
    assert (found["jobs"], found["workers"]) == (jobs, workers)
    assert 0 < found["start_s"] < found["whole_s"]
    assert 100 < found["photos_per_minute"] < 60 * jobs / 0.01 * 2


def test_start_up_compares_checkouts_command_by_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[list[str]]] = []

    def twice(command: list[str], **more: Any) -> subprocess.CompletedProcess[str]:
        if command[0] == "git":
            return subprocess.CompletedProcess(command, 0, "0123456789ab\n", "")
        asked.append(json.loads(command[3]))
        assert Path(more["env"]["PYTHONPATH"]) in (tmp_path, ROOT)
        return subprocess.CompletedProcess(command, 0, "[[1.5, 2.0], [2.0, 2.25]]", "")

    monkeypatch.setattr(start_up.subprocess, "run", twice)
    result = start_up.measure([tmp_path, ROOT], tmp_path / "start-up.json", repeat=1)
    assert [(row["command"], row["start_s"]) for row in result["rows"]] == [
        (command, 1.75) for command in (*start_up.COMMANDS, *start_up.COMMANDS)
    ]
    assert all(first == again for first, again in asked)
    given = {("--strength" in first) for first, _ in asked if first[0] == "hide"}
    assert given == {True, False}
    assert "0123456789ab scan" in "\n".join(start_up.lines(result))
