"""Calls of operators that a piece of work makes, and those among them that a GPU stops for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

READS = (
    "_local_scalar_dense",  # item(), float(), bool(), tolist() of one value
    "_linalg_check_errors",
    "equal",
    "is_nonzero",
    "masked_select",
    "nonzero",
    "unique",
)
"""Operators that wait until a value has reached the host."""
CONSTANTS = ("lift_fresh",)
"""Operators that make a tensor of numbers that lie on the host."""


class OperatorCalls(TorchDispatchMode):
    """Counts calls while it is entered, backward passes included.

    Attributes:
        calls: by operator.
        reads: of those after which the host waits for a value.
        uploads: of those that send numbers from the host: constants, copies to a device.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()
        self.reads: Counter[str] = Counter()
        self.uploads: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """All calls."""
        return self.calls.total()

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Count one call and carry it out."""
        result = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        self.calls[name] += 1
        if name in READS or (name in ("index", "index_put_") and _masked(args)):
            self.reads[name] += 1
        if name in CONSTANTS:
            self.uploads[name] += 1
        came, went = _home(args), _home((result,))
        if name in ("_to_copy", "copy_", "clone") and came and went and came != went:
            (self.reads if went == "cpu" else self.uploads)[name] += 1
        return result


def _masked(args: tuple[Any, ...]) -> bool:
    """Whether one of the indices is a mask, whose length only the device knows."""
    return any(one.dtype == torch.bool for one in _tensors(args[1:2]))


def _home(values: Sequence[Any]) -> str | None:
    """The device of the last tensor: the source of a copy, or where its result lies."""
    devices = [one.device.type for one in _tensors(values)]
    return devices[-1] if devices else None


def _tensors(values: Sequence[Any]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _tensors(value)


def counted(work: Callable[[], Any]) -> OperatorCalls:
    """What the work calls."""
    with OperatorCalls() as calls:
        work()
    return calls
