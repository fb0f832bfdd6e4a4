"""Sizes of the detector's input and maps; who uses the maps needs no torch for them."""

STRIDE = 16
"""Pixels of the input for a position of the maps."""
MULTIPLE = 64
"""Both sides of the input are multiples of this."""
OFFSET_UNIT = 256.0
"""Pixels of the input in one unit of the offsets."""
