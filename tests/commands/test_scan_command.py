"""`scan`: what it prints, what it writes, and its exit status."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from command_line import Run
from fakes import FakeRevealer

from capture.many import scanner
from riis_physical.artifacts import CaptureQuality, Condition, ScanResult, Status
from riis_physical.system.terminal import escaped


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
