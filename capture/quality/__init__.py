"""How good a capture is, and what to do about it: `assess` is the door.

In come a photo and corners; out go blur, motion, noise, light, angle, compression, and advice
in plain words.
"""
