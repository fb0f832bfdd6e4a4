"""Training of the hiding network: `loop` is the door.

In come photographs and a configuration; out come checkpoints, and with `export` and `release`
a model file with its record.
"""
