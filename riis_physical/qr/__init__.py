"""Messages as QR codes: encoding, known structure, soft and visible reading.

    encode.py        message -> modules
    structure.py     where everything sits in the grid, and what is known beforehand
    payload.py       message bytes <-> data codewords, exact to the last padding bit
    reed_solomon.py  GF(256) arithmetic, errors-and-erasures decoding of many words
    ordered.py       ordered-statistics decoding of one block from soft bits
    evidence.py      how surprising a found codeword is, in bits
    presence.py      how much a grid looks like a code at all
    soft.py          soft module values -> message
    decoders.py      zbar, zxing-cpp and OpenCV behind one signature, exact in bytes
    visible.py       photograph of a visible code -> messages
    reading.py       revealed picture and soft values -> message

Everywhere True, +1 and positive mean a dark module, grids are (N, N) with
N = 17 + 4 * version and no quiet zone, indexed [row, column] from the top-left.
"""
