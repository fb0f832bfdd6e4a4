"""Shape of the hiding network, as one frozen typed value that rejects unknown keys."""

from __future__ import annotations

import math
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ModelConfig(BaseModel):
    """Everything that decides the shapes of the parameters.

    Configurations come with weights that anybody can have made: every field has bounds,
    and :meth:`riis_physical.model.network.HidingNetwork.filled` compares shapes with the weights
    before memory is taken.

    Attributes:
        secret: ``modules`` hides a grid of QR modules, one per cell of
            2**host_levels container pixels; ``images`` hides RGB pictures of the
            host's size (the paper).
        n_secrets: pictures hidden at once, 1 to 5; 1 for modules.
        host_channels: 3 for RGB hosts; 1 for grey ones, which a picture's colours hide in.
        host_levels: Haar levels of the host; a module is 2**host_levels pixels wide.
        secret_levels: Haar levels of the secret; for modules the secret is drawn
            at 2**secret_levels pixels a module.
        blocks: flow blocks.
        growth, dense_layers, last_kernel, separate_factors: the dense blocks.
        scale_clamp: bound of the logarithm of every coupling scale.
        h_f_source: what revealing takes for the flow's high-frequency part: ``noise`` is z
            through CANP; ``copy`` is the container, ``resblock`` a residual block's answer to it.
        canp_blocks, canp_features: content-aware noise projection; with 0 blocks ``noise`` is
            N(0, I) itself. The features are those of ``resblock`` as well.
        cem_features, cem_layers, cem_unshuffle: container enhancement module; 0 layers turn it
            off.
        condition_width: features of the condition network (DGM); 0 turns it off.
        modulation: what DGM multiplies: ``factors``, the scales and biases of the couplings
            (Fig. 3), or ``features`` of the dense blocks, before their last convolution.
        decoupled: forward and backward parameters have parted (2DT).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)

    secret: Literal["modules", "images"]
    n_secrets: int = Field(default=1, ge=1, le=5)
    host_channels: Literal[1, 3] = 3
    host_levels: int = Field(ge=1, le=4)
    secret_levels: int = Field(ge=1, le=4)
    blocks: int = Field(ge=1, le=32)
    growth: int = Field(ge=1, le=256)
    dense_layers: int = Field(ge=2, le=16)
    last_kernel: Literal[1, 3] = 3
    separate_factors: bool = True
    scale_clamp: float = Field(default=1.0, gt=0, le=10)
    h_f_source: Literal["noise", "copy", "resblock"] = "noise"
    canp_blocks: int = Field(ge=0, le=32)
    canp_features: int = Field(ge=1, le=512)
    cem_features: int = Field(ge=1, le=512)
    cem_layers: int = Field(ge=0, le=32)
    cem_unshuffle: int = Field(ge=1, le=8)
    condition_width: int = Field(default=32, ge=0, le=512)
    modulation: Literal["factors", "features"] = "factors"
    decoupled: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.secret == "modules" and self.n_secrets != 1:
            raise ValueError("a module grid is one secret: set n_secrets to 1")
        if self.secret == "modules" and self.host_channels != 3:
            raise ValueError("a module grid is hidden in colour: set host_channels to 3")
        if self.cem_layers == 1:
            raise ValueError("one layer cannot enhance: set cem_layers to 0 for none, or 2 or more")
        if self.h_f_source != "noise" and (self.secret == "modules" or self.canp_blocks):
            raise ValueError(
                f"h_f_source={self.h_f_source} stands in CANP's place, for image secrets: "
                "set canp_blocks to 0"
            )
        if self.secret == "images" and self.secret_levels != self.host_levels:
            raise ValueError("image secrets are squeezed like the host: use equal levels")
        return self

    @property
    def c_host(self) -> int:
        """Channels of the squeezed host."""
        return self.host_channels * 4**self.host_levels

    @property
    def c_secret_pixels(self) -> int:
        """Channels of the secret before the squeeze: RGB for every picture."""
        return 3 * self.n_secrets if self.secret == "images" else 1

    @property
    def c_secret(self) -> int:
        """Channels of the squeezed secret, and of h_f and z."""
        return self.c_secret_pixels * 4**self.secret_levels

    @property
    def side_px(self) -> int:
        """What a picture's height and width must be multiples of."""
        return math.lcm(2**self.host_levels, self.cem_unshuffle)

    @property
    def module_px(self) -> int:
        """Container pixels per module along each axis of the model frame."""
        return 2**self.host_levels


class Measured(BaseModel):
    """Figures of a stored model that others are computed from; more may stand beside them."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False, strict=True)

    min_px_per_module: float | None = Field(default=None, gt=0, le=1000)


class WeightsRecord(BaseModel):
    """What a record beside weights must say, see :mod:`riis_physical.model.weights`."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False, strict=True)

    format_version: int
    name: str = Field(min_length=1, max_length=200)
    released: bool = False
    config: dict[str, Any]
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    training: dict[str, Any] | None = None
    measured: Measured | None = None
    min_px_per_module: float | None = Field(default=None, gt=0, le=1000)
    z_temperature: float = Field(default=1.0, ge=0, le=2)


PAPER = ModelConfig(
    secret="images",
    host_levels=1,
    secret_levels=1,
    blocks=8,
    growth=32,
    dense_layers=5,
    canp_blocks=4,
    canp_features=32,
    cem_features=64,
    cem_layers=8,
    cem_unshuffle=1,
)
"""The paper's model: RGB secrets at full resolution (set n_secrets up to 5)."""

PRINT = ModelConfig(
    secret="modules",
    host_levels=3,
    secret_levels=2,
    blocks=4,
    growth=48,
    dense_layers=3,
    last_kernel=1,
    separate_factors=False,
    canp_blocks=2,
    canp_features=48,
    cem_features=64,
    cem_layers=5,
    cem_unshuffle=4,
)
"""The physical model: a QR grid, three Haar levels, so that it runs on a CPU."""

COLOUR = PAPER.model_copy(update={"host_channels": 1})
"""Invertible colourisation: a picture's colours in its own grey (section 4.4)."""

PRESETS: dict[str, ModelConfig] = {"paper": PAPER, "colour": COLOUR, "print": PRINT}
