"""The phone page in real Chromium, with a fake camera that plays a simulated capture."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("websockets")

import torch
from browser import CHROMIUM, Browser, fake_camera
from skimage import data
from studies import until

from riis_physical.channel.params import sample_params
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


def answers(url: str) -> bool:
    try:
        return bool(urllib.request.urlopen(url, timeout=2).status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.mark.parametrize("size", [(390, 844), (1280, 900)], ids=["phone", "desktop"])
def test_the_page_reads_what_the_camera_sees(tmp_path: Path, size: tuple[int, int]) -> None:
    host = np.ascontiguousarray(data.coffee())
    container = hide(host, MESSAGE, revealer=Revealer.load("print-1")).container
    generator = torch.Generator().manual_seed(5)
    params = sample_params("easy", 1, generator).override(container_width_px=620.0)
    photo = photograph(container, params, size=(960, 1280), seed=5)
    camera = tmp_path / "camera.mjpeg"
    fake_camera(camera, photo.image)
    port = free_port()
    command = [sys.executable, "-m", "riis_physical.cli", "serve", "--token", "t", "--port",
               str(port), "--model", "print-1"]  # fmt: skip
    server = subprocess.Popen(command, env=os.environ, stdout=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}/?token=t"
        until(lambda: answers(url), 180, "the server does not answer")
        browser = Browser(tmp_path / "chromium", camera=camera, size=size)
        try:
            browser.open(url)
            shown = "!document.getElementById('message').hidden"
            until(lambda: browser.value(shown), 180, "nothing was read")
            assert browser.value("document.getElementById('text').textContent") == MESSAGE
            assert browser.value("document.querySelector('polygon').points.length") == 4
            wide = browser.value("document.documentElement.scrollWidth")
            assert wide <= size[0]
        finally:
            browser.close()
    finally:
        server.terminate()
        server.wait(30)
