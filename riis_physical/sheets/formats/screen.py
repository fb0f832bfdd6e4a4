"""A container full screen: whole device pixels, nothing interpolated."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from riis_physical.artifacts import UInt8Image
from riis_physical.errors import OutputError

#: sRGB level around the container.
BACKGROUNDS = {"black": 0, "grey": 128, "white": 255}
_ELSEWHERE = "write a page with --html FILE and open it on the display"
_HINT = "move the pointer aside, Esc ends"
_CLOSE_KEYS = {27, ord("q"), ord("Q")}
_POLL_MS = 50


@dataclass(frozen=True)
class Fit:
    """How a picture goes onto a screen.

    Attributes:
        size: (h, w) in device pixels.
        scale: device pixels to a pixel of the picture; below 1 it is shrunk.
    """

    size: tuple[int, int]
    scale: float


def fit_screen(size: tuple[int, int], screen: tuple[int, int]) -> Fit:
    """The largest whole multiple of a picture (h, w) that a screen (h, w) holds.

    A picture with more pixels than the screen is shrunk until it fits.
    """
    ratio = min(screen[0] / size[0], screen[1] / size[1])
    if ratio >= 1:
        whole = int(ratio)
        return Fit((size[0] * whole, size[1] * whole), float(whole))
    height, width = (max(1, int(side * ratio + 1e-9)) for side in size)
    return Fit((height, width), ratio)


def draw_screen(pixels: UInt8Image, screen: tuple[int, int], level: int) -> UInt8Image:
    """A screen (h, w) with the picture in its middle: uint8 RGB (h, w, 3)."""
    height, width = fit_screen(pixels.shape[:2], screen).size
    if height >= pixels.shape[0]:
        times = height // pixels.shape[0]
        drawn = pixels.repeat(times, axis=0).repeat(times, axis=1)
    else:
        shrunk = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
        drawn = np.asarray(shrunk, np.uint8)
    canvas = np.full((*screen, 3), level, np.uint8)
    top, left = (screen[0] - height) // 2, (screen[1] - width) // 2
    canvas[top : top + height, left : left + width] = drawn
    return canvas


def has_display() -> bool:
    """Whether a window can be opened."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True


def opens_windows() -> bool:
    """Try in a process of its own: Qt ends the one that asks for a display which is not there."""
    done = subprocess.run(
        [sys.executable, "-c", "import cv2; cv2.namedWindow('try')"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode == 0


def show_full_screen(
    pixels: UInt8Image, background: str, *, tell: Callable[[str], None] = lambda line: None
) -> None:
    """Show a picture until a key or the closed window ends it.

    Args:
        pixels: uint8 sRGB (H, W, 3).
        background: one of BACKGROUNDS.
        tell: called with one line about how it is shown.

    Raises:
        OutputError: there is no display, or OpenCV has no windows.
    """
    if not has_display():
        raise OutputError(f"there is no display to show it on: {_ELSEWHERE}")
    title = "riis-physical"
    if not opens_windows():
        raise OutputError(f"OpenCV cannot open a window here: {_ELSEWHERE}")
    os.environ.setdefault("QT_LOGGING_RULES", "*.warning=false")  # about fonts it has no use for
    # Free of the picture's ratio and without bars, the window is all of the screen.
    cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO | cv2.WINDOW_GUI_NORMAL)
    cv2.setWindowProperty(title, cv2.WND_PROP_FULLSCREEN, cv2.WINDOW_FULLSCREEN)
    drawn: tuple[int, int] | None = None
    told: tuple[int, int] | None = None
    try:
        cv2.imshow(title, np.full((8, 8, 3), BACKGROUNDS[background], np.uint8))
        while True:
            if cv2.waitKey(_POLL_MS) & 0xFF in _CLOSE_KEYS:
                return
            if cv2.getWindowProperty(title, cv2.WND_PROP_VISIBLE) < 1:
                return
            _, _, width, height = cv2.getWindowImageRect(title)
            if min(width, height) < 1:
                continue
            if (height, width) != drawn:
                drawn = (height, width)
                canvas = draw_screen(pixels, drawn, BACKGROUNDS[background])
                cv2.imshow(title, cv2.cvtColor(canvas, cv2.COLOR_RGB2BGR))
            elif drawn != told:  # the window has come to its size
                tell(_told(pixels.shape[:2], drawn))
                told = drawn
    except KeyboardInterrupt:
        return
    finally:
        cv2.destroyAllWindows()


def _told(size: tuple[int, int], screen: tuple[int, int]) -> str:
    fit = fit_screen(size, screen)
    seen = f"{size[1]} x {size[0]} px on a screen of {screen[1]} x {screen[0]} px"
    if fit.scale >= 1:
        return f"{seen}: {fit.scale:.0f} screen pixels to a container pixel; {_HINT}"
    return f"{seen}: shrunk to {fit.size[1]} x {fit.size[0]} px to fit; {_HINT}"
