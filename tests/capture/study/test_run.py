"""Running and reporting: nothing lost by a kill, figures as they were put in."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from studies import filled

pytest.importorskip("statsmodels")

import pandas as pd

from capture.study.report.data import load_rows, save_rows
from capture.study.report.fits import fit_width
from capture.study.report.mixed import fit_mixed
from capture.study.report.page import save_report
from capture.study.report.paired import compare
from capture.study.report.rates import by_factor, by_pair
from capture.study.store import Study
from riis_physical.errors import ConfigError

RUN = """
import sys, time
from pathlib import Path
from capture.study.run import run
def slow(make, tasks):
    for task in tasks:
        time.sleep(0.05)
        yield {{"photo_id": task.photo, "setting_id": task.setting, "status": "decoded",
               "text": task.message, "is_right": task.photo % 2, "stage": "read", "detail": "",
               "confidence": 1.0, "total_ms": 1.0}}
run(Path({folder!r}), models=["print-1"], engine=slow)
"""


def contents(folder: Path) -> dict[str, Any]:
    """All of a database."""
    with Study.open(folder) as study:
        tables = study.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return {t["name"]: study.rows(f"SELECT * FROM {t['name']}") for t in tables}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kills a process")
def test_a_killed_run_goes_on_to_the_same_database(tmp_path: Path) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    for folder in (killed, whole):
        filled(folder, 40, settings=0, results=False).close()
    code = RUN.format(folder=str(killed))
    child = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 120
    while len(contents(killed)["result"]) < 5:
        assert time.monotonic() < deadline and child.poll() is None
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    stopped = len(contents(killed)["result"])
    assert 5 <= stopped < 40
    subprocess.run([sys.executable, "-c", code], check=True)
    subprocess.run([sys.executable, "-c", RUN.format(folder=str(whole))], check=True)
    assert contents(killed) == contents(whole) and len(contents(whole)["result"]) == 40
    made = json.loads(contents(whole)["setting"][0]["made_by"])
    assert made["models"] == ["print-1"] and len(made["weights"][0]) == 64 and made["commit"]


def test_rates_and_pairs_are_those_of_the_rows(tmp_path: Path) -> None:
    with filled(tmp_path / "s", 240) as study:
        frame = load_rows(study)
    for rate in by_factor(frame, "distance_m"):
        part = frame[frame["distance_m"] == float(rate.label)]["is_right"]
        assert (rate.n, rate.right) == (len(part), part.sum())
        assert rate.low <= rate.rate <= rate.high
    grid = by_pair(frame, "distance_m", "light")
    assert grid.rows == ["0.5", "1", "2"] and grid.columns == ["daylight", "dim"]
    assert sum(cell.n for line in grid.rates for cell in line if cell is not None) == 240


def test_the_width_of_95_percent_is_found(tmp_path: Path) -> None:
    with filled(tmp_path / "s", 3000) as study:
        frame = load_rows(study)
    fit = fit_width(frame)
    assert fit.width95 is not None and fit.width95_low is not None
    assert fit.width95_high is not None
    assert fit.width95_low < 250 < fit.width95_high
    assert fit.width95_high / fit.width95_low < 1.4
    mixed = fit_mixed(frame)
    ratio = {e.name: e for e in mixed.effects}["twice the width in the photo"]
    assert ratio.low < math.exp(3) < ratio.high and len(mixed.spreads) == 2
    assert ratio.high / ratio.low < 12
    frame["is_right"] = True
    assert "take photos from farther away" in (fit_width(frame).reason or "")


def test_settings_are_compared_on_the_same_photos() -> None:
    counts = {(True, True): 20, (True, False): 9, (False, True): 1, (False, False): 5}
    lines, photo = [], 0
    for (one, two), n in counts.items():
        for _ in range(n):
            photo += 1
            lines += [{"photo": photo, "setting_id": "a", "is_right": one},
                      {"photo": photo, "setting_id": "b", "is_right": two}]  # fmt: skip
    found = compare(pd.DataFrame(lines), {"a": "A", "b": "B"})[0]
    assert (found.both, found.first_only, found.second_only, found.neither) == (20, 9, 1, 5)
    assert found.p == pytest.approx(0.021484375)  # binomial: 2 * (1 + 10) / 2 ** 10


def test_a_report_says_what_it_is_of(tmp_path: Path) -> None:
    with filled(tmp_path / "s", 240, settings=2) as study:
        done = save_report(study, tmp_path / "r.html")
        text = (tmp_path / "r.html").read_text()
        frame = load_rows(study)
        save_rows(frame, tmp_path / "r.csv", "csv")
        save_rows(frame, tmp_path / "r.parquet", "parquet")
        with pytest.raises(ConfigError, match=r"no results of setting 'x'"):
            save_report(study, tmp_path / "x.html", setting="x")
    assert done.rate.n == 240 and done.simulated == 240
    assert "Simulated: every photo here was computed" in text
    assert "McNemar" in text and text.count("<svg") >= 8 and "tabular" in text
    assert "http://" not in text.replace("http://www.w3.org", "").replace("http://purl.org", "") \
        .replace("http://creativecommons.org", "")  # fmt: skip
    assert 'src="http' not in text and "<script" not in text
    assert len(pd.read_csv(tmp_path / "r.csv")) == 480
    assert pd.read_parquet(tmp_path / "r.parquet")["is_right"].dtype == bool


@pytest.mark.slow
def test_a_hundred_thousand_rows_are_reported_in_half_a_minute(tmp_path: Path) -> None:
    with filled(tmp_path / "s", 50_000, settings=2) as study:
        start = time.process_time()
        done = save_report(study, tmp_path / "r.html")
        assert time.process_time() - start < 30
        assert done.rate.n == 50_000 and len(load_rows(study)) == 100_000


def test_a_study_without_results_is_told_so(tmp_path: Path) -> None:
    with filled(tmp_path / "s", 10, results=False) as study, pytest.raises(
        ConfigError, match="`study ingest` photos, then `study run`"
    ):  # fmt: skip
        load_rows(study)
    with pytest.raises(ConfigError, match="holds no study"):
        Study.open(tmp_path)
