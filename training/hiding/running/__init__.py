"""A training as it runs: how it begins or goes on, its steps, checks and checkpoints.

In come a configuration and a folder; out come checkpoints, figures and sample pictures.
"""
