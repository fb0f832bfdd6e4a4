"""Networks without the memory for their parameters, to be compared with weights and filled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from riis_physical.model.weights import check_shapes

Network = TypeVar("Network", bound=nn.Module)

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


def filled(
    build: Callable[[], Network], tensors: Mapping[str, Tensor], name: str | Path
) -> Network:
    """A network that takes weights as they are; nothing is computed to be overwritten.

    Args:
        build: the network; what it keeps beside its state dict must be made on the CPU.
        tensors: its state dict, float32.
        name: of the weights, for the error.

    Raises:
        WeightsError: a parameter is missing, left over or of another shape; no memory was
            taken then.
    """
    with torch.device("meta"), _WithoutValues():
        network = build()
    check_shapes(name, tensors, network.state_dict())
    network.load_state_dict(dict(tensors), assign=True)
    return network
