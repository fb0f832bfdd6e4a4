"""Where things stand on pages and posters, what is refused, and the command."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from riis_physical.cli import main
from riis_physical.errors import ConfigError
from riis_physical.sheets.compose import Cutting, compose
from riis_physical.sheets.fiducials import DEFAULT_LAYOUT
from riis_physical.sheets.fonts import load_font
from riis_physical.sheets.formats import raster
from riis_physical.sheets.formats.tiles import cut
from riis_physical.sheets.layout import SheetOptions, arrange
from riis_physical.sheets.pages import Page, Paper, Part, Text
from riis_physical.sheets.sources import Source, check_density
from riis_physical.system import files

FONT = load_font()
A4 = Paper.parse("A4")
Run = Callable[..., tuple[int, str, str]]


def source(height: int = 900, width: int = 1200, name: str = "c.png") -> Source:
    return Source(name, np.full((height, width, 3), 90, np.uint8))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `print`; returns exit status, standard output and error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        before = signal.getsignal(signal.SIGTERM)
        try:
            with pytest.raises(SystemExit) as stop:
                main(["print", *(str(argument) for argument in arguments)])
        finally:
            signal.signal(signal.SIGTERM, before)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return int(stop.value.code or 0), out, err

    return call


@pytest.fixture
def container(tmp_path: Path) -> Path:
    path = tmp_path / "c.png"
    Image.fromarray(source().pixels).save(path)
    return path


def test_papers_have_names_and_sizes() -> None:
    assert (Paper.parse("a4").width, Paper.parse("letter").height) == (210.0, 279.4)
    assert str(Paper.parse("500x700")) == "500x700 (500 x 700 mm)"
    with pytest.raises(ConfigError, match="unknown page 'B9': expected A6, A5"):
        Paper.parse("B9")
    with pytest.raises(ConfigError, match="expected sides of 30 to 5000 mm"):
        Paper.parse("10x10")


def test_the_page_turns_where_only_that_fits() -> None:
    upright = arrange([source()], SheetOptions(A4, width_mm=190.0), FONT)
    lying = arrange([source()], SheetOptions(A4, width_mm=200.0), FONT)
    assert (upright.paper.width, lying.paper.width) == (210.0, 297.0)
    widest = arrange([source()], SheetOptions(A4), FONT)
    assert widest.width_mm == pytest.approx(190 / 0.75)


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({"width_mm": 300.0}, "take --width-mm 253.3 or less"),
        ({"width_mm": 250.0, "fiducials": DEFAULT_LAYOUT}, "margins of 10 mm, markers does not"),
        ({"width_mm": 120.0, "grid": (2, 3)}, "in a grid of 2x3 with"),
        ({"width_mm": 120.0, "grid": (2, 3)}, r"--width-mm 90 or less, or a larger page"),
        ({"margin_mm": 104.0}, "take a larger page or smaller margins"),
    ],
)
def test_a_page_that_is_too_small_says_what_fits(wishes: dict[str, object], told: str) -> None:
    options = SheetOptions(A4, **wishes)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=told):
        arrange([source()], options, FONT)


def test_the_width_that_is_advised_fits() -> None:
    options = SheetOptions(A4, width_mm=180.0, grid=(2, 3), fiducials=DEFAULT_LAYOUT, caption="x")
    with pytest.raises(ConfigError, match="--width-mm") as refused:
        arrange([source()], options, FONT)
    advised = float(str(refused.value).split("--width-mm ")[1].split()[0])
    sheets = arrange([source()], replace(options, width_mm=advised), FONT)
    assert len(sheets.pages[0].pictures()) == 6
    with pytest.raises(ConfigError, match="does not fit"):
        arrange([source()], replace(options, width_mm=advised + 0.2), FONT)


def test_nothing_overlaps_and_all_keep_off_the_edge() -> None:
    sources = [source(), source(1200, 900), source(1000, 1000)]
    options = SheetOptions(A4, grid=(2, 2), fiducials=DEFAULT_LAYOUT, caption="{name}")
    (page,) = arrange(sources, options, FONT).pages
    boxes = []
    for picture in page.pictures():
        box = picture.box
        reach = 1.25 * 0.1 * min(box.width, box.height)
        boxes.append(box.grown(reach))
        assert box.height / box.width == pytest.approx(sources[picture.source].aspect)
    for number, box in enumerate(boxes):
        assert min(box.left, box.top, page.width - box.right, page.height - box.bottom) > 9.99
        for other in boxes[number + 1 :]:
            apart = (
                max(other.left - box.right, box.left - other.right),
                max(other.top - box.bottom, box.top - other.bottom),
            )
            assert max(apart) > 9.99
    for text in (item for item in page.items if isinstance(item, Text)):
        assert all(
            not (box.left < text.x < box.right and box.top < text.y < box.bottom) for box in boxes
        )


def test_impossible_wishes_are_refused() -> None:
    for wishes, told in [
        ({"width_mm": 3.0}, "a width of 3 mm; expected 10 to 5000 mm"),
        ({"width_mm": float("nan")}, "a width of nan mm"),
        ({"margin_mm": -1.0}, "a margin of -1 mm; expected 0 to 500 mm"),
        ({"grid": (4, 4), "fiducials": DEFAULT_LAYOUT}, "16 containers with markers; 4X4_50 tells"),
        ({"grid": (40, 40)}, "expected 1x1 to 400 in all"),
    ]:
        with pytest.raises(ConfigError, match=told):
            SheetOptions(A4, **wishes)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="a bleed of 50 mm; expected 0 to 20 mm"):
        Cutting(bleed_mm=50.0)
    with pytest.raises(ConfigError, match="tiles have their own marks"):
        Cutting(tiles=A4, crop_marks=True)


def test_captions_shrink_and_then_are_refused() -> None:
    def text(caption: str) -> Text:
        (page,) = arrange([source()], SheetOptions(A4, width_mm=60.0, caption=caption), FONT).pages
        (found,) = [item for item in page.items if isinstance(item, Text)]
        return found

    assert text("short {name}").text == "short c.png" and text("short").size == 3.0
    assert FONT.width(text("m" * 28).text, text("m" * 28).size) == pytest.approx(60.0)
    with pytest.raises(ConfigError, match="in the smallest letters, and there are 60 mm: shorten"):
        text("m" * 60)
    with pytest.raises(ConfigError, match=r"Vera.ttf has no '字' \(U\+5B57\), U\+000A: change"):
        text("字\n")
    with pytest.raises(ConfigError, match="is no TrueType font that can be embedded"):
        load_font(Path(__file__))


def test_few_pixels_are_warned_about_and_very_few_refused() -> None:
    assert check_density(source(), 200.0) is None
    assert "1200 px wide, 122 dpi at 250.0 mm: it prints well up to 203.2 mm" in str(
        check_density(source(), 250.0)
    )
    with pytest.raises(ConfigError, match=r"needed: print it up to 423.3 mm wide \(well up to 203"):
        check_density(source(), 500.0)


def test_tiles_overlap_and_cover_the_poster() -> None:
    options = SheetOptions(Paper.parse("A1"))
    done = compose([source(1800, 2400)], options, Cutting(tiles=A4, overlap_mm=10.0), FONT)
    assert done.paper.width == 841.0 and done.sheets == 1
    # Upright tiles show 190 x 277 mm; lying ones would be four by four.
    assert len(done.pages) == 5 * 3
    shown = []
    for page in done.pages:
        (part,) = [item for item in page.items if isinstance(item, Part)]
        assert min(part.box.left, part.box.top) == 10.0
        assert part.box.right <= page.width - 10 + 1e-9
        shown.append(part.box.moved(-part.x, -part.y))
    across = sorted({(box.left, box.right) for box in shown})
    assert across[0][0] == 0 and across[-1][1] == pytest.approx(841.0)
    for (_, right), (left, _) in zip(across, across[1:], strict=False):
        assert right - left == pytest.approx(10.0)


def test_glued_at_their_marks_tiles_are_the_poster() -> None:
    coarse = np.random.default_rng(0).integers(0, 200, (30, 40, 3), dtype=np.uint8)
    sheets = arrange(
        [Source("c.png", coarse)], SheetOptions(Paper.parse("160x120"), margin_mm=5.0), FONT
    )
    whole = raster.render(sheets.pages[0], [Source("c.png", coarse)], FONT, 254)
    tiles = cut(sheets.pages[0], Paper.parse("90x80"), 5.0, 10.0, FONT)
    glued = np.zeros_like(whole)
    for page in tiles:
        (part,) = [item for item in page.items if isinstance(item, Part)]
        drawn = raster.render(page, [Source("c.png", coarse)], FONT, 254)
        box, own = part.box, part.box.moved(-part.x, -part.y)
        rows = slice(round(own.top * 10), round(own.bottom * 10))
        columns = slice(round(own.left * 10), round(own.right * 10))
        piece = drawn[
            round(box.top * 10) : round(box.bottom * 10),
            round(box.left * 10) : round(box.right * 10),
        ]
        glued[rows, columns] = piece
    assert np.array_equal(glued, whole)


def test_marks_of_neighbours_lie_on_one_another() -> None:
    poster = Page(300.0, 100.0, ())
    first, second, *_ = cut(poster, Paper.parse("A5"), 10.0, 10.0, FONT)
    assert first.width == 210.0
    # Edge to edge: the second page's cut at its mark, on the middle of the first one's two.
    assert np.mean(drawn_marks(first)) == pytest.approx(190.0, abs=0.06)
    assert len(drawn_marks(first)) == 2 and len(drawn_marks(second)) == 1
    assert drawn_marks(second)[0] == pytest.approx(10.0, abs=0.06)
    with pytest.raises(ConfigError, match="expected 0 to half of what a tile shows"):
        cut(poster, Paper.parse("A5"), 100.0, 10.0, FONT)
    with pytest.raises(ConfigError, match="at most 400 are made"):
        cut(Page(5000.0, 5000.0, ()), Paper.parse("A6"), 10.0, 10.0, FONT)


def drawn_marks(page: Page) -> list[float]:
    """Middles in mm of the upright marks under a tile's picture."""
    (part,) = [item for item in page.items if isinstance(item, Part)]
    seen = raster.render(replace(page, items=page.items[1:2]), [], FONT, 508)  # 20 px a mm
    row = seen[round((part.box.bottom + 3) * 20), :, 0] < 128
    edges = (np.flatnonzero(np.diff(row.astype(int))) + 1) / 20
    return edges.reshape(-1, 2).mean(axis=1).tolist()


def test_print_writes_a_sheet_and_says_what_it_is(run: Run, container: Path) -> None:
    out = container.parent / "sheet.pdf"
    status, told, err = run(container, "-o", out, "--width-mm", "180", "--page", "A4")
    assert (status, err) == (0, "")
    assert "A4 (210 x 297 mm)" in told and "180 mm wide" in told and "169 dpi" in told
    with pypdfium2.PdfDocument(out) as document:
        assert document[0].get_size() == pytest.approx((595.28, 841.89), abs=0.01)
    status, _, err = run(container, "-o", out)
    assert status == 1 and "exists already" in err


def test_print_cuts_posters(run: Run, container: Path) -> None:
    out = container.parent / "poster.pdf"
    status, told, err = run(
        container, "-o", out, "--poster", "A3", "--tiles", "A5", "--overlap-mm", "10"
    )
    assert status == 0 and "1 poster on 8 pages A5" in told
    assert "prints well up to 203.2 mm (150 dpi)" in err
    with pypdfium2.PdfDocument(out) as document:
        assert len(document) == 8
    assert out.read_bytes().count(b"/Subtype /Image") == 1


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["--width-mm", "500"], 1, "does not fit A4 (210 x 297 mm): take --width-mm 253.3 or less"),
        (["--width-mm", "600", "--page", "A0"], 1, "at least 72 dpi are needed: print it up to"),
        (["--page", "B7"], 2, "unknown page 'B7'"),
        (["--grid", "2"], 2, "expected COLUMNSxROWS"),
        (["--tiles", "A4"], 2, "belong to --poster"),
        (["--poster", "A2", "--page", "A3"], 2, "either --page or --poster"),
        (["--icc", "none.icc"], 1, "cannot read none.icc"),
        (["--font", "none.ttf", "--caption", "x"], 1, "is no TrueType font"),
        (["--poster", "A2", "--bleed-mm", "3"], 1, "leave out --bleed-mm"),
    ],
)
def test_print_refuses_clearly_and_writes_nothing(
    run: Run, container: Path, arguments: list[str], status: int, told: str
) -> None:
    out = container.parent / "sheet.pdf"
    seen, _, err = run(container, "-o", out, *arguments)
    assert (seen, told in err) == (status, True), err
    assert [path.name for path in container.parent.iterdir()] == ["c.png"]


def test_print_tells_early_of_files_it_cannot_read_or_write(
    run: Run, container: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = container.parent
    assert "does not exist" in run(folder / "none.png", "-o", folder / "s.pdf")[2]
    (folder / "text.png").write_text("no picture")
    assert "is no picture that can be read" in run(folder / "text.png", "-o", folder / "s.pdf")[2]
    assert "expected one of .pdf, .png" in run(container, "-o", folder / "s.svg")[2]
    monkeypatch.setattr(files.os, "access", lambda path, mode: not mode & os.W_OK)
    status, _, err = run(container, "-o", folder / "s.pdf")
    assert status == 1 and f"the folder {folder} is not writable" in err
    assert not (folder / "s.pdf").exists()


def test_print_says_when_pixel_pages_lose_pixels(run: Run, container: Path) -> None:
    out = container.parent / "sheet.png"
    status, _, err = run(container, "-o", out, "--width-mm", "60", "--page", "A6", "--dpi", "100")
    assert status == 0 and "508 dpi of the container's pixels shrunk to 100" in err
    with Image.open(out) as image:
        assert image.size == (413, 583)


def test_a_small_container_is_printed_no_wider_than_its_pixels_allow() -> None:
    small = Source("small.png", np.zeros((400, 600, 3), np.uint8))
    sheets = arrange([small], SheetOptions(A4), FONT)
    assert 180 < sheets.width_mm <= 600 * 25.4 / 72
    assert "150 dpi" in str(check_density(small, sheets.width_mm))
