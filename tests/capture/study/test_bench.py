"""`study bench`: what is measured makes the result and its tables; times are for people."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from capture.study.run import Reader, Task
from riis_physical.errors import ConfigError
from training.measure.speed import study as bench_module
from training.measure.speed.study import measure_engine, study_bench
from training.report.sections.study_speed import study_speed_lines
from training.report.tables import TABLES, load_results


def test_figures_make_the_result_and_the_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def folders(folder: Path, *_: Any) -> None:
        (folder / "frames").mkdir()
        Image.new("RGB", (64, 64)).save(folder / "frames" / "0.png")

    def engine(folder: Path, model: str, name: str, workers: int) -> dict[str, Any]:
        return {"engine": name, "workers": workers, "photos": 8, "read": 7, "start_s": 2.0,
                "photos_per_minute": 30.0 * workers * (0.9 if name == "ray" else 1)}  # fmt: skip

    def frames(pictures: Sequence[Any], model: str) -> dict[str, Any]:
        assert len(pictures) == 1
        return {"limit_s": 0.5, "first_s": {"median": 0.41, "most": 0.45},
                "followed_s": {"median": 0.12, "most": 0.2}}  # fmt: skip

    monkeypatch.setattr(bench_module, "make_folders", folders)
    monkeypatch.setattr(bench_module, "measure_engine", engine)
    monkeypatch.setattr(bench_module, "measure_frames", frames)
    output = tmp_path / "study-bench.json"
    result = study_bench("print-1", workers=(1, 2), photos=8, engines=("local", "ray"),
                         output=output)  # fmt: skip
    assert result == json.loads(output.read_text())
    assert result["environment"]["cores"] and result["environment"]["commit"]
    shown = "\n".join(study_speed_lines(result))
    assert "7 of 8 read" in shown and "first frame" in shown and "limit 0.5 s" in shown
    table = TABLES["study-speed"](load_results(tmp_path)).splitlines()
    assert table[2] == "| processes of one machine | 1 | 8 | 30 | 1.00 |"
    assert table[5] == "| Ray on one machine | 2 | 8 | 54 | 1.80 |"
    (tmp_path / "none").mkdir()
    assert "not measured" in TABLES["study-speed"](load_results(tmp_path / "none"))
    with pytest.raises(ConfigError, match="2 photos for 2 workers: expected more"):
        study_bench("print-1", workers=(2,), photos=2, engines=("local",))


def test_an_engine_is_timed_on_what_study_run_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / f"{number}.png")

    def of(name: str, workers: int, done: Callable[[], None]) -> Any:
        def work(make: Callable[[], Reader], tasks: Sequence[Task]) -> Iterator[dict[str, Any]]:
            for task in tasks:
                assert task.message == f"https://example.org/room-{task.photo}"
                done()
                yield {"is_right": task.photo != 3}

        return work

    monkeypatch.setattr(bench_module, "engine_of", of)
    found = measure_engine(tmp_path, "print-1", "ray", 1)
    assert (found["engine"], found["photos"], found["read"]) == ("ray", 5, 4)
    assert found["photos_per_minute"] > 0
