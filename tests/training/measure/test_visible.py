"""Reading visible codes, measured against texts beside the photos."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import qrcode
from PIL import Image

from riis_physical.errors import ConfigError, OutputError
from training.measure.reading.visible import TOGETHER, evaluate_visible


def _photo(path: Path, holds: str, says: str) -> None:
    qrcode.make(holds, box_size=6).get_image().convert("RGB").save(path)
    path.with_suffix(".txt").write_bytes(says.encode())


def test_right_wrong_and_unread_are_told_apart(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    _photo(photos / "right.png", "two lines\r\nof text", "two lines\nof text\n")
    _photo(photos / "wrong.png", "one text", "another text")
    Image.new("RGB", (200, 200), "gray").save(photos / "empty.png")
    (photos / "empty.txt").write_text("nothing to see")
    Image.new("RGB", (200, 200), "gray").save(photos / "unknown.png")  # no text beside it
    output = tmp_path / "visible.json"
    result = evaluate_visible(photos, output)
    assert result == json.loads(output.read_text())
    assert result["photos"] == 3
    assert {r["photo"]: r[TOGETHER] for r in result["records"]} == {
        "right.png": "right",
        "wrong.png": "wrong",
        "empty.png": "none",
    }
    assert result["read"][TOGETHER]["hits"] == 1 and result["wrong"][TOGETHER] == 1
    with pytest.raises(OutputError, match=r"visible\.json"):
        evaluate_visible(photos, output)


def test_photos_without_texts_are_refused(tmp_path: Path) -> None:
    Image.new("RGB", (200, 200), "gray").save(tmp_path / "a.png")
    with pytest.raises(ConfigError, match="no photo in .* has a text file"):
        evaluate_visible(tmp_path, tmp_path / "out.json")
