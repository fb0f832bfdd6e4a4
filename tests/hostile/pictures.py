"""Pictures that are damaged, too large, or not pictures at all."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

FORMATS = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "tif": "TIFF", "gif": "GIF", "bmp": "BMP"}
CUTS = (0.1, 0.5, 0.9, 0.999)
SEEDS = (1, 2, 3)


def plain() -> Image.Image:
    """A picture without anything in it, 300 x 200."""
    y, x = np.mgrid[:200, :300]
    wave = 127 + 60 * np.sin(x / 17) + 50 * np.cos(y / 11)
    return Image.fromarray(np.dstack([wave, wave * 0.8, 255 - wave]).astype(np.uint8))


def stored(kind: str) -> bytes:
    """The plain picture as a file."""
    stream = io.BytesIO()
    plain().save(stream, FORMATS[kind])
    return stream.getvalue()


def png(
    width: int, height: int, depth: int, colour: int, channels: int, *, rows: int | None = None,
    extra: bytes = b"",
) -> bytes:  # fmt: skip
    """A PNG of one repeated row; `rows` of data where the header claims more."""
    packer = zlib.compressobj(9)
    row = b"\0" + bytes((width * depth * channels + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(height if rows is None else rows))
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", head) + extra + chunk(b"IDAT", data + packer.flush())
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def no_pictures() -> Iterator[tuple[str, bytes]]:
    """Files with the names of pictures that hold something else, or only a beginning."""
    rng = np.random.default_rng(0)
    yield from {
        "empty.jpg": b"",
        "one-byte.png": b"\x89",
        "text.jpg": b"this is no picture\n" * 20,
        "page.png": b"<!doctype html><title>404</title>" * 20,
        "archive.jpg": b"PK\3\4" + bytes(200),
        "document.png": b"%PDF-1.7\n" + bytes(200),
        "program.jpg": b"\x7fELF\2\1\1" + bytes(200),
        "noise-1k.png": rng.bytes(1000),
        "noise-100k.jpg": rng.bytes(100_000),
        "signature.png": b"\x89PNG\r\n\x1a\n",
        "header.png": stored("png")[:33],
        "soi.jpg": b"\xff\xd8",
        "soi-eoi.jpg": b"\xff\xd8\xff\xd9",
        "riff.webp": b"RIFF\x10\0\0\0WEBPVP8 ",
        "byte-order.tif": b"II*\0\x08\0\0\0",
        "version.gif": b"GIF89a",
        "magic.bmp": b"BM" + bytes(12),
        "brand.heic": b"\0\0\0\x18ftypheic" + bytes(12),
        "brand.avif": b"\0\0\0\x18ftypavif" + bytes(12),
        "drawing.png": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    }.items()


def cut_short() -> Iterator[tuple[str, bytes]]:
    """Every format, cut at every place of CUTS."""
    for kind in FORMATS:
        data = stored(kind)
        for share in CUTS:
            yield f"cut-{share}.{kind}", data[: int(len(data) * share)]


def damaged() -> Iterator[tuple[str, bytes]]:
    """Every format with 20 bytes overwritten, thrice."""
    for kind in FORMATS:
        for seed in SEEDS:
            data = bytearray(stored(kind))
            rng = np.random.default_rng(seed)
            for place in rng.integers(8, len(data), 20):
                data[place] = int(rng.integers(256))
            yield f"damaged-{seed}.{kind}", bytes(data)


def too_large() -> Iterator[tuple[str, bytes]]:
    """Small files that claim, or unpack to, very much; and some that are too small."""
    yield "bits-13000.png", png(13000, 13000, 1, 0, 1)
    yield "rgba16-13000.png", png(13000, 13000, 16, 6, 4)
    yield "grey16-9000.png", png(9000, 9000, 16, 0, 1)
    yield "bits-20000.png", png(20000, 20000, 1, 0, 1, rows=10)
    yield "claims-most.png", _claims()
    yield "no-rows.png", png(3000, 3000, 8, 2, 3, rows=0)
    yield "half-rows.png", png(3000, 3000, 8, 2, 3, rows=1500)
    yield "one-pixel.png", png(1, 1, 8, 2, 3)
    yield "below-least.png", png(31, 31, 8, 2, 3)
    yield "narrow.png", png(32, 100_000, 1, 0, 1)
    yield "wide.png", png(100_000, 32, 1, 0, 1)
    text = chunk(b"zTXt", b"comment\0\0" + zlib.compress(bytes(200_000_000), 9))
    yield "text-bomb.png", png(64, 64, 8, 2, 3, extra=text)
    profile = chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(100_000_000), 9))
    yield "profile-bomb.png", png(64, 64, 8, 2, 3, extra=profile)
    jpeg = bytearray(stored("jpg"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 65_500, 65_500)
    yield "claims-most.jpg", bytes(jpeg)
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 12_000, 14_000)
    yield "claims-much.jpg", bytes(jpeg)
    stream = io.BytesIO()
    Image.new("L", (9000, 9000), 99).save(stream, "JPEG", progressive=True)
    yield "progressive.jpg", stream.getvalue()
    stream = io.BytesIO()
    Image.new("RGB", (7000, 7000), "teal").save(stream, "WEBP", lossless=True, method=0)
    yield "flat-49.webp", stream.getvalue()
    gif = bytearray(stored("gif"))
    gif[6:10] = struct.pack("<HH", 13_000, 13_000)
    yield "claims-much.gif", bytes(gif)
    yield "frames.gif", _animation("GIF", 400)
    yield "frames.png", _animation("PNG", 3)
    yield "frames.webp", _animation("WEBP", 3)
    tiff = stored("tif")
    (first,) = struct.unpack("<I", tiff[4:8])
    (entries,) = struct.unpack("<H", tiff[first : first + 2])
    after = first + 2 + 12 * entries
    yield "loop.tif", tiff[:after] + struct.pack("<I", first) + tiff[after + 4 :]
    yield "directory-outside.tif", tiff[:4] + struct.pack("<I", 2**32 - 8) + tiff[8:]


def _claims() -> bytes:
    head = struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def _animation(kind: str, frames: int) -> bytes:
    stream = io.BytesIO()
    pictures = [Image.new("RGB", (64, 64), (n % 256, n // 2 % 256, 90)) for n in range(frames)]
    pictures[0].save(stream, kind, save_all=True, append_images=pictures[1:])
    return stream.getvalue()


def odd() -> Iterator[tuple[str, bytes]]:
    """Pictures that are in order, and unusual."""

    def of(image: Image.Image, kind: str, **options: object) -> bytes:
        stream = io.BytesIO()
        image.save(stream, kind, **options)
        return stream.getvalue()

    yield "cmyk.jpg", of(plain().convert("CMYK"), "JPEG")
    yield "palette.png", of(plain().convert("P"), "PNG", transparency=3)
    yield "clear.png", of(Image.new("RGBA", (300, 200), (9, 9, 9, 0)), "PNG")
    yield "black.png", of(Image.new("RGB", (300, 200)), "PNG")
    yield "white.jpg", of(Image.new("RGB", (300, 200), "white"), "JPEG")
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    yield "noise.png", of(Image.fromarray(noise), "PNG")
    yield "broken-profile.png", of(plain(), "PNG", icc_profile=b"no profile at all")
    exif = Image.Exif()
    exif[0x0112] = 9
    yield "turned-9.jpg", of(plain(), "JPEG", exif=exif)
    yield "broken-exif.jpg", of(plain(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    yield "float.tif", of(Image.new("F", (300, 200), 0.5), "TIFF")
    board = plain()
    drawn = ImageDraw.Draw(board)
    for place in range(0, 300, 10):
        drawn.line((place, 0, place, 200), fill="black", width=5)
    yield "stripes.png", of(board, "PNG")


def write_all(folder: Path) -> dict[str, list[str]]:
    """Write every picture; names by group."""
    groups = {
        "no picture": no_pictures, "cut short": cut_short, "damaged": damaged,
        "too large": too_large, "odd": odd,
    }  # fmt: skip
    names: dict[str, list[str]] = {}
    for group, make in groups.items():
        names[group] = []
        for name, data in make():
            (folder / name).write_bytes(data)
            names[group].append(name)
    plain().save(folder / "plain.png")
    return names
