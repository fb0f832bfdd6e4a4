"""The device that a network runs on, tried before anything is loaded onto it, and its numbers."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from riis_physical.errors import ConfigError


def usable_device(name: str) -> torch.device:
    """The device of that name, on which a convolution was just computed and fetched.

    Raises:
        ConfigError: unknown, not there, or one that holds no numbers (meta).
    """
    try:
        device = torch.device(name)
        picture, kernel = torch.ones(1, 1, 4, 4, device=device), torch.ones(1, 1, 3, 3)
        answer = torch.nn.functional.conv2d(picture, kernel.to(device)).cpu()
        if not bool((answer == 9).all()):
            raise RuntimeError("it computes wrongly")
    except (RuntimeError, AssertionError, ImportError, AttributeError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ConfigError(f"device {name!r} cannot be used ({reason}): use cpu") from error
    return device


def full_precision(device: torch.device) -> AbstractContextManager[None]:
    """Where arithmetic stays in the precision of its numbers, inside autocast too."""
    if not torch.amp.is_autocast_available(device.type):
        return nullcontext()
    return torch.autocast(device.type, enabled=False)
