"""Tables come from result files alone, and documents are in step with them."""

import json
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from riis_physical.errors import ConfigError
from training.measure.common.records import CaptureRecord
from training.measure.common.summary import summarise
from training.report.cells import NOT_MEASURED
from training.report.rate_plot import plot_curve
from training.report.results import Results, load_results
from training.report.tables import TABLES, main, update


def capture(index: int, strength: float, right: bool) -> CaptureRecord:
    return CaptureRecord(
        index=index, preset="normal", strength=strength, host="a.png", message_bytes=30, version=4,
        level="H", medium="print", background=None, status="decoded" if right else "unreadable",
        right=right, width_px=420.0, psnr=36.0 - strength, ssim=0.95, psnr_smooth=37.0, flip=0.05,
        module_accuracy=0.98, truth_right=right, detected=True, visible_in_photo=True,
        visible_readable=True, timings_ms={"hide": 100.0},
    )  # fmt: skip


def evaluation(name: str, strengths: tuple[float, ...], captures: int = 4) -> dict[str, Any]:
    records = [capture(i, s, right=i > 0) for s in strengths for i in range(captures)]
    return {
        "kind": "evaluation",
        "model": {"name": name},
        "settings": {"corners": "detect", "width_px": None, "medium": "mixed"},
        "environment": {"date": "2026-01-01"},
        "groups": summarise(records),
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "old": evaluation("print-1", (1.0,)),
        "new": evaluation("print-2", (0.5, 1.0, 2.0)),
        "more": evaluation("print-2", (1.0,), captures=300),
        "given": {**evaluation("print-3", (1.0,)), "settings": {
            "corners": "given", "width_px": None, "medium": "mixed"}},
        "negatives": {
            "kind": "negatives", "environment": {"date": "2026-01-02"},
            "by_kind": {"original": {"scans": 180, "texts": 0, "unreadable": {
                "hits": 2, "trials": 180, "rate": 0.0111, "low": 0.0031, "high": 0.0396}}},
        },
        "bench": {
            "kind": "bench", "environment": {"date": "2026-01-02"}, "memory_limit_mb": 2000.0,
            "hide": {"median_s": 4.25, "limit_s": 8.0, "peak_rss_mb": 900.0},
        },
    }  # fmt: skip
    for name, content in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    return tmp_path


@pytest.mark.parametrize("name", ["README.md", "docs/results.md", "docs/training.md"])
def test_documents_are_in_step_with_the_results(name: str) -> None:
    document = (ROOT / name).read_text(encoding="utf-8")
    assert document == update(document, load_results(ROOT / "results"))


def test_newest_model_and_most_captures_count(folder: Path) -> None:
    results = load_results(folder)
    assert results.model == "print-2"
    group = results.at("normal")
    assert group is not None and group["captures"] == 300
    assert [strength for strength, _ in results.curve("normal")] == [0.5, 1.0, 2.0]
    assert load_results(folder, "print-1").at("normal", 2.0) is None


def test_tables_state_intervals_and_what_is_missing(folder: Path) -> None:
    results = load_results(folder)
    decode = TABLES["decode"](results).splitlines()
    assert decode[2].count(NOT_MEASURED) == 8  # easy
    assert "| normal | 300 | 99.7 % (98.1 to 99.9) | 100.0 %" in decode[3]
    assert "75.0 % (30.1 to 95.4), n = 4" in TABLES["strength"](results)
    assert "| 350 to 500 px | 300 |" in TABLES["width"](results)
    assert "| originals | 180 | 0 | 2 | 1.1 % (0.3 to 4.0) | not measured |" in TABLES["negatives"](
        results
    )
    assert "4.25 s | 8 s | 900 MB | 2000 MB" in TABLES["speed"](results)
    assert NOT_MEASURED in TABLES["speed"](results)
    assert "35.00 dB" in TABLES["visibility"](results)
    assert "| hide | 100 ms |" in TABLES["stages"](results)


def test_without_results_every_table_says_so(tmp_path: Path) -> None:
    empty = load_results(tmp_path / "absent")
    assert empty == Results(None, {})
    assert all(NOT_MEASURED in table(empty) for table in TABLES.values())
    assert not plot_curve(empty, tmp_path / "a.png")


def test_kinds_of_photos_are_shown_by_effort(folder: Path) -> None:
    read = {"hits": 3, "trials": 4, "rate": 0.75, "low": 0.301, "high": 0.954}
    part = {
        "photos": 4, "read": read, "containers": 8, "containers_read": 7, "wrong_texts": 0,
        "modules": {"median": 1400.0, "p95": 46000.0},
    }  # fmt: skip
    for effort in ("thorough", "normal"):
        kinds = {"glass": part, "empty room": {**part, "read": None}}
        if effort == "thorough":
            del kinds["empty room"]
        found = {"kind": "kinds", "model": {"name": "print-2"}, "settings": {"effort": effort},
                 "environment": {"date": "2026-01-02"}, "kinds": kinds}  # fmt: skip
        (folder / f"kinds-{effort}.json").write_text(json.dumps(found))
    head, _, glass, empty = TABLES["kinds"](load_results(folder)).splitlines()
    assert head.index("normal") < head.index("thorough")
    shown = "75.0 % (30.1 to 95.4), n = 4"
    assert glass == f"| glass | 4 | {shown} | {shown} | 7 of 8 | 0 | 1,400 | 46,000 |"
    assert empty.startswith("| empty room | 4 | nothing hidden |")


def test_kinds_of_photos_are_shown_beside_those_before(folder: Path) -> None:
    for name, hits, date in (("before", 1, "2026-01-02"), ("now", 3, "2026-02-02")):
        read = {"hits": hits, "trials": 4, "rate": hits / 4, "low": 0.1, "high": 0.9}
        part = {
            "photos": 4, "read": read, "containers": 4, "containers_read": hits,
            "wrong_texts": 0, "modules": {"median": 1400.0, "p95": 46000.0},
        }  # fmt: skip
        found = {"kind": "kinds", "model": {"name": "print-2"}, "settings": {"effort": "normal"},
                 "environment": {"date": date}, "kinds": {"glass": part}}  # fmt: skip
        (folder / f"kinds-{name}.json").write_text(json.dumps(found))
    head, _, glass = TABLES["kinds"](load_results(folder)).splitlines()
    assert head.index("read, normal |") < head.index("read, normal, before")
    assert glass.index("75.0 %") < glass.index("25.0 %") and "3 of 4" in glass


def test_documents_are_filled_between_their_marks(folder: Path) -> None:
    results = load_results(folder)
    text = "a\n<!-- results:speed -->\nold\n<!-- /results:speed -->\nb\n"
    filled = update(text, results)
    assert "old" not in filled and "4.25 s" in filled
    assert filled.startswith("a\n") and filled.endswith("\nb\n")
    assert update(filled, results) == filled
    with pytest.raises(ConfigError, match="unknown table 'nosuch'"):
        update("<!-- results:nosuch --><!-- /results:nosuch -->", results)
    with pytest.raises(ConfigError, match="1 tables begin and 0 end"):
        update("<!-- results:speed -->", results)


def test_command_writes_checks_and_draws(folder: Path, tmp_path: Path) -> None:
    document, plot = tmp_path / "doc.md", tmp_path / "docs" / "curve.png"
    document.write_text("<!-- results:decode -->\n<!-- /results:decode -->\n")
    arguments = ["--results", str(folder), "--document", str(document), "--plot", str(plot)]
    assert main([*arguments, "--check"]) == 1
    assert main(arguments) == 0
    assert main([*arguments, "--check"]) == 0
    assert plot.stat().st_size > 5000


def test_files_that_are_no_results_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]")
    with pytest.raises(ConfigError, match="is no result"):
        load_results(tmp_path)
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(ConfigError, match="cannot read"):
        load_results(tmp_path)


def test_models_are_compared_on_the_same_captures(tmp_path: Path) -> None:
    for name, rights, psnr in (("print-1", "1100", 36.0), ("print-2", "1111", 38.0)):
        found = evaluation(name, (1.0,))
        found["settings"]["margin"] = 0.06
        (tmp_path / f"{name}.json").write_text(json.dumps(found))
        group = found["groups"][0]
        rows = [
            {
                "index": index, "preset": group["preset"], "strength": 1.0, "right": one == "1",
                "psnr": psnr,
            }
            for index, one in enumerate(rights)
        ]  # fmt: skip
        lines = [json.dumps({"settings": {}}), *map(json.dumps, rows)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    (row,) = TABLES["pairs"](load_results(tmp_path)).splitlines()[2:3]
    assert "print-2: 4 at 38.0 dB | print-1: 2 at 36.0 dB | +50.0 %" in row


def test_a_table_may_name_its_model(folder: Path) -> None:
    mark = "results:strength print-1"
    filled = update(
        f"<!-- {mark} -->old<!-- /{mark} -->",
        load_results(folder),
        lambda m: load_results(folder, m),
    )
    assert filled.startswith(f"<!-- {mark} -->\n|") and filled.endswith(f"<!-- /{mark} -->")
    assert "old" not in filled


def test_refining_stands_beside_what_it_began_from() -> None:
    row = {"strength": 0.8, "psnr": 40.04, "ssimulacra2": 70.123, "ssimulacra2_as_jpeg": 55.0}
    found = {
        "kind": "visibility",
        "settings": {"seconds": 60.0, "steps": None},
        "message": "room 12",
        "model": {"name": "print-2"},
        "environment": {"commit": "abc", "date": "2026-01-01"},
        "records": [{}, {}],
        "mean": {"chosen": row, "refined": {**row, "psnr": 41.5, "read": 23, "captures": 24}},
    }
    text = TABLES["refining"](Results(None, {}, files=[found]))
    assert "| chosen for each host | 0.80 | 40.0 dB | 70.1 (55) | not measured |" in text
    assert "| chosen, and refined | 0.80 | 41.5 dB | 70.1 (55) | 23 of 24 |" in text
    assert "2 hosts, message 'room 12', refined for 60 s; model print-2" in text
    assert TABLES["refining"](Results(None, {})) == "not measured"
