"""The page in real Chromium, with a fake camera that plays simulated captures."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("websockets")

import torch
from browser import CHROMIUM, Browser, fake_camera, until
from click import get_app_dir
from skimage import data

from capture.find.learned import closeup, detector
from riis_physical.channel.draw import sample_params
from riis_physical.channel.photo import photograph
from riis_physical.errors import ConfigError
from riis_physical.hiding import hide
from riis_physical.model.revealer import Revealer
from riis_physical.page.runtime import package
from riis_physical.page.serving import server
from riis_physical.page.site import write_site
from training.measure.reading.page import node_reader

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
]
MESSAGE = "https://example.org/phone"
PATIENCE_S = 400
MOST_FIRST_LOAD = 25_000_000
MOST_THREADS = "Math.min(4, navigator.hardwareConcurrency)"
LOADED = "document.readyState == 'complete' && document.body.dataset.engine"
PHONE, DESKTOP = (390, 844), (1280, 900)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        runtime = package(Path(get_app_dir("riis-physical")) / "page")
    except ConfigError as error:
        if not isinstance(error.__cause__, OSError):  # a wrong file is a failure
            raise
        pytest.skip(f"npm cannot be reached: {error}")
    folder = tmp_path_factory.mktemp("page") / "site"
    made = write_site(
        folder, model="auto", detector=detector.SHIPPED, closeup=closeup.SHIPPED, runtime=runtime
    )
    assert max(made.first_load.values()) < MOST_FIRST_LOAD
    return folder


@contextmanager
def offered(running: ThreadingHTTPServer) -> Iterator[str]:
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{running.server_address[1]}/"
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


@pytest.fixture(scope="module")
def url(site: Path) -> Iterator[str]:
    with offered(server(site, 0)) as url:
        yield url


class Plain(SimpleHTTPRequestHandler):
    """A static host that sends no headers of its own."""

    def log_message(self, format: str, *args: Any) -> None:
        """No line for every file."""


class WithoutServiceWorker(Plain):
    """One that has no service worker to offer: browsers that keep nothing see the same."""

    def do_GET(self) -> None:
        if self.path.startswith("/sw.js"):
            self.send_error(404)
        else:
            super().do_GET()


@pytest.fixture(scope="module")
def container() -> np.ndarray:
    host = np.ascontiguousarray(data.coffee())
    return hide(host, MESSAGE, revealer=Revealer.load("print-1")).container


def captured(container: np.ndarray, medium: str) -> np.ndarray:
    generator = torch.Generator().manual_seed(5)
    params = sample_params("normal", 1, generator, medium).override(container_width_px=620.0)
    return photograph(container, params, medium=medium, size=(960, 1280), seed=5).image


def state(browser: Browser) -> dict[str, Any]:
    told = browser.value(
        "JSON.stringify({...document.body.dataset, hint: $hint.textContent})".replace(
            "$hint", "document.getElementById('hint')"
        )
    )
    return dict(json.loads(told or "{}"))


@pytest.mark.parametrize(
    ("medium", "size"),
    [("print", PHONE), ("screen", DESKTOP)],
    ids=["print-phone", "screen-desktop"],
)
def test_the_page_reads_what_the_camera_sees(
    tmp_path: Path, url: str, container: np.ndarray, medium: str, size: tuple[int, int]
) -> None:
    camera = tmp_path / "camera.mjpeg"
    fake_camera(camera, captured(container, medium))
    browser = Browser(tmp_path / "chromium", camera=camera, size=size)
    try:
        browser.open(url)
        shown = "document.readyState == 'complete' && !document.getElementById('message').hidden"
        until(lambda: browser.value(shown), PATIENCE_S, f"nothing was read: {state(browser)}")
        assert browser.value("document.getElementById('text').textContent") == MESSAGE
        assert browser.value("document.querySelector('polygon').points.length") == 4
        assert browser.value("document.documentElement.scrollWidth") <= size[0]
        assert browser.value("document.getElementById('open').href") == MESSAGE
        assert browser.value("document.activeElement.id") == "message"
        assert browser.value("crossOriginIsolated")
        assert int(state(browser)["threads"]) == browser.value(MOST_THREADS)
        browser.picture(tmp_path / "page.png")
        # Another one: by the keyboard, as by touch.
        browser.value("document.getElementById('again').click()")
        until(lambda: browser.value(shown), PATIENCE_S, f"not read again: {state(browser)}")
    finally:
        browser.close()


def read_photo(browser: Browser, pixels: np.ndarray) -> str:
    """The text that the page shows for a photo that is chosen."""
    coded = base64.b64encode(cv2.imencode(".jpg", pixels[..., ::-1])[1].tobytes()).decode()
    browser.value(
        f"""(async () => {{
          const bytes = Uint8Array.from(atob("{coded}"), (c) => c.charCodeAt(0));
          const files = new DataTransfer();
          files.items.add(new File([bytes], "photo.jpg", {{type: "image/jpeg"}}));
          document.getElementById("file").files = files.files;
          document.getElementById("file").dispatchEvent(new Event("change"));
        }})()"""
    )
    shown = "!document.getElementById('message').hidden"
    until(lambda: browser.value(shown), PATIENCE_S, f"nothing was read: {state(browser)}")
    return str(browser.value("document.getElementById('text').textContent"))


def test_the_page_works_without_a_connection_and_without_a_camera(
    tmp_path: Path, site: Path, container: np.ndarray
) -> None:
    browser = Browser(tmp_path / "chromium", size=PHONE)
    try:
        with offered(server(site, 0)) as url:
            browser.open(url)
            until(lambda: browser.value(LOADED), PATIENCE_S, f"not ready: {state(browser)}")
        browser.open("about:blank")
        browser.open(url)
        until(lambda: browser.value(LOADED), PATIENCE_S, f"not ready offline: {state(browser)}")
        assert "camera" in state(browser)["hint"]
        assert read_photo(browser, captured(container, "print")) == MESSAGE
    finally:
        browser.close()


@pytest.mark.parametrize("host", [Plain, WithoutServiceWorker])
def test_a_host_without_headers_gives_all_cores_by_the_service_worker_alone(
    tmp_path: Path, site: Path, container: np.ndarray, host: type[Plain]
) -> None:
    browser = Browser(tmp_path / "chromium", size=DESKTOP)
    try:
        with offered(ThreadingHTTPServer(("127.0.0.1", 0), partial(host, directory=site))) as url:
            browser.open(url)
            until(lambda: browser.value(LOADED), PATIENCE_S, f"not ready: {state(browser)}")
            isolated = host is Plain
            assert browser.value("crossOriginIsolated") == isolated
            most = browser.value(MOST_THREADS) if isolated else 1
            assert int(state(browser)["threads"]) == most
            assert read_photo(browser, captured(container, "print")) == MESSAGE
    finally:
        browser.close()


@pytest.mark.parametrize("threads", [1, 2])
def test_the_measurement_computes_with_as_many_threads_as_it_says(
    site: Path, container: np.ndarray, threads: int
) -> None:
    with node_reader(site, "photo", threads) as node:
        assert node.threads == threads
        assert node.read(captured(container, "print"))["text"] == MESSAGE
