"""zbar, zxing-cpp and OpenCV behind one signature, exact in bytes where they can be.

zbar guesses encodings: without its binary mode the UTF-8 bytes of ``Grüße`` come back
as Japanese half-width characters. Binary mode exists since zbar 0.23.1. zxing-cpp
gives the bytes as they are. OpenCV turns bytes that are no UTF-8 into UTF-8 as if
they were Latin-1, so it leaves two candidates. Where the shared library of zbar is
missing, that is logged once and the others do the work.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from ctypes import c_void_p, string_at
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

GrayImage = NDArray[np.uint8]
Corners = NDArray[np.float32]

logger = logging.getLogger(__name__)

_GRAY_FOURCC = 808466521  # "Y800"
_QR_SYMBOL = 64
_ENABLE, _BINARY = 0, 4


@dataclass(frozen=True)
class Symbol:
    """A decoded QR code.

    Attributes:
        candidates: the payload, or several payloads that the decoder's answer may
            stand for, the likeliest first.
        text: the decoder's own reading of a payload that is no UTF-8, if it has one.
        corners: xy (4, 2) in pixels, clockwise from the code's top-left, if known.
    """

    candidates: tuple[bytes, ...]
    text: str | None
    corners: Corners | None


@cache
def zbar_library() -> ModuleType | None:
    """pyzbar's low-level module, None (said once in the log) where libzbar is missing."""
    try:
        from pyzbar import wrapper
    except (ImportError, OSError) as error:
        logger.warning(
            "the zbar library is missing (%s): reading goes on with zxing-cpp and OpenCV; "
            "'apt install libzbar0' or 'brew install zbar' adds it",
            error,
        )
        return None
    module: ModuleType = wrapper
    return module


def read_zbar(image: GrayImage) -> list[Symbol]:
    """QR codes that zbar finds in (H, W) uint8; none where its library is missing."""
    library = zbar_library()
    if library is None:
        return []
    found, exact = _scan_zbar(library, image, binary=True)
    if exact and all(_is_utf8(data) for data, _ in found):
        return [Symbol((data,), None, corners) for data, corners in found]
    guessed = _scan_zbar(library, image, binary=False)[0]
    symbols = []
    for (data, corners), (guess, _) in zip(found, guessed, strict=False):
        text = guess.decode("utf-8", "replace")
        candidates = (data,) if exact else _before_guessing(guess)
        symbols.append(Symbol(candidates, text, corners))
    return symbols


def read_zxing(image: GrayImage) -> list[Symbol]:
    """QR codes that zxing-cpp finds in (H, W) uint8."""
    symbols = []
    formats: Any = zxingcpp.BarcodeFormat.QRCode
    results = zxingcpp.read_barcodes(np.ascontiguousarray(image), formats=formats)
    for result in results:
        payload = bytes(result.bytes)
        if payload:
            place = result.position
            points = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
            corners = np.array([(point.x, point.y) for point in points], np.float32)
            text = None if _is_utf8(payload) else result.text
            symbols.append(Symbol((payload,), text, corners))
    return symbols


def read_opencv(image: GrayImage) -> list[Symbol]:
    """QR codes that OpenCV finds in (H, W) uint8."""
    detector: Any = cv2.QRCodeDetector()
    try:
        if hasattr(detector, "detectAndDecodeBytesMulti"):
            _, contents, points, _ = detector.detectAndDecodeBytesMulti(image)
        else:
            _, contents, points, _ = detector.detectAndDecodeMulti(image)
    except cv2.error as error:  # it fails on some degenerate detections
        logger.debug("OpenCV gave up on a picture: %s", error)
        return []
    symbols = []
    for index, content in enumerate(contents or ()):
        data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        if data:
            corners = None if points is None else np.asarray(points[index], np.float32)
            symbols.append(Symbol(_before_latin1(bytes(data)), None, corners))
    return symbols


DECODERS: dict[str, Callable[[GrayImage], list[Symbol]]] = {
    "pyzbar": read_zbar,
    "zxing-cpp": read_zxing,
    "opencv": read_opencv,
}
"""The cascade, in the order of use."""


def _scan_zbar(
    library: ModuleType, image: GrayImage, binary: bool
) -> tuple[list[tuple[bytes, Corners | None]], bool]:
    """Payloads and corners, and whether the payloads are the bytes as they stand."""
    pixels = np.ascontiguousarray(image)
    height, width = image.shape
    scanner = library.zbar_image_scanner_create()
    picture = library.zbar_image_create()
    found = []
    try:
        library.zbar_image_scanner_set_config(scanner, 0, _ENABLE, 0)
        library.zbar_image_scanner_set_config(scanner, _QR_SYMBOL, _ENABLE, 1)
        exact = binary and not library.zbar_image_scanner_set_config(
            scanner, _QR_SYMBOL, _BINARY, 1
        )
        library.zbar_image_set_format(picture, _GRAY_FOURCC)
        library.zbar_image_set_size(picture, width, height)
        library.zbar_image_set_data(picture, c_void_p(pixels.ctypes.data), pixels.size, None)
        library.zbar_scan_image(scanner, picture)
        symbol = library.zbar_image_first_symbol(picture)
        while symbol:
            data = string_at(
                library.zbar_symbol_get_data(symbol), library.zbar_symbol_get_data_length(symbol)
            )
            places = [
                (library.zbar_symbol_get_loc_x(symbol, i), library.zbar_symbol_get_loc_y(symbol, i))
                for i in range(library.zbar_symbol_get_loc_size(symbol))
            ]
            # zbar goes counter-clockwise from the top-left.
            corners = np.array(places, np.float32)[[0, 3, 2, 1]] if len(places) == 4 else None
            if symbol.contents.type == _QR_SYMBOL and data:
                found.append((data, corners))
            symbol = library.zbar_symbol_next(symbol)
    finally:
        library.zbar_image_destroy(picture)
        library.zbar_image_scanner_destroy(scanner)
    return found, exact


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _before_guessing(guess: bytes) -> tuple[bytes, ...]:
    """Payloads that an old zbar may have turned into these UTF-8 bytes."""
    candidates = [guess]
    for encoding in ("shift_jis", "cp932", "latin-1", "big5"):
        try:
            candidates.append(guess.decode("utf-8").encode(encoding))
        except UnicodeError:
            continue
    # UTF-8 that was mistaken is likelier than text in those encodings.
    repaired = [data for data in candidates[1:] if _is_utf8(data)]
    return tuple(dict.fromkeys(repaired + candidates))


def _before_latin1(data: bytes) -> tuple[bytes, ...]:
    """Payloads that OpenCV may have turned into these bytes."""
    try:
        return tuple(dict.fromkeys((data, data.decode("utf-8").encode("latin-1"))))
    except UnicodeError:
        return (data,)
