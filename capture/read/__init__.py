"""Whether a place holds a code, and what it says: `cascade` is the door, `search` one round of it.

In come candidates; out come findings, read or not. A photo is unreadable when the last round
of `cascade` has no finding that reads: what is tried before that stands in `search` (the
order), `place` (one look at one place) and `rescue` (the dear means).
"""
