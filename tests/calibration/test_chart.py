"""The calibration chart: what is on it, how it is saved, and where a photo shows it."""

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import Image

from calibration.chart.draw import draw_chart
from calibration.chart.find import find_chart
from calibration.chart.layout import MARKERS, Chart, most_charts
from calibration.chart.save import save_chart, save_screen_chart
from riis_physical.errors import CalibrationError, ConfigError, OutputError
from riis_physical.sheets.fiducials import DEFAULT_LAYOUT

PX_PER_MM = 4.0
SIZE = (1000, 1400)
#: Corners of the chart in the photo: tilted and turned.
CORNERS = np.array([[160, 130], [1270, 90], [1240, 930], [190, 850]], np.float32)


@lru_cache(maxsize=2)
def drawn(number: int = 3) -> np.ndarray:
    return draw_chart(Chart(number), 8.0)


def homography(corners: np.ndarray = CORNERS) -> np.ndarray:
    width, height = Chart().size_mm
    mm = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return cv2.getPerspectiveTransform(mm, corners)


def photo(corners: np.ndarray = CORNERS, number: int = 3, blur: float = 0.8) -> np.ndarray:
    """The chart as a camera sees it, on grey, with a little noise."""
    to_mm = np.array([[1 / 8, 0, 0.5 / 8], [0, 1 / 8, 0.5 / 8], [0, 0, 1]])
    warp = homography(corners) @ to_mm
    soft = cv2.GaussianBlur(drawn(number), (0, 0), 1.0)
    made = np.full((*SIZE, 3), 225, np.uint8)
    cv2.warpPerspective(soft, warp, SIZE[::-1], made, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)
    made = cv2.GaussianBlur(made, (0, 0), blur).astype(np.float64)
    made += np.random.default_rng(0).normal(0, 2, made.shape)
    return np.clip(made, 0, 255).astype(np.uint8)


def test_nothing_on_the_chart_overlaps() -> None:
    chart = Chart()
    boxes = [patch.box for patch in chart.patches] + [edge.box for edge in chart.edges]
    boxes += [*chart.marker_boxes(), chart.text_box]
    taken = np.zeros((180, 252), int)
    for box in boxes:
        taken[round(box.top) : round(box.bottom), round(box.left) : round(box.right)] += 1
    assert taken.max() == 1
    for x, y in chart.dots:
        assert taken[round(y) - 2 : round(y) + 2, round(x) - 2 : round(x) + 2].max() == 0
    for x, y in chart.gutters:
        assert taken[round(y) - 1 : round(y) + 1, round(x) - 1 : round(x) + 1].max() == 0


def test_the_chart_has_enough_of_everything() -> None:
    chart = Chart()
    greys = {patch.level for patch in chart.patches if patch.kind == "grey"}
    assert len(greys) >= 17 and {0.0, 1.0} <= greys
    assert sum(patch.kind == "colour" for patch in chart.patches) >= 18
    assert len(chart.dots) >= 80 and len(chart.edges) >= 5


def test_charts_have_markers_of_their_own() -> None:
    ids = [number for n in range(most_charts()) for number in Chart(n).marker_ids()]
    assert len(set(ids)) == len(ids) == MARKERS * most_charts()
    assert DEFAULT_LAYOUT.dictionary != "6X6_250"
    with pytest.raises(ConfigError, match="chart number 99; expected 0 to 30"):
        Chart(99)


def test_patches_have_their_colour_and_place() -> None:
    picture = drawn()
    for patch in Chart().patches:
        x = patch.box.left + patch.box.width / 2
        y = patch.box.top + patch.box.height / 2
        assert picture[round(8 * y), round(8 * x)] == pytest.approx(
            255 * np.array(patch.colour), abs=1
        )
    assert draw_chart(Chart(), 3.7).shape == (666, 932, 3)
    with pytest.raises(ConfigError, match="at least 3 are needed"):
        draw_chart(Chart(), 2.0)


def test_a_page_has_the_chart_at_its_size(tmp_path: Path) -> None:
    out = tmp_path / "chart.pdf"
    assert save_chart(out, Chart(2), "A4", 300) == (252.0, 180.0)
    page = pdfium.PdfDocument(out)[0]
    assert page.get_size() == pytest.approx((297 / 25.4 * 72, 210 / 25.4 * 72), abs=0.1)
    assert "number 2" in page.get_textpage().get_text_range()
    seen = find_chart(np.asarray(page.render(scale=2).to_pil().convert("RGB")))
    assert seen.chart.number == 2
    width_mm = np.linalg.norm(seen.to_photo(np.array([252.0, 90])) - seen.to_photo(
        np.array([0.0, 90]))) / (2 * 72 / 25.4)  # fmt: skip
    assert width_mm == pytest.approx(252, abs=0.3)


def test_a_page_may_be_a_picture_or_larger(tmp_path: Path) -> None:
    out = tmp_path / "chart.png"
    assert save_chart(out, Chart(), "A3", 150) == pytest.approx((378, 270))
    with Image.open(out) as picture:
        assert picture.size == (2480, 1754)
        assert picture.info["dpi"] == pytest.approx((150, 150), abs=0.1)
        assert "icc_profile" in picture.info


def test_a_chart_for_a_screen_has_white_around(tmp_path: Path) -> None:
    out = tmp_path / "chart.png"
    size = save_screen_chart(out, Chart())
    with Image.open(out) as picture:
        assert picture.size == size
        assert np.asarray(picture)[:40].min() == 255
    with pytest.raises(OutputError, match="give a .png file"):
        save_screen_chart(tmp_path / "chart.pdf", Chart())


def test_saving_refuses_what_it_cannot(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown page 'A9'"):
        save_chart(tmp_path / "chart.pdf", Chart(), "A9")
    with pytest.raises(OutputError, match=r"expected \.pdf or \.png"):
        save_chart(tmp_path / "chart.gif", Chart(), "A4")
    assert not list(tmp_path.iterdir())


def test_dots_are_found_to_a_tenth_of_a_pixel() -> None:
    seen = find_chart(photo())
    assert seen.chart.number == 3
    true = cv2.perspectiveTransform(seen.dots_mm[None], homography())[0]
    assert len(true) >= 110
    assert np.linalg.norm(seen.dots_px - true, axis=1).mean() < 0.1
    assert np.linalg.norm(seen.to_photo(seen.dots_mm) - true, axis=1).max() < 0.15


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_photo_is_as_good(turns: int) -> None:
    seen = find_chart(np.ascontiguousarray(np.rot90(photo(), turns)))
    assert len(seen.dots_mm) >= 110


def test_a_patch_is_read_where_it_is() -> None:
    seen = find_chart(photo())
    for patch in seen.chart.patches:
        read = np.median(seen.sample(patch.box, 3.0, 2.5).reshape(-1, 3), axis=0)
        assert read == pytest.approx(np.array(patch.colour), abs=0.02)


def test_useless_photos_are_refused_with_the_reason() -> None:
    empty = np.full((*SIZE, 3), 128, np.uint8)
    with pytest.raises(CalibrationError, match="no calibration chart found"):
        find_chart(empty)
    with pytest.raises(CalibrationError, match="cut off"):
        find_chart(np.ascontiguousarray(photo()[:, 300:]))
    with pytest.raises(CalibrationError, match="come closer"):
        find_chart(photo(CORNERS * 0.5, blur=0.5))


def test_a_hidden_part_is_told() -> None:
    covered = photo()
    covered[200:800, 300:1000] = 90
    with pytest.raises(CalibrationError, match=r"of 112 dots found, expected"):
        find_chart(covered)
