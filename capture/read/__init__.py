"""Whether a place holds a code, and what it says: `cascade` is the door, `search` one round of it.

In come candidates; out come findings, read or not. A photo is unreadable when, after the last
round of `cascade`, a finding counts as a code (`place.finding`) and does not read. What is tried
before that stands in `search` (the order), `place` (one look) and `rescue` (the dear means).
"""
