"""Training and evaluation of the hiding network."""
