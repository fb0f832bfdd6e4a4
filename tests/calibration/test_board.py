"""The chart: what it is made of, its size in millimetres, its files."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from calibration.board import MM_PER_INCH, Board, draw_board, draw_page, save_page
from riis_physical.commands.calibrate import DEFAULT_BOARD
from riis_physical.errors import ConfigError, OutputError


def test_text_and_board_are_one() -> None:
    board = Board(5, 6, 30.5, 22.0, "4X4_50")
    assert Board.parse(str(board)) == board
    assert str(Board()) == DEFAULT_BOARD


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("7x10", "is no board: expected COLUMNSxROWS"),
        ("2x10,25,18,5X5_100", "expected 3 to 40"),
        ("7x10,1,0.7,5X5_100", "expected 2 to 500 mm"),
        ("7x10,25,25,5X5_100", "0.4 to 0.85 of the square"),
        ("7x10,25,18,9X9_9", "unknown marker dictionary '9X9_9'"),
        ("20x20,10,7,5X5_100", "needs 200 markers, 5X5_100 has 100"),
    ],
)
def test_impossible_boards_are_refused(text: str, match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        Board.parse(text)


@pytest.mark.parametrize("text", ["7x10,25,18,5X5_100", "6x5,33.3,22,4X4_50"])
@pytest.mark.parametrize("px_per_mm", [3.0, 300 / MM_PER_INCH])
def test_every_corner_is_found_at_its_millimetre(text: str, px_per_mm: float) -> None:
    board = Board.parse(text)
    picture = cv2.copyMakeBorder(
        draw_board(board, px_per_mm), 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=(255,)
    )
    found, numbers, _, _ = cv2.aruco.CharucoDetector(board.opencv()).detectBoard(picture)
    assert len(numbers) == board.corner_count
    seen = (found.reshape(-1, 2) - 60 + 0.5) / px_per_mm
    meant = board.corners_mm()[numbers.ravel(), :2]
    # Edges lie on whole pixels: half a pixel, and what the corner search misses.
    assert np.abs(seen - meant).max() < 0.75 / px_per_mm


def test_page_is_of_its_size_and_turns_with_the_board() -> None:
    upright, lying = draw_page(Board(), "A4", 100), draw_page(Board(10, 7), "A4", 100)
    assert upright.size == (827, 1169) and lying.size == (1169, 827)
    black = np.asarray(upright)[: round(274 / MM_PER_INCH * 100)] < 128
    across, down = np.flatnonzero(black.any(axis=0)), np.flatnonzero(black.any(axis=1))
    assert np.ptp(across) + 1 == pytest.approx(175 / MM_PER_INCH * 100, abs=1)
    assert np.ptp(down) + 1 == pytest.approx(250 / MM_PER_INCH * 100, abs=1)


def test_boards_that_do_not_fit_and_wrong_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match="A4 has room for 186 x 273 mm"):
        draw_page(Board(square_mm=30.0), "A4")
    with pytest.raises(ConfigError, match="unknown page 'B5'"):
        draw_page(Board(), "B5")
    with pytest.raises(ConfigError, match="20 dpi; expected 72 to 1200"):
        draw_page(Board(), dpi=20)


def test_files_know_their_size(tmp_path: Path) -> None:
    sheet = draw_page(Board(), "A4", 150)
    save_page(tmp_path / "board.png", sheet, 150)
    with Image.open(tmp_path / "board.png") as image:
        assert image.info["dpi"] == pytest.approx((150, 150), abs=0.1)
    save_page(tmp_path / "board.pdf", sheet, 150)
    data = (tmp_path / "board.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    box = data.split(b"/MediaBox [", 1)[1].split(b"]", 1)[0].split()
    points = [float(value) for value in box]
    assert points[2:] == pytest.approx([595.3, 841.9], abs=0.5)
    with pytest.raises(OutputError, match="exists already"):
        save_page(tmp_path / "board.pdf", sheet, 150)
    with pytest.raises(OutputError, match="expected .pdf or .png"):
        save_page(tmp_path / "board.svg", sheet, 150)
