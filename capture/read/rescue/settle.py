"""A read code put where its modules are."""

from __future__ import annotations

import numpy as np

from capture.find.outlines.refine import refine_quad
from capture.read.place.finding import Finding
from capture.read.place.reveal import Viewer
from capture.read.rescue.relocate import is_uneven, relocate
from riis_physical.errors import RectificationError

# Modules of a message that was read are looked for so far from where they are expected.
NEAR_MODULES = 3
# Corners that the code gives are right to half a module; edges this near are nearer.
EDGE_REACH = 0.012


def settled(viewer: Viewer, found: Finding) -> Finding:
    """A read code with its corners where its modules are.

    A code reads with a side fitted to the wrong edge. Then the modules of the message
    give the corners, and edges near them the last bit.
    """
    reading, h = found.reading, found.hypothesis
    if reading is None or not is_uneven(found.logits, reading.grid.modules):
        return found
    modules = reading.grid.modules
    with viewer.clock.stage("reveal"):
        moved = relocate(
            found.revealer, viewer.photo, found.corners, h.version, found.condition,
            np.ones_like(modules), modules, reach_modules=NEAR_MODULES, camera=viewer.camera,
        )  # fmt: skip
        if moved is None:
            return found
        width = float(np.linalg.norm(moved.corners[1] - moved.corners[0]))
        edges = refine_quad(viewer.photo, moved.corners, 0, max(2.0, EDGE_REACH * width))
        tried = [found]
        for corners, bows in ((moved.corners, None), (edges.corners, edges.bows)):
            try:
                tried.append(viewer.revealed_at(found, corners, bows))
            except RectificationError:
                continue
    signs = np.where(modules, 1.0, -1.0)
    return max(tried, key=lambda one: float((signs * one.logits).mean()))
