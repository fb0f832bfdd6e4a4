"""Containers on screens: whole device pixels, in a window and in a page."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from riis_physical.cli import cli
from riis_physical.errors import OutputError
from riis_physical.sheets.formats import screen, web
from riis_physical.sheets.formats.screen import draw_screen, fit_screen, show_full_screen
from riis_physical.sheets.sources import Source

# picture (h, w), screen (h, w), shown (h, w)
FITS = [
    ((300, 400), (1080, 1920), (900, 1200)),
    ((1080, 1920), (1080, 1920), (1080, 1920)),
    ((600, 800), (1080, 1920), (600, 800)),
    ((3000, 4000), (1080, 1920), (1080, 1440)),
    ((4000, 3000), (1200, 700), (933, 700)),
]


def noise(height: int = 60, width: int = 80) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(("size", "display", "shown"), FITS)
def test_pictures_fill_what_whole_pixels_allow(
    size: tuple[int, int], display: tuple[int, int], shown: tuple[int, int]
) -> None:
    assert fit_screen(size, display).size == shown


def test_every_pixel_is_a_block_of_its_colour() -> None:
    pixels = noise()
    canvas = draw_screen(pixels, (200, 300), 7)
    assert canvas.shape == (200, 300, 3)
    shown = canvas[10:190, 30:270]
    assert np.array_equal(shown[1::3, 2::3], pixels) and np.array_equal(shown[::3, ::3], pixels)
    canvas[10:190, 30:270] = 7
    assert (canvas == 7).all()
    small = draw_screen(pixels, (30, 100), 0)
    assert small[:, 30:70].std() > 10 and small[:, :29].max() == 0


def test_a_page_holds_the_pixels_and_needs_no_other_file(tmp_path: Path) -> None:
    pixels = noise()
    name = "a<b>@SCRIPT@.png"
    web.save_page(tmp_path / "page.html", Source(name, pixels), "grey")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    data = re.search(r"base64,([^\"]+)", text)
    assert data is not None
    (tmp_path / "held.png").write_bytes(base64.b64decode(data[1]))
    with Image.open(tmp_path / "held.png") as held:
        assert np.array_equal(np.asarray(held), pixels)
        assert held.info["icc_profile"]
    assert "rgb(128, 128, 128)" in text and "<b>" not in text
    assert not re.search(
        r"https?://|src=\"(?!data:)|[\"'> ]@[A-Z]+@", text.replace("@SCRIPT@.", "")
    )
    with pytest.raises(OutputError, match="exists already"):
        web.save_page(tmp_path / "page.html", Source("c", pixels))


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0, 2.625])
def test_the_page_places_as_the_window_does(ratio: float) -> None:
    calls = [
        f"place({json.dumps(size[::-1])}, {json.dumps([side / ratio for side in display[::-1]])}, "
        f"{ratio})"
        for size, display, _ in FITS
    ]
    code = f"{web._SCRIPT}; console.log(JSON.stringify([{', '.join(calls)}]))"
    done = subprocess.run(["node", "-e", code], capture_output=True, text=True, check=True)
    for (_, display, shown), placed in zip(FITS, json.loads(done.stdout), strict=True):
        assert tuple(placed["size"]) == shown[::-1]
        assert placed["start"] == [(display[1] - shown[1]) // 2, (display[0] - shown[0]) // 2]


def test_a_window_gets_its_own_size_until_a_key_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[np.ndarray] = []
    keys = iter([-1, -1, -1, 27])
    rects = iter([(0, 0, 1, 1), (0, 0, 300, 200), (0, 0, 300, 200)])
    monkeypatch.setattr(screen, "has_display", lambda: True)
    monkeypatch.setattr(screen, "opens_windows", lambda: True)
    for name in ("namedWindow", "setWindowProperty", "destroyAllWindows"):
        monkeypatch.setattr(cv2, name, lambda *_: None)
    monkeypatch.setattr(cv2, "imshow", lambda title, image: shown.append(image))
    monkeypatch.setattr(cv2, "waitKey", lambda wait: next(keys))
    monkeypatch.setattr(cv2, "getWindowProperty", lambda *_: 1.0)
    monkeypatch.setattr(cv2, "getWindowImageRect", lambda title: next(rects))
    told: list[str] = []
    pixels = noise()
    show_full_screen(pixels, "white", tell=told.append)
    assert shown[-1].shape == (200, 300, 3) and len(shown) == 3
    assert np.array_equal(shown[-1][10:190:3, 30:270:3, ::-1], pixels)
    (line,) = told
    assert line.startswith("80 x 60 px on a screen of 300 x 200 px: 3 screen pixels to a container")


def test_without_a_display_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(screen.sys, "platform", "linux")
    Image.fromarray(noise()).save(tmp_path / "c.png")
    done = CliRunner().invoke(cli, ["show", str(tmp_path / "c.png")])
    assert isinstance(done.exception, OutputError)
    assert "no display to show it on: write a page with --html FILE" in str(done.exception)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other window systems")
def test_a_display_that_is_gone_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":9999")
    with pytest.raises(OutputError, match="cannot open a window here: write a page with --html"):
        show_full_screen(noise(), "black")


def test_show_writes_a_page(tmp_path: Path) -> None:
    Image.fromarray(noise()).save(tmp_path / "c.png")
    page = tmp_path / "c.html"
    done = CliRunner().invoke(cli, ["show", str(tmp_path / "c.png"), "--html", str(page)])
    assert done.exit_code == 0 and f"wrote {page}" in done.output
    assert page.stat().st_size > noise().nbytes
