"""What a reader knows where nothing is hidden: the most that it may be told."""

from __future__ import annotations

from functools import cache

from riis_physical.qr.soft.knowledge import Knowledge
from riis_physical.qr.soft.listed import MessageList
from training.text.messages import draw_messages

LISTED, LIST_SEED = 1000, 77
"""Messages of the list, and the seed that they are drawn with."""
PREFIXES = (b"https://example.org/", b"https://www.example.com/")
LONGEST = 100
"""Bytes of a listed message."""


@cache
def all_known() -> Knowledge:
    """Two beginnings and a list of up to 1,000 messages."""
    messages = draw_messages(LISTED, LIST_SEED)
    return Knowledge(PREFIXES, MessageList(m for m in messages if len(m.encode()) <= LONGEST))
