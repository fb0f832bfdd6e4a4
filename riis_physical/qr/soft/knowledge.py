"""What a reader knows about messages before looking at a photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from riis_physical.qr.soft.listed import MessageList


@dataclass(frozen=True)
class Knowledge:
    """Beginnings and a list of messages that may occur.

    Attributes:
        prefixes: ways in which messages may begin; others are read too, and need one bit
            of evidence more.
        among: all messages that can occur, or many of them; others are read as without.
    """

    prefixes: tuple[bytes, ...] = ()
    among: MessageList | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known."""
        return not self.prefixes and self.among is None


NOTHING = Knowledge()
