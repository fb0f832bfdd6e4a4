"""Every kind of file becomes upright 8-bit RGB, or one clear line."""

import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from small_pictures import BLUE, RED, near, swapped_profile

from riis_physical.errors import BadImageError
from riis_physical.images import jpeg_quality, load_host, load_photo, save_image


def exif_of(**tags: object) -> Image.Exif:
    exif = Image.Exif()
    for name, value in tags.items():
        exif[{"orientation": 274, "artist": 315, "make": 271}[name]] = value
    return exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF"])
def test_exif_turn_is_applied_exactly_once(tmp_path: Path, picture: Image.Image, kind: str) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    path = tmp_path / "turned"
    exif = exif_of(orientation=6)  # turn by 90 degrees clockwise
    # From bytes, the HEIF writer sets the file's own rotation as a phone does.
    picture.save(path, kind, exif=exif.tobytes() if kind == "HEIF" else exif)
    pixels = load_photo(path).pixels
    assert pixels.shape == (60, 40, 3)
    assert near(pixels[3, -4], RED)
    assert near(pixels[3, 3], BLUE)
    assert near(pixels[-4, -4], BLUE)


def test_heic_obeys_the_rotation_of_the_file_and_not_its_exif(
    tmp_path: Path, picture: Image.Image
) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    path = tmp_path / "photo.heic"
    picture.save(path, "HEIF", exif=exif_of(orientation=8))  # EXIF alone, no rotation
    assert load_photo(path).pixels.shape == (40, 60, 3)


def test_heic_without_pillow_heif_says_what_to_do(
    tmp_path: Path, picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:

    import pillow_heif

    path = tmp_path / "photo.heic"
    pillow_heif.from_pillow(picture).save(path)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(BadImageError, match=r"pip install 'riis-physical\[heif\]'"):
        load_photo(path)


@pytest.mark.parametrize("quality", [1, 25, 49, 50, 60, 75, 90, 95, 100])
def test_jpeg_quality_of_ijg_tables(quality: int, picture: Image.Image) -> None:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    assert jpeg_quality(Image.open(stream)) == quality


def test_jpeg_quality_of_foreign_tables_and_of_no_jpeg(picture: Image.Image) -> None:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=80)
    tables = Image.open(stream).quantization  # type: ignore[attr-defined]
    rng = np.random.default_rng(0)
    foreign = [
        [int(max(1, round(value * rng.uniform(0.8, 1.25)))) for value in tables[key]]
        for key in (0, 1)
    ]
    stream = io.BytesIO()
    picture.save(stream, "JPEG", qtables=foreign)
    assert jpeg_quality(Image.open(stream)) == pytest.approx(80, abs=3)
    assert jpeg_quality(picture) is None


def test_loaded_jpeg_knows_its_quality_and_png_does_not(
    tmp_path: Path, picture: Image.Image
) -> None:
    picture.save(tmp_path / "a.jpg", quality=71)
    picture.save(tmp_path / "a.png")
    assert load_photo(tmp_path / "a.jpg").jpeg_quality == 71
    assert load_photo(tmp_path / "a.png").jpeg_quality is None


def png_16_bit(path: Path) -> None:
    """An RGB PNG of 16 bits a channel, which Pillow cannot write."""
    rows = b"".join(b"\0" + struct.pack(">3H", 0xFFFF, 0x8080, 0) * 40 for _ in range(40))

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", 40, 40, 16, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def test_16_bits_are_reduced_and_said(tmp_path: Path) -> None:
    png_16_bit(tmp_path / "a.png")
    loaded = load_photo(tmp_path / "a.png")
    assert near(loaded.pixels[0, 0], (255, 128, 0), 1)
    assert any("reduced to 8" in note for note in loaded.notes)
    grey = Image.fromarray(np.full((40, 40), 0x8000, np.uint16))
    grey.save(tmp_path / "b.png")
    loaded = load_photo(tmp_path / "b.png")
    assert near(loaded.pixels[0, 0], (128, 128, 128), 1)
    assert any("reduced to 8" in note for note in loaded.notes)


def test_cmyk_transparency_palette_and_grey(tmp_path: Path, picture: Image.Image) -> None:
    picture.convert("CMYK").save(tmp_path / "cmyk.jpg", quality=95)
    loaded = load_host(tmp_path / "cmyk.jpg")
    assert near(loaded.pixels[3, 3], RED)
    assert any("CMYK" in note for note in loaded.notes)

    clear = picture.convert("RGBA")
    clear.putalpha(0)
    clear.save(tmp_path / "clear.png")
    loaded = load_photo(tmp_path / "clear.png")
    assert near(loaded.pixels[3, 3], (255, 255, 255), 0)
    assert any("white" in note for note in loaded.notes)
    with pytest.raises(BadImageError, match="nothing is left to see .*--background"):
        load_host(tmp_path / "clear.png")

    opaque = picture.convert("RGBA")
    opaque.save(tmp_path / "opaque.png")
    assert load_host(tmp_path / "opaque.png").notes == ()

    picture.convert("P").save(tmp_path / "palette.png")
    assert near(load_photo(tmp_path / "palette.png").pixels[3, 3], RED)

    Image.new("L", (40, 40), 77).save(tmp_path / "grey.png")
    assert near(load_photo(tmp_path / "grey.png").pixels[0, 0], (77, 77, 77), 0)

    Image.new("1", (40, 40), 1).save(tmp_path / "bits.png")
    assert near(load_photo(tmp_path / "bits.png").pixels[0, 0], (255, 255, 255), 0)


def test_photo_profile_is_converted_and_host_profile_kept(
    tmp_path: Path, picture: Image.Image
) -> None:
    profile = swapped_profile()
    picture.save(tmp_path / "a.png", icc_profile=profile)
    photo = load_photo(tmp_path / "a.png")
    assert near(photo.pixels[3, 3], BLUE, 3)
    assert photo.icc_profile is None
    assert any("profile" in note for note in photo.notes)
    host = load_host(tmp_path / "a.png")
    assert near(host.pixels[3, 3], RED, 0)
    assert host.icc_profile == profile
    assert host.notes == ()


def test_srgb_profile_changes_nothing_and_broken_one_is_ignored(
    tmp_path: Path, picture: Image.Image
) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name, profile in (("srgb", srgb), ("broken", b"no profile at all")):
        picture.save(tmp_path / f"{name}.png", icc_profile=profile)
        photo = load_photo(tmp_path / f"{name}.png")
        assert near(photo.pixels[3, 3], RED, 0)
        assert photo.notes == ()


def test_location_is_dropped_and_authorship_kept(tmp_path: Path, picture: Image.Image) -> None:
    exif = exif_of(artist="A. Person", make="Maker")
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 30.0, 0.0)
    exif.get_ifd(34665)[42033] = "SERIAL-4711"
    exif.get_ifd(34665)[36867] = "2024:05:01 10:00:00"
    picture.save(tmp_path / "a.jpg", exif=exif, dpi=(300, 300))
    assert b"SERIAL-4711" in (tmp_path / "a.jpg").read_bytes()
    host = load_host(tmp_path / "a.jpg")
    assert host.dpi == (300, 300)
    save_image(tmp_path / "b.png", host.pixels, dpi=host.dpi, exif=host.exif)
    data = (tmp_path / "b.png").read_bytes()
    assert b"SERIAL-4711" not in data
    with Image.open(tmp_path / "b.png") as saved:
        written = saved.getexif()
        assert written[315] == "A. Person"
        assert written.get_ifd(34665)[36867] == "2024:05:01 10:00:00"
        assert not written.get_ifd(0x8825)
        assert saved.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_turned_dpi_follows_the_pixels(tmp_path: Path, picture: Image.Image) -> None:
    picture.save(tmp_path / "a.png", dpi=(100, 200), exif=exif_of(orientation=6))
    assert load_host(tmp_path / "a.png").dpi == pytest.approx((200, 100), abs=0.1)
