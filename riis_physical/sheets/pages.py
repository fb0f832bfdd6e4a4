"""A page as what stands on it, in millimetres; how it is drawn is no matter here.

All places are (x, y) in mm from the top-left corner of what they belong to, y
down. PDF and pixel pages are drawn from the same page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from riis_physical.errors import ConfigError

MM_PER_INCH = 25.4
MIN_PAGE_MM, MAX_PAGE_MM = 30.0, 5000.0  # PDF pages end at 5,080 mm
#: Upright width and height of the named papers.
PAPERS_MM = {
    "A6": (105.0, 148.0),
    "A5": (148.0, 210.0),
    "A4": (210.0, 297.0),
    "A3": (297.0, 420.0),
    "A2": (420.0, 594.0),
    "A1": (594.0, 841.0),
    "A0": (841.0, 1189.0),
    "Letter": (215.9, 279.4),
    "Legal": (215.9, 355.6),
    "Tabloid": (279.4, 431.8),
}


@dataclass(frozen=True)
class Box:
    """An upright rectangle."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where it ends across."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Where it ends down."""
        return self.top + self.height

    def moved(self, x: float, y: float) -> Box:
        """The same rectangle elsewhere."""
        return Box(self.left + x, self.top + y, self.width, self.height)

    def grown(self, by: float) -> Box:
        """The rectangle with `by` more on every side."""
        return Box(self.left - by, self.top - by, self.width + 2 * by, self.height + 2 * by)


@dataclass(frozen=True)
class Picture:
    """All pixels of a source, spread over a box. `source` is its index."""

    source: int
    box: Box


@dataclass(frozen=True)
class Ink:
    """Boxes filled with black, as one shape: boxes that touch leave no seam."""

    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Text:
    """A line of text in black. `x` is its middle, `y` its baseline."""

    text: str
    x: float
    y: float
    size: float


@dataclass(frozen=True)
class Part:
    """What another page shows within a box of this one.

    Attributes:
        box: nothing is drawn outside of it.
        page: drawn with its own corner at (`x`, `y`).
    """

    box: Box
    page: Page
    x: float
    y: float


Item: TypeAlias = Picture | Ink | Text | Part


@dataclass(frozen=True)
class Page:
    """A page and what stands on it, in the order of drawing.

    Attributes:
        width, height: of the medium.
        trim: what remains after cutting, None where nothing is cut off.
        bleed: what may be cut into, None as well.
    """

    width: float
    height: float
    items: tuple[Item, ...]
    trim: Box | None = None
    bleed: Box | None = None

    @property
    def whole(self) -> Box:
        """The page as a box."""
        return Box(0.0, 0.0, self.width, self.height)

    def pictures(self) -> list[Picture]:
        """Pictures that stand on the page itself, none of its parts'."""
        return [item for item in self.items if isinstance(item, Picture)]


@dataclass(frozen=True)
class Paper:
    """A size of paper, upright or lying as given. `name` is for people."""

    name: str
    width: float
    height: float

    @classmethod
    def parse(cls, text: str) -> Paper:
        """A paper by its name, or `WIDTHxHEIGHT` in mm.

        Raises:
            ConfigError: an unknown name or a size out of range.
        """
        for name, (width, height) in PAPERS_MM.items():
            if text.strip().lower() == name.lower():
                return cls(name, width, height)
        number = r"(\d{1,5}(?:\.\d{1,3})?)"
        match = re.fullmatch(rf"{number}x{number}", text.strip())
        if match is None:
            raise ConfigError(
                f"unknown page {text!r}: expected {', '.join(PAPERS_MM)}, or WIDTHxHEIGHT in mm"
            )
        width, height = float(match[1]), float(match[2])
        if min(width, height) < MIN_PAGE_MM or max(width, height) > MAX_PAGE_MM:
            raise ConfigError(
                f"a page of {width:g} x {height:g} mm; expected sides of {MIN_PAGE_MM:g} to "
                f"{MAX_PAGE_MM:g} mm"
            )
        return cls(f"{width:g}x{height:g}", width, height)

    @property
    def turned(self) -> Paper:
        """The same paper, turned by a quarter."""
        return Paper(self.name, self.height, self.width)

    def __str__(self) -> str:
        return f"{self.name} ({self.width:g} x {self.height:g} mm)"
