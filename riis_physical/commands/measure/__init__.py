"""`riis-physical measure`: one group, the same options, journals and results for all."""

from __future__ import annotations

import click

from riis_physical.commands.measure import everywhere, speed
from riis_physical.commands.measure.captures import (
    devices,
    kinds,
    negatives,
    readers,
    reading,
    sweep,
)
from riis_physical.commands.measure.models import hiding, paper, pictures, training


@click.group("measure", short_help="Measure reading, hiding, speed and what must never happen.")
def command() -> None:
    """Measure on simulated captures, random grids and real photos.

    Each writes one JSON file with every figure, its settings, commit and machine; the same seed
    gives the same captures. A run that was stopped goes on with the same command.
    """


for one in (
    reading.command,
    sweep.sweep,
    sweep.fuse,
    kinds.command,
    readers.soft,
    readers.quality,
    readers.visible,
    negatives.negatives,
    negatives.false_accepts,
    hiding.strength,
    hiding.visibility,
    training.objectives,
    training.budget,
    training.step,
    devices.calibration,
    devices.correction,
    speed.command,
    speed.start_up,
    everywhere.engines,
    everywhere.installed,
    everywhere.page,
    paper.command,
    paper.speed,
    pictures.pictures,
    pictures.tamper,
):
    command.add_command(one)
