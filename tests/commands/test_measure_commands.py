"""Options of `measure` become the settings of a measurement, each under its own name."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from riis_physical.cli import cli
from riis_physical.commands.measure.options import Run

COMMANDS: dict[str, tuple[list[str], dict[str, Any]]] = {
    "reading": (
        ["--images", "photos", "--strength", "1,0.5", "--known", "beginning", "--no-visible"],
        {"images": "photos", "strengths": (1.0, 0.5), "visible": False, "presets": ("normal",)},
    ),
    "sweep": (["--images", "photos", "--what", "blur"], {"images": "photos", "what": ("blur",)}),
    "fuse": (["--images", "photos", "--frames", "3"], {"frames": 3, "preset": "hard"}),
    "kinds": (
        ["--images", "photos", "--backgrounds", "rooms", "--kind", "mirrored photo"],
        {"backgrounds": "rooms", "kinds": ("mirrored photo",), "n": 20},
    ),
    "calibration": (["--lenses", "1"], {"lenses": 1, "n": 60, "preset": "normal"}),
    "correction": (["--images", "photos"], {"device": "strong", "strength": 0.6}),
    "soft": (["--n", "20", "--seed", "3"], {"n": 20, "seed": 3}),
    "false-accepts": (["--grids", "32", "--known"], {"grids": 32, "images": "", "known": True}),
    "strength": (["--images", "photos"], {"draws": 14, "n": 16}),
    "visibility": (
        ["--keep", "kept", "--metric", "flip"],
        {"images": None, "keep": "kept", "labels": ("flip",)},
    ),
    "objectives": (
        [
            *("--images", "photos", "--held", "held", "--runs", "runs"),
            *("--variant", "plain:", "--variant", "tails:tails=2,steps=3"),
        ],
        {"runs": "runs", "variants": (("plain", ()), ("tails", ("tails=2", "steps=3")))},
    ),
    "budget": (["--images", "photos", "--n", "3"], {"hosts": 3, "images": "photos"}),
    "pictures": (["--images", "photos", "--level", "jpeg=40"], {"levels": ("jpeg=40",)}),
    "tamper": (["--images", "photos", "--secret", "pattern"], {"secret": "pattern", "size": 384}),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_options_become_settings(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []

    def take(self: Run, evaluate: Any, settings: Any, lines: Any, **more: Any) -> dict[str, Any]:
        taken.append((self, settings))
        return {"all": {"accepted": 0}}

    monkeypatch.setattr(Run, "measure", take)
    monkeypatch.chdir(tmp_path)
    arguments, expected = COMMANDS[name]
    jobs = ["--jobs", "2", "-o", "out.json"]
    done = CliRunner().invoke(cli, ["measure", name, *arguments, *jobs], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    (run, settings), *others = taken
    assert not others and run == Run(Path("out.json"), force=False, workers=2)
    assert {field: asdict(settings)[field] for field in expected} == expected


def test_an_output_that_is_there_is_refused_before_anything_else(tmp_path: Path) -> None:
    there = tmp_path / "there.json"
    there.write_text("{}", encoding="utf-8")
    done = CliRunner().invoke(cli, ["measure", "soft", "-o", str(there)])
    assert done.exit_code == 1 and "there.json" in str(done.exception)
