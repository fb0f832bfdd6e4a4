"""Former names of measurements: each says what replaced it, and runs it."""

from __future__ import annotations

from typing import Any

import click

from riis_physical.commands import common
from riis_physical.commands.measure import speed
from riis_physical.commands.measure.captures import negatives, reading, sweep


def renamed(former: str, now: str, command: click.Command) -> click.Command:
    """A command under its former name, left out of lists of commands."""

    def run(**options: Any) -> Any:
        common.note(f"note: riis-physical {former} is now riis-physical measure {now}")
        assert command.callback is not None
        return command.callback(**options)

    return click.Command(
        former.split()[-1], callback=run, params=command.params, help=command.help, hidden=True
    )


benchmark = click.Group("benchmark", help="Now riis-physical measure.", hidden=True)
benchmark.add_command(renamed("benchmark capture", "sweep", sweep.sweep))
benchmark.add_command(renamed("benchmark fuse", "fuse", sweep.fuse))

COMMANDS = (
    renamed("evaluate", "reading", reading.command),
    renamed("evaluate-negatives", "negatives", negatives.negatives),
    renamed("bench", "speed", speed.command),
    benchmark,
)
