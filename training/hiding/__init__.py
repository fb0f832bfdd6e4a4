"""Training of the hiding network: `loop` is the door.

In come photographs and a configuration; out come checkpoints, and with `export` and `release`
a model file with its record. `material` gives batches, `steps` what one step does, `running`
puts steps together.
"""
