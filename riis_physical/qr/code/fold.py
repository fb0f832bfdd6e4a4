"""An address with scheme and host in capitals, which mean the same and need fewer bits."""

from __future__ import annotations

from urllib.parse import urlsplit

from riis_physical.qr.code.encode import encode


def fold_case(message: str) -> str:
    """The message with scheme and host in capitals where that saves a version, else as it is.

    Names of hosts and schemes are the same in capitals (RFC 3986, 6.2.2.1); paths are not,
    and stay.
    """
    parts = urlsplit(message)
    if not parts.scheme or not parts.hostname or "@" in parts.netloc:
        return message
    head = len(parts.scheme) + 3 + len(parts.netloc)
    folded = message[:head].upper() + message[head:]
    return folded if encode(folded).version < encode(message).version else message
