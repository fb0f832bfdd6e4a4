"""What is tried where a code shows and does not read, and what places a read one exactly.

In comes a finding; out comes a better one, or the same: `harder` is the door and the order,
every other file one means.
"""
