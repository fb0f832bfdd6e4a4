"""Commands: what they print, what they write, and their exit status."""

import base64
import json
import signal
from collections.abc import Callable
from pathlib import Path
from signal import SIGTERM

import cv2
import numpy as np
import pytest
from fakes import FakeRevealer
from PIL import Image

from capture.many import scanner
from riis_physical.artifacts import CaptureQuality, Condition, ScanResult, Status
from riis_physical.cli import cli, main
from riis_physical.commands import common
from riis_physical.errors import OutputError
from riis_physical.images import load_host
from riis_physical.model import engine, weights
from riis_physical.system import files
from riis_physical.system.terminal import escaped

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line; returns exit status, standard output and error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        before = signal.getsignal(SIGTERM)
        try:
            with pytest.raises(SystemExit) as stop:
                main([str(argument) for argument in arguments])
        finally:
            signal.signal(SIGTERM, before)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return int(stop.value.code or 0), out, err

    return call


@pytest.fixture
def fake_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A revealer without weights in place of the shipped ones."""
    revealer = FakeRevealer(12 / 255, {"min_px_per_module": 8})
    monkeypatch.setattr(common, "load_revealers", lambda model, device: [revealer])
    monkeypatch.setattr(engine, "load_readers", lambda *_: [revealer])


@pytest.fixture
def host(tmp_path: Path) -> Path:
    coarse = np.random.default_rng(0).integers(60, 200, (9, 9, 3), dtype=np.uint8)
    pixels = np.asarray(cv2.resize(coarse, (400, 300), interpolation=cv2.INTER_CUBIC), np.uint8)
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    Image.fromarray(pixels).save(tmp_path / "host.png", dpi=(300, 300), exif=exif)
    return tmp_path / "host.png"


@pytest.mark.usefixtures("fake_model")
class TestHide:
    def test_writes_the_container_and_says_what_it_did(
        self, run: Run, host: Path, tmp_path: Path
    ) -> None:
        output = tmp_path / "container.png"
        status, out, err = run("hide", host, "-m", "Grüße 🌍", "-o", output, "--strength", "1")
        assert status == 0, err
        for expected in ("version 2-H", "PSNR", "SSIM", "self-check", "267 px width"):
            assert expected in out
        container = load_host(output)
        assert container.pixels.shape == (300, 400, 3)
        assert container.dpi == pytest.approx((300, 300), abs=0.1)
        with Image.open(output) as image:
            assert not image.getexif().get_ifd(0x8825)

    def test_never_overwrites_without_force(self, run: Run, host: Path, tmp_path: Path) -> None:
        output = tmp_path / "container.png"
        output.write_text("precious")
        status, _, err = run("hide", host, "-m", "m", "-o", output)
        assert (status, output.read_text()) == (1, "precious")
        assert err.count("\n") == 1
        assert "--force" in err
        assert run("hide", host, "-m", "m", "-o", output, "--force")[0] == 0

    def test_raw_bytes_come_from_a_file(self, run: Run, host: Path, tmp_path: Path) -> None:
        (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
        status, out, _ = run(
            "hide", host, "--message-file", tmp_path / "bytes", "-o", tmp_path / "c.png"
        )
        assert status == 0
        assert "3 bytes" in out

    def test_notes_tell_of_conversions(self, run: Run, tmp_path: Path) -> None:
        Image.new("RGBA", (300, 300), (120, 130, 140, 128)).save(tmp_path / "clear.png")
        status, _, err = run("hide", tmp_path / "clear.png", "-m", "m", "-o", tmp_path / "c.jpg")
        assert status == 0
        assert "note: transparency laid on white" in err
        assert "warning: JPEG loses" in err

    def test_transparency_lies_on_the_colour_that_was_asked_for(
        self, run: Run, tmp_path: Path
    ) -> None:
        logo = np.zeros((300, 300, 4), np.uint8)
        cv2.circle(logo, (150, 150), 90, (255, 255, 255, 255), -1)
        Image.fromarray(logo).save(tmp_path / "logo.png")
        hidden = ("hide", tmp_path / "logo.png", "-m", "m", "--strength", "1", "-o")
        status, _, err = run(*hidden, tmp_path / "c.png")
        assert (status, "--background" in err) == (1, True)
        status, _, err = run(*hidden, tmp_path / "c.png", "--background", "#804020")
        assert (status, "laid on #804020" in err) == (0, True), err
        assert run(*hidden, tmp_path / "d.png", "--background", "blurple")[0] == 2

    def test_a_host_that_carries_a_message_needs_force(
        self, run: Run, host: Path, tmp_path: Path
    ) -> None:
        hidden = ("-m", "m", "--strength", "1", "-o")
        assert run("hide", host, *hidden, tmp_path / "c.png")[0] == 0
        status, _, err = run("hide", tmp_path / "c.png", *hidden, tmp_path / "d.png")
        assert (status, "carries the message 'm' already" in err) == (1, True)
        assert run("hide", tmp_path / "c.png", *hidden, tmp_path / "d.png", "--force")[0] == 0

    def test_a_jpeg_is_checked_as_it_comes_out_of_its_file(
        self, run: Run, host: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        output = tmp_path / "c.jpg"
        status, out, err = run("hide", host, "-m", "m", "-o", output)
        assert (status, "from the written file" in out) == (0, True), err
        before = output.read_bytes()
        monkeypatch.setattr("riis_physical.images.save.JPEG_SAVE_QUALITY", 1)
        status, out, err = run("hide", host, "-m", "m", "-o", output, "--force")
        assert (status, out, err.count("\n")) == (1, "", 1)
        assert "as .jpg the container does not read back" in err
        assert "save as PNG" in err
        assert output.read_bytes() == before
        assert sorted(file.name for file in tmp_path.iterdir()) == ["c.jpg", "host.png"]

    @pytest.mark.parametrize(
        ("arguments", "status", "expected"),
        [
            (["-m", ""], 1, "the message is empty"),
            (["-m", "x" * 4000], 1, "4000 bytes"),
            (["--message-file", "absent"], 1, "cannot read absent"),
            (["-m", "m", "--message-file", "x"], 2, "either -m or --message-file"),
            ([], 2, "either -m or --message-file"),
            (["-m", "m", "--strength", "9"], 2, "0.25<=x<=3"),
            (["-m", "m", "--nonsense"], 2, "No such option"),
        ],
    )
    def test_bad_arguments(
        self, run: Run, host: Path, tmp_path: Path, arguments: list[str], status: int, expected: str
    ) -> None:
        found, out, err = run("hide", host, "-o", tmp_path / "c.png", *arguments)
        assert (found, out) == (status, "")
        assert expected in err
        assert not (tmp_path / "c.png").exists()

    @pytest.mark.parametrize(
        ("output", "expected"), [("no/c.png", "does not exist"), ("c.doc", "its suffix")]
    )
    def test_bad_outputs(
        self, run: Run, host: Path, tmp_path: Path, output: str, expected: str
    ) -> None:
        status, _, err = run("hide", host, "-m", "m", "-o", tmp_path / output)
        assert status == 1
        assert err.startswith("Error: ")
        assert expected in err
        assert err.count("\n") == 1

    def test_bad_hosts(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "text.png").write_text("text")
        for name in ("absent.png", "text.png"):
            status, _, err = run("hide", tmp_path / name, "-m", "m", "-o", tmp_path / "c.png")
            assert (status, err.count("\n")) == (1, 1)
            assert name in err


def results_of(photo: str) -> list[ScanResult]:
    """What a scan of a photo of that name finds."""
    corners = np.array([[1, 2], [300.1234, 2], [300, 200], [1, 200]], np.float32)
    found = {
        "photo": photo,
        "corners": corners,
        "condition": Condition(blur=0.5, noise=0.01, jpeg_quality=80, scale_px=9.5),
        "timings_ms": {"detect": 12.3456},
        "model": "fake",
    }
    name = Path(photo).stem
    if name == "text":
        return [
            ScanResult(
                status=Status.DECODED, payload="ü".encode(), decoder="zxing-cpp", confidence=0.9,
                **found,  # type: ignore[arg-type]
            )
        ]  # fmt: skip
    if name == "bytes":
        return [
            ScanResult(status=Status.DECODED, payload=b"\xff\x00", decoder="soft", **found)  # type: ignore[arg-type]
        ]
    if name == "two":
        return [
            ScanResult(status=Status.DECODED, payload=b"one", decoder="pyzbar", **found),  # type: ignore[arg-type]
            ScanResult(status=Status.UNREADABLE, index=1, detail="too blurred", **found),  # type: ignore[arg-type]
        ]
    if name == "escape":
        return [ScanResult(status=Status.DECODED, payload=b"\x1b[2Jhi", decoder="soft", **found)]  # type: ignore[arg-type]
    return [ScanResult(photo, Status.NO_CONTAINER, detail="no container found")]


@pytest.fixture
def fake_scan(
    monkeypatch: pytest.MonkeyPatch, fake_model: None, tmp_path: Path
) -> list[dict[str, object]]:
    """`capture.scan.scan_photo` by the photo's name; records its arguments."""
    calls: list[dict[str, object]] = []
    monkeypatch.chdir(tmp_path)
    for name in ("text", "bytes", "two", "none", "escape", "a", "b", "x/text"):
        file = tmp_path / f"{name}.jpg"
        file.parent.mkdir(exist_ok=True)
        file.touch()

    def scan_photo(
        photo: str,
        revealers: list[FakeRevealer],
        corners: object = None,
        save_stages: object = None,
        **options: object,
    ) -> list[ScanResult]:
        calls.append({"photo": photo, "corners": corners, "save_stages": save_stages, **options})
        return results_of(photo)

    monkeypatch.setattr(scanner, "scan_photo", scan_photo)
    return calls


KEYS = {
    "photo", "status", "text", "corners", "decoder", "confidence", "condition", "timings_ms",
    "index", "model", "detail", "found_by", "quality", "by", "evidence_bits", "mirrored", "fault",
    "outside", "reference", "marker", "taken", "device", "focal_mm35", "exposure_s", "iso",
}  # fmt: skip


@pytest.mark.usefixtures("fake_scan")
class TestScan:
    def test_a_stopped_scan_goes_on_with_the_same_command(
        self, run: Run, monkeypatch: pytest.MonkeyPatch, fake_scan: list[dict[str, object]]
    ) -> None:
        honest = scanner.scan_photo

        def stopped(photo: str, *arguments: object, **options: object) -> list[ScanResult]:
            if photo == "none.jpg":
                raise KeyboardInterrupt
            return honest(photo, *arguments, **options)  # type: ignore[no-any-return]

        command = ("scan", "text.jpg", "two.jpg", "none.jpg", "-o", "found.jsonl", "--jobs", "1")
        with monkeypatch.context() as once:
            once.setattr(scanner, "scan_photo", stopped)
            assert run(*command)[0] != 0
        assert not Path("found.jsonl").exists() and Path("found.jsonl.unfinished").exists()
        fake_scan.clear()
        status, out, err = run(*command)
        assert status == 1 and "going on: 2 photos were scanned before" in err
        assert [call["photo"] for call in fake_scan] == ["none.jpg"]
        written = [json.loads(line) for line in Path("found.jsonl").read_text().splitlines()]
        assert [r["photo"] for r in written] == ["text.jpg", "two.jpg", "two.jpg", "none.jpg"]
        assert not Path("found.jsonl.unfinished").exists()
        assert run(*command)[0] == 1  # the result is there: nothing is overwritten
        assert "exists already" in run(*command)[2]

    def test_what_is_expected_is_judged(self, run: Run, tmp_path: Path) -> None:
        status, _, err = run("scan", "text.jpg", "--expect", "ü")
        assert status == 0 and "of 1 photos with an expected message 1 right, 0 wrong" in err
        status, out, err = run("scan", "text.jpg", "two.jpg", "none.jpg", "--expect", "ü")
        assert status == 1 and "1 right, 1 wrong, 1 unread" in err
        table = tmp_path / "table.csv"
        table.write_text("photo,message\ntext.jpg,ü\ntwo.jpg,one\n", encoding="utf-8")
        command = ("scan", "text.jpg", "two.jpg", "none.jpg", "--expect-table", table)
        status, out, _ = run(*command, "--json")
        records = [json.loads(line) for line in out.splitlines()]
        assert status == 0  # nothing is expected of the third
        assert [r["expected"] for r in records] == ["right", "right", "right", None]
        status, _, err = run(*command, "-o", "found.jsonl")
        assert status == 0 and "of 2 photos with an expected message 2 right" in err
        table.write_text("photo\ntext.jpg\n")
        assert "no column 'message'" in run(*command)[2]
        assert run(*command, "--expect", "x")[0] == 2

    def test_json_is_one_object_a_line_and_nothing_else(self, run: Run) -> None:
        status, out, err = run("scan", "--json", "text.jpg", "bytes.jpg", "two.jpg", "none.jpg")
        assert status == 1
        assert err == ""
        records = [json.loads(line) for line in out.splitlines()]
        assert [record["photo"] for record in records] == [
            "text.jpg", "bytes.jpg", "two.jpg", "two.jpg", "none.jpg"
        ]  # fmt: skip
        text, raw, first, second, none = records
        assert set(text) == set(none) == KEYS
        assert set(raw) == KEYS | {"payload_base64"}
        assert (text["status"], text["text"]) == ("decoded", "ü")
        assert text["corners"] == [[1, 2], [300.123, 2], [300, 200], [1, 200]]
        assert text["condition"] == {
            "blur": 0.5, "noise": 0.01, "jpeg_quality": 80.0, "scale_px": 9.5
        }  # fmt: skip
        assert text["timings_ms"] == {"detect": 12.35}
        assert raw["text"] is None
        assert base64.b64decode(raw["payload_base64"]) == b"\xff\x00"
        assert (first["index"], second["index"]) == (0, 1)
        assert (none["status"], none["corners"], none["text"]) == ("no_container", None, None)

    def test_status_is_zero_only_when_every_photo_decoded(self, run: Run) -> None:
        assert run("scan", "text.jpg")[0] == 0
        assert run("scan", "text.jpg", "two.jpg")[0] == 0
        assert run("scan", "text.jpg", "none.jpg")[0] == 1

    def test_people_get_the_message_alone_on_standard_output(self, run: Run) -> None:
        status, out, err = run("scan", "text.jpg")
        assert (status, out) == (0, "ü\n")
        assert "zxing-cpp" in err
        _, out, err = run("scan", "text.jpg", "bytes.jpg", "none.jpg")
        assert out.splitlines() == ["text.jpg: ü", "bytes.jpg: base64:/wA="]
        assert "none.jpg: no_container: no container found" in err

    def test_a_terminal_does_not_obey_a_message_and_a_pipe_gets_it_exactly(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert run("scan", "escape.jpg")[1] == "\x1b[2Jhi\n"
        monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
        assert escaped("\x1b[2Jhi\x07 ü🌍") == "\\x1b[2Jhi\\x07 ü🌍"

    def test_what_is_known_reaches_the_scan(
        self, run: Run, tmp_path: Path, fake_scan: list[dict[str, object]]
    ) -> None:
        (tmp_path / "list.csv").write_text("id,message\n1,one\n2,two\n")
        (tmp_path / "known.yaml").write_text("prefixes: ['b/']\n")
        options = ("--prefix", "a/", "--among", tmp_path / "list.csv", "--among-column", "message")
        run("scan", "text.jpg", *options, "--knowledge", tmp_path / "known.yaml")
        knowledge = fake_scan[-1]["knowledge"]
        assert knowledge.prefixes == (b"a/", b"b/")  # type: ignore[attr-defined]
        assert knowledge.among.payloads == (b"one", b"two")  # type: ignore[attr-defined]
        status, _, err = run("scan", "text.jpg", "--among", tmp_path / "none.txt")
        assert status != 0 and "cannot read the list" in err

    def test_corners_reach_the_scan(self, run: Run, fake_scan: list[dict[str, object]]) -> None:
        assert run("scan", "text.jpg", "--corners", "1,2,3,4,5,6,7,8.5")[0] == 0
        corners = np.asarray(fake_scan[0]["corners"])
        assert corners.tolist() == [[1, 2], [3, 4], [5, 6], [7, 8.5]]

    @pytest.mark.parametrize("corners", ["1,2,3", "a,b,c,d,e,f,g,h", "1,2,3,4,5,6,7,nan", ""])
    def test_broken_corners_are_wrong_usage(self, run: Run, corners: str) -> None:
        status, _, err = run("scan", "text.jpg", "--corners", corners)
        assert status == 2
        assert "expected eight numbers" in err

    def test_corners_of_several_photos_are_wrong_usage(self, run: Run) -> None:
        status, _, err = run("scan", "a.jpg", "b.jpg", "--corners", "1,2,3,4,5,6,7,8")
        assert status == 2
        assert "exactly one" in err

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ([], "got none"),
            (["a.jpg", "--video", "v.mp4"], "got photos and --video"),
            (["--video", "v.mp4", "--camera", "0"], "got --video and --camera"),
            (["--fuse", "--camera", "0"], "--fuse is for photos"),
            (["a.jpg", "--max-frames", "3"], "--max-frames goes with"),
            (["a.jpg", "--fuse", "--corners", "1,2,3,4,5,6,7,8"], "scanned one by one"),
            (["a.jpg", "b.jpg", "--fuse", "--save-stages", "s"], "scanned one by one"),
            (["a.jpg", "--jobs", "0"], "--jobs"),
        ],
    )
    def test_what_does_not_go_together_is_wrong_usage(
        self, run: Run, arguments: list[str], says: str
    ) -> None:
        status, out, err = run("scan", *arguments)
        assert (status, out) == (2, "")
        assert says in err

    def test_a_folder_is_all_its_photos_with_a_summary(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").touch()
        status, out, err = run("scan", tmp_path, "--jobs", "1")
        assert status == 1
        names = ["a", "b", "bytes", "escape", "none", "text", "two"]
        assert [line.split(".jpg")[0].split("/")[-1] for line in out.splitlines()[:1]] == ["bytes"]
        assert err.splitlines()[-1].startswith(f"{len(names)} photos in ")
        assert ": 4 decoded, 3 no_container; 1 skipped" in err.splitlines()[-1]
        _, out, err = run("scan", tmp_path, "--json", "--recursive", "--jobs", "1")
        assert err == ""
        photos = [Path(json.loads(line)["photo"]) for line in out.splitlines()]
        assert photos == sorted(photos) and photos[-1] == tmp_path / "x" / "text.jpg"
        (tmp_path / "empty").mkdir()
        status, _, err = run("scan", tmp_path / "empty")
        assert status == 1 and "holds no photo" in err

    def test_a_bad_file_is_a_result_among_others(self, run: Run) -> None:
        status, out, _ = run("scan", "--json", "text.jpg", "absent.jpg", "two.jpg")
        assert status == 1
        records = [json.loads(line) for line in out.splitlines()]
        assert [r["status"] for r in records] == ["decoded", "bad_image", "decoded", "unreadable"]
        assert "does not exist" in records[1]["detail"] and set(records[1]) == KEYS

    def test_quality_and_place_are_told(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        quality = CaptureQuality(
            width_px=180.123456, module_px=4.5, blur=1.2, blur_px=0.4, motion_px=None,
            motion_deg=None, noise=0.01, file_jpeg_quality=80.0, jpeg_quality=70.0, level=0.5,
            clipped=0.0, dark=0.1, glare=0.2, glare_place="upper right", angle_deg=10.0, uneven=0.1,
        )  # fmt: skip
        result = ScanResult("text.jpg", Status.UNREADABLE, found_by="outline", quality=quality)
        monkeypatch.setattr(scanner, "scan_photo", lambda *_, **__: [result])
        record = json.loads(run("scan", "--json", "text.jpg")[1])
        assert record["found_by"] == "outline"
        assert record["quality"]["width_px"] == 180.1235
        assert record["quality"]["glare_place"] == "upper right"
        assert record["quality"]["motion_px"] is None

    def test_references_and_camera_reach_the_scan(
        self, run: Run, fake_scan: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from capture.find.reference import References
        from riis_physical.camera import CameraProfile

        published = References((), ("bad.png is no picture",))
        monkeypatch.setattr(References, "load", lambda path: published)
        monkeypatch.setattr(CameraProfile, "load", lambda path: f"lens of {path}")
        done = run("scan", "text.jpg", "two.jpg", "--reference", "r", "--camera-profile", "c.json")
        assert all(call["references"] is published for call in fake_scan)
        assert done[2].count("reference left out: bad.png is no picture") == 1
        assert [call["camera"] for call in fake_scan] == ["lens of c.json"] * 2

    def test_stages_of_several_photos_do_not_mix(
        self, run: Run, tmp_path: Path, fake_scan: list[dict[str, object]]
    ) -> None:
        run("scan", "text.jpg", "--save-stages", tmp_path / "one")
        run("scan", "text.jpg", "x/text.jpg", "--save-stages", tmp_path / "many")
        assert [call["save_stages"] for call in fake_scan] == [
            tmp_path / "one",
            tmp_path / "many" / "text",
            tmp_path / "many" / "text-2",
        ]

    def test_a_stage_folder_that_cannot_be_made(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        status, out, err = run("scan", "text.jpg", "--save-stages", tmp_path / "file" / "x")
        assert (status, out) == (1, "")
        assert "cannot make the folder" in err


class TestModels:
    def test_no_shipped_weights_is_one_clear_line(
        self, run: Run, host: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "empty").mkdir()
        monkeypatch.setattr(weights, "FOLDER", tmp_path / "empty")
        for arguments in (
            ["hide", host, "-m", "m", "-o", tmp_path / "c.png"],
            ["demo", "-o", tmp_path / "demo"],
            ["scan", "--json", host],
        ):
            status, out, err = run(*arguments)
            assert (status, out, err.count("\n")) == (1, "", 1)
            assert "no model weights ship" in err
            assert not (tmp_path / "demo").exists()

    def test_unknown_and_corrupted_models(self, run: Run, host: Path, tmp_path: Path) -> None:
        status, _, err = run("scan", host, "--model", "nosuch")
        assert status == 1
        assert "no model 'nosuch'" in err
        (tmp_path / "bad.safetensors").write_bytes(b"x")
        record = {"format_version": 1, "name": "bad", "config": {}, "sha256": "0" * 64}
        (tmp_path / "bad.json").write_text(json.dumps(record))
        status, _, err = run("scan", host, "--model", tmp_path / "bad.safetensors")
        assert (status, err.count("\n")) == (1, 1)
        assert "is corrupted" in err


class TestReadQr:
    def test_reads_a_visible_code(self, run: Run, tmp_path: Path) -> None:
        import qrcode

        image = qrcode.make("visible ü").convert("RGB")
        image.save(tmp_path / "code.png")
        status, out, _ = run("read-qr", tmp_path / "code.png")
        assert (status, out) == (0, "visible ü\n")
        Image.new("RGB", (200, 200), "white").save(tmp_path / "none.png")
        status, out, err = run(
            "read-qr", "--json", tmp_path / "code.png", tmp_path / "none.png", tmp_path / "absent"
        )
        records = [json.loads(line) for line in out.splitlines()]
        assert (status, err) == (1, "")
        assert [record["text"] for record in records] == ["visible ü", None, None]
        assert "does not exist" in records[2]["detail"]
        assert run("read-qr", tmp_path / "none.png")[0] == 1


class TestSimulate:
    def test_photo_and_truth(self, run: Run, host: Path, tmp_path: Path) -> None:
        photo, truth = tmp_path / "photo.jpg", tmp_path / "truth.json"
        arguments = ["simulate", host, "--preset", "easy", "--size", "800x600", "--seed", "3"]
        status, _, err = run(*arguments, "-o", photo, "--truth", truth, "--margin", "0")
        assert status == 0, err
        with Image.open(photo) as image:
            assert (image.format, image.size) == ("JPEG", (800, 600))
        record = json.loads(truth.read_text())
        assert set(record) == {"size", "corners", "preset", "seed", "params"}
        assert (record["size"], record["preset"], record["seed"]) == ([600, 800], "easy", 3)
        corners = np.array(record["corners"])
        assert corners.shape == (4, 2)
        assert (corners >= -0.5).all()
        assert (corners <= [799.5, 599.5]).all()
        first = photo.read_bytes()
        assert run(*arguments, "-o", photo, "--margin", "0")[0] == 1
        assert run(*arguments, "-o", photo, "--margin", "0", "--force")[0] == 0
        assert photo.read_bytes() == first

    def test_screen_in_front_of_a_background(self, run: Run, host: Path, tmp_path: Path) -> None:
        photo = tmp_path / "photo.jpg"
        status, _, err = run(
            "simulate", host, "-o", photo, "--medium", "screen", "--background", host,
            "--size", "640x480",
        )  # fmt: skip
        assert status == 0, err
        assert photo.exists()

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--preset", "extreme"],
            ["--size", "big"],
            ["--size", "63x1200"],
            ["--size", "12001x1200"],
            ["--margin", "-1"],
            ["--seed", "-1"],
            ["--medium", "wall"],
            ["-o", "photo.png"],
        ],
    )
    def test_wrong_usage(self, run: Run, host: Path, tmp_path: Path, arguments: list[str]) -> None:
        status, out, _ = run("simulate", host, "-o", tmp_path / "photo.jpg", *arguments)
        assert (status, out) == (2, "")

    def test_truth_does_not_replace_the_photo(self, run: Run, host: Path, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        photo, same = tmp_path / "p.jpg", tmp_path / "sub" / ".." / "p.jpg"
        status, out, err = run("simulate", host, "-o", photo, "--truth", same, "--force")
        assert (status, out) == (2, "")
        assert "names the photo itself" in err
        assert not photo.exists()

    def test_no_photo_stays_without_its_truth(
        self, run: Run, host: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise OutputError("cannot write truth.json: no space left")

        monkeypatch.setattr(files, "write_text", fail)
        photo, truth = tmp_path / "p.jpg", tmp_path / "truth.json"
        size = ["--size", "320x240"]
        assert run("simulate", host, "-o", photo, "--truth", truth, *size)[0] == 1
        assert [file.name for file in tmp_path.iterdir()] == ["host.png"]

    def test_a_stopped_command_leaves_nothing(
        self, run: Run, host: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(files, "write_text", lambda *_, **__: signal.raise_signal(SIGTERM))
        photo, truth = tmp_path / "p.jpg", tmp_path / "truth.json"
        status, _, _ = run("simulate", host, "-o", photo, "--truth", truth, "--size", "320x240")
        assert status == 143
        assert [file.name for file in tmp_path.iterdir()] == ["host.png"]

    def test_sizes_are_those_of_the_channel(self) -> None:
        from riis_physical.channel import photo

        assert (common.MIN_SIDE, common.MAX_SIDE) == (photo.MIN_SIDE, photo.MAX_SIDE)

    def test_presets_are_those_of_the_channel(self) -> None:
        from riis_physical.channel.ranges import PRESETS

        assert tuple(PRESETS) == common.PRESETS


def test_strength_range_is_that_of_the_api() -> None:
    from riis_physical import hiding

    assert common.STRENGTHS == (hiding.MIN_STRENGTH, hiding.MAX_STRENGTH)
    assert common.ENGINES == engine.ENGINES


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_explains_itself(run: Run, command: str) -> None:
    status, out, _ = run(command, "--help")
    assert status == 0
    assert "Usage: riis-physical" in out


def test_version(run: Run) -> None:
    assert run("--version")[1].startswith("riis-physical, version 0.")


def test_memory_that_runs_out_is_one_line(
    run: Run, host: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(common, "load_revealers", fail)
    status, _, err = run("hide", host, "-m", "m", "-o", tmp_path / "c.png")
    assert (status, err.count("\n")) == (1, 1)
    assert "out of memory" in err


@pytest.mark.usefixtures("fake_model")
class TestHideChooses:
    def test_what_was_chosen_and_why_is_told(self, run: Run, host: Path, tmp_path: Path) -> None:
        status, out, err = run("hide", host, "-m", "m", "-o", tmp_path / "c.png")
        assert status == 0, err
        assert "the least for 97% of captures by preset normal" in out
        assert "predicted" in out
        assert "as visible as JPEG at quality" in out or "visible than JPEG at quality" in out

    def test_several_hosts_go_into_a_folder(self, run: Run, host: Path, tmp_path: Path) -> None:
        other = tmp_path / "other.png"
        other.write_bytes(host.read_bytes())
        hidden = ("-m", "m", "--strength", "1", "-o")
        status, out, err = run("hide", host, other, *hidden, tmp_path / "out")
        assert status == 0, err
        for name in ("host", "other"):
            assert (tmp_path / "out" / f"{name}-container.png").is_file()
        status, _, err = run("hide", host, other, *hidden, tmp_path / "c.png")
        assert (status, "need a folder" in err) == (2, True)

    def test_defaults_are_those_of_the_api(self) -> None:
        from riis_physical.commands import hide as command
        from riis_physical.hiding import Aim, Refinement

        assert Aim().rate == command.DEFAULT_RATE
        assert Refinement().seconds == command.DEFAULT_SECONDS
