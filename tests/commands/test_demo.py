"""The demo's own part: stages, contact sheet, and refusing to overwrite."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeRevealer
from PIL import Image

from riis_physical import demo
from riis_physical.artifacts import ScanResult, Status, UInt8Image
from riis_physical.errors import OutputError


@dataclass
class FakePhoto:
    image: UInt8Image
    jpeg: bytes


def take_photo(container: UInt8Image) -> FakePhoto:
    return FakePhoto(container, b"a photo")


def scan_that_reads(photo: str, stages: Path) -> list[ScanResult]:
    assert Path(photo).read_bytes() == b"a photo"
    Image.new("RGB", (37, 37)).save(stages / "0-rectified.png")
    return [ScanResult(photo, Status.DECODED, payload=b"hello")]


def scan_that_fails(photo: str, stages: Path) -> list[ScanResult]:
    return [ScanResult(photo, Status.UNREADABLE, detail="too blurred: go nearer")]


def run(folder: Path, scan: object = scan_that_reads, force: bool = False) -> demo.DemoOutcome:
    return demo.run_demo(
        folder,
        "hello",
        host=None,
        revealer=FakeRevealer(12 / 255),  # type: ignore[arg-type]
        take_photo=take_photo,  # type: ignore[arg-type]
        scan=scan,  # type: ignore[arg-type]
        force=force,
    )


def test_demo_writes_every_stage_and_a_sheet(tmp_path: Path) -> None:
    outcome = run(tmp_path / "out")
    assert outcome.text == "hello"
    written = {str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*.*")}
    assert written == {
        "1-host.png",
        "2-container.png",
        "3-difference-x10.png",
        "4-photo.jpg",
        "contact-sheet.png",
        "scan-stages/0-rectified.png",
    }
    with Image.open(outcome.sheet) as sheet:
        assert sheet.width > 1000
        assert np.asarray(sheet).std() > 10


def test_demo_does_not_overwrite_without_force(tmp_path: Path) -> None:
    run(tmp_path)
    before = (tmp_path / "contact-sheet.png").stat().st_mtime_ns
    with pytest.raises(OutputError, match="--force"):
        run(tmp_path)
    assert (tmp_path / "contact-sheet.png").stat().st_mtime_ns == before
    run(tmp_path, force=True)


def test_stages_of_an_earlier_run_do_not_stay(tmp_path: Path) -> None:
    run(tmp_path)
    run(tmp_path, scan_that_fails, force=True)
    assert list((tmp_path / "scan-stages").iterdir()) == []


def test_pictures_of_others_in_the_stage_folder_stay(tmp_path: Path) -> None:
    (tmp_path / "scan-stages").mkdir()
    mine = tmp_path / "scan-stages" / "mine.jpg"
    mine.write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists already"):
        run(tmp_path)
    assert mine.read_bytes() == b"mine"


def test_demo_that_does_not_read_says_why(tmp_path: Path) -> None:
    outcome = run(tmp_path, scan_that_fails)
    assert outcome.text is None
    assert outcome.detail == "too blurred: go nearer"


def test_difference_is_grey_where_nothing_changed() -> None:
    host = np.full((4, 4, 3), 100, np.uint8)
    container = host.copy()
    container[0, 0] = (101, 99, 140)
    shown = demo.difference(host, container)
    assert shown[1, 1].tolist() == [128, 128, 128]
    assert shown[0, 0].tolist() == [138, 118, 255]


def test_sample_host_is_a_photograph_of_fair_size() -> None:
    pixels = demo.sample_host().pixels
    assert pixels.dtype == np.uint8
    assert min(pixels.shape[:2]) >= 400


def test_contact_sheet_takes_any_text_and_shape() -> None:
    tiles = [
        ("x" * 300, np.zeros((5, 900, 3), np.uint8)),
        ("ß 🌍", np.zeros((900, 5, 3), np.uint8)),
    ]
    sheet = demo.contact_sheet(tiles, "line one\nline two " + "y" * 400)
    assert sheet.dtype == np.uint8
