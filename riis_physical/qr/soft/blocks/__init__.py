"""Words for the Reed-Solomon blocks of one code: `words` is the door.

In come the soft bits of a code; out come words for each block, by decoders from cheap to dear
(`ordered`), led by where bits are to be doubted (`doubt`).
"""
