"""`riis-physical page`: a static page that reads from the camera, with no server behind it."""

from __future__ import annotations

from pathlib import Path

import click

from riis_physical.commands import common


@click.command("page", short_help="Write a web page that reads from the camera by itself.")
@common.folder_option(
    "-o", "--output", required=True, help="Folder of the page; any web server can offer it."
)
@common.model_option()
@common.file_option(
    "--runtime",
    help="Package file of onnxruntime-web, for machines without a connection.  [default: from npm]",
)
@click.option("--serve", is_flag=True, help="Offer the page on this machine until Ctrl-C.")
@click.option("--port", type=click.IntRange(1, 65535), default=8080)
@common.force_option
def command(
    output: Path, model: str, runtime: Path | None, serve: bool, port: int, force: bool
) -> None:
    """Write a folder of static files: a page that finds and reads hidden messages with the
    camera, in the browser. Photos never leave the device, and it works without a connection.

    The runtime comes from the npm package onnxruntime-web, one version, verified by its hash,
    and is kept for the next time. With --serve, a page that is there already is offered as it is.

    Example: riis-physical page -o site/ --serve
    """
    from riis_physical.page.site import MARK, write_site

    if not (serve and not force and (output / MARK).is_file()):
        from capture.find.learned import closeup, detector
        from riis_physical.page.runtime import package

        cache = Path(click.get_app_dir("riis-physical")) / "page"
        site = write_site(
            output,
            model=model,
            detector=detector.SHIPPED,
            closeup=closeup.SHIPPED,
            runtime=runtime or package(cache, common.note),
            force=force,
            told=common.note,
        )
        loads = site.first_load
        common.tell(
            f"page        {site.folder} ({site.bytes / 1e6:.1f} MB, version {site.version})"
        )
        common.tell(f"models      {', '.join(site.models)}")
        common.tell(
            f"first load  {loads['wasm'] / 1e6:.1f} MB, with WebGPU {loads['webgpu'] / 1e6:.1f} MB"
        )
        if not serve:
            common.note("note: browsers give the camera to https pages, and to localhost")
    if serve:
        _offer(output, port)


def _offer(folder: Path, port: int) -> None:
    from riis_physical.page.serving import server

    with server(folder, port) as running:
        click.echo(f"http://localhost:{port}/")
        common.note("Ctrl-C ends it")
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            common.note("stopped")
