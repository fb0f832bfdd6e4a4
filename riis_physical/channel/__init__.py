"""The physical channel: from a container's pixels to a phone photo, differentiable.

``sample_params`` draws parameters from a preset, ``capture_rectified`` applies
them the way training needs it, ``condition_of`` tells how bad it was.
"""

from riis_physical.channel.params import ChannelParams, sample_params
from riis_physical.channel.ranges import PRESETS, ChannelRanges, preset_table
from riis_physical.channel.simulate import capture_rectified, condition_of

__all__ = [
    "PRESETS",
    "ChannelParams",
    "ChannelRanges",
    "capture_rectified",
    "condition_of",
    "preset_table",
    "sample_params",
]
