"""`riis-physical measure reading`: how often a model reads, and what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from riis_physical.commands import common
from riis_physical.commands.measure import options


@click.command("reading", short_help="Measure decode rate, visibility and speed.")
@common.model_option()
@click.option(
    "--scan-model",
    metavar="NAME",
    help="What the scan tries, auto for every released model; if not given, the model that hid.",
)
@options.images_option
@options.n_option(300, "Simulated captures for each preset and strength")
@click.option(
    "--preset",
    "presets",
    type=click.Choice(common.PRESETS),
    multiple=True,
    default=("normal",),
    help="How hard the captures are; repeatable.",
)
@common.profile_option(
    "Captures of this printer or screen, in place of presets; repeatable.", multiple=True
)
@click.option(
    "--strength",
    default="1.0",
    metavar="S[,S...]",
    help="Strength of hiding; several for a curve, all with the same captures.",
)
@click.option(
    "--messages",
    type=click.Choice(("printable", "letters", "address", "sentence")),
    default="printable",
    help="What is hidden; printable is any ASCII character, where text tells least.",
)
@click.option(
    "--known",
    type=click.Choice(("nothing", "beginning", "list-1000", "list-100000")),
    default="nothing",
    help="What the scan knows: the first 18 characters, or a list of addresses.",
)
@options.medium_option
@click.option(
    "--corners",
    type=click.Choice(("detect", "given", "truth")),
    default="detect",
    help="detect: the whole pipeline; given: scan is told the true corners; "
    "truth: the network and the reader alone, version known (fast).",
)
@click.option(
    "--width-px",
    type=click.FloatRange(100, 4000),
    help="Width of the container in every photo, in place of the preset's range.",
)
@options.size_option
@options.margin_option
@options.backgrounds_option
@click.option(
    "--no-visible", is_flag=True, help="Do not photograph a visible code, the physical bound."
)
@click.option(
    "--z",
    type=click.Choice(("sample", "mean")),
    default="sample",
    help="Reveal with the fixed sample of z, as scan does, or with its mean.",
)
@common.seed_option()
@options.run_options("results/normal.json", "captures")
@common.device_option
def command(
    run: options.Run,
    presets: tuple[str, ...],
    profiles: tuple[str, ...],
    strength: str,
    messages: str,
    known: str,
    no_visible: bool,
    **chosen: Any,
) -> None:
    """Measure decode rate, visibility and speed over simulated captures.

    The same captures of a visible QR code give the physical bound.

    Example: riis-physical measure reading --images photos --n 100 -o normal.json
    """
    strengths = _strengths(strength)
    if profiles and (common.is_given("presets") or common.is_given("medium")):
        raise click.UsageError("--profile says what --preset and --medium say: give one.")

    from training.measure.common.messages import Messages
    from training.measure.common.settings import Settings
    from training.measure.reading.run import evaluate, lines

    named = {Path(source).stem: source for source in profiles}
    if len(named) < len(set(profiles)):
        raise click.UsageError("two profiles have the same name: rename a file.")
    settings = options.settings(
        Settings,
        chosen,
        presets=tuple(named) or tuple(dict.fromkeys(presets)),
        profiles=tuple(named.items()),
        strengths=strengths,
        messages=Messages(messages, known),
        visible=not no_visible,
    )
    run.measure(evaluate, settings, lines)


def _strengths(text: str) -> tuple[float, ...]:
    """Strengths from a comma-separated list, each once."""
    try:
        values = tuple(dict.fromkeys(float(part) for part in text.split(",")))
    except ValueError:
        values = ()
    if not values or not all(0.25 <= value <= 3.0 for value in values):
        raise click.BadParameter(
            f"{text!r}: expected numbers from 0.25 to 3, separated by commas",
            param_hint="--strength",
        )
    return values
