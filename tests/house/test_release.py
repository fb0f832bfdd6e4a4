"""What a released model's record says must come from an evaluation of that very file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from riis_physical.errors import WeightsError
from riis_physical.model.weights import load_record, save_weights
from training.hiding.release import MIN_CAPTURES, PICTURE_LEVELS, least_px_per_module, release


def captures(threshold: float) -> list[dict[str, object]]:
    scales = [6 + 0.05 * i for i in range(400)]
    return [{"px_per_module": s, "right": s >= threshold} for s in scales]


def test_least_scale_is_where_reading_starts() -> None:
    least = least_px_per_module(captures(9.0))
    assert least is not None and 8.5 <= least <= 9.1
    assert least_px_per_module(captures(0.0)) == pytest.approx(6.0)
    assert least_px_per_module(captures(99.0)) is None
    assert least_px_per_module(captures(0.0)[:10]) is None


def evaluation(sha256: str, **settings: object) -> dict[str, object]:
    """What evaluate writes, as far as release looks at it."""
    group = {
        "preset": "normal",
        "strength": 1.0,
        "decode": {"hits": 290, "trials": 300, "rate": 0.97, "low": 0.94, "high": 0.98},
        "container": {"psnr": {"mean": 36.0}},
    }
    usual = {"n": MIN_CAPTURES, "corners": "detect", "medium": "mixed", "width_px": None}
    return {
        "kind": "evaluation",
        "captures": "simulated",
        "model": {"sha256": sha256},
        "settings": {**usual, **settings},
        "groups": [group],
    }


@pytest.fixture
def model(tmp_path: Path) -> tuple[Path, str, Path]:
    """Weights, their checksum, and where results go; the captures lie there already."""
    weights = tmp_path / "m-1.safetensors"
    record = save_weights(weights, {"a": torch.ones(2)}, {"config": {}})
    lines = [{"preset": "normal", "strength": 1.0, **c} for c in captures(7.0)]
    results = tmp_path / "figures.json"
    results.with_suffix(".jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    return weights, record["sha256"], results


def test_release_takes_figures_of_this_file_only(model: tuple[Path, str, Path]) -> None:
    weights, sha256, results = model
    with pytest.raises(WeightsError, match="found no"):
        release(weights, results)
    results.write_text(json.dumps(evaluation("0" * 64)))
    with pytest.raises(WeightsError, match="another file"):
        release(weights, results)
    assert not load_record(weights)["released"]
    results.write_text(json.dumps(evaluation(sha256)))
    release(weights, results)
    written = load_record(weights)
    assert written["released"] and written["measured"]["psnr_db"] == 36.0
    assert 6.5 <= written["measured"]["min_px_per_module"] <= 7.1
    with pytest.raises(WeightsError, match="is released"):
        save_weights(weights, {"a": torch.zeros(2)}, {"config": {}})


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("corners", "given", "corners given; a release needs corners detect"),
        ("corners", "truth", "the whole pipeline"),
        ("medium", "print", "a release needs medium mixed"),
        ("width_px", 900.0, "a release needs width_px None"),
        ("n", MIN_CAPTURES - 1, "at least 300"),
    ],
)
def test_release_takes_whole_evaluations_only(
    model: tuple[Path, str, Path], setting: str, value: object, expected: str
) -> None:
    weights, sha256, results = model
    results.write_text(json.dumps(evaluation(sha256, **{setting: value})))
    with pytest.raises(WeightsError, match=expected):
        release(weights, results)
    assert not load_record(weights)["released"]


def test_what_is_no_evaluation_is_said(model: tuple[Path, str, Path]) -> None:
    weights, sha256, results = model
    whole = evaluation(sha256)
    lacking = {**whole, "groups": [{"preset": "normal", "strength": 1.0}]}
    for content in ([], 3, {}, {"kind": "negatives"}, {**whole, "settings": None}):
        results.write_text(json.dumps(content))
        with pytest.raises(WeightsError, match="holds no evaluation"):
            release(weights, results)
    results.write_text("no json")
    with pytest.raises(WeightsError, match="cannot read"):
        release(weights, results)
    results.write_text(json.dumps(lacking))
    with pytest.raises(WeightsError, match="lacks figures"):
        release(weights, results)
    results.write_text(json.dumps({**whole, "groups": []}))
    with pytest.raises(WeightsError, match="no captures of preset"):
        release(weights, results)


def of_pictures(sha256: str, **settings: object) -> dict[str, object]:
    groups = [
        {
            "distortion": distortion,
            "level": level,
            "secret_psnr": {"mean": 25.0, "low": 24.0, "high": 26.0, "n": 12},
            "container_psnr": {"mean": 35.0, "low": 34.0, "high": 36.0, "n": 12},
        }
        for distortion in PICTURE_LEVELS
        for level in ("told", "estimated", "blind")
    ]
    return {
        "kind": "pictures",
        "captures": "simulated",
        "model": {"sha256": sha256},
        "settings": {"n": 12, "levels": list(PICTURE_LEVELS), **settings},
        "groups": groups,
    }


def test_a_model_of_pictures_is_released_by_what_comes_back(tmp_path: Path) -> None:
    weights, results = tmp_path / "paper-7.safetensors", tmp_path / "pictures.json"
    record = save_weights(weights, {"a": torch.zeros(2)}, {"config": {"secret": "images"}})
    for content, expected in (
        (evaluation(record["sha256"]), "holds no pictures"),
        (of_pictures(record["sha256"], n=3), "at least 12"),
        (of_pictures(record["sha256"], levels=["none"]), "lacks the distortions sigma=10"),
        (of_pictures("0" * 64), "another file"),
    ):
        results.write_text(json.dumps(content))
        with pytest.raises(WeightsError, match=expected):
            release(weights, results)
    results.write_text(json.dumps(of_pictures(record["sha256"])))
    assert release(weights, results)["released"]
    measured = load_record(weights)["measured"]
    assert measured["container_db"] == 35.0 and measured["secret_db"]["jpeg=40"]["blind"] == 25.0
