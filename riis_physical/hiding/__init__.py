"""Hide a message in a host of any size: in comes a picture and a message, out a container.

`hide` does it at a given strength or chooses one (`strength.least.Aim`), `refine` improves the
residual for its own host, `visible` says how much is seen, `advice` what is wrong with a host.
"""

from riis_physical.hiding.container import (
    MAX_STRENGTH,
    MIN_STRENGTH,
    HideResult,
    hide,
    min_width_px,
    read_back,
)
from riis_physical.hiding.frame import add_residual, resampling_matrix, to_frame
from riis_physical.hiding.plan import Refinement
from riis_physical.hiding.strength.least import Aim

__all__ = [
    "MAX_STRENGTH",
    "MIN_STRENGTH",
    "Aim",
    "HideResult",
    "Refinement",
    "add_residual",
    "hide",
    "min_width_px",
    "read_back",
    "resampling_matrix",
    "to_frame",
]
