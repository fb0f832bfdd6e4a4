"""Files that are cut short, no pictures, too large or of a rare kind."""

import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data
from small_pictures import RED, near

from riis_physical import images
from riis_physical.errors import BadImageError
from riis_physical.images import load_host, load_photo, save_image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_truncated_files_are_told(tmp_path: Path, kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, kind)
    path = tmp_path / "cut"
    path.write_bytes(stream.getvalue()[: len(stream.getvalue()) // 2])
    with pytest.raises(BadImageError, match="get the file again|can be read") as caught:
        load_host(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("kind", "share"), [("JPEG", 0.999), ("JPEG", 0.6), ("PNG", 0.6)])
def test_photos_that_are_cut_short_are_read_as_far_as_they_go(
    tmp_path: Path, kind: str, share: float
) -> None:
    picture = data.astronaut()
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, kind)
    path = tmp_path / "cut"
    path.write_bytes(stream.getvalue()[: int(share * len(stream.getvalue()))])
    found = load_photo(path)
    assert "cut short" in found.fault
    there = int(0.9 * share * len(picture))
    apart = np.abs(found.pixels[:there].astype(int) - picture[:there])
    assert found.pixels.shape == picture.shape and apart.mean() < 5
    path.write_bytes(stream.getvalue()[: len(stream.getvalue()) // 50])
    with pytest.raises(BadImageError, match="cut short"):
        load_photo(path)


def test_avif_is_read(tmp_path: Path) -> None:
    Image.fromarray(data.astronaut()).save(tmp_path / "a.avif", speed=10)
    found = load_photo(tmp_path / "a.avif")
    assert np.abs(found.pixels.astype(int) - data.astronaut()).mean() < 5


def raw_photo(path: Path) -> np.ndarray:
    """A DNG as a sensor with red, green, green and blue sees a picture; the picture."""
    import tifffile

    picture = data.astronaut()
    light = 0.9 * (picture / 255) ** 2.2
    sensor = np.empty(picture.shape[:2])
    for (y, x), channel in {(0, 0): 0, (0, 1): 1, (1, 0): 1, (1, 1): 2}.items():
        sensor[y::2, x::2] = light[y::2, x::2, channel]
    from_xyz = (3.2405, -1.5371, -0.4985, -0.9693, 1.876, 0.0416, 0.0556, -0.204, 1.0572)
    matrix = [part for value in from_xyz for part in (round(value * 10_000), 10_000)]
    tags = [
        (50706, "B", 4, (1, 4, 0, 0)), (50707, "B", 4, (1, 1, 0, 0)), (33421, "H", 2, (2, 2)),
        (50708, "s", 0, "Made in code"), (33422, "B", 4, (0, 1, 1, 2)), (50721, "2i", 9, matrix),
        (50728, "2I", 3, (1, 1, 1, 1, 1, 1)), (50778, "H", 1, 21), (50717, "I", 1, 65535),
    ]  # fmt: skip
    tifffile.imwrite(
        path,
        (65535 * sensor).astype(np.uint16),
        photometric=32803,
        extratags=[(*tag, True) for tag in tags],
    )
    return picture


def test_raw_photos_are_developed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = raw_photo(tmp_path / "a.dng")
    found = load_photo(tmp_path / "a.dng")
    assert found.pixels.shape == picture.shape
    assert np.corrcoef(found.pixels.ravel(), picture.ravel())[0, 1] > 0.98
    (tmp_path / "text.dng").write_text("no photo")
    with pytest.raises(BadImageError, match=r"no raw photo that can be read \([^b]"):
        load_photo(tmp_path / "text.dng")
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(BadImageError, match=r"riis-physical\[raw\]"):
        load_photo(tmp_path / "a.dng")


def test_truncated_heic_is_told(tmp_path: Path) -> None:
    import pillow_heif

    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    path = tmp_path / "cut.heic"
    pillow_heif.from_pillow(Image.fromarray(noise)).save(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(BadImageError, match=r"cut\.heic"):
        load_photo(path)


def test_files_that_are_no_pictures(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "empty.png").write_bytes(b"")
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    cases = {
        "text.jpg": "no picture that can be read",
        "empty.png": "is empty",
        "dot.png": "1 x 1 pixels, at least 32 x 32",
        "absent.png": "does not exist",
        "": "is no file",
    }
    for name, expected in cases.items():
        with pytest.raises(BadImageError, match=expected):
            load_photo(tmp_path / name)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animations_are_refused(tmp_path: Path, picture: Image.Image, kind: str) -> None:
    path = tmp_path / "moving"
    other = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    picture.save(path, kind, save_all=True, append_images=[other])
    with pytest.raises(BadImageError, match="animation of 2 frames"):
        load_photo(path)


def test_phone_files_with_a_second_picture_are_stills(tmp_path: Path, picture: Image.Image) -> None:
    other = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    picture.save(tmp_path / "a.tif", save_all=True, append_images=[other])
    loaded = load_photo(tmp_path / "a.tif")
    assert near(loaded.pixels[3, 3], RED)
    assert loaded.notes == ("first of 2 pages used",)
    picture.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[other])
    assert near(load_photo(tmp_path / "a.jpg").pixels[3, 3], RED)


def bomb(path: Path, width: int, height: int) -> None:
    """A PNG header that promises width x height pixels and a little data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def test_bombs_are_refused_before_decoding(tmp_path: Path) -> None:
    bomb(tmp_path / "a.png", 20_000, 15_000)
    with pytest.raises(BadImageError, match="megapixels"):
        load_photo(tmp_path / "a.png")
    # Large, yet below the limit: the missing data is what is told, without a warning.
    bomb(tmp_path / "b.png", 12_000, 9_000)
    with pytest.raises(BadImageError, match="damaged or cut short"):
        load_host(tmp_path / "b.png")


def test_memory_that_runs_out_is_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    save_image(tmp_path / "a.png", np.zeros((50, 70, 3), np.uint8))
    monkeypatch.setattr("riis_physical.images.load._upright", fail)
    with pytest.raises(MemoryError):
        load_photo(tmp_path / "a.png")


def test_limits_are_stated_in_one_place() -> None:
    assert images.MAX_PIXELS == 2 * Image.MAX_IMAGE_PIXELS  # type: ignore[operator]
