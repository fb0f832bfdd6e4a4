"""Messages as QR codes: out goes a grid of modules, in comes a grid of soft values.

    code/      message -> segments -> codewords -> modules, and exactly back
    prior/     how likely a message is before anything is seen
    soft/      soft module values -> message or none, with the evidence for it
    visible.py photograph of a visible code -> messages, by the libraries in decoders.py

Everywhere True, +1 and positive mean a dark module, grids are (N, N) with
N = 17 + 4 * version and no quiet zone, indexed [row, column] from the top-left.
"""
