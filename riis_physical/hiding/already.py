"""Whether a picture carries a message already: hiding another would write over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riis_physical.artifacts import UInt8Image
from riis_physical.hiding.frame import to_frame
from riis_physical.qr.soft.presence import finder_score, presence_score
from riis_physical.qr.soft.reading import read_revealed

if TYPE_CHECKING:
    from riis_physical.model.revealer import Revealer

VERSIONS = range(1, 11)
_PROBED_MODULES = 10
# Agreement with one finder pattern that leads to a whole look, and with all patterns that counts.
_FINDER, _PRESENT = 0.7, 0.5


@dataclass(frozen=True)
class Carried:
    """A message that a picture carries.

    Attributes:
        version: of its code.
        payload: None where it shows and does not read, for example without its key.
    """

    version: int
    payload: bytes | None

    @property
    def described(self) -> str:
        """For people."""
        if self.payload is None:
            return "a hidden code that does not read"
        try:
            return f"the message {self.payload.decode('utf-8')!r}"
        except UnicodeDecodeError:
            return f"a message of {len(self.payload)} bytes"


def carried(pixels: UInt8Image, revealer: Revealer) -> Carried | None:
    """What a container's own file carries, upright and whole; takes a fraction of a second.

    Args:
        pixels: uint8 (H, W, 3).
    """
    side = _PROBED_MODULES * revealer.module_px
    for version in VERSIONS:
        frame = to_frame(pixels, (17 + 4 * version) * revealer.module_px)
        corner = revealer.reveal(frame[None, :side, :side], [None]).logits[0]
        if finder_score(corner) < _FINDER:
            continue
        revealed = revealer.reveal(frame[None], [None])
        if presence_score(revealed.logits[0], version) < _PRESENT:
            continue
        reading = read_revealed(revealed.logits[0], revealed.picture[0], version)
        return Carried(version, None if reading is None else reading.payload)
    return None
