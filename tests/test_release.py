"""What a released model's record says must come from an evaluation of that very file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from riis_physical.errors import WeightsError
from riis_physical.weights import load_record, save_weights
from training.release import least_px_per_module, release


def captures(threshold: float) -> list[dict[str, object]]:
    scales = [6 + 0.05 * i for i in range(400)]
    return [{"px_per_module": s, "right": s >= threshold} for s in scales]


def test_least_scale_is_where_reading_starts() -> None:
    least = least_px_per_module(captures(9.0))
    assert least is not None and 8.5 <= least <= 9.1
    assert least_px_per_module(captures(0.0)) == pytest.approx(6.0)
    assert least_px_per_module(captures(99.0)) is None
    assert least_px_per_module(captures(0.0)[:10]) is None


def test_release_takes_figures_of_this_file_only(tmp_path: Path) -> None:
    weights = tmp_path / "m-1.safetensors"
    record = save_weights(weights, {"a": torch.ones(2)}, {"config": {}})
    group = {
        "preset": "normal",
        "strength": 1.0,
        "decode": {"hits": 200, "trials": 200, "rate": 1.0, "low": 0.98, "high": 1.0},
        "container": {"psnr": {"mean": 36.0}},
    }
    results = tmp_path / "m.json"
    figures = {"captures": "simulated", "model": {"sha256": "0" * 64}, "groups": [group]}
    results.write_text(json.dumps(figures))
    with pytest.raises(WeightsError, match="found no"):
        release(weights, results)
    lines = [{"preset": "normal", "strength": 1.0, **c} for c in captures(7.0)]
    results.with_suffix(".jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    with pytest.raises(WeightsError, match="another file"):
        release(weights, results)
    figures["model"] = {"sha256": record["sha256"]}
    results.write_text(json.dumps(figures))
    release(weights, results)
    written = load_record(weights)
    assert written["released"] and written["measured"]["psnr_db"] == 36.0
    assert 6.5 <= written["measured"]["min_px_per_module"] <= 7.1
    with pytest.raises(WeightsError, match="is released"):
        save_weights(weights, {"a": torch.zeros(2)}, {"config": {}})
