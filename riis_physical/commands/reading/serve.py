"""`riis-physical serve`: a page for phones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from riis_physical.commands import common


@click.command("serve", short_help="A page for phones: live camera, messages, photos of a study.")
@click.option(
    "--study", type=click.Path(path_type=Path), metavar="DIR",
    help="Record photos for this study, and say which rows are still to do.",
)  # fmt: skip
@click.option(
    "--https",
    is_flag=True,
    help="With a certificate signed by itself: phones give the camera to secure pages only.",
)
@click.option(
    "--host",
    metavar="ADDRESS",
    help="Address to listen at.  [default: all with --https, else this machine alone]",
)
@click.option("--port", type=click.IntRange(1, 65535), default=8443, help="Port.")
@click.option("--token", metavar="TEXT", help="What requests must bring; drawn anew if not given.")
@click.option(
    "--jobs", type=click.IntRange(1, 64), metavar="N",
    help="Scans at the same time.  [default: half of the cores]",
)  # fmt: skip
@common.model_option()
@common.auto_device_option
def command(
    study: Path | None,
    https: bool,
    host: str | None,
    port: int,
    token: str | None,
    jobs: int | None,
    model: str,
    device: str,
) -> None:
    """Serve the page until Ctrl-C.

    Photos that are not of a study are kept nowhere. Whoever has the address has the token in
    it; a browser warns of a certificate that it does not know, once.

    Example: riis-physical serve --https --study study
    """
    from riis_physical.errors import needs

    needs("serve", "fastapi", "uvicorn", "cryptography")
    if study is not None:
        needs("study", "jinja2", "pandas")

    import os
    import secrets

    import cv2
    import numpy as np
    import qrcode
    import uvicorn

    from capture.many.folder import cores
    from capture.serve.app import Service, create_app
    from capture.serve.certificate import certificate, own_address
    from capture.serve.live import LiveScan
    from riis_physical.model.engine import load_readers

    workers = jobs or max(1, cores() // 2)
    share = str(max(1, cores() // workers))
    os.environ.setdefault("OMP_NUM_THREADS", share)  # before torch or ONNX Runtime is loaded
    cv2.setNumThreads(int(share))
    revealers = load_readers(model, device)
    LiveScan(revealers).look(np.zeros((960, 1280, 3), np.uint8))  # the first frame need not wait
    token = token or secrets.token_urlsafe(9)
    app = create_app(Service(revealers, token, study, workers))
    listen = host or ("0.0.0.0" if https else "127.0.0.1")
    address = own_address() if listen == "0.0.0.0" else listen
    options: dict[str, Any] = {}
    if https:
        folder = Path(click.get_app_dir("riis-physical")) / "serve"
        public, private = certificate(folder, address)
        options = {"ssl_certfile": str(public), "ssl_keyfile": str(private)}
    url = f"{'https' if https else 'http'}://{address}:{port}/?token={token}"
    code = qrcode.QRCode(border=2)
    code.add_data(url)
    code.print_ascii(invert=True)
    click.echo(url)
    if https:
        common.note("note: the browser will warn once: the certificate is signed by itself")
    common.note("Ctrl-C ends it")
    uvicorn.run(
        app, host=listen, port=port, log_level="warning", timeout_graceful_shutdown=3, **options
    )
