"""Error budget: draws of the channel with one group of distortions at its identity at a time.

Settings in, a result with every figure out; `run` is the door.
"""
