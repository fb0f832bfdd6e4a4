"""Where in a photo a container may be: `candidates` is the door.

In comes a photo; out come :class:`capture.find.candidates.Candidate`, the likeliest first, from
outlines, learned detectors, printed markers and known pictures. Whether a place holds a code
is decided in `capture.read`.
"""
