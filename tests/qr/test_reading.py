"""Visible codes through their decoders, and revealed pictures through soft reading."""

from __future__ import annotations

import builtins
import logging
from typing import Any

import cv2
import numpy as np
import pytest
from scipy.stats import norm

from riis_physical.qr import decoders, visible
from riis_physical.qr.code.encode import QrCode, encode
from riis_physical.qr.soft import decode as soft
from riis_physical.qr.soft import reading

MESSAGES = [
    "plain text",
    "Grüße aus Köln",
    "🙂🇩🇪 ok",
    "日本語テスト",
    "Ã¼ twice encoded",
    bytes(range(256)),
    bytes(range(128, 256)),
    b"\x00a\x00b",
    b"\xff\xfe\x00",
    bytes(20),
]
TEXT = "Meet me at the old bridge, 9 pm sharp"

needs_zbar = pytest.mark.skipif(
    decoders.zbar_library() is None, reason="the zbar library is not installed"
)


def as_bytes(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else message


def drawn(code: QrCode, module_px: int = 6) -> np.ndarray:
    light = np.pad(~code.modules, 4, constant_values=True).astype(np.uint8)
    return np.kron(light, np.full((module_px, module_px), 255, np.uint8))


def revealed(
    code: QrCode, error_rate: float, rng: np.random.Generator, picture_noise: float = 0.3
) -> tuple[np.ndarray, np.ndarray]:
    signs = np.where(code.modules, 1.0, -1.0)
    sigma = 1 / -norm.ppf(error_rate)
    logits = signs + sigma * rng.normal(size=signs.shape)
    picture = np.kron(signs, np.ones((4, 4)))
    picture = picture + picture_noise * rng.normal(size=picture.shape)
    return logits.astype(np.float32), picture.astype(np.float32)


@pytest.fixture
def without_zbar(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An installation where pyzbar does not find its shared library."""
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("pyzbar"):
            raise ImportError("Unable to find zbar shared library")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    decoders.zbar_library.cache_clear()
    yield
    decoders.zbar_library.cache_clear()


@needs_zbar
@pytest.mark.parametrize("message", MESSAGES, ids=repr)
def test_zbar_gives_the_bytes_as_they_are(message: str | bytes) -> None:
    symbols = decoders.read_zbar(drawn(encode(message)))
    assert [symbol.candidates for symbol in symbols] == [(as_bytes(message),)]


@pytest.mark.parametrize("message", MESSAGES, ids=repr)
def test_zxing_gives_the_bytes_as_they_are(message: str | bytes) -> None:
    symbols = decoders.read_zxing(drawn(encode(message)))
    assert [symbol.candidates for symbol in symbols] == [(as_bytes(message),)]


@pytest.mark.parametrize("message", MESSAGES[:5] + MESSAGES[6:], ids=repr)
def test_opencv_has_the_bytes_among_its_candidates(message: str | bytes) -> None:
    symbols = decoders.read_opencv(drawn(encode(message)))
    assert len(symbols) == 1
    assert as_bytes(message) in symbols[0].candidates


@needs_zbar
def test_a_zbar_without_binary_mode_is_repaired(monkeypatch: pytest.MonkeyPatch) -> None:
    library = decoders.zbar_library()
    assert library is not None
    real = library.zbar_image_scanner_set_config

    def old(scanner: Any, symbol: int, option: int, value: int) -> int:
        return 1 if option == 4 else int(real(scanner, symbol, option, value))

    monkeypatch.setattr(library, "zbar_image_scanner_set_config", old)
    for message in MESSAGES[:5]:
        (symbol,) = decoders.read_zbar(drawn(encode(message)))
        assert as_bytes(message) in symbol.candidates


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("name", decoders.DECODERS)
def test_corners_start_at_the_printed_top_left(name: str, turn: int) -> None:
    if name == "pyzbar" and decoders.zbar_library() is None:
        pytest.skip("the zbar library is not installed")
    image = np.pad(drawn(encode("corners"), 8), 20, constant_values=255)
    (symbol,) = decoders.DECODERS[name](np.rot90(image, turn).copy())
    first, last = 20 + 32, len(image) - 20 - 32 - 1
    upright = np.array([(first, first), (last, first), (last, last), (first, last)])
    # A turn counter-clockwise moves (x, y) to (y, width - 1 - x).
    for _ in range(turn):
        upright = np.stack([upright[:, 1], len(image) - 1 - upright[:, 0]], axis=1)
    assert symbol.corners is not None
    np.testing.assert_allclose(symbol.corners, upright, atol=3)


@pytest.mark.parametrize("message", MESSAGES, ids=repr)
def test_visible_codes_are_read_exactly(message: str | bytes) -> None:
    found = visible.read_visible(drawn(encode(message)))
    assert [reading.payload for reading in found] == [as_bytes(message)]


def test_two_codes_in_a_colour_photo_are_both_read() -> None:
    left, right = drawn(encode("left")), drawn(encode("right"))
    photo = np.repeat(np.hstack([left, right])[:, :, None], 3, axis=2)
    found = visible.read_visible(photo)
    assert sorted(reading.payload for reading in found) == [b"left", b"right"]


def test_the_same_code_twice_is_two_readings_at_their_places() -> None:
    code = drawn(encode("again"))
    found = visible.read_visible(np.hstack([code, code]))
    centres = sorted(
        float(reading.corners[:, 0].mean()) for reading in found if reading.corners is not None
    )
    np.testing.assert_allclose(centres, [len(code) / 2, len(code) * 1.5], atol=3)


def test_inverted_small_and_unevenly_lit_codes_are_read() -> None:
    image = drawn(encode("light on dark"))
    small = cv2.resize(image, None, fx=0.35, fy=0.35, interpolation=cv2.INTER_AREA)
    ramp = np.linspace(0.15, 1.0, image.shape[1])
    for changed in (255 - image, small, (image * 0.6 * ramp + 20 * ramp).astype(np.uint8)):
        found = visible.read_visible(np.ascontiguousarray(changed))
        assert [reading.payload for reading in found] == [b"light on dark"]


def test_a_large_photo_gives_corners_in_its_own_pixels() -> None:
    photo = np.full((2400, 3200), 255, np.uint8)
    code = drawn(encode("large"), 20)
    photo[600 : 600 + len(code), 1500 : 1500 + len(code)] = code
    (found,) = visible.read_visible(photo)
    assert found.corners is not None
    np.testing.assert_allclose(found.corners[0], (1500 + 80, 600 + 80), atol=5)


def test_bytes_that_are_no_text_have_no_text() -> None:
    (found,) = visible.read_visible(drawn(encode("Grüße")))
    assert found.text == "Grüße"
    assert visible.VisibleReading(b"\xff", "zxing-cpp", None).text is None
    assert visible.VisibleReading(b"\xfc", "zxing-cpp", None, "ü").text == "ü"


def test_pictures_without_codes_give_nothing() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (120, 160), dtype=np.uint8)
    for image in (noise, np.zeros((50, 50, 3), np.uint8), np.zeros((1, 1), np.uint8)):
        assert visible.read_visible(image) == []
    with pytest.raises(ValueError, match="expected uint8"):
        visible.read_visible(np.zeros((50, 50, 4), np.uint8))
    with pytest.raises(ValueError, match="expected uint8"):
        visible.read_visible(np.zeros((50, 50), np.float32))  # type: ignore[arg-type]


@pytest.mark.usefixtures("without_zbar")
def test_a_missing_zbar_is_said_once_and_the_others_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        for message in ("one", "Grüße"):
            (found,) = visible.read_visible(drawn(encode(message)))
            assert (found.text, found.decoder) == (message, "zxing-cpp")
    warnings = [record.getMessage() for record in caplog.records]
    assert len(warnings) == 1
    assert "zbar library is missing" in warnings[0]


@pytest.mark.parametrize("message", MESSAGES, ids=repr)
def test_revealed_pictures_give_the_message_exactly(message: str | bytes) -> None:
    code = encode(message)
    logits, picture = revealed(code, 0.005, np.random.default_rng(2))
    result = reading.read_revealed(logits, picture, code.version)
    assert result is not None
    assert result.payload == as_bytes(message)
    assert 0.5 < result.confidence <= 1
    assert result.grid.version == code.version


@pytest.mark.parametrize("error_rate", [0.0001, 0.02, 0.04, 0.06])
def test_decoders_of_visible_codes_read_nothing_that_soft_reading_does_not(
    error_rate: float,
) -> None:
    """Why hidden codes are read softly alone."""
    rng = np.random.default_rng(3)
    for message in (TEXT, "7fKq2zXw", "short", "https://example.org/a/rather/long/address?id=12"):
        code = encode(message)
        logits, picture = revealed(code, error_rate, rng)
        image = np.where(
            np.kron(np.pad(logits, 4, constant_values=-1), np.ones((6, 6))) > 0, 0, 255
        )
        claimed = [r.payload for r in visible.read_visible(image.astype(np.uint8))]
        soft_reading = reading.read_revealed(logits, picture, code.version)
        assert soft_reading is not None
        assert soft_reading.payload == message.encode()
        assert set(claimed) <= {message.encode()}


def test_the_picture_helps_where_the_soft_values_fail() -> None:
    message = "xkqzvjwpgybfhmdrtncslxqzkvwjpgyb"
    code = encode(message)
    rng = np.random.default_rng(4)
    logits, picture = revealed(code, 0.22, rng, picture_noise=2.2)
    assert soft.read_grid(logits, code.version) is None
    result = reading.read_revealed(logits, picture, code.version)
    assert result is not None
    assert (result.payload, result.decoder) == (message.encode(), "soft")


def test_a_picture_of_another_code_is_not_believed() -> None:
    """A visible code in the photo must not be taken for the hidden message."""
    hidden, shown = encode("hidden message of the container"), encode("visible text in a photo!!!!")
    assert hidden.version == shown.version
    rng = np.random.default_rng(5)
    _, picture = revealed(shown, 0.001, rng)
    noise = rng.normal(size=hidden.modules.shape).astype(np.float32)
    strong, _ = revealed(hidden, 0.001, rng)
    result = reading.read_revealed(strong, picture, hidden.version)
    assert result is None or result.payload == hidden.payload
    other_mask = np.kron(np.where(shown.modules, 1.0, -1.0)[::-1], np.ones((4, 4)))
    assert reading.read_revealed(noise, other_mask.astype(np.float32), hidden.version) is None


def test_noise_gives_no_message() -> None:
    rng = np.random.default_rng(6)
    for version in (1, 5, 10):
        size = 17 + 4 * version
        for _ in range(10):
            logits = rng.normal(size=(size, size))
            picture = rng.normal(size=(4 * size, 4 * size))
            assert reading.read_revealed(logits, picture, version) is None


def test_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match=r"expected \(148, 148\)"):
        reading.read_revealed(np.zeros((37, 37)), np.zeros((37, 37)), 5)
    with pytest.raises(ValueError, match=r"expected \(37, 37\)"):
        reading.read_revealed(np.zeros((21, 21)), None, 5)


def test_module_means_weigh_the_middle_of_each_module() -> None:
    picture = np.zeros((84, 84))
    picture[1:3, 1:3] = 1
    picture[4:8, 4:8] = -1
    means = reading.module_means(picture)
    assert means.shape == (21, 21)
    assert 0.25 < means[0, 0] < 0.75
    assert means[1, 1] == pytest.approx(-1)
    assert not means[2:, 2:].any()
