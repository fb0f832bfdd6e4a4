"""Activation normalisation with data-dependent initialisation (Glow; paper section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

STD_FLOOR = 0.05
"""Default floor: Haar bands of smooth hosts vary less than this."""


class ActNorm(nn.Module):
    """Per-channel affine map ``(x + bias) * exp(log_scale)``, initialised on data.

    The first forward pass in training mode sets zero mean and unit deviation
    (deviations below the floor count as the floor); later passes leave
    the parameters to the optimiser.

    Args:
        channels: C of the (B, C, H, W) input.
        std_floor: deviation below which a channel is not amplified further.

    Raises:
        RuntimeError: used in evaluation mode or inverted before initialisation.
    """

    initialised: Tensor

    def __init__(self, channels: int, std_floor: float = STD_FLOOR) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.log_scale = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.std_floor = std_floor
        self.register_buffer("initialised", torch.zeros((), dtype=torch.bool))
        # The same as a value of Python: asking the tensor in every pass would wait for a GPU.
        self._ready = False
        self.register_load_state_dict_post_hook(_take_flag)

    @torch.no_grad()
    def _initialise(self, x: Tensor) -> None:
        mean = x.mean(dim=(0, 2, 3), keepdim=True)
        std = x.std(dim=(0, 2, 3), keepdim=True, correction=0)
        self.bias.copy_(-mean)
        self.log_scale.copy_(-std.clamp_min(self.std_floor).log())
        self.initialised.fill_(True)
        self._ready = True

    def _require_initialised(self) -> None:
        if not self._ready:
            raise RuntimeError(
                "ActNorm has not seen any data: run one forward pass in training mode "
                "or load weights first"
            )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if self.training and not self._ready:
            self._initialise(x)
        self._require_initialised()
        log_det = self.log_scale.sum() * x.shape[2] * x.shape[3]
        return (x + self.bias) * self.log_scale.exp(), log_det.expand(x.shape[0])

    def inverse(self, y: Tensor) -> Tensor:
        self._require_initialised()
        return y * (-self.log_scale).exp() - self.bias


def _take_flag(module: nn.Module, _: object) -> None:
    """After weights were loaded: whether they come from a layer that has seen data."""
    assert isinstance(module, ActNorm)
    module._ready = not module.initialised.is_meta and bool(module.initialised)
