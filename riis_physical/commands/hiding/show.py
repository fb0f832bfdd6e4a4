"""`riis-physical show`: a container on a screen, pixel for pixel."""

from __future__ import annotations

from pathlib import Path

import click

from riis_physical.commands import common


@click.command("show", short_help="Show a container full screen, or as a page for any display.")
@click.argument("container", type=common.PATH)
@common.file_option("--html", help="Write a page to open on another display, instead of showing.")
@click.option(
    "--background",
    type=click.Choice(["black", "grey", "white"]),
    default="black",
    help="Around the container.",
)
@common.force_option
def command(container: Path, html: Path | None, background: str, force: bool) -> None:
    """Show CONTAINER with every pixel on a whole number of the screen's.

    It is shown as large as whole pixels allow. One with more pixels than the
    screen is shrunk once to fit it. Esc, Q or a closed window ends it.

    Example: riis-physical show container.png --html container.html
    """
    from riis_physical.system.files import check_writable

    if html is not None:
        check_writable(html, force=force)

    from riis_physical.images import load_photo
    from riis_physical.sheets.sources import load_source

    if html is not None:
        from riis_physical.sheets.formats.web import save_page

        source = load_source(container)
        for line in source.notes:
            common.note(f"note: {line}")
        save_page(html, source, background, force=force)
        common.tell(f"wrote {html}: open it on the display and press F11; a click fills the screen")
        return

    from riis_physical.sheets.formats.screen import show_full_screen

    loaded = load_photo(container)
    for line in loaded.notes:
        common.note(f"note: {line}")
    show_full_screen(loaded.pixels, background, tell=common.note)
