"""Where detection would look in a photo."""

from __future__ import annotations

from riis_physical.artifacts import FloatArray, UInt8Image

#: A stricter bound than FOUND_WITHIN on the worst corner, as a share of the width.
CLOSE_WITHIN = 0.01


def proposed(photo: UInt8Image) -> list[FloatArray]:
    """Corners of all candidates that detection proposes in a photo in which nothing is read."""
    from capture.find.candidates import (
        known_candidates,
        other_candidates,
        outline_candidates,
        seen_candidates,
    )
    from capture.find.learned.pictures import Pictures

    pictures = Pictures(photo)
    candidates = [
        *known_candidates(photo),
        *seen_candidates(pictures, pictures.first),
        *outline_candidates(photo, pictures),
    ]
    instead = seen_candidates(pictures, pictures.otherwise)
    others = other_candidates(photo, candidates, pictures)
    return [c.corners for c in [*candidates, *instead, *others]]
