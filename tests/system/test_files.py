"""Files are written whole or not at all."""

from pathlib import Path

import pytest

from riis_physical.errors import OutputError
from riis_physical.system.files import atomic_path, check_writable, make_folder, write_text


def test_write_text_refuses_to_overwrite_and_force_overwrites(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    write_text(target, "one")
    with pytest.raises(OutputError, match=r"exists already: choose another name or pass --force"):
        write_text(target, "two")
    assert target.read_text() == "one"
    write_text(target, "three", force=True)
    assert target.read_text() == "three"


def test_failed_body_leaves_neither_output_nor_part(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), atomic_path(tmp_path / "a.bin") as part:
        part.write_bytes(b"half")
        _ = 1 / 0
    assert list(tmp_path.iterdir()) == []


def test_part_keeps_suffix_and_result_has_usual_mode(tmp_path: Path) -> None:
    reference = tmp_path / "reference"
    reference.write_bytes(b"")
    with atomic_path(tmp_path / "a.png") as part:
        assert part.suffix == ".png"
        part.write_bytes(b"whole")
    assert (tmp_path / "a.png").stat().st_mode == reference.stat().st_mode


def test_missing_folder_file_as_folder_and_folder_as_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="does not exist"):
        check_writable(tmp_path / "absent" / "a.png")
    with pytest.raises(OutputError, match="does not exist"):
        check_writable(tmp_path / "file" / "a.png")
    with pytest.raises(OutputError, match="is a folder"):
        check_writable(tmp_path)
    with pytest.raises(OutputError, match="cannot make the folder"):
        make_folder(tmp_path / "file" / "deeper")


def test_read_only_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(OutputError, match="is not writable"):
        check_writable(tmp_path / "a.png")
    with pytest.raises(OutputError, match="is not writable"):
        make_folder(tmp_path / "new")


def test_full_disk_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No space left"), atomic_path(tmp_path / "a.bin"):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []
