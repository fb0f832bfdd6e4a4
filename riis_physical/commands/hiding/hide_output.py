"""What `hide` prints of a container, and records beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from riis_physical.commands import common

if TYPE_CHECKING:
    from riis_physical.commands.hiding.hide_wish import Wish
    from riis_physical.hiding import HideResult
    from riis_physical.hiding.target_rate import Chosen
    from riis_physical.images import LoadedImage
    from riis_physical.model.revealer import Revealer
    from riis_physical.qr.soft.knowledge import Knowledge

PLAIN_TO_SEE = 50
"""JPEG quality; what is more visible than a copy of the host at this quality is warned of."""


def say_strength(result: HideResult, wish: Wish, chosen: Chosen | None) -> None:
    """What the strength is, and why."""
    if chosen is not None:
        common.tell(f"strength    {chosen.strength:g}, chosen for {wish.target_rate:.1%}")
        common.tell(
            f"rate        {chosen.rate}, simulated captures by {wish.of}, true outline known"
        )
    choice = result.choice
    if chosen is None and choice is not None and wish.strength is None:
        common.tell(
            f"strength    {result.strength:g}, the least for {wish.aim.rate:.0%} of captures by "
            f"{wish.of}, with a margin for worse ones"
        )
        common.tell(
            f"rate        {choice.predicted:.1%} predicted, {choice.with_margin:.1%} with the "
            f"margin taken off ({wish.aim.draws} simulated draws, true outline known)"
        )
        if choice.limit:
            from riis_physical.hiding.advice import BANNER

            bound = {
                "seen": "more would be seen too well",
                "strength": "more strength is not chosen by itself",
            }[choice.limit]
            height, width = result.container.shape[:2]
            advice = (
                "Take a host that is less long and narrow"  # its warning says how much less
                if max(height, width) >= BANNER * min(height, width)
                else "Take a host with more mid-tones and texture, a shorter message, or --refine"
            )
            common.note(
                f"warning: this host does not reach {wish.aim.rate:.0%} with the margin: {bound}. "
                f"{advice}"
            )
    elif chosen is None:
        common.tell(f"strength    {result.strength:g}")
    if result.lift is not None:
        common.tell(f"tone        {result.lift}, so that the change is not cut off there")
    if result.refined is not None:
        refined = result.refined
        common.tell(f"refined     {refined.steps} steps in {refined.seconds:.0f} s, fresh draws:")
        common.tell(f"  before    strength {refined.before.strength:g}: {refined.before}")
        common.tell(f"  after     strength {refined.after.strength:g}: {refined.after}")
        if not refined.kept:
            common.tell("            no better: the container stays as it was before")


def say_visible(loaded: LoadedImage, result: HideResult) -> None:
    """How far it is from the host, and how visible that is."""
    from riis_physical.hiding.visible import how_visible

    common.tell(f"PSNR        {result.psnr:.2f} dB")
    common.tell(f"SSIM        {result.ssim:.4f}")
    seen = how_visible(loaded.pixels, result.container)
    if seen is not None and seen.jpeg_quality < PLAIN_TO_SEE:
        common.note(
            "warning: the change is plain to see in this host: look at the container at 100 % "
            "before you print it. A picture with more texture shows less, and so do --refine and "
            "a lower --strength"
        )
    common.tell(
        f"visible     {seen}"
        if seen is not None
        else "visible     not measured: install riis-physical with its visible extra"
    )


def record_path(output: Path) -> Path:
    return output.with_name(output.name + ".json")


def say_knowledge(
    output: Path, result: HideResult, revealer: Revealer, knowledge: Knowledge, *, force: bool
) -> None:
    """What readers need, in plain words and in a file beside the container."""
    import json

    from riis_physical.system.files import write_text

    listed = knowledge.among
    prefixes = [prefix.decode("utf-8", "replace") for prefix in knowledge.prefixes]
    record = {
        "container": output.name,
        "model": revealer.name,
        "version": result.version,
        "level": result.level,
        "strength": round(result.strength, 4),
        "needs_knowledge": result.needs_knowledge,
        "prefixes": prefixes,
        "list_messages": None if listed is None else len(listed),
        "list_sha256": None if listed is None else listed.digest,
    }
    path = record_path(output)
    write_text(path, json.dumps(record, indent=1) + "\n", force=force)
    what = f"its list of {len(listed)} messages" if listed is not None else "its beginning"
    if result.needs_knowledge:
        common.tell(f"readers     must know {what}: without it, it may not be read ({path.name})")
    else:
        common.tell(f"readers     need not know {what}, it only helps ({path.name})")
