"""The commented STUDY.yaml that people start from."""

from __future__ import annotations

import json
from pathlib import Path

from capture.study.config import StudyConfig
from riis_physical.errors import ConfigError
from riis_physical.system.files import write_text

_TEMPLATE = """\
# A field study: what is varied, on which sheets, in which design.
# `riis-physical study plan STUDY.yaml -o study/` makes containers, sheets and a checklist.

name: @NAME@
# Pictures to hide in; relative to this file.
hosts: @HOSTS@
# What every message begins with; the rest is drawn, so that no two are alike.
message: "https://example.org/"

# Every factor is a list of levels. Numbers may also be a span: {from: 0.5, to: 3, steps: 4}.
factors:
  host: []                # [] for all pictures, a number for the first few, or file names
  message_length: [30]    # characters in all
  strength: [1.0]         # of hiding, 0.25 to 3; more reads better and shows more
  model: [auto]           # shipped models, or .safetensors files
  medium: [print]         # print, screen
  width_mm: [180]         # of the container on paper or screen
  distance_m: [@DISTANCES@]
  angle_deg: [@ANGLES@]   # 0 is straight on
  light: [@LIGHTS@]
  device: [@DEVICES@]

design:
  kind: full              # full, fractional (with `reduction: 2` for half), latin (with `rows:`)
  repeats: 1              # photos of every row
  order: walk             # walk: as few changes as possible; random: against drift
  seed: 0

sheet:
  page: auto              # A4 to A0, the smallest that fits; or one of them
  margin_code: true       # a small marker in the margin, by which photos sort themselves
  fiducials: none         # corners: markers that also help detection

# What the photos say of their phones in EXIF, so that they are told apart, and the pixels and
# lens of the main camera (used by `study simulate`).
devices:
@PHONES@
"""


def write_template(
    path: Path,
    *,
    name: str,
    hosts: str,
    distances: str,
    angles: str,
    lights: str,
    devices: str,
    force: bool = False,
) -> None:
    """Write a STUDY.yaml. Lists are texts with commas.

    Raises:
        ConfigError: an answer that no study can have.
        OutputError: the file cannot be written.
    """
    phones = _words(devices)
    values = {
        "NAME": json.dumps(name, ensure_ascii=False),
        "HOSTS": json.dumps(hosts, ensure_ascii=False),
        "DISTANCES": _numbers(distances, "distance"),
        "ANGLES": _numbers(angles, "angle"),
        "LIGHTS": ", ".join(_words(lights)),
        "DEVICES": ", ".join(phones),
        "PHONES": "\n".join(
            f"  {phone}: {{exif: {phone}, photo_px: [4000, 3000], focal_mm35: 26}}"
            for phone in phones
        ),
    }
    text = _TEMPLATE
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    StudyConfig.parse(text, str(path))
    write_text(path, text, force=force)


def _numbers(text: str, what: str) -> str:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    try:
        return ", ".join(f"{float(part):g}" for part in parts)
    except ValueError:
        raise ConfigError(
            f"{what}s {text!r} are no numbers: expected, for example, 0.5, 1, 2"
        ) from None


def _words(text: str) -> list[str]:
    return [
        json.dumps(part.strip(), ensure_ascii=False) for part in text.split(",") if part.strip()
    ]
