"""Sizes of the close look's input and maps; who uses the maps needs no torch for them."""

SIZE = 384
"""Side of the input in pixels."""
MARGIN = 64
"""Pixels around the place where the picture is supposed."""
STRIDE = 4
"""Pixels of the input for a position of the maps."""
CELLS = SIZE // STRIDE
"""Positions along a side."""
