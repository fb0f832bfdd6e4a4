"""Memory stays within the stated bounds, in a process that cannot have more."""

import os
import resource
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from places import ROOT

from riis_physical.errors import BadImageError
from riis_physical.images import PHOTO, Bounds, load_host, load_photo

MB = 1_000_000
SCAN_BYTES, HIDE_BYTES = 1000 * MB, 2500 * MB


def limited(most: int, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The command line in a process whose own memory is limited."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))

    return subprocess.run(
        [sys.executable, "-c", "from riis_physical.cli import main; main()", *map(str, arguments)],
        capture_output=True,
        text=True,
        preexec_fn=limit,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        timeout=600,
    )


def textured(width: int, height: int) -> Image.Image:
    """A picture with detail, enlarged to a size."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (height // 50, width // 50, 3), np.uint8)
    return Image.fromarray(small).resize((width, height))


def test_a_photo_is_decoded_at_the_size_that_is_needed(tmp_path: Path) -> None:
    picture = textured(800, 600)
    for kind in ("png", "jpg", "tif"):
        picture.save(tmp_path / f"a.{kind}", **({"quality": 95} if kind == "jpg" else {}))
        whole = load_photo(tmp_path / f"a.{kind}")
        assert whole.reduced_by == 1
        reduced = load_photo(tmp_path / f"a.{kind}", Bounds(130_000, 10 * MB))
        assert reduced.reduced_by == 2
        assert reduced.pixels.shape == (300, 400, 3)
        means = whole.pixels.reshape(300, 2, 400, 2, 3).mean((1, 3))
        assert np.abs(means - reduced.pixels).mean() < 1.5
        assert any("reduced to 400 x 300" in note for note in reduced.notes)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_reduced_pictures_are_turned_like_whole_ones(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    textured(800, 600).save(tmp_path / "a.png", exif=exif)
    whole = Image.fromarray(load_photo(tmp_path / "a.png").pixels)
    reduced = load_photo(tmp_path / "a.png", Bounds(130_000, 10 * MB)).pixels
    assert np.abs(np.asarray(whole.reduce(2)).astype(int) - reduced).max() <= 1


def test_what_takes_too_much_to_decode_is_refused_by_its_header(tmp_path: Path) -> None:
    textured(800, 600).save(tmp_path / "a.webp")
    with pytest.raises(BadImageError, match=r"of such a WEBP at most 0 can be read within 5 MB"):
        load_photo(tmp_path / "a.webp", Bounds(PHOTO.pixels, 5 * MB))
    textured(800, 600).save(tmp_path / "a.jpg", progressive=True, subsampling=0)
    with pytest.raises(BadImageError, match="baseline JPEG"):
        load_photo(tmp_path / "a.jpg", Bounds(130_000, 2 * MB))
    assert load_host(tmp_path / "a.jpg").pixels.shape == (600, 800, 3)


def test_a_small_file_of_169_megapixels_is_scanned_in_one_gigabyte(tmp_path: Path) -> None:
    Image.new("1", (13_000, 13_000)).save(tmp_path / "bits.png")
    assert (tmp_path / "bits.png").stat().st_size < 30_000
    done = limited(SCAN_BYTES, "scan", tmp_path / "bits.png")
    assert done.returncode == 1
    assert "no_container: the photo is black" in done.stderr


def test_a_chart_for_a_missing_folder_takes_no_memory(tmp_path: Path) -> None:
    done = limited(300 * MB, "calibrate", "chart", "-o", tmp_path / "missing" / "x.pdf")
    assert done.returncode == 1
    assert "does not exist" in done.stderr


def test_a_poster_is_written_in_strips(tmp_path: Path) -> None:
    textured(3000, 2000).save(tmp_path / "c.png")
    page = ("--page", "A1", "--dpi", 320, "--width-mm", 500)  # 79 megapixels
    done = limited(450 * MB, "print", tmp_path / "c.png", "-o", tmp_path / "p.tif", *page)
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "p.tif") as sheet:
        assert sheet.size == (round(594 / 25.4 * 320), round(841 / 25.4 * 320))
        assert sheet.info["dpi"] == (320, 320)


@pytest.mark.slow
def test_largest_photo_and_host_stay_within_the_bounds(tmp_path: Path) -> None:
    textured(8100, 6100).save(tmp_path / "photo.jpg", quality=90)
    done = limited(SCAN_BYTES, "scan", tmp_path / "photo.jpg")
    assert done.returncode == 1
    assert "no_container" in done.stderr
    textured(6000, 4000).save(tmp_path / "host.png", compress_level=1)
    done = limited(HIDE_BYTES, "hide", tmp_path / "host.png", "-m", "x", "-o", tmp_path / "c.png")
    assert done.returncode == 0, done.stderr


def test_compressed_text_in_a_picture_is_not_unpacked_without_end(tmp_path: Path) -> None:
    from tests.hostile.pictures import chunk, png

    text = chunk(b"zTXt", b"comment\0\0" + zlib.compress(bytes(200_000_000), 9))
    (tmp_path / "bomb.png").write_bytes(png(64, 64, 8, 2, 3, extra=text))
    done = limited(500 * MB, "read-qr", tmp_path / "bomb.png")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
