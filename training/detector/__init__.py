"""Training of the learned detector: `train` and `closeup_train` are the doors of its two parts.

In come stored composites (`material`); out come, by `loop` and `export`, weights that `scan` loads.
"""
