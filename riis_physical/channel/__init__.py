"""The physical channel: from a container's pixels to a phone photo, differentiable.

``sample_params`` draws parameters from a preset, ``capture_rectified`` applies
them the way training needs it, ``condition_of`` tells how bad it was, and
``photograph`` makes the whole photo that a phone would take.

`draw` samples `params` from `ranges`, `effects/` has one effect a file, `plan` what follows from
parameters alone; `simulate` applies them in the order for training, `scene` and `photo` make
whole photographs.

Colour curves, matrices and all geometry are kornia's. Blur and JPEG are our own,
for speed on a CPU, and tested against kornia's.
"""

from riis_physical.channel.draw import sample_params
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.photo import Photograph, photograph
from riis_physical.channel.ranges import PRESETS, ChannelRanges, preset_table
from riis_physical.channel.simulate import capture_rectified, condition_of

__all__ = [
    "PRESETS",
    "ChannelParams",
    "ChannelRanges",
    "Photograph",
    "capture_rectified",
    "condition_of",
    "photograph",
    "preset_table",
    "sample_params",
]
