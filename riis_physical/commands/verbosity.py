"""-q/--quiet and -v/--verbose of every command."""

from __future__ import annotations

import logging
import os
from typing import Any

import click

_STATE = {"quiet": False, "verbose": False}


def is_quiet() -> bool:
    """Whether notes and progress are left out; answers, warnings and errors are not."""
    return _STATE["quiet"]


def is_verbose() -> bool:
    """Whether to say what is loaded, what takes how long, and where an error came from."""
    return _STATE["verbose"]


def no_bar() -> bool | None:
    """What tqdm's `disable` is given: True where quiet, None for a terminal's sake."""
    return True if is_quiet() else None


def everywhere(command: click.Command) -> None:
    """Give a command, or all commands of a group, the two options."""
    if isinstance(command, click.Group):
        for one in command.commands.values():
            everywhere(one)
        return
    taken = {name for parameter in command.params for name in parameter.opts}
    for name, short, text in (
        ("quiet", "-q", "Leave out notes and progress."),
        ("verbose", "-v", "Say what is loaded, what takes how long, where errors come from."),
    ):
        if f"--{name}" not in taken:
            names = [f"--{name}"] if short in taken else [short, f"--{name}"]
            command.params.append(
                click.Option(
                    names, is_flag=True, expose_value=False, is_eager=True, help=text, callback=_set
                )  # fmt: skip
            )


def _set(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    assert parameter.name is not None
    _STATE[parameter.name] = bool(value)
    if value and parameter.name == "quiet":
        os.environ["TQDM_DISABLE"] = "1"  # tqdm's own name for it, here and in other processes
        ctx.call_on_close(lambda: os.environ.pop("TQDM_DISABLE", None))
    if value and parameter.name == "verbose":
        for package in ("riis_physical", "capture", "calibration", "training"):
            logging.getLogger(package).setLevel(logging.DEBUG)
