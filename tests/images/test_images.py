"""Every kind of file becomes upright 8-bit RGB, or one clear line."""

import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from skimage import data

from riis_physical import images
from riis_physical.errors import BadImageError, OutputError
from riis_physical.images import jpeg_quality, load_host, load_photo, save_image

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def picture() -> Image.Image:
    """60 x 40, blue with a red top-left quarter."""
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:] = BLUE
    pixels[:20, :30] = RED
    return Image.fromarray(pixels)


def exif_of(**tags: object) -> Image.Exif:
    exif = Image.Exif()
    for name, value in tags.items():
        exif[{"orientation": 274, "artist": 315, "make": 271}[name]] = value
    return exif


def near(pixel: np.ndarray, colour: tuple[int, int, int], tolerance: int = 12) -> bool:
    return bool(np.abs(pixel.astype(int) - colour).max() <= tolerance)


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
    import sys

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


def swapped_profile() -> bytes:
    """An RGB profile that is not sRGB: its red and blue primaries change places."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", profile[128:132])[0]
    entries = {bytes(profile[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(count)}
    red, blue = entries[b"rXYZ"], entries[b"bXYZ"]
    profile[red + 4 : red + 12], profile[blue + 4 : blue + 12] = (
        profile[blue + 4 : blue + 12],
        profile[red + 4 : red + 12],
    )
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))


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
    with pytest.raises(BadImageError, match="no raw photo that can be read"):
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


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_lossless_formats_keep_every_pixel_and_the_profile(tmp_path: Path, suffix: str) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    profile = swapped_profile()
    save_image(tmp_path / f"a{suffix}", pixels, icc_profile=profile, dpi=(150, 150))
    loaded = load_host(tmp_path / f"a{suffix}")
    assert np.array_equal(loaded.pixels, pixels)
    assert loaded.icc_profile == profile
    if suffix != ".webp":
        assert loaded.dpi == pytest.approx((150, 150), abs=0.1)


def test_losses_are_said(tmp_path: Path) -> None:
    pixels = np.zeros((50, 70, 3), np.uint8)
    assert save_image(tmp_path / "a.png", pixels, dpi=(72, 72)) == ()
    assert "JPEG loses" in save_image(tmp_path / "a.jpg", pixels)[0]
    assert "dpi" in save_image(tmp_path / "a.webp", pixels, dpi=(72, 72))[0]


def test_saving_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    pixels = np.zeros((50, 70, 3), np.uint8)
    save_image(tmp_path / "a.png", pixels)
    with pytest.raises(OutputError, match="--force"):
        save_image(tmp_path / "a.png", pixels)
    save_image(tmp_path / "a.png", pixels, force=True)
    with pytest.raises(OutputError, match=r"suffix '\.xyz': expected one of \.jpeg"):
        save_image(tmp_path / "a.xyz", pixels)
    with pytest.raises(OutputError, match=r"cannot write .*b\.webp"):
        save_image(tmp_path / "b.webp", np.zeros((10, 16_400, 3), np.uint8))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.png"]


def test_memory_that_runs_out_is_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    save_image(tmp_path / "a.png", np.zeros((50, 70, 3), np.uint8))
    monkeypatch.setattr("riis_physical.images.load._upright", fail)
    with pytest.raises(MemoryError):
        load_photo(tmp_path / "a.png")


def test_png_is_written_by_an_opencv_that_knows_no_filter_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cv2

    monkeypatch.delattr(cv2, "IMWRITE_PNG_FILTER", raising=False)
    pixels = np.random.default_rng(2).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    save_image(tmp_path / "a.png", pixels)
    assert np.array_equal(load_photo(tmp_path / "a.png").pixels, pixels)


def test_limits_are_stated_in_one_place() -> None:
    assert images.MAX_PIXELS == 2 * Image.MAX_IMAGE_PIXELS  # type: ignore[operator]
