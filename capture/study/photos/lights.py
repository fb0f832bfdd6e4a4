"""What named light means to the simulated channel: for virtual field days only.

Numbers are in the units of :class:`riis_physical.channel.ranges.ChannelRanges`; they are
plausible, not measured.
"""

from __future__ import annotations

import difflib
from dataclasses import replace

from riis_physical.channel.ranges import EASY, ChannelRanges, resolve_ranges
from riis_physical.errors import ConfigError

_NORMAL = resolve_ranges("normal")
#: Light by name: how pictures taken in it differ.
LIGHTS: dict[str, ChannelRanges] = {
    "daylight": replace(
        EASY, gain=(0.95, 1.1), temperature_k=(5200, 7000), noise_sigma=(0.002, 0.008),
        motion=(0.0, 0.4), glare=(0.0, 0.03),
    ),
    "office": replace(
        _NORMAL, gain=(0.8, 1.05), temperature_k=(3800, 5000), noise_sigma=(0.006, 0.018),
    ),
    "lamp": replace(
        _NORMAL, gain=(0.7, 1.0), temperature_k=(2700, 3300), gradient=(0.15, 0.4),
        shadow=(0.1, 0.4), noise_sigma=(0.01, 0.025),
    ),
    "dim": replace(
        _NORMAL, gain=(0.35, 0.6), temperature_k=(2700, 4000), noise_sigma=(0.03, 0.07),
        motion=(0.5, 3.0), luma_sigma=(0.5, 0.9),
    ),
    "glare": replace(_NORMAL, glare=(0.1, 0.3), gain=(0.9, 1.2)),
}  # fmt: skip
#: Exposure time in s and ISO that a phone would note in such light.
EXPOSURES = {
    "daylight": (1 / 500, 50),
    "office": (1 / 60, 200),
    "lamp": (1 / 40, 500),
    "dim": (1 / 15, 2000),
    "glare": (1 / 120, 100),
}


def ranges_of(light: str) -> ChannelRanges:
    """The channel in that light.

    Raises:
        ConfigError: the simulation does not know it.
    """
    if light not in LIGHTS:
        near = difflib.get_close_matches(light, LIGHTS, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigError(
            f"no simulation of light {light!r}: {hint}expected one of {', '.join(LIGHTS)}"
        )
    return LIGHTS[light]
