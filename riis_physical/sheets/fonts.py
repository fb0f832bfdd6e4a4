"""The font of captions and labels: embedded in PDFs, drawn into pixel pages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import reportlab
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from riis_physical.errors import ConfigError

#: Bitstream Vera, which comes with ReportLab: Latin letters.
DEFAULT_FONT = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"


@dataclass(frozen=True)
class Font:
    """A TrueType font. `name` is what ReportLab knows it by."""

    path: Path
    name: str

    def width(self, text: str, size: float) -> float:
        """Length of a line of text, in the unit of `size`."""
        return float(pdfmetrics.stringWidth(text, self.name, size))

    def check(self, text: str) -> None:
        """See that the font has every character.

        Raises:
            ConfigError: it lacks one.
        """
        known = pdfmetrics.getFont(self.name).face.charToGlyph
        lacking = [char for char in dict.fromkeys(text) if ord(char) not in known]
        if lacking:
            told = ", ".join(
                f"{char!r} (U+{ord(char):04X})" if char.isprintable() else f"U+{ord(char):04X}"
                for char in lacking[:5]
            )
            raise ConfigError(
                f"the font {self.path.name} has no {told}: change the caption, or give a "
                "TrueType font that has it with --font"
            )


@lru_cache(maxsize=16)
def load_font(path: Path | None = None) -> Font:
    """A font that may be embedded; without a path the default one.

    Raises:
        ConfigError: missing, or no TrueType font.
    """
    file = DEFAULT_FONT if path is None else path
    name = f"sheet-{file}"
    try:
        pdfmetrics.registerFont(TTFont(name, str(file)))
    except (TTFError, OSError, ValueError) as error:
        raise ConfigError(
            f"{file} is no TrueType font that can be embedded: give a .ttf file"
        ) from error
    return Font(file, name)
