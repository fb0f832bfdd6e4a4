"""Whether a place holds a code, and what it says: `cascade` is the door, `search` one place.

In come candidates; out come findings, read or not. A photo is unreadable when the last round
of `cascade` has no finding that reads: what is tried before that stands in `search` (the
order) and `harder` (the dear means).
"""
