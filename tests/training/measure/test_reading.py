"""Evaluation: seeded captures, honest counting, resuming."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from evaluation_fakes import FakeRevealer, no_container, write_hosts

from capture.geometry.rectify import rectify
from riis_physical.artifacts import ScanResult, Status
from riis_physical.cli import cli
from riis_physical.commands.measure.captures.reading import command
from riis_physical.commands.measure.models import hiding
from riis_physical.errors import ConfigError, HostError, OutputError, TrainingError
from riis_physical.hiding.visible import METRICS
from riis_physical.qr.code.encode import encode
from riis_physical.qr.soft.knowledge import Knowledge
from riis_physical.system.journal import Journal
from training.measure import capture as capture_module
from training.measure.capture import corner_error, judge
from training.measure.common.bound import module_darkness, visible_container
from training.measure.common.draws import Hosts, draw_background
from training.measure.common.environment import command_line
from training.measure.common.messages import Messages, draw_message
from training.measure.common.records import NOT_HIDDEN, CaptureRecord
from training.measure.common.settings import Settings
from training.measure.common.summary import rate, summarise, summarise_group
from training.measure.reading.run import evaluate, lines
from training.measure.reading.trial import Trial, draw_capture


def small(folder: Path, **changes: object) -> Settings:
    values: dict[str, object] = {
        "model": "fake-1", "images": str(folder), "n": 2, "presets": ("easy",), "visible": False,
        "size": (480, 640)
    }  # fmt: skip
    return Settings(**{**values, **changes})  # type: ignore[arg-type]


def trial_of(settings: Settings, scan: object = no_container) -> Trial:
    hosts = Hosts(Path(settings.images), settings.seed)
    return Trial(settings, hosts, FakeRevealer(), scan)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hosts(tmp_path_factory.mktemp("hosts"), 3)


def test_messages_are_seeded_and_of_the_stated_kind() -> None:
    drawn = [draw_message(5, index) for index in range(400)]
    assert drawn == [draw_message(5, index) for index in range(400)]
    assert drawn != [draw_message(6, index) for index in range(400)]
    assert {len(message) for message in drawn} == set(range(30, 41))
    with_umlauts = sum(not message.isascii() for message in drawn)
    assert 60 < with_umlauts < 140
    assert all(encode(message).level == "H" for message in drawn)
    assert {encode(message).version for message in drawn} == {4, 5}


def test_hosts_cycle_in_a_fixed_shuffled_order(hosts: Path) -> None:
    first, again, other = Hosts(hosts, 1), Hosts(hosts, 1), Hosts(hosts, 2)
    assert first.paths == again.paths and len(first) == 3
    assert first.digest == other.digest
    assert first.path(0) == first.path(3)
    assert [first.is_first(index) for index in range(4)] == [True, True, True, False]
    with pytest.raises(TrainingError, match="is no folder"):
        Hosts(hosts / "absent", 0)


def test_half_of_the_captures_get_a_background(hosts: Path) -> None:
    assert draw_background(None, (0, 1)) is None
    drawn = [draw_background(hosts, (0, index)) for index in range(200)]
    assert 70 < sum(path is None for path in drawn) < 130
    assert len({path for path in drawn if path}) == 3


def test_captures_depend_on_seed_and_preset_not_on_strength(hosts: Path) -> None:
    settings = small(hosts, presets=("easy", "hard"), strengths=(1.0, 2.0))
    params, seed = draw_capture(settings, "easy", 4)
    same, same_seed = draw_capture(settings, "easy", 4)
    other, other_seed = draw_capture(settings, "hard", 4)
    assert params.describe() == same.describe() and seed == same_seed
    assert params.describe() != other.describe() and seed != other_seed
    fixed, _ = draw_capture(small(hosts, width_px=333.0), "easy", 4)
    assert float(fixed.container_width_px[0]) == 333.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n": 0}, "0 captures"),
        ({"presets": ()}, "nothing to measure"),
        ({"presets": ("gentle",)}, "unknown preset 'gentle': choose easy, normal, hard"),
        ({"medium": "cloth"}, "unknown medium"),
        ({"corners": "guess"}, "unknown corners"),
    ],
)
def test_settings_are_checked(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        small(tmp_path, **changes)


def test_at_true_corners_the_fake_reads_and_the_bound_too(hosts: Path, tmp_path: Path) -> None:
    settings = small(hosts, n=1, corners="truth", visible=True, width_px=900.0, size=None)
    result = evaluate(settings, tmp_path / "a.json", trial=trial_of(settings))
    assert result == json.loads((tmp_path / "a.json").read_text())
    assert result["captures"] == "simulated"
    assert result["model"]["name"] == "fake-1"
    group = result["groups"][0]
    assert group["captures"] == 1 and group["decode"]["hits"] == 1
    assert group["visible"]["readable"]["hits"] == 1
    assert group["module_accuracy"]["mean"] > 0.9
    assert group["wrong_texts"] == 0 and group["detection"]["recall"] is None
    assert 10 < group["container"]["psnr"]["mean"] < 30
    assert 0 < group["container"]["flip"]["mean"] < 1
    assert sum(row["captures"] for row in group["by_width"]) == 1
    assert set(group["timings_ms"]) == {"hide", "photograph", "truth"}
    assert "read 1 of 1" in next(iter(lines(result)))
    text = (tmp_path / "a.json").read_text()
    assert str(tmp_path) not in text and str(hosts.parent) not in text


def test_a_reader_who_knows_a_list_is_told_it(hosts: Path, tmp_path: Path) -> None:
    told: list[Knowledge] = []
    messages = Messages("address", "list-1000")

    def scan(
        path: str, revealers: object, corners: object, knowledge: Knowledge
    ) -> list[ScanResult]:
        text = messages.draw(0, len(told))[0]
        told.append(knowledge)
        return [ScanResult(path, Status.DECODED, payload=text.encode())]

    settings = small(hosts, strengths=(1.0,), messages=messages)
    result = evaluate(settings, tmp_path / "a.json", trial=trial_of(settings, scan))
    assert result["groups"][0]["decode"]["hits"] == len(told) == 2
    assert all(knowledge.among is not None and len(knowledge.among) == 1000 for knowledge in told)
    assert result["settings"]["messages"] == {"kind": "address", "known": "list-1000"}


def test_messages_and_what_is_known_of_them() -> None:
    text, knowledge = Messages("sentence", "beginning").draw(3, 4)
    assert 30 <= len(text) <= 40 and knowledge.prefixes == (text[:18].encode(),)
    assert Messages("sentence").draw(3, 4)[0] == text
    with pytest.raises(ConfigError, match="list of addresses"):
        Messages("sentence", "list-1000")
    with pytest.raises(ConfigError, match="choose printable"):
        Messages("poems")


def test_scan_sees_the_file_alone_and_is_judged(hosts: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, object]] = []

    def scan(path: str, revealers: object, corners: object, _known: object) -> list[ScanResult]:
        seen.append((Path(path).read_bytes()[:3].hex(), corners))
        index = len(seen) - 1
        return [ScanResult(path, Status.DECODED, payload=draw_message(0, index).encode())]

    settings = small(hosts, strengths=(1.0,))
    result = evaluate(settings, tmp_path / "a.json", trial=trial_of(settings, scan))
    assert seen == [("ffd8ff", None)] * 2
    assert result["groups"][0]["decode"]["hits"] == 2
    seen.clear()
    settings = small(hosts, n=1, corners="given")
    evaluate(settings, tmp_path / "b.json", trial=trial_of(settings, scan))
    assert np.shape(seen[0][1]) == (4, 2)


def test_stopped_evaluation_goes_on_and_repeats_itself(hosts: Path, tmp_path: Path) -> None:
    settings = small(hosts, corners="truth")
    whole = evaluate(settings, tmp_path / "whole.json", trial=trial_of(settings))
    journal = tmp_path / "part.jsonl"
    written = (tmp_path / "whole.jsonl").read_text().splitlines(keepends=True)
    journal.write_text("".join(written[:3]) + written[3][:40])
    part = evaluate(settings, tmp_path / "part.json", trial=trial_of(settings))
    assert part["resumed_after"] == 1 and len(part["runs"]) == 2
    for groups in (whole["groups"], part["groups"]):
        groups[0].pop("timings_ms")
    assert part["groups"] == whole["groups"]
    assert len(journal.read_text().splitlines()) == 5


def test_results_are_not_overwritten_nor_mixed(hosts: Path, tmp_path: Path) -> None:
    settings = small(hosts, n=1, corners="truth")
    evaluate(settings, tmp_path / "a.json", trial=trial_of(settings))
    with pytest.raises(OutputError, match="exists already"):
        evaluate(settings, tmp_path / "a.json", trial=trial_of(settings))
    (tmp_path / "a.json").unlink()
    other = small(hosts, n=1, corners="truth", seed=9)
    with pytest.raises(OutputError, match="holds captures of another model or other settings"):
        evaluate(other, tmp_path / "a.json", trial=trial_of(other))
    result = evaluate(other, tmp_path / "a.json", trial=trial_of(other), force=True)
    assert result["settings"]["seed"] == 9
    with pytest.raises(ConfigError, match="0 workers"):
        evaluate(other, tmp_path / "b.json", workers=0)


def test_refused_container_counts_as_not_read(
    hosts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise HostError("does not read back")

    monkeypatch.setattr(capture_module, "hide", refuse)
    settings = small(hosts, n=2)
    group = evaluate(settings, tmp_path / "a.json", trial=trial_of(settings))["groups"][0]
    assert group["decode"]["trials"] == 2 and group["decode"]["hits"] == 0
    assert group["not_hidden"] == 2 and group["failures"] == {"not hidden": 2}


def test_any_other_text_is_wrong() -> None:
    def result(payload: bytes | None) -> ScanResult:
        status = Status.UNREADABLE if payload is None else Status.DECODED
        return ScanResult("p", status, payload=payload)

    assert judge([], b"a").right is False
    assert judge([result(None)], b"a").status == "unreadable"
    both = judge([result(b"b"), result(b"a")], b"a")
    assert both.right and both.wrong_texts == 1
    assert judge([result(b"b")], b"a").wrong_texts == 1


def test_corner_error_is_the_largest_of_the_best_turn() -> None:
    truth = np.array([[0, 0], [100, 0], [100, 50], [0, 50]], np.float32)
    assert corner_error([], truth) is None
    moved = np.roll(truth, 1, axis=0) + np.array([[0, 0], [3, 4], [0, 0], [0, 0]], np.float32)
    error = corner_error([truth + 50, moved], truth)
    assert error is not None and error.worst == pytest.approx(0.05)


def test_visible_container_has_the_modules_at_any_size() -> None:
    code = encode("a visible code")
    drawn = visible_container(code, (321, 481))
    assert drawn.shape == (321, 481, 3)
    corners = np.array([[0, 0], [481, 0], [481, 321], [0, 321]], np.float32) - 0.5
    gray = rectify(drawn, corners, (12 * code.size, 12 * code.size)).image.mean(axis=2)
    dark = gray.reshape(code.size, 12, code.size, 12)[:, 5:7, :, 5:7].mean(axis=(1, 3)) < 0.5
    np.testing.assert_array_equal(dark, code.modules)
    soft = module_darkness(gray.astype(np.float32))
    assert np.mean((soft > 0) == code.modules) > 0.97


def record(**changes: object) -> CaptureRecord:
    values: dict[str, object] = {
        "index": 0, "preset": "normal", "strength": 1.0, "host": "a.png", "message_bytes": 30,
        "version": 4, "level": "H", "medium": "print", "background": None, "status": "decoded",
        "right": True, "width_px": 400.0, "psnr": 33.0, "module_accuracy": 0.99,
        "truth_right": True, "detected": True, "timings_ms": {"hide": 5.0},
    }  # fmt: skip
    return CaptureRecord(**{**values, **changes})  # type: ignore[arg-type]


def test_summary_counts_groups_widths_media_and_causes() -> None:
    records = [
        record(),
        record(index=1, right=False, status="unreadable", width_px=1250.0, truth_right=False),
        record(index=2, right=False, status="no_container", detected=False, medium="screen"),
        record(index=3, right=False, status="unreadable", wrong_texts=1),
        record(index=0, strength=2.0, width_px=240.0, psnr=None),
        record(index=1, strength=2.0, status=NOT_HIDDEN, right=False, width_px=None),
    ]
    first, second = summarise(records)
    assert first["decode"] == rate([True, False, False, False])
    assert first["wrong_texts"] == 1
    assert first["status"] == {"decoded": 1, "unreadable": 2, "no_container": 1}
    assert first["failures"] == {
        "not readable at the true corners": 1,
        "readable at the true corners, not found": 1,
        "found, readable at the true corners, not read": 1,
    }
    assert [(row["from_px"], row["captures"]) for row in first["by_width"]] == [(350, 3), (900, 1)]
    assert first["by_medium"]["screen"]["captures"] == 1
    assert first["detection"]["recall"]["hits"] == 3
    assert second["decode"]["trials"] == 2 and second["not_hidden"] == 1
    assert second["container"]["psnr"] is None
    assert [row["from_px"] for row in second["by_width"]] == [250]
    assert summarise_group([record()])["timings_ms"]["hide"]["median"] == 5.0


def test_rate_is_wilsons() -> None:
    assert rate([]) is None and rate([None]) is None
    found = rate([True] * 95 + [False] * 5)
    assert found == {"hits": 95, "trials": 100, "rate": 0.95, "low": 0.8882, "high": 0.9785}


def test_records_survive_the_journal(tmp_path: Path) -> None:
    journal = Journal(
        tmp_path / "a.jsonl",
        {"x": (1, 2)},
        {"commit": "c"},
        parse=CaptureRecord.from_dict,
        fresh=False,
    )
    journal.append(record(psnr=float("inf"), detail="ä"))
    again = Journal(
        tmp_path / "a.jsonl",
        {"x": (1, 2)},
        {"commit": "c"},
        parse=CaptureRecord.from_dict,
        fresh=False,
    )
    assert again.done == [record(psnr=None, detail="ä")]
    assert again.runs == [{"commit": "c"}] * 2
    (tmp_path / "b.jsonl").write_text("no json\n")
    with pytest.raises(OutputError, match="another model or other settings"):
        Journal(tmp_path / "b.jsonl", {}, {}, parse=CaptureRecord.from_dict, fresh=False)
    with pytest.raises(OutputError, match="cannot write"):
        Journal(tmp_path / "absent" / "b.jsonl", {}, {}, parse=CaptureRecord.from_dict, fresh=False)


def test_command_lines_lose_folders_of_absolute_paths() -> None:
    assert command_line(["/usr/x/bin/riis", "--images", "/data/val", "a/b"]) == (
        "riis --images val a/b"
    )


@pytest.mark.parametrize("strength", ["0.1", "1,4", "a", ""])
def test_command_refuses_strengths_out_of_range(tmp_path: Path, strength: str) -> None:
    arguments = ["--images", str(tmp_path), "--json", str(tmp_path / "a.json")]
    outcome = CliRunner().invoke(command, [*arguments, "--strength", strength])
    assert outcome.exit_code == 2 and "expected numbers from 0.25 to 3" in outcome.output


def test_former_names_say_what_replaced_them(hosts: Path, tmp_path: Path) -> None:
    """Commands renamed in one release still run, with the same options."""
    for name, now in (("evaluate", "reading"), ("evaluate-negatives", "negatives")):
        output = str(tmp_path / "out.json")
        done = CliRunner().invoke(
            cli, [name, "--images", str(tmp_path / "absent"), "--json", output, "--workers", "2"]
        )
        assert f"riis-physical {name} is now riis-physical measure {now}" in done.stderr
        assert "is no folder" in str(done.exception)
        assert f" {name} " not in CliRunner().invoke(cli, ["-h"]).output


def test_choices_of_options_are_those_of_the_code() -> None:
    assert tuple(METRICS) == hiding.METRICS
