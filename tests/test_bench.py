"""The benchmark's own machinery; times are for people, not for tests."""

import json
from pathlib import Path
from typing import Any

import pytest

from riis_physical.errors import OutputError, RiisError
from training import bench as bench_module
from training.bench import bench, lines, peak_rss_mb, synthetic_host


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
        return {**times, "decoded": False} if part.startswith("scan") else times

    monkeypatch.setattr(bench_module, "_child", child)
    output = tmp_path / "bench.json"
    result = bench("print-9", repeat=3, output=output)
    assert parts == ["prepare", "hide", "scan", "scan-empty"]
    assert result == json.loads(output.read_text())
    assert result["hide"]["megapixels"] == 24 and result["scan"]["megapixels"] == 12
    shown = "\n".join(lines(result))
    assert (
        "hide 24 megapixels" in shown
        and "no container" in shown
        and "1.50 s" in shown
        and "was not read" in shown
    )
    with pytest.raises(OutputError, match="exists already"):
        bench("print-9", output=output)


def test_a_part_that_fails_is_told_in_one_line() -> None:
    with pytest.raises(RiisError, match="bench could not prepare: .*no model 'nosuch'"):
        bench("nosuch", repeat=1)


def test_peak_memory_is_in_megabytes() -> None:
    assert 20 < peak_rss_mb() < 100_000
