"""Frames of a video file or a camera, the sharp ones first and none twice."""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from riis_physical.artifacts import UInt8Image
from riis_physical.errors import BadImageError, ConfigError
from riis_physical.sheets.formats.screen import has_display, opens_windows

WINDOW_S = 1.0
PER_WINDOW = 3
DEFAULT_FPS = 30.0
# Mean difference of thumbnails, in grey levels, below which a frame brings nothing new.
NEW = 0.75
THUMBNAIL = (64, 48)
JUDGED_PX = 960

Floats = NDArray[np.float32]


class Capture(Protocol):
    """The part of cv2.VideoCapture that is used."""

    def isOpened(self) -> bool:  # noqa: N802
        """Whether there is something to read."""

    def read(self) -> tuple[bool, Any]:
        """The next frame, uint8 BGR."""

    def get(self, prop: int) -> float:
        """A property."""

    def release(self) -> None:
        """Close."""


@dataclass(frozen=True)
class Frame:
    """One frame.

    Attributes:
        number: within the video, from 0.
        pixels: (H, W, 3) uint8 RGB, upright.
        sharpness: variance of the Laplacian; only compares frames of one video.
    """

    number: int
    pixels: UInt8Image
    sharpness: float


def video_frames(
    path: str | Path, *, open_video: Callable[[str], Capture] | None = None
) -> Iterator[Frame]:
    """The sharpest frames of each second, the sharpest first, without near-duplicates.

    Args:
        path: of a file that OpenCV's FFmpeg reads.
        open_video: in place of cv2.VideoCapture.

    Raises:
        BadImageError: no such file, or no frame of it can be read.
    """
    file = Path(path)
    if not file.is_file():
        what = "is a folder" if file.is_dir() else "does not exist"
        raise BadImageError(f"{path} {what}: expected a video file, for example an .mp4")
    with _quiet():
        video = (open_video or cv2.VideoCapture)(str(file))
        try:
            count = 0
            for frame in _chosen(video):
                count += 1
                yield frame
        finally:
            video.release()
    if not count:
        raise BadImageError(
            f"{path} is no video that can be read: expected, for example, H.264 in .mp4; "
            "convert it, or save frames as pictures and use --fuse"
        )


def _chosen(video: Capture) -> Iterator[Frame]:
    rate = video.get(cv2.CAP_PROP_FPS)
    length = max(1, round(WINDOW_S * (rate if 1 <= rate <= 1000 else DEFAULT_FPS)))
    used: list[Floats] = []
    number = 0
    while True:
        best: list[tuple[float, int, UInt8Image]] = []  # heap of the sharpest frames so far
        ended = False
        for _ in range(length):
            good, bgr = video.read()
            if not good or bgr is None:
                ended = True
                break
            entry = (sharpness(bgr), number, bgr)
            number += 1
            if len(best) < PER_WINDOW:
                heapq.heappush(best, entry)
            elif entry[0] > best[0][0]:
                heapq.heapreplace(best, entry)
        for sharp, place, bgr in sorted(best, key=lambda e: (-e[0], e[1])):
            small = _thumbnail(bgr)
            if all(float(np.abs(small - other).mean()) >= NEW for other in used):
                used.append(small)
                yield Frame(place, to_rgb(bgr), sharp)
        if ended:
            return


def sharpness(bgr: UInt8Image) -> float:
    """Variance of the Laplacian of the picture's luma, at most 960 px long."""
    gray = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
    scale = JUDGED_PX / max(gray.shape)
    if scale < 1:
        gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(gray, cv2.CV_32F).var())


def _thumbnail(bgr: UInt8Image) -> Floats:
    gray = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(gray, THUMBNAIL, interpolation=cv2.INTER_AREA), np.float32)


def to_rgb(bgr: UInt8Image) -> UInt8Image:
    """OpenCV's order of colours to ours."""
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


Show = Callable[[UInt8Image, str], bool]
"""Shows a BGR frame with a line of text; False where the user wants to stop."""


def open_camera(number: int) -> Capture:
    """The camera of that number.

    Raises:
        ConfigError: there is none, or it gives no picture.
    """
    with _quiet():
        camera = cv2.VideoCapture(number)
        if camera.isOpened() and camera.read()[0]:
            return camera
        camera.release()
    raise ConfigError(
        f"no camera {number} gives a picture: connect one, close programs that use it, try "
        "--camera 1, or record a video and use --video FILE"
    )


def watch(
    camera: Capture,
    step: Callable[[UInt8Image], bool],
    show: Show | None = None,
    *,
    max_frames: int | None = None,
) -> int:
    """Scan a camera's frames until the message reads, with a picture that never waits.

    While one frame is being scanned in a thread, the sharpest of those that arrive is
    kept for the next turn.

    Args:
        camera: is released at the end.
        step: scans an RGB frame; True ends it.
        show: the preview; False from it ends it. None: no preview.
        max_frames: frames to scan, at most.

    Returns:
        how many frames were scanned.
    """
    kept: tuple[float, UInt8Image] | None = None
    pending: Future[bool] | None = None
    used = 0
    try:
        with ThreadPoolExecutor(1) as pool:
            while True:
                good, bgr = camera.read()
                if good and bgr is not None:
                    sharp = sharpness(bgr)
                    if kept is None or sharp >= kept[0]:
                        kept = sharp, bgr
                    if show is not None and not show(bgr, f"{used} frames scanned; q to stop"):
                        break
                elif pending is None and kept is None:
                    break
                if pending is not None and (pending.done() or not good):
                    if pending.result():
                        return used
                    pending = None
                if pending is None and kept is not None:
                    if max_frames is not None and used >= max_frames:
                        break
                    pending, kept = pool.submit(step, to_rgb(kept[1])), None
                    used += 1
            if pending is not None:
                pending.result()
    finally:
        camera.release()
    return used


@contextmanager
def preview(title: str) -> Iterator[Show | None]:
    """A window for :func:`watch`; None without a display, or where OpenCV has no windows."""
    if not has_display() or not opens_windows():
        yield None
        return
    try:
        cv2.namedWindow(title, cv2.WINDOW_NORMAL)
    except cv2.error:
        yield None
        return

    def show(bgr: UInt8Image, text: str) -> bool:
        picture = bgr.copy()
        for colour, width in (((0, 0, 0), 4), ((255, 255, 255), 1)):
            cv2.putText(picture, text, (12, 32), cv2.FONT_HERSHEY_SIMPLEX, 0.8, colour, width)
        cv2.imshow(title, picture)
        if (cv2.waitKey(1) & 0xFF) in (ord("q"), 27):
            return False
        return bool(cv2.getWindowProperty(title, cv2.WND_PROP_VISIBLE) >= 1)

    try:
        yield show
    finally:
        cv2.destroyAllWindows()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings of OpenCV and FFmpeg about files and devices: we say it ourselves."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # read when the first file is opened
    logging = cv2.utils.logging
    before = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(before)
