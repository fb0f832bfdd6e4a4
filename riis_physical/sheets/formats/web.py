"""A page that shows a container on any display, device pixel by device pixel."""

from __future__ import annotations

import base64
import html
from pathlib import Path

from riis_physical.images import encode_png
from riis_physical.sheets.formats.screen import BACKGROUNDS
from riis_physical.sheets.profiles import srgb
from riis_physical.sheets.sources import Source
from riis_physical.system.files import write_text

# As fit_screen and draw_screen have it; a display with scaling has more device
# pixels than the page counts, so sizes and places are divided by the ratio.
_SCRIPT = """
function place(picture, page, ratio) {
  const screen = [Math.floor(page[0] * ratio + 0.01), Math.floor(page[1] * ratio + 0.01)];
  const room = Math.min(screen[0] / picture[0], screen[1] / picture[1]);
  const scale = room >= 1 ? Math.floor(room) : room;
  const size = picture.map(side => Math.max(1, Math.floor(side * scale + 1e-9)));
  const start = [0, 1].map(axis => Math.floor((screen[axis] - size[axis]) / 2));
  return {scale: scale, size: size, start: start};
}
"""
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>@TITLE@</title>
<style>
html, body { margin: 0; height: 100%; overflow: hidden; background: rgb(@LEVEL@, @LEVEL@, @LEVEL@);
  color-scheme: only light; }
img { position: fixed; display: block; }
</style>
</head>
<body>
<img id="container" alt="@TITLE@" width="@WIDTH@" height="@HEIGHT@"
 src="data:image/png;base64,@DATA@">
<script>@SCRIPT@
const shown = document.getElementById("container");
function draw() {
  const ratio = window.devicePixelRatio || 1;
  const fit = place([@WIDTH@, @HEIGHT@], [window.innerWidth, window.innerHeight], ratio);
  shown.style.imageRendering = fit.scale >= 1 ? "pixelated" : "auto";
  shown.style.width = fit.size[0] / ratio + "px";
  shown.style.height = fit.size[1] / ratio + "px";
  shown.style.left = fit.start[0] / ratio + "px";
  shown.style.top = fit.start[1] / ratio + "px";
}
window.addEventListener("resize", draw);
document.addEventListener("fullscreenchange", draw);
document.addEventListener("click", () => {
  if (document.documentElement.requestFullscreen) document.documentElement.requestFullscreen();
});
draw();
</script>
</body>
</html>
"""


def save_page(
    path: str | Path, source: Source, background: str = "black", *, force: bool = False
) -> None:
    """Write a page that needs no other file, in one step.

    Args:
        source: its pixels go into the page without loss, with their profile.
        background: one of BACKGROUNDS.

    Raises:
        OutputError: the file exists and `force` is off, or cannot be written.
    """
    height, width = source.pixels.shape[:2]
    png = encode_png(source.pixels, source.icc_profile or srgb().data)
    filled = {
        "TITLE": html.escape(source.name),
        "LEVEL": str(BACKGROUNDS[background]),
        "WIDTH": str(width),
        "HEIGHT": str(height),
        "SCRIPT": _SCRIPT,
        "DATA": base64.b64encode(png).decode("ascii"),
    }
    head, *rest = _PAGE.split("@")
    text = head
    for number, piece in enumerate(rest):
        text += filled[piece] if number % 2 == 0 else piece
    write_text(path, text, force=force)
