"""The benchmark of fused photos: photos drawn apart, honest counting, resuming, the table."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from evaluation_fakes import FakeRevealer, write_hosts

from capture.read.place.finding import Finding
from capture.read.place.probe import Hypothesis
from capture.scan import PhotoFindings
from riis_physical.artifacts import Condition, ScanResult, Status
from riis_physical.cli import cli as command
from riis_physical.errors import ConfigError, HostError, OutputError
from riis_physical.qr.code.encode import encode
from riis_physical.qr.soft.presence import presence_score
from riis_physical.qr.soft.reading import read_revealed
from training.measure import capture as capture_module
from training.measure.common.draws import Hosts
from training.measure.common.messages import draw_message
from training.measure.common.records import NOT_HIDDEN
from training.measure.fusing.records import FuseRecord
from training.measure.fusing.run import benchmark_fuse, fuse_lines
from training.measure.fusing.runner import FuseRunner, make_fuse_runner
from training.measure.fusing.settings import FuseSettings
from training.measure.fusing.summary import summarise_fuse
from training.report.cells import NOT_MEASURED
from training.report.results import load_results
from training.report.tables import TABLES

FRAMES = 5


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hosts(tmp_path_factory.mktemp("hosts"), 2)


def settings_of(folder: Path, **changes: object) -> FuseSettings:
    values: dict[str, object] = {
        "model": "fake-1", "images": str(folder), "n": 2, "frames": FRAMES, "size": (120, 160),
    }  # fmt: skip
    return FuseSettings(**{**values, **changes})  # type: ignore[arg-type]


class NoisyFind:
    """Sees the code of each container in order, with so much noise in each photo."""

    def __init__(self, settings: FuseSettings, noises: Sequence[float]) -> None:
        self.settings, self.noises, self.calls = settings, noises, 0

    def __call__(self, path: str, revealers: object) -> PhotoFindings:
        index, frame = divmod(self.calls, len(self.noises))
        self.calls += 1
        assert cv2.imread(path) is not None
        return seen(path, draw_message(self.settings.seed, index), self.noises[frame], self.calls)


def seen(path: str, message: str, noise: float, seed: int) -> PhotoFindings:
    code = encode(message)
    signs = np.where(code.modules, 1.0, -1.0)
    grid = (signs + noise * np.random.default_rng(seed).normal(size=signs.shape)).astype(np.float32)
    side = 8 * code.size
    corners = np.array([[0, 0], [99, 0], [99, 99], [0, 99]], np.float32)
    found = Finding(
        Hypothesis(0, 0, code.version), FakeRevealer(), corners,  # type: ignore[arg-type]
        Condition(0.5, 0.01, 90.0, 1.0), presence_score(grid, code.version),
        np.full((side, side, 3), 0.5, np.float32), None, np.zeros((4, 4), np.float32), grid,
        "outline", read_revealed(grid, None, code.version), evident=True,
    )  # fmt: skip
    payload = None if found.reading is None else found.reading.payload
    status = Status.UNREADABLE if payload is None else Status.DECODED
    return PhotoFindings((found,), (), [ScanResult(path, status, payload, corners)], ())


def runner_of(settings: FuseSettings, noises: Sequence[float]) -> FuseRunner:
    hosts = Hosts(Path(settings.images), settings.seed)
    find = NoisyFind(settings, noises)
    return FuseRunner(settings, hosts, FakeRevealer(), find)  # type: ignore[arg-type]


def record(index: int, single: str, fused: str, **changes: object) -> FuseRecord:
    values: dict[str, object] = {
        "index": index, "host": "a.png", "medium": "print", "version": 4, "status": "decoded",
        "single": [c == "1" for c in single], "fused": [c == "1" for c in fused],
        "single_status": ["decoded" if c == "1" else "unreadable" for c in single],
        "frames_used": fused.find("1") + 1 or len(fused), "timings_ms": {"scan": 300.0},
    }  # fmt: skip
    return FuseRecord(**{**values, **changes})  # type: ignore[arg-type]


def test_photos_that_fail_alone_read_together_and_each_is_scanned_once(hosts: Path) -> None:
    settings = settings_of(hosts)
    runner = runner_of(settings, [1.25] * FRAMES)
    (found,) = runner.run(0)
    assert found.single == [False] * FRAMES
    assert found.fused[0] is False and found.fused[-1] is True and found.status == "decoded"
    assert found.fused == sorted(found.fused) and 2 <= found.frames_used <= FRAMES
    assert found.fused.index(True) == found.frames_used - 1
    assert runner.find.calls == FRAMES  # type: ignore[attr-defined]
    assert found.wrong_single == found.wrong_fused == 0 and len(found.width_px) == FRAMES
    assert found.medium in ("print", "screen") and found.timings_ms["scan"] > 0


def test_scanning_together_stops_while_single_photos_are_still_counted(hosts: Path) -> None:
    (found,) = runner_of(settings_of(hosts), [0.1, 3.0, 0.1, 3.0, 3.0]).run(0)
    assert found.single == [True, False, True, False, False]
    assert found.fused == [True] * FRAMES and found.frames_used == 1


def test_texts_that_were_not_hidden_are_counted(
    hosts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(hosts)
    runner = replace(
        runner_of(settings, [0.1]), find=lambda path, _: seen(path, "something else", 0.1, 3)
    )
    (found,) = runner.run(0)
    assert not any(found.single) and not any(found.fused)
    assert found.wrong_single == FRAMES and found.wrong_fused == 1
    result = {**summarise_fuse(FRAMES, [found]), "settings": settings.as_dict()}
    assert "WRONG TEXTS 6" in list(fuse_lines(result))

    def refuse(*_: object, **__: object) -> None:
        raise HostError("too dark")

    monkeypatch.setattr(capture_module, "hide", refuse)
    (refused,) = runner.run(0)
    assert refused.status == NOT_HIDDEN and not refused.is_hidden
    assert summarise_fuse(FRAMES, [refused])["failures"]["first"]["rate"] == 1


def test_photos_of_a_container_share_medium_and_wall_and_nothing_else(
    hosts: Path, tmp_path: Path
) -> None:
    walls = write_hosts(tmp_path / "walls", 3)
    runner = runner_of(settings_of(hosts, backgrounds=str(walls)), [1.0])
    scenes = [runner.scene(index) for index in range(20)]
    assert {scene.medium for scene in scenes} == {"print", "screen"}
    assert {scene.wall.name for scene in scenes} >= {None, "00.png"}
    container = np.full((96, 128, 3), 128, np.uint8)
    photos = [runner.photo(container, scenes[0], 0, frame) for frame in (0, 1, 0)]
    media = {float(photo.params.is_screen[0]) for photo in photos}
    assert media == {float(scenes[0].medium == "screen")}
    assert photos[0].jpeg == photos[2].jpeg != photos[1].jpeg
    assert float(photos[0].params.yaw_deg[0]) != float(photos[1].params.yaw_deg[0])


def test_failures_are_compared_container_by_container() -> None:
    records = [
        record(0, "11000", "11111"),
        record(1, "00010", "00111"),
        record(2, "00000", "00011"),
        record(3, "00000", "00000", status="unreadable"),
        record(4, "", "", status=NOT_HIDDEN),
    ]
    found = summarise_fuse(FRAMES, records)
    failures = found["failures"]
    assert [failures[key]["hits"] for key in ("first", "best", "fused")] == [4, 3, 2]
    assert failures["fused"]["trials"] == 5 and found["not_hidden"] == 1
    assert 0 < failures["fused"]["low"] < 0.4 < failures["fused"]["high"] < 1
    assert failures["single"]["rate"] == pytest.approx(22 / 25)
    assert found["fused_minus_first"]["second_only"] == 2
    assert found["fused_minus_first"]["difference"] == pytest.approx(-0.4)
    assert found["ratio_to_first"] == 0.5
    assert found["ratio_to_single"] == pytest.approx(2 / 4.4, abs=1e-4)
    curve = [(row["best"]["hits"], row["fused"]["hits"]) for row in found["curve"]]
    assert curve == [(4, 4), (4, 4), (4, 3), (3, 2), (3, 2)]
    assert found["wrong_texts"] == {"single": 0, "fused": 0}
    assert found["scan_ms"]["mean"] == 60
    assert summarise_fuse(2, [record(0, "11", "11")])["ratio_to_first"] is None


def test_a_run_goes_on_after_a_stop_and_fills_the_table(hosts: Path, tmp_path: Path) -> None:
    settings = settings_of(hosts, frames=2)
    output = tmp_path / "fuse.json"
    noises = [0.1, 3.0]
    result = benchmark_fuse(settings, output, runner=runner_of(settings, noises))
    assert result["captures"] == "simulated" and result["model"]["sha256"] == "0" * 64
    assert result["environment"]["commit"] and result["environment"]["cpu"]
    assert result["failures"]["fused"]["hits"] == 0 and len(result["curve"]) == 2
    assert str(hosts) not in output.read_text()
    assert any("0 of 2, 0.0%" in line for line in fuse_lines(result))
    with pytest.raises(OutputError, match="exists already"):
        benchmark_fuse(settings, output, runner=runner_of(settings, noises))

    journal = output.with_suffix(".jsonl")
    written = journal.read_text().splitlines(keepends=True)
    output.unlink()
    journal.write_text("".join(written[:3]) + written[3][:40])
    runner = runner_of(settings, noises)
    runner.find.calls = 2  # type: ignore[attr-defined]
    again = benchmark_fuse(settings, output, runner=runner)
    assert again["resumed_after"] == 1 and again["failures"] == result["failures"]
    output.unlink()
    other = settings_of(hosts, frames=3)
    with pytest.raises(OutputError, match="other settings"):
        benchmark_fuse(other, output, runner=runner_of(other, noises))
    with pytest.raises(ConfigError, match="0 workers"):
        benchmark_fuse(settings, tmp_path / "b.json", runner=runner, workers=0)

    folder = tmp_path / "results"
    folder.mkdir()
    assert NOT_MEASURED in TABLES["fuse"](load_results(folder))
    (folder / "fuse.json").write_text(json.dumps(again))
    table = TABLES["fuse"](load_results(folder)).splitlines()
    assert len(table) == 3 and "| hard | 1 | 2 | 2 | 0.0 % (0.0 to 65.8) | 50.0 % |" in table[2]


def test_records_survive_the_journal() -> None:
    one = record(3, "01", "01", width_px=[333.25, 400.0])
    assert FuseRecord.from_dict(json.loads(json.dumps(one.as_dict()))) == one


def test_wrong_settings_and_usage_are_told(hosts: Path, tmp_path: Path) -> None:
    for changes, says in (
        ({"n": 0}, "0 containers"),
        ({"frames": 1}, "1 photos of each"),
        ({"preset": "worse"}, "unknown preset"),
        ({"margin": 0.6}, "margin 0.6"),
        ({"medium": "slide"}, "unknown medium"),
        ({"strength": 0.1}, "strength 0.1"),
    ):
        with pytest.raises(ConfigError, match=says):
            settings_of(hosts, **changes)
    with pytest.raises(Exception, match="nosuch"):
        make_fuse_runner(FuseSettings("nosuch", str(hosts)))
    absent = str(tmp_path / "absent")
    done = CliRunner().invoke(
        command, ["measure", "fuse", "--images", absent, "--json", f"{absent}.json"]
    )
    assert "is no folder" in str(done.exception)
    done = CliRunner().invoke(
        command, ["measure", "fuse", "--images", "x", "--frames", "1", "--json", "y"]
    )
    assert done.exit_code == 2 and "--frames" in done.output
