"""`riis-physical study`: field experiments that measure decode rates."""

from __future__ import annotations

import click

from riis_physical.commands.study import bench, photos, planning, results


@click.group("study", short_help="Plan, run and report field experiments of decode rates.")
def command() -> None:
    """Measure how often messages survive print, distance, angle and light.

    init writes a STUDY.yaml; plan makes the folder with sheets to print and a checklist;
    simulate takes its photos where no printer is at hand; ingest takes in photos; run scans
    them; report says what came out.
    """


for one in (
    bench.command,
    planning.init,
    planning.plan,
    planning.simulate,
    photos.ingest,
    photos.assign,
    photos.status,
    results.run,
    results.report,
):
    command.add_command(one)
