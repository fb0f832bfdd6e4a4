"""Tables and plots of sweeps over captures."""

import json
from pathlib import Path

from training.measure.sweeps.plots import draw_plots
from training.measure.sweeps.records import BenchmarkRecord
from training.measure.sweeps.settings import BenchmarkSettings
from training.measure.sweeps.summary import summarise
from training.measure.sweeps.varied import SWEEPS
from training.report.cells import NOT_MEASURED
from training.report.results import load_results
from training.report.tables import TABLES


def record(sweep: str = "detection", index: int = 0, **changes: object) -> BenchmarkRecord:
    value = None if sweep == "detection" else SWEEPS[sweep].values[0]
    values: dict[str, object] = {
        "sweep": sweep, "value": value, "preset": "normal", "margin": 0.06, "index": index,
        "host": "a.png", "medium": "print", "version": 4, "status": "decoded",
    }  # fmt: skip
    return BenchmarkRecord(**{**values, **changes})  # type: ignore[arg-type]


def benchmark_result() -> dict[str, object]:
    settings = BenchmarkSettings("print-1", "val")
    records = [
        record(point.sweep, i, value=point.value, preset=point.preset, margin=point.margin,
               right=i > 0, right_given=True, result_error=0.003, result_worst=0.006,
               visible={} if point.value is None else {"pyzbar": True, "opencv": False})
        for point in settings.points() for i in range(4)
    ]  # fmt: skip
    return {
        "kind": "capture-benchmark",
        "model": {"name": "print-1"},
        **summarise(settings.points(), records),
    }


def test_tables_and_plots_come_from_the_result(tmp_path: Path) -> None:
    result = benchmark_result()
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "capture.json").write_text(json.dumps(result))
    results = load_results(folder)
    detection = TABLES["capture-detection"](results).splitlines()
    assert len(detection) == 8
    assert "| normal | none | 4 | 100.0 % (51.0 to 100.0) |" in detection[5]
    assert "0.30%" in detection[5] and "| 0.750 |" in detection[5]
    assert TABLES["capture-width"](results).count("75.0 % (30.1 to 95.4)") == 7
    assert NOT_MEASURED in TABLES["capture-width"](results)  # zxing-cpp
    drawn = draw_plots(result, tmp_path / "plots")
    assert sorted(path.name for path in drawn) == [
        f"capture-{name}.png"
        for name in ("angle", "blur", "detection", "exposure", "glare", "width")
    ]
    assert all(path.stat().st_size > 10_000 for path in drawn)
