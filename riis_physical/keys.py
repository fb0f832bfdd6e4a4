"""Messages with a key: sealed before they are hidden, opened after they are read.

    header byte | AES-SIV tag, 16 bytes | message, encrypted

AES-SIV (RFC 5297, with 256-bit AES) needs no nonce, so that 17 bytes are all that a sealed
message takes more. Its price: equal messages with equal keys look equal. The AES keys come
from the bytes of the key file by scrypt. What this protects, and what not: docs/keys.md.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from riis_physical.artifacts import ScanResult, Status
from riis_physical.errors import ConfigError, MessageError
from riis_physical.qr.code import payload as codec
from riis_physical.qr.code.structure import MAX_VERSION
from riis_physical.system.documents import read_bounded

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

#: First byte of a sealed message. No UTF-8 text begins with it, or holds it at all.
HEADER = b"\xfb"
TAG_BYTES = 16
OVERHEAD_BYTES = len(HEADER) + TAG_BYTES
LEAST_KEY_BYTES, MOST_KEY_BYTES = 16, 1_000_000

# scrypt of 32 MB and about a tenth of a second. There is no room for a salt in a code.
_COST, _BLOCKS, _LANES = 2**15, 8, 1
_SALT = b"riis-physical message key 1"
_KEY_BYTES = 64


class Key:
    """The secret that senders and readers share."""

    def __init__(self, content: bytes) -> None:
        """From the bytes of a key file.

        Raises:
            ConfigError: fewer than LEAST_KEY_BYTES, or the package `cryptography` is missing.
        """
        if len(content) < LEAST_KEY_BYTES:
            raise ConfigError(
                f"a key of {len(content)} bytes: expected {LEAST_KEY_BYTES} or more; make one "
                "with `head -c 32 /dev/urandom > FILE`"
            )
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESSIV
            from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
        except ImportError as error:
            raise ConfigError(
                "messages with a key need the package cryptography: "
                "install riis-physical with its key extra"
            ) from error
        kdf = Scrypt(salt=_SALT, length=_KEY_BYTES, n=_COST, r=_BLOCKS, p=_LANES)
        self._cipher: AESSIV = AESSIV(kdf.derive(content))

    @classmethod
    def load(cls, path: str | Path) -> Key:
        """From a file, all of whose bytes count.

        Raises:
            ConfigError: it cannot be read, is too short, or larger than MOST_KEY_BYTES.
        """
        return cls(read_bounded(path, MOST_KEY_BYTES, ConfigError))

    def seal(self, message: bytes) -> bytes:
        """Encrypt and authenticate; OVERHEAD_BYTES longer.

        Raises:
            MessageError: empty, or too long for the largest code.
        """
        most = codec.capacity(MAX_VERSION, "L") - OVERHEAD_BYTES
        if not message:
            raise MessageError("the message is empty (0 bytes): expected at least 1 byte of text")
        if len(message) > most:
            raise MessageError(
                f"the message has {len(message)} bytes, and with a key {most} bytes fit "
                f"({codec.capacity(MAX_VERSION, 'H') - OVERHEAD_BYTES} with the strongest error "
                "correction): shorten it, or hide a short link to it"
            )
        return HEADER + self._cipher.encrypt(message, [HEADER])

    def open(self, sealed: bytes) -> bytes | None:
        """The message, None where it was sealed with another key, changed or cut short."""
        from cryptography.exceptions import InvalidTag

        if not is_sealed(sealed):
            return None
        try:
            return self._cipher.decrypt(sealed[len(HEADER) :], [HEADER])
        except InvalidTag:
            return None


def is_sealed(payload: bytes) -> bool:
    """Whether a message says that it was sealed; anybody can make one that does."""
    return payload.startswith(HEADER) and len(payload) > OVERHEAD_BYTES


def opened(result: ScanResult, key: Key | None) -> ScanResult:
    """A result as the holder of a key may see it; unchanged without a key.

    With a key only messages that were sealed with it count as decoded: of others nothing
    is said but what they are not.
    """
    if key is None or result.payload is None:
        return result
    message = key.open(result.payload)
    if message is not None:
        return replace(result, payload=message)
    detail = (
        "a message for another key, or one that was changed or cut short"
        if is_sealed(result.payload)
        else "a message without a key, which anybody can have hidden: scan without --key to see it"
    )
    return replace(result, status=Status.UNREADABLE, payload=None, detail=detail)
