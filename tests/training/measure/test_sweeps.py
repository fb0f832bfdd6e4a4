"""The benchmark of captures: paired points, honest counting, resuming, tables and plots."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from evaluation_fakes import FakeRevealer, no_container, write_hosts

from capture.geometry.rectify import rectify
from riis_physical.artifacts import ScanResult, Status
from riis_physical.channel.draw import sample_params
from riis_physical.channel.effects import geometry
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.photo import photograph, place
from riis_physical.cli import cli as command
from riis_physical.commands.measure.captures import sweep as command_module
from riis_physical.errors import ConfigError, HostError, OutputError
from riis_physical.qr.code.encode import encode
from training.measure import capture as capture_module
from training.measure.capture import corner_error
from training.measure.common.draws import Hosts
from training.measure.common.paired import paired_difference
from training.measure.common.records import NOT_HIDDEN
from training.measure.sweeps import settings as settings_module
from training.measure.sweeps.records import BenchmarkRecord
from training.measure.sweeps.run import benchmark, lines, open_tasks
from training.measure.sweeps.runner import BenchmarkRunner, fitting_size, make_runner
from training.measure.sweeps.settings import BenchmarkSettings, Point
from training.measure.sweeps.summary import summarise
from training.measure.sweeps.varied import PARTS, SWEEPS, at_value, foreshortening, turned
from training.measure.sweeps.visible import photograph_visible, read_by_each, visible_container


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hosts(tmp_path_factory.mktemp("hosts"), 2)


def drawn(seed: int = 0, **changes: float) -> ChannelParams:
    params = sample_params("normal", 1, torch.Generator().manual_seed(seed))
    return params.override(aspect=0.75, **changes)


def record(sweep: str = "detection", index: int = 0, **changes: object) -> BenchmarkRecord:
    value = None if sweep == "detection" else SWEEPS[sweep].values[0]
    values: dict[str, object] = {
        "sweep": sweep, "value": value, "preset": "normal", "margin": 0.06, "index": index,
        "host": "a.png", "medium": "print", "version": 4, "status": "decoded",
    }  # fmt: skip
    return BenchmarkRecord(**{**values, **changes})  # type: ignore[arg-type]


def settings_of(folder: Path, **changes: object) -> BenchmarkSettings:
    values: dict[str, object] = {
        "model": "fake-1", "images": str(folder), "n": 1, "n_detection": 1, "size": (240, 320),
        "what": ("blur",),
    }  # fmt: skip
    return BenchmarkSettings(**{**values, **changes})  # type: ignore[arg-type]


def runner_of(settings: BenchmarkSettings, scan: object = no_container) -> BenchmarkRunner:
    hosts = Hosts(Path(settings.images), settings.seed)
    return BenchmarkRunner(settings, hosts, FakeRevealer(), scan)  # type: ignore[arg-type]


@pytest.fixture
def few_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blur sweep of two values, detection at one preset."""
    short = {**SWEEPS, "blur": SWEEPS["blur"].__class__("blur", SWEEPS["blur"].label, (0.0, 6.0))}
    monkeypatch.setattr("training.measure.sweeps.varied.SWEEPS", short)
    monkeypatch.setattr(settings_module, "PRESETS", ("easy",))


def test_parts_of_the_command_are_those_of_the_benchmark() -> None:
    assert command_module.PARTS == PARTS


def test_points_are_presets_with_and_without_border_then_sweeps() -> None:
    points = BenchmarkSettings("auto", "x").points()
    detection = [point for point in points if point.sweep == "detection"]
    assert len(detection) == 6 and {point.margin for point in detection} == {0.0, 0.06}
    assert [point.value for point in points if point.sweep == "width"] == [
        150, 200, 300, 450, 700, 1000, 1500
    ]  # fmt: skip
    assert [point.value for point in points if point.sweep == "angle"] == [0, 15, 30, 45, 60]
    assert len(points) == 6 + 29
    with pytest.raises(ConfigError, match="unknown part 'size'"):
        BenchmarkSettings("auto", "x", what=("size",))
    with pytest.raises(ConfigError, match="nothing to measure"):
        BenchmarkSettings("auto", "x", what=())
    with pytest.raises(ConfigError, match="0 captures"):
        BenchmarkSettings("auto", "x", n=0)


def test_points_of_a_sweep_share_everything_else(hosts: Path) -> None:
    runner = runner_of(settings_of(hosts, size=None))
    points = [Point(name, sweep.values[0], "normal", 0.06) for name, sweep in SWEEPS.items()]
    setups = [runner.setup(3, point, (300, 400)) for point in points]
    described = [setup.params.describe() for setup in setups]
    assert described[2] == described[3] == described[4]
    assert len({setup.seed for setup in setups}) == 1
    changed = {
        key: value
        for key, value in at_value(setups[3].params, "exposure", -2, about_x=False)
        .describe()
        .items()
        if value != described[3][key]
    }
    assert changed == {"gain": 0.25}
    with pytest.raises(ConfigError, match="unknown sweep"):
        at_value(setups[0].params, "colour", 1.0, about_x=False)


def test_detection_is_paired_over_margins_and_drawn_by_preset(hosts: Path) -> None:
    runner = runner_of(settings_of(hosts))
    with_border, bare, other = (
        runner.setup(0, Point("detection", None, preset, margin), (300, 400))
        for preset, margin in (("hard", 0.06), ("hard", 0.0), ("easy", 0.0))
    )
    assert with_border.params.describe() == bare.params.describe()
    assert with_border.seed == bare.seed != other.seed


@pytest.mark.parametrize("about_x", [True, False])
@pytest.mark.parametrize("angle", [0.0, 30.0, 60.0])
def test_turning_keeps_the_camera_where_it_is(angle: float, about_x: bool) -> None:
    params = turned(drawn(container_width_px=400.0), angle, about_x=about_x)
    yaw, pitch = float(params.yaw_deg[0]), float(params.pitch_deg[0])
    assert (abs(pitch), abs(yaw)) == pytest.approx((angle, 0) if about_x else (0, angle))
    corners = geometry.project(geometry.pose_homography(params), geometry.unit_corners(params))
    wide, high = (float(length[0]) for length in geometry.edge_lengths(corners))
    straight = drawn(container_width_px=400.0, yaw_deg=0.0, pitch_deg=0.0)
    assert foreshortening(straight) == pytest.approx(1)
    shorter = 1 + 0.12 * (angle > 0)  # perspective makes near edges longer
    turned_side, kept_side = (high / 0.75, wide) if about_x else (wide, high / 0.75)
    assert turned_side == pytest.approx(400 * np.cos(np.radians(angle)), rel=0.25)
    assert 400 / 1.01 <= kept_side <= 400 * shorter * 1.15


def test_photos_are_as_large_as_the_widest_container_needs() -> None:
    params = drawn(roll_deg=0.0, yaw_deg=0.0, pitch_deg=0.0)
    assert fitting_size(params, 200.0, (1200, 1600), 0.06, 0) == (1200, 1600)
    size = fitting_size(params, 1500.0, (600, 800), 0.06, 0)
    assert size[1] / size[0] == pytest.approx(4 / 3, rel=0.01)
    _, placed = place(params.override(container_width_px=1500.0), size, 0.06, 0)
    assert float(placed.container_width_px[0]) == pytest.approx(1500, rel=1e-3)


@pytest.mark.parametrize("medium", [0.0, 1.0])
def test_the_visible_code_lies_where_the_container_lay(medium: float) -> None:
    code = encode("where the container lay")
    params = drawn(3, is_screen=medium, container_width_px=300.0)
    size, margin = (360, 480), 0.06
    photo = photograph(visible_container(code, (300, 400)), params, size=size, margin=margin)
    twin = photograph_visible(
        code, (300, 400), photo.params, background=None, size=size, margin=margin, seed=0
    )
    assert read_by_each(twin.image, code.payload)["zxing-cpp"]
    assert not any(read_by_each(twin.image, b"another").values())
    side = 8 * code.size
    one, other = (
        rectify(p.image, photo.corners, (side, side)).image.mean(axis=2).ravel()
        for p in (photo, twin)
    )
    assert np.corrcoef(one, other)[0, 1] > 0.97


def test_corner_errors_do_not_depend_on_the_way_up() -> None:
    truth = np.array([[0, 0], [100, 0], [100, 50], [0, 50]], np.float32)
    moved = truth + np.array([[3, 4], [0, 0], [0, 0], [0, 0]], np.float32)
    error = corner_error([truth + 30, np.roll(moved, 2, axis=0)], truth)
    assert error is not None
    assert error.worst == pytest.approx(0.05) and error.mean == pytest.approx(0.0125)
    assert corner_error([], truth) is None


def test_recall_counts_candidates_and_errors_only_what_was_found() -> None:
    records = [
        record(index=0, right=True, right_given=True, result_error=0.002, result_worst=0.004),
        record(index=1, right_given=True, result_error=0.3, result_worst=0.5,
               candidate_error=0.01, candidate_worst=0.015),
        record(index=2, right_given=True, candidate_error=0.1, candidate_worst=0.2),
        record(index=3, status=NOT_HIDDEN),
    ]  # fmt: skip
    points = [records[0].point]
    row = summarise(points, records)["detection"][0]
    assert row["captures"] == 4 and row["not_hidden"] == 1
    assert [row[key]["hits"] for key in ("recall", "recall_close", "recall_result")] == [2, 1, 1]
    assert row["recall"]["trials"] == 3
    assert row["corner_error"]["mean"] == pytest.approx(0.006)
    assert row["corner_error"]["captures"] == 2
    assert row["decode"]["hits"] == 1 and row["decode_given"]["hits"] == 3
    assert row["ratio"] == pytest.approx(1 / 3, abs=1e-4)
    assert row["detected_minus_given"]["second_only"] == 2


def test_paired_differences_are_newcombes() -> None:
    # Newcombe 1998, table III: 36, 12, 2, 0 of 50 gives 0.20 with 0.0569 to 0.3404.
    one = [True] * 48 + [False] * 2
    other = [True] * 36 + [False] * 12 + [True] * 2
    found = paired_difference(one, other)
    assert found is not None and found["difference"] == pytest.approx(0.2)
    assert (found["low"], found["high"]) == pytest.approx((0.0569, 0.3404), abs=2e-4)
    same = paired_difference([True] * 20, [True] * 20)
    assert same is not None and same["difference"] == 0 and same["low"] < 0 < same["high"]
    assert paired_difference([], []) is None
    with pytest.raises(ValueError, match="argument 2"):
        paired_difference([True], [])


def found_by_outline(
    path: str, revealers: object, corners: np.ndarray | None
) -> Sequence[ScanResult]:
    """Finds a wrong place and a wrong text; right with the corners given."""
    if corners is None:
        wrong = np.array([[0, 0], [9, 0], [9, 9], [0, 9]], np.float32)
        return [ScanResult(path, Status.DECODED, b"wrong", wrong, found_by="outline")]
    return [ScanResult(path, Status.UNREADABLE, corners=corners.astype(np.float32))]


@pytest.mark.usefixtures("few_values")
def test_a_run_is_the_same_again_and_goes_on_after_a_stop(hosts: Path, tmp_path: Path) -> None:
    settings = settings_of(hosts, what=("detection", "blur"))
    runner = runner_of(settings, found_by_outline)
    output = tmp_path / "a.json"
    result = benchmark(settings, output, runner=runner)
    assert result["captures"] == "simulated" and result["model"]["name"] == "fake-1"
    assert len(result["detection"]) == 2 and len(result["sweeps"]["blur"]) == 2
    row = result["sweeps"]["blur"][0]
    assert row["found_by"] == {"outline": 1} and row["wrong_texts"] == 1
    assert set(row["visible"]) == {"pyzbar", "zxing-cpp", "opencv", "any"}
    assert not result["detection"][0]["visible"]
    assert result["wrong_texts"] == 4
    assert str(tmp_path) not in output.read_text() and str(hosts) not in output.read_text()
    assert any("WRONG TEXTS 4" in line for line in lines(result))
    with pytest.raises(OutputError, match="exists already"):
        benchmark(settings, output, runner=runner)

    journal = output.with_suffix(".jsonl")
    written = journal.read_text().splitlines(keepends=True)
    output.unlink()
    journal.write_text("".join(written[:4]) + written[4][:30])
    again = benchmark(settings, output, runner=runner)
    assert again["resumed_after"] == 2

    def timeless(value: dict[str, object]) -> object:
        return [{k: v for k, v in row.items() if k != "scan_ms"} for row in value["detection"]]  # type: ignore[attr-defined]

    assert timeless(again) == timeless(result)
    with pytest.raises(ConfigError, match="0 workers"):
        benchmark(settings, tmp_path / "b.json", runner=runner, workers=0)
    output.unlink()
    other = settings_of(hosts, seed=1)
    with pytest.raises(OutputError, match="other settings"):
        benchmark(other, output, runner=runner_of(other))


@pytest.mark.usefixtures("few_values")
def test_a_refused_host_counts_as_not_read(hosts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise HostError("too dark")

    monkeypatch.setattr(capture_module, "hide", refuse)
    settings = settings_of(hosts)
    records = list(runner_of(settings).run(0, settings.points()))
    assert [r.status for r in records] == [NOT_HIDDEN] * 2
    row = summarise(settings.points(), records)["sweeps"]["blur"][0]
    assert row["decode"]["rate"] == 0 and row["recall"] is None and row["visible"] == {}


def test_open_tasks_leave_out_what_is_done(hosts: Path) -> None:
    settings = settings_of(hosts, n=2, n_detection=1, what=("detection", "light"))
    points = [p for p in settings.points() if p.sweep != "exposure"]
    done = [record("glare", 0), record("glare", 1)]
    tasks = list(open_tasks(settings, points, done))
    assert [(index, len(own)) for index, own in tasks] == [(0, 6), (0, 4), (1, 4)]
    assert tasks[1][1][0].value == SWEEPS["glare"].values[1]


def test_records_survive_the_journal() -> None:
    one = record("blur", visible={"pyzbar": True}, result_error=0.25, size=[3, 4])
    assert BenchmarkRecord.from_dict(json.loads(json.dumps(one.as_dict()))) == one


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--images", "x"], "Missing option"),
        (["--images", "x", "-o", "a.json", "--what", "size"], "expected some of detection, width"),
        (["--images", "x", "-o", "a.json", "--what", ""], "expected some of"),
        (["--images", "x", "-o", "a.json", "--n", "0"], "--n"),
        (["--images", "x", "-o", "a.json", "--size", "big"], "is no size"),
    ],
)
def test_wrong_usage(arguments: list[str], says: str) -> None:
    done = CliRunner().invoke(command, ["measure", "sweep", *arguments])
    assert done.exit_code == 2 and says in done.output


def test_missing_pictures_and_models_are_told_at_once(hosts: Path, tmp_path: Path) -> None:
    arguments = [
        "measure",
        "sweep",
        "--images",
        str(tmp_path / "absent"),
        "-o",
        str(tmp_path / "a.json"),
    ]
    done = CliRunner().invoke(command, arguments)
    assert "is no folder" in str(done.exception)
    with pytest.raises(Exception, match="is no folder"):
        make_runner(BenchmarkSettings("auto", str(hosts), backgrounds=str(tmp_path / "absent")))
    with pytest.raises(Exception, match="nosuch"):
        make_runner(BenchmarkSettings("nosuch", str(hosts)))
