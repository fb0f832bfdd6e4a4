"""Message to QR modules.

Byte mode, or the shortest mix of modes where that fits a smaller code; mask fixed (see
``structure.MASK_PATTERN``), error correction H wherever the message fits it. The
placement and the tables are those of the ``qrcode`` package; the check symbols are
computed here, because that package fails on a block of zero bytes, which a message of
raw bytes may hold.
"""

from __future__ import annotations

from dataclasses import dataclass

from riis_physical.errors import MessageError
from riis_physical.qr.code import payload as codec
from riis_physical.qr.code.structure import (
    MASK_PATTERN,
    MAX_VERSION,
    BoolGrid,
    Level,
    modules_of,
)


@dataclass(frozen=True)
class QrCode:
    """A message as a grid of modules.

    Attributes:
        modules: (N, N), True where dark, without quiet zone. Read-only.
        version: 1 to 10; N = 17 + 4 * version.
        level: error correction, ``H`` unless the message is too long for it.
        mask: mask pattern, always ``structure.MASK_PATTERN``.
        payload: the message's bytes; text is UTF-8.
    """

    modules: BoolGrid
    version: int
    level: Level
    mask: int
    payload: bytes

    @property
    def size(self) -> int:
        """Modules along one side."""
        return int(self.modules.shape[0])


def encode(message: str | bytes, max_version: int = MAX_VERSION) -> QrCode:
    """Smallest code that holds the message at the strongest level that can.

    Args:
        message: text, stored as UTF-8, or raw bytes; not empty.
        max_version: largest version to use, 1 to 10.

    Raises:
        MessageError: the message is empty, holds a lone surrogate, or has more bytes
            than the largest version holds at level L.
        ValueError: ``max_version`` is not in 1 to 10.
    """
    if not 1 <= max_version <= MAX_VERSION:
        raise ValueError(f"max_version {max_version}: expected 1 to {MAX_VERSION}")
    content = _to_bytes(message)
    if not content:
        raise MessageError("the message is empty (0 bytes): expected at least 1 byte of text")
    chosen = codec.smallest_code(content, max_version)
    if chosen is not None:
        return encode_as(content, *chosen)
    most = codec.capacity(max_version, "L")
    best = codec.capacity(max_version, "H")
    raise MessageError(
        f"the message has {len(content)} bytes, and {most} bytes fit "
        f"({best} with the strongest error correction): shorten it, or hide a short link to it"
    )


def encode_as(payload: bytes, version: int, level: Level) -> QrCode:
    """The one code of the given version and level that holds ``payload``.

    Raises:
        ValueError: the payload does not fit.
    """
    modules = modules_of(codec.build(payload, version, level), version, level)
    modules.setflags(write=False)
    return QrCode(modules, version, level, MASK_PATTERN, payload)


def _to_bytes(message: str | bytes) -> bytes:
    if isinstance(message, bytes):
        return message
    try:
        return message.encode("utf-8")
    except UnicodeEncodeError as error:
        raise MessageError(
            f"character {error.start + 1} of the message is half of a surrogate pair: "
            "expected whole characters; pass bytes to hide them as they are"
        ) from error
