"""What tests of commands share."""

from collections.abc import Callable

Run = Callable[..., tuple[int, str, str]]
"""Runs the command line; returns exit status, standard output and error."""
