"""Sheets as files: millimetres, pixels, profiles and fonts, measured in what was written."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageCms

from capture.find.fiducials import fiducial_quads
from capture.scan import scan_photo
from riis_physical.artifacts import UInt8Image
from riis_physical.demo import sample_host
from riis_physical.errors import ConfigError, OutputError
from riis_physical.hiding import hide
from riis_physical.model.revealer import Revealer
from riis_physical.sheets.compose import Composition, Cutting, compose
from riis_physical.sheets.fiducials import DEFAULT_LAYOUT
from riis_physical.sheets.fonts import load_font
from riis_physical.sheets.formats import pdf, raster
from riis_physical.sheets.layout import SheetOptions
from riis_physical.sheets.pages import MM_PER_INCH, Paper
from riis_physical.sheets.profiles import Profile, load_profile
from riis_physical.sheets.sources import Source

FONT = load_font()


def picture(height: int = 450, width: int = 600, seed: int = 1) -> UInt8Image:
    """A dark picture without white, so that its outline on paper can be measured."""
    coarse = np.random.default_rng(seed).integers(20, 130, (6, 8, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def composed(source: Source, paper: str = "A4", **wishes: object) -> Composition:
    cutting = {key: wishes.pop(key) for key in ("bleed_mm", "crop_marks") if key in wishes}
    options = SheetOptions(Paper.parse(paper), **wishes)  # type: ignore[arg-type]
    return compose([source], options, Cutting(**cutting), FONT)  # type: ignore[arg-type]


def save(path: Path, done: Composition, **options: object) -> bytes:
    pdf.save_pdf(path, done.pages, done.sources, FONT, **options)  # type: ignore[arg-type]
    return path.read_bytes()


def drawn(path: Path, dpi: int, number: int = 0) -> UInt8Image:
    """A page of a PDF as a renderer draws it, uint8 RGB."""
    with pypdfium2.PdfDocument(path) as document:
        bitmap = document[number].render(scale=dpi / 72, rev_byteorder=True)
        return bitmap.to_numpy()[..., :3].copy()


def outline_mm(page: UInt8Image, dpi: int) -> np.ndarray:
    """Left, top, right, bottom of everything dark on a page."""
    dark = page[..., 1] < 190
    (across,), (down,) = np.nonzero(dark.any(axis=0)), np.nonzero(dark.any(axis=1))
    pixels = [across[0], down[0], across[-1] + 1, down[-1] + 1]
    return np.array(pixels) * MM_PER_INCH / dpi


@pytest.mark.parametrize(("width", "paper"), [(100.0, "A4"), (180.0, "A4"), (137.3, "Letter")])
def test_a_pdf_has_the_container_at_its_millimetres(
    tmp_path: Path, width: float, paper: str
) -> None:
    done = composed(Source("c.png", picture()), paper, width_mm=width)
    save(tmp_path / "sheet.pdf", done)
    (placed,) = done.pages[0].pictures()
    # Renderers paint every pixel that a picture touches: up to two more, 0.08 mm.
    page = drawn(tmp_path / "sheet.pdf", 600)
    size = Paper.parse(paper)
    assert page.shape[:2] == pytest.approx(
        (size.height / 25.4 * 600, size.width / 25.4 * 600), 1e-3
    )
    left, top, right, bottom = outline_mm(page, 600)
    assert right - left == pytest.approx(width, abs=0.1)
    assert bottom - top == pytest.approx(width * 0.75, abs=0.1)
    assert (left, top) == pytest.approx((placed.box.left, placed.box.top), abs=0.1)
    assert left == pytest.approx(size.width - right, abs=0.1)


def test_a_pdf_keeps_every_pixel_and_embeds_profile_and_font(tmp_path: Path) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (173, 211, 3), dtype=np.uint8)
    done = composed(Source("c.png", pixels), width_mm=50.0, caption="Grüße {name}")
    data = save(tmp_path / "sheet.pdf", done, title="c.png")
    with pypdfium2.PdfDocument(tmp_path / "sheet.pdf") as document:
        page = document[0]
        (image,) = [item for item in page.get_objects() if isinstance(item, pypdfium2.PdfImage)]
        stored = np.frombuffer(bytes(image.get_data(decode_simple=True)), np.uint8)
        assert "Grüße c.png" in page.get_textpage().get_text_bounded()
        assert page.get_trimbox() == pytest.approx(page.get_mediabox())
    assert np.array_equal(stored.reshape(pixels.shape), pixels)
    assert b"/ICCBased" in data and b"/DeviceRGB" not in data
    assert b"/FontFile2" in data and b"Helvetica" not in data
    assert b"/PrintScaling /None" in data


def test_the_same_sheet_is_the_same_file(tmp_path: Path) -> None:
    done = composed(Source("c.png", picture()), width_mm=80.0)
    assert save(tmp_path / "a.pdf", done) == save(tmp_path / "b.pdf", done)


def test_rendered_at_its_own_resolution_a_pdf_gives_the_pixels_back(tmp_path: Path) -> None:
    pixels = picture(300, 400)
    done = composed(Source("c.png", pixels), "100x80", width_mm=400 / 150 * 25.4, margin_mm=0.0)
    save(tmp_path / "sheet.pdf", done)
    page = drawn(tmp_path / "sheet.pdf", 600)
    box = done.pages[0].pictures()[0].box
    left, top = round(box.left / 25.4 * 600), round(box.top / 25.4 * 600)
    seen = page[top + 2 : top + 1200 : 4, left + 2 : left + 1600 : 4].astype(int)
    assert np.abs(seen - pixels).max() <= 6  # smooth pictures: a pixel off is a few levels


def test_markers_on_a_sheet_lead_to_the_containers_corners(tmp_path: Path) -> None:
    done = composed(Source("c.png", picture()), "A6", fiducials=DEFAULT_LAYOUT)
    save(tmp_path / "sheet.pdf", done)
    raster.save_raster(tmp_path / "sheet.png", done.pages, done.sources, FONT, 400)
    box = done.pages[0].pictures()[0].box
    meant = [(box.left, box.top), (box.right, box.top), (box.right, box.bottom)]
    meant = np.array([*meant, (box.left, box.bottom)])
    with Image.open(tmp_path / "sheet.png") as image:
        pages = [np.array(image), drawn(tmp_path / "sheet.pdf", 400)]
    for page in pages:
        (quad,) = fiducial_quads(page)
        assert quad.markers == 4
        assert np.abs((quad.corners + 0.5) / 400 * 25.4 - meant).max() < 0.1
    edges = [round(value / 25.4 * 400) for value in (box.top, box.bottom, box.left, box.right)]
    for page in pages:
        page[edges[0] - 2 : edges[1] + 2, edges[2] - 2 : edges[3] + 2] = 255
    # Outside of the container, both ways of drawing put the same ink.
    assert np.abs(pages[0].astype(int) - pages[1]).mean() < 0.5


def test_a_grid_repeats_one_container_and_numbers_its_markers(tmp_path: Path) -> None:
    source = Source("c.png", picture(300, 300))
    done = composed(source, "A5", grid=(2, 3), fiducials=DEFAULT_LAYOUT, caption="{name}")
    data = save(tmp_path / "sheet.pdf", done)
    assert data.count(b"/Subtype /Image") == 1
    (page,) = done.pages
    assert len(page.pictures()) == 6
    quads = fiducial_quads(drawn(tmp_path / "sheet.pdf", 200))
    assert sorted(quad.number for quad in quads) == [0, 1, 2, 3, 4, 5]


def test_several_containers_follow_one_another_over_pages() -> None:
    sources = [Source(f"{n}.png", picture(300 + 20 * n, 400)) for n in range(5)]
    options = SheetOptions(Paper.parse("A4"), width_mm=60.0, grid=(2, 2))
    done = compose(sources, options, Cutting(), FONT)
    placed = [[item.source for item in page.pictures()] for page in done.pages]
    assert placed == [[0, 1, 2, 3], [4]]
    assert {item.box.width for page in done.pages for item in page.pictures()} == {60.0}


def test_bleed_goes_on_beyond_the_trim_and_crop_marks_stand_outside(tmp_path: Path) -> None:
    source = Source("c.png", picture(600, 600))
    wishes = {"margin_mm": 0.0, "width_mm": 100.0, "bleed_mm": 3.0}
    done = composed(source, "100x100", crop_marks=True, **wishes)
    save(tmp_path / "sheet.pdf", done)
    (page,) = done.pages
    assert page.trim is not None and (page.trim.width, page.trim.height) == (100.0, 100.0)
    with pypdfium2.PdfDocument(tmp_path / "sheet.pdf") as document:
        trim, bleed = document[0].get_trimbox(), document[0].get_bleedbox()
    assert (trim[2] - trim[0]) / 72 * 25.4 == pytest.approx(100.0, abs=0.01)
    assert (bleed[2] - bleed[0]) / 72 * 25.4 == pytest.approx(106.0, abs=0.01)
    seen = drawn(tmp_path / "sheet.pdf", 254)  # ten pixels to a millimetre
    start = round(page.trim.left * 10)
    inner = seen[start - 29 : start + 1029, start - 29 : start + 1029]
    assert inner.max() < 190  # no white up to the edge of the bleed
    assert seen[start - 34, start + 500].min() == 255
    # Mirrored: two millimetres outside is as two millimetres inside.
    assert (
        np.abs(seen[start - 20, start + 500].astype(int) - seen[start + 19, start + 500]).max() < 9
    )
    assert seen[start - 70 : start - 45, start - 5 : start + 5].min() < 60  # the mark at the corner
    bare = composed(source, "100x100", **wishes)
    assert bare.pages[0].width == pytest.approx(106.0)
    raster.save_raster(tmp_path / "sheet.png", bare.pages, bare.sources, FONT, 254)
    with Image.open(tmp_path / "sheet.png") as image:
        assert np.asarray(image)[2:-2, 2:-2].max() < 190


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_pixel_pages_have_size_resolution_and_profile(tmp_path: Path, suffix: str) -> None:
    done = composed(Source("c.png", picture()), width_mm=120.0, caption="120 mm")
    path = tmp_path / f"sheet{suffix}"
    raster.save_raster(path, done.pages, done.sources, FONT, 200)
    with Image.open(path) as image:
        assert image.size == (round(210 / 25.4 * 200), round(297 / 25.4 * 200))
        assert [float(value) for value in image.info["dpi"]] == pytest.approx([200, 200], abs=0.1)
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        assert "sRGB" in ImageCms.getProfileDescription(profile)
        page = np.array(image.convert("RGB"))
    box = done.pages[0].pictures()[0].box
    assert page[round((box.bottom + 3) / 25.4 * 200) :].min() < 90  # the caption
    page[round((box.bottom + 1) / 25.4 * 200) :] = 255
    left, top, right, bottom = outline_mm(page, 200)
    assert (right - left, bottom - top) == pytest.approx((120.0, 90.0), abs=0.13)  # a pixel


def test_a_printers_profile_is_named_in_pdfs_and_converted_to_in_pictures(tmp_path: Path) -> None:
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    (tmp_path / "lab.icc").write_bytes(wide)
    printer = load_profile(tmp_path / "lab.icc")
    assert (printer.mode, printer.channels) == ("RGB", 3)
    done = composed(Source("c.png", picture()), "A6")
    data = save(tmp_path / "sheet.pdf", done, printer=printer)
    assert b"/OutputIntents" in data and b"/DestOutputProfile" in data
    raster.save_raster(tmp_path / "p.png", done.pages, done.sources, FONT, 100, printer=printer)
    with Image.open(tmp_path / "p.png") as image:
        assert image.info["icc_profile"] == wide
    press = Profile(b"", "CMYK", 4, "Press")
    with pytest.raises(OutputError, match="no room for the CMYK colours of 'Press'"):
        raster.save_raster(tmp_path / "c.png", done.pages, done.sources, FONT, 100, printer=press)
    assert not list(tmp_path.glob("c.*"))


def test_a_container_keeps_its_own_profile_in_a_pdf(tmp_path: Path) -> None:
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + b"\0\0\0\0"
    done = composed(Source("c.png", picture(), icc_profile=own), "A6")
    save(tmp_path / "own.pdf", done)
    save(tmp_path / "srgb.pdf", composed(Source("c.png", picture()), "A6"))
    sizes = [(tmp_path / name).stat().st_size for name in ("own.pdf", "srgb.pdf")]
    assert sizes[0] != sizes[1]


def test_what_is_no_profile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        load_profile(tmp_path / "none.icc")
    (tmp_path / "text.icc").write_text("no profile")
    with pytest.raises(ConfigError, match="is no ICC profile: expected an .icc"):
        load_profile(tmp_path / "text.icc")
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    (tmp_path / "lab.icc").write_bytes(lab)
    with pytest.raises(ConfigError, match="expected an RGB or CMYK profile"):
        load_profile(tmp_path / "lab.icc")


def test_nothing_is_left_behind_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = composed(Source("c.png", picture()), "A6")

    def full(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pdf, "_pack", full)
    with pytest.raises(OutputError, match="No space left on device"):
        save(tmp_path / "sheet.pdf", done)
    monkeypatch.setattr(raster, "encode_png", full)
    with pytest.raises(OutputError, match="No space left on device"):
        raster.save_raster(tmp_path / "sheet.png", done.pages, done.sources, FONT, 100)
    assert not list(tmp_path.iterdir())


def test_too_many_pixels_and_pages_are_refused(tmp_path: Path) -> None:
    done = composed(Source("c.png", picture(900, 1200)), "A0", width_mm=400.0)
    with pytest.raises(ConfigError, match="has 558 megapixels at 600 dpi, at most 178"):
        raster.save_raster(tmp_path / "sheet.tif", done.pages, done.sources, FONT, 600)
    with pytest.raises(OutputError, match="holds one page and these are 2: save as PDF"):
        raster.save_raster(tmp_path / "sheet.png", done.pages * 2, done.sources, FONT, 72)
    assert not list(tmp_path.iterdir())


def test_the_shipped_model_reads_a_container_off_its_sheet(tmp_path: Path) -> None:
    revealer = Revealer.load("auto")
    container = hide(sample_host(), "off the sheet", revealer=revealer).container
    width = container.shape[1] / 110 * MM_PER_INCH
    done = composed(Source("c.png", container), "300x400", width_mm=width, caption="a caption")
    save(tmp_path / "sheet.pdf", done)
    (result,) = scan_photo(drawn(tmp_path / "sheet.pdf", 120), [revealer])
    assert result.text == "off the sheet" and result.corners is not None
    box = done.pages[0].pictures()[0].box
    off = (result.corners[0] + 0.5) / 120 * MM_PER_INCH - (box.left, box.top)
    assert np.abs(off).max() < 0.8
