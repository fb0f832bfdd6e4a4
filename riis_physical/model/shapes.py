"""Shapes of a network's parameters without the memory for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_FILLING = {"normal_", "uniform_", "zero_", "fill_", "copy_", "trunc_normal_"}


class _WithoutValues(TorchFunctionMode):
    """Leaves out what fills tensors: on the device meta it would load torch's compiler."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        given = kwargs or {}
        initialises = getattr(func, "__module__", "") == "torch.nn.init"
        if initialises or getattr(func, "__name__", "") in _FILLING:
            return args[0] if args else given["tensor"]
        return func(*args, **given)


def shapes_of(build: Callable[[], nn.Module]) -> dict[str, Tensor]:
    """The state dict of a network, on the device meta: names and shapes, no numbers."""
    with torch.device("meta"), _WithoutValues():
        return build().state_dict()
