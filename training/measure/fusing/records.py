"""What is kept of every container of the benchmark of fused photos; one JSON object a line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from training.measure.common.records import NOT_HIDDEN, Record


@dataclass(frozen=True)
class FuseRecord(Record):
    """One container over several photos.

    Attributes:
        index: number of the container; host, message and photos follow from it.
        host, background: file names, None for a procedural wall.
        medium: `print` or `screen`.
        version: of the QR code.
        status: of the fused answer from all photos, or `not_hidden`.
        single: by photo, whether it alone gave exactly the hidden message.
        single_status: by photo, of its scan.
        fused: by number of photos from one, whether together they gave the message;
            photos after the one with which the fused scan stopped change nothing.
        frames_used: photos that the fused scan took until it stopped.
        wrong_single: texts of single photos that are not the message.
        wrong_fused: different texts of the fused answers that are not the message.
        width_px: by photo, of the container.
        timings_ms: by stage, of all photos together.
    """

    index: int
    host: str
    medium: str
    version: int
    status: str
    background: str | None = None
    single: list[bool] = field(default_factory=list)
    single_status: list[str] = field(default_factory=list)
    fused: list[bool] = field(default_factory=list)
    frames_used: int = 0
    wrong_single: int = 0
    wrong_fused: int = 0
    width_px: list[float] = field(default_factory=list)
    timings_ms: dict[str, float] = field(default_factory=dict)

    @property
    def is_hidden(self) -> bool:
        """Whether there was a container to photograph."""
        return self.status != NOT_HIDDEN

    def single_right(self, frame: int) -> bool:
        """Whether a photo alone gave the message; a refused host never does."""
        return self.is_hidden and self.single[frame]

    def any_right(self, frames: int) -> bool:
        """Whether any of the first photos alone gave the message."""
        return self.is_hidden and any(self.single[:frames])

    def fused_right(self, frames: int) -> bool:
        """Whether the first photos together gave the message."""
        return self.is_hidden and self.fused[frames - 1]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, rounded."""
        return {**super().as_dict(), "width_px": [round(width, 2) for width in self.width_px]}
