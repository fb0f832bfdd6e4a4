"""What is wrong with a host, in words, with what to do about it."""

from __future__ import annotations

import cv2
import numpy as np

from riis_physical import metrics
from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.qr.code.encode import QrCode

# Hosts that carry badly; all judged on the model frame.
_DARK_LUMA = 30.0  # levels of mean luma
_FLAT_DEVIATION, _FLAT_SHARE = 1.5, 0.5  # levels of local deviation; share of the area
_CLIPPED_SHARE = 0.05  # share of samples that the residual drives out of range

# Hosts on which a change shows; judged on a copy of at most _LOOK_PX.
_LOOK_PX = 768
_PAPER_LUMA, _PAPER_SHARE = 235.0, 0.3  # levels and area of flat white
_DRAWN_SHARE = 0.45  # of the pixels, those that equal their neighbours to a level
_STROKE_PX, _STROKE_LEVELS, _STROKE_SHARE = 7, 60.0, 0.02  # thin and strong: letters, lines

# Below this many host pixels a module, a container does not even read from its own file.
LEAST_MODULE_PX = 4
# From this aspect on the shorter side decides how close a photo must be taken.
BANNER = 3.0


def shaped_badly(size: tuple[int, int], code: QrCode) -> list[str]:
    """What is wrong with the shape of a host of (h, w)."""
    short, long = sorted(size)
    if long < BANNER * short:
        return []
    where = "height" if size[0] == short else "width"
    return [
        f"the host is a banner of {long / short:.1f} : 1, and its modules are as flat: photos must "
        f"be taken so close that the {where} alone shows {code.size} modules. Hide in a part of "
        "it of at most 2 : 1 and leave the rest beside it"
    ]


def carrying_badly(frame: FloatArray, clipped_share: float, code: QrCode) -> list[str]:
    pixels = np.clip(np.rint(frame * 255), 0, 255).astype(np.uint8)
    found = []
    luma = float(metrics.luma_of(pixels).mean())
    if luma < _DARK_LUMA:
        found.append(
            f"the host is dark (mean luma {luma:.0f} of 255): print and camera lose shadows, "
            "choose a brighter picture or raise the strength"
        )
    flat = float(np.mean(metrics.local_deviation(pixels) < _FLAT_DEVIATION))
    if flat > _FLAT_SHARE:
        found.append(
            f"{flat:.0%} of the host is flat: the change may show there, "
            "look at it or choose a picture with more texture"
        )
    if clipped_share > _CLIPPED_SHARE:
        found.append(
            f"{clipped_share:.0%} of the change meets pure black or white and is lost: "
            "choose a picture with more mid-tones"
        )
    if code.level != "H":
        found.append(
            f"the message of {len(code.payload)} bytes needs error correction {code.level} "
            "in place of H and will read less surely: shorten it"
        )
    return found


def showing_badly(host: UInt8Image) -> list[str]:
    """One line for each thing about a host (H, W, 3) that makes a change easy to see.

    Photographs have noise everywhere, drawn pictures have areas of one exact colour;
    letters and lines are strong strokes thinner than _STROKE_PX on such areas.
    """
    scale = min(1.0, _LOOK_PX / max(host.shape[:2]))
    luma = metrics.luma_of(host)
    if scale < 1:
        smaller = cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        luma = np.asarray(smaller, np.float32)
    across = np.abs(cv2.Sobel(luma, cv2.CV_32F, 1, 0, ksize=1))
    down = np.abs(cv2.Sobel(luma, cv2.CV_32F, 0, 1, ksize=1))
    even = np.maximum(across, down) < 0.75
    paper = float((even & (luma > _PAPER_LUMA)).mean())
    drawn = float(even.mean())
    kernel = np.ones((_STROKE_PX, _STROKE_PX), np.uint8)
    thin = np.maximum(
        cv2.morphologyEx(luma, cv2.MORPH_BLACKHAT, kernel),
        cv2.morphologyEx(luma, cv2.MORPH_TOPHAT, kernel),
    )
    strokes = float((thin > _STROKE_LEVELS).mean())
    found = []
    if paper > _PAPER_SHARE:
        found.append(
            f"{paper:.0%} of the host is even white, as paper: the change shows there as a "
            "pattern. Use a photograph, or hide in a picture on the page alone"
        )
    elif drawn > _DRAWN_SHARE:
        found.append(
            f"{drawn:.0%} of the host is of even colour, as in flat graphics: the change shows "
            "there. A photograph or a grain over the whole picture hides it better"
        )
    if strokes > _STROKE_SHARE and drawn > _DRAWN_SHARE:
        found.append(
            "the host has small lettering or lines on even ground: the change shows beside "
            "them. Add the lettering outside the picture that hides the message"
        )
    return found
