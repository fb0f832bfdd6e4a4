"""Results of measurements: where they may go, and how they call what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Run

from riis_physical.errors import OutputError
from training.measure.budget.run import BudgetSettings
from training.measure.calibration.correction import CorrectionSettings
from training.measure.common.output import check_result, write_result
from training.measure.common.settings import Settings
from training.measure.fusing.settings import FuseSettings
from training.measure.hiding.strength import FitSettings
from training.measure.hiding.visibility import VisibilitySettings
from training.measure.negatives.pictures import NegativeSettings
from training.measure.sweeps.settings import BenchmarkSettings

RESULT = {"environment": {}}


def test_force_overwrites_results_alone(tmp_path: Path) -> None:
    output = tmp_path / "name.json"
    write_result(output, "reading", RESULT, force=False)
    with pytest.raises(OutputError, match="exists already"):
        check_result(output, force=False)
    result = write_result(output, "reading", {**RESULT, "n": 2}, force=True)
    assert json.loads(output.read_text()) == result
    assert result == {"kind": "reading", "format": 1, "environment": {}, "n": 2}
    assert write_result(None, "reading", RESULT, force=False)["kind"] == "reading"


@pytest.mark.parametrize(
    ("suffix", "content", "seen"),
    [
        (
            ".json",
            '{"name": "mine", "config": {}, "sha256": "0"}',
            "the record of the model 'mine'",
        ),
        (".json", '{"prefixes": [], "list": 1}', r"no result .*\(its keys: list, prefixes\)"),
        (".json", "[1, 2]", r"no result .*\(its keys: none\)"),
        (".json", "a, b\n", "no JSON"),
        (".jsonl", '"a message"\n', "no journal of a measurement"),
        (".jsonl", '{"message": 1}\n{"message": 2}\n', "no journal of a measurement"),
        (".jsonl", '{"message": 1}\n', "no journal of a measurement"),
        (".jsonl", "a message\n", "no JSON"),
    ],
)
def test_what_is_no_result_stays(tmp_path: Path, suffix: str, content: str, seen: str) -> None:
    (tmp_path / f"name{suffix}").write_text(content)
    with pytest.raises(OutputError, match=f"name{suffix} is {seen}: --force overwrites results"):
        check_result(tmp_path / "name.json", force=True)
    assert (tmp_path / f"name{suffix}").read_text() == content


def test_a_journal_is_begun_anew(tmp_path: Path) -> None:
    journal = tmp_path / "name.jsonl"
    head, run = '{"settings": {}}\n', '{"run": {}}\n'
    for content in ("", head, head + '{"run": {"com', head + run + '{"index": 1}\n'):
        journal.write_text(content)
        check_result(tmp_path / "name.json", force=True)


def test_a_command_leaves_the_record_of_its_model(run: Run, tmp_path: Path) -> None:
    record = tmp_path / "mine.json"
    record.write_text('{"name": "mine", "config": {}, "sha256": "0"}')
    for command in (["soft"], ["speed"]):
        status, _, err = run("measure", *command, "-o", record, "--force")
        assert (status, "is the record of the model 'mine'" in err) == (1, True)


@pytest.mark.parametrize(
    "kind",
    [
        BenchmarkSettings, BudgetSettings, CorrectionSettings, FitSettings, FuseSettings,
        Settings, VisibilitySettings,
    ],
)  # fmt: skip
def test_results_name_models_and_folders_wherever_they_lie(kind: type) -> None:
    said = kind(model="somewhere/mine.safetensors", images="somewhere/photographs").as_dict()
    assert (said["model"], said["images"]) == ("mine.safetensors", "photographs")
    assert json.loads(json.dumps(said)) == said


def test_results_name_each_of_several_folders() -> None:
    said = NegativeSettings("a/m", ("a/b", "a/c"), backgrounds="d/e").as_dict()
    assert (said["model"], said["folders"], said["backgrounds"]) == ("m", ["b", "c"], "e")
    assert said["held_out_of"] == []
