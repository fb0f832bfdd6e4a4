"""Tables of what comes back of pictures and of where edits show."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.report.cells import NOT_MEASURED
from training.report.results import load_results
from training.report.tables import TABLES


def figure(mean: float) -> dict[str, float]:
    return {"n": 8, "mean": mean, "low": mean - 0.5, "high": mean + 0.5}


def result(kind: str, groups: list[dict[str, object]], secret: str = "photo") -> dict[str, object]:
    return {
        "kind": kind,
        "model": {"name": "paper-1", "sha256": "0" * 64},
        "settings": {"n": 8, "size": 384, "secret": secret},
        "environment": {"commit": "abc1234", "cpu": "a processor", "date": "2026-01-02"},
        "groups": groups,
    }


@pytest.mark.parametrize("name", ["pictures", "tamper"])
def test_nothing_measured_is_said(tmp_path: Path, name: str) -> None:
    assert NOT_MEASURED in TABLES[name](load_results(tmp_path))


def test_pictures_are_shown_by_what_was_told(tmp_path: Path) -> None:
    groups = [
        {"distortion": "jpeg=40", "level": level, "secret_psnr": figure(mean),
         "secret_ssim": figure(0.8), "container_psnr": figure(35.0)}
        for level, mean in (("told", 24.0), ("estimated", 23.5), ("blind", 22.0))
    ]  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps(result("pictures", groups)))
    shown = TABLES["pictures"](load_results(tmp_path))
    row = "| jpeg=40 | 24.00 (23.50 to 24.50) dB | 23.50 (23.00 to 24.00) dB | 22.00 (21.50 to"
    assert row in shown and "| 0.800 | 35.00 dB |" in shown
    assert "paper-1, 8 hosts" in shown and "commit abc1234" in shown


def test_tampering_is_shown_for_each_kind_of_secret(tmp_path: Path) -> None:
    for secret in ("photo", "pattern"):
        groups = [{"distortion": "none", "edit": "splice", "auc": figure(0.9),
                   "found": figure(0.5), "false": figure(0.01)}]  # fmt: skip
        file = tmp_path / f"tamper-{secret}.json"
        file.write_text(json.dumps(result("tamper", groups, secret)))
    shown = TABLES["tamper"](load_results(tmp_path))
    for secret in ("photo", "pattern"):
        assert f"| {secret} | none | splice | 0.900 (0.400 to 1.400) | 50% | 1.0% |" in shown
        assert f"secrets of kind {secret}" in shown
