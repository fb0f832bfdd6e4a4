"""The phone page in real Chromium, with a fake camera that plays a simulated capture."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("websockets")

import torch
from browser import CHROMIUM, Browser, fake_camera
from PIL import Image
from skimage import data
from studies import until, write_source

from riis_physical.channel.draw import sample_params
from riis_physical.channel.photo import photograph
from riis_physical.hiding import hide
from riis_physical.model.revealer import Revealer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
]
MESSAGE = "https://example.org/phone"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str, trust: Path | None) -> bool:
    """Whether a page is there; with `trust`, by a certificate that is valid for its address."""
    if trust is not None and not trust.is_file():
        return False
    context = None if trust is None else ssl.create_default_context(cafile=str(trust))
    try:
        return bool(urllib.request.urlopen(url, timeout=2, context=context).status == 200)
    except ssl.SSLCertVerificationError:
        raise
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def served(tmp_path: Path, *options: str) -> Iterator[str]:
    """A server in a process of its own; its address."""
    port = free_port()
    command = [sys.executable, "-m", "riis_physical.cli", "serve", "--token", "t", "--port",
               str(port), "--model", "print-1", *options]  # fmt: skip
    home = tmp_path / "config"  # where the certificate is made on first use
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"XDG_CONFIG_HOME": str(home)},
    )  # fmt: skip
    secure = "--https" in options
    trust = home / "riis-physical" / "serve" / "certificate.pem" if secure else None
    url = f"{'https' if secure else 'http'}://127.0.0.1:{port}/?token=t"
    try:
        until(lambda: answers(url, trust), 180, "the server does not answer")
        yield url
    finally:
        server.terminate()
        said = server.communicate(timeout=30)[0]
    assert "\u2588" in said and f":{port}/?token=t" in said  # the address, also as a QR code


def captured(container: np.ndarray, width_px: float) -> np.ndarray:
    """What a camera sees of a container, (960, 1280)."""
    generator = torch.Generator().manual_seed(5)
    params = sample_params("easy", 1, generator).override(container_width_px=width_px)
    return np.asarray(photograph(container, params, size=(960, 1280), seed=5).image)


@pytest.mark.parametrize("size", [(390, 844), (1280, 900)], ids=["phone", "desktop"])
def test_the_page_reads_what_the_camera_sees(tmp_path: Path, size: tuple[int, int]) -> None:
    host = np.ascontiguousarray(data.coffee())
    container = hide(host, MESSAGE, revealer=Revealer.load("print-1")).container
    camera = tmp_path / "camera.mjpeg"
    fake_camera(camera, captured(container, 620.0))
    with served(tmp_path) as url, closing(
        Browser(tmp_path / "chromium", camera=camera, size=size)
    ) as browser:  # fmt: skip
        browser.open(url)
        shown = "!document.getElementById('message').hidden"
        until(lambda: browser.value(shown), 180, "nothing was read")
        assert browser.value("document.getElementById('text').textContent") == MESSAGE
        assert browser.value("document.querySelector('polygon').points.length") == 4
        wide = browser.value("document.documentElement.scrollWidth")
        assert wide <= size[0]
        keep(browser, f"read-{size[0]}.png")


@pytest.mark.parametrize("size", [(390, 844), (1280, 900)], ids=["phone", "desktop"])
def test_a_study_is_photographed_over_https(tmp_path: Path, size: tuple[int, int]) -> None:
    pytest.importorskip("pyDOE3")
    from capture.study.plan import plan
    from capture.study.store import Study

    folder = tmp_path / "study"
    plan(write_source(tmp_path), folder, jobs=1)
    with Study.open(folder) as study:
        file, message = next(iter(study.rows(
            "SELECT container.file, message FROM container "
            "JOIN sheet ON container.id = container_id WHERE sheet.id = 'A01'"
        ))).values()  # fmt: skip
    camera = tmp_path / "camera.mjpeg"
    pixels = np.asarray(Image.open(folder / file).convert("RGB"))
    fake_camera(camera, captured(pixels, 620.0))
    with served(tmp_path, "--https", "--study", str(folder)) as url, closing(
        Browser(tmp_path / "chromium", camera=camera, size=size)
    ) as browser:  # fmt: skip
        browser.open(url)
        shown = "!document.getElementById('message').hidden"
        until(lambda: browser.value(shown), 180, "nothing was read")
        assert browser.value("window.isSecureContext") is True
        assert browser.value("document.getElementById('text').textContent") == message
        told = "document.getElementById('progress').textContent"
        assert browser.value(told) == "0 of 8 rows have a photo; 8 to do."
        assert "sheet A01" in browser.value("document.getElementById('row').textContent")
        keep(browser, f"study-{size[0]}.png")
        browser.value("document.getElementById('take').click()")
        until(lambda: browser.value(told).startswith("1 of 8"), 120, "the photo was not kept")
        assert browser.value("document.documentElement.scrollWidth") <= size[0]
        keep(browser, f"recorded-{size[0]}.png")
    with Study.open(folder) as study:
        kept = study.rows("SELECT * FROM photo")
    assert [line["row_id"] for line in kept] == [1] and (folder / kept[0]["file"]).is_file()
    key = tmp_path / "config" / "riis-physical" / "serve" / "key.pem"
    assert key.stat().st_mode & 0o077 == 0


def keep(browser: Browser, name: str) -> None:
    """A picture of the page, where people asked for them (RIIS_SCREENSHOTS, a folder)."""
    folder = os.environ.get("RIIS_SCREENSHOTS")
    if folder:
        browser.picture(Path(folder) / name, whole=True)
