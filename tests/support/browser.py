"""A headless Chromium driven over its debugging port: for tests of pages."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from studies import until
from websockets.sync.client import connect

from riis_physical.artifacts import UInt8Image

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def fake_camera(path: Path, pixels: UInt8Image, frames: int = 12, drift_px: float = 4.0) -> None:
    """A video for Chromium's fake camera: the picture, moving a little, as by a hand."""
    height, width = pixels.shape[:2]
    data = b""
    for number in range(frames):
        turn = 2 * np.pi * number / frames
        move = np.array([[1, 0, drift_px * np.cos(turn)], [0, 1, drift_px * np.sin(turn)]])
        moved = cv2.warpAffine(pixels, move, (width, height), borderMode=cv2.BORDER_REPLICATE)
        settings = [cv2.IMWRITE_JPEG_QUALITY, 95]
        data += cv2.imencode(".jpg", moved[..., ::-1], settings)[1].tobytes()
    path.write_bytes(data)


class Browser:
    """One page in Chromium."""

    def __init__(self, folder: Path, *, camera: Path | None = None, size: tuple[int, int]) -> None:
        """With `camera`, its video is what the page's camera shows. `size` is (width, height)."""
        assert CHROMIUM is not None
        options = [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
            "--no-first-run", "--remote-debugging-port=0", "--remote-allow-origins=*",
            f"--user-data-dir={folder}", "--hide-scrollbars", "--ignore-certificate-errors",
        ]  # fmt: skip
        if camera is not None:
            options += [
                "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={camera}",
            ]  # fmt: skip
        self.process = subprocess.Popen(
            [CHROMIUM, *options, "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        port = self._port(folder / "DevToolsActivePort")
        pages = json.loads(urllib.request.urlopen(f"http://127.0.0.1:{port}/json").read())
        page = next(p for p in pages if p["type"] == "page")
        self.open_until_closed = ExitStack()
        self.socket = self.open_until_closed.enter_context(
            connect(page["webSocketDebuggerUrl"], max_size=None)
        )
        self.number = 0
        self.tell("Page.enable")
        self.resize(*size)

    def _port(self, file: Path) -> int:
        until(file.exists, 60, "Chromium did not start")
        return int(file.read_text().split()[0])

    def tell(self, method: str, **values: Any) -> dict[str, Any]:
        """One command and its answer."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": values}))
        while True:
            answer = json.loads(self.socket.recv(timeout=60))
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return dict(answer["result"])

    def resize(self, width: int, height: int) -> None:
        """Another size of the page, as of a phone below 600 px."""
        self.tell(
            "Emulation.setDeviceMetricsOverride", width=width, height=height,
            deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip

    def open(self, url: str) -> None:
        """Load a page."""
        self.tell("Page.navigate", url=url)

    def value(self, expression: str) -> Any:
        """What a JavaScript expression gives."""
        found = self.tell(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        return found["result"].get("value")

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """A screenshot."""
        data = self.tell("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))

    def close(self) -> None:
        """End Chromium."""
        self.open_until_closed.close()
        self.process.terminate()
        self.process.wait(20)
