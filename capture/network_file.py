"""A detector's network from its weights file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from capture.blocks import ScaledNetwork
from riis_physical.errors import WeightsError
from riis_physical.weights import load_tensors

Network = TypeVar("Network", bound=ScaledNetwork)


def load_network(
    build: Callable[[tuple[int, int, int, int]], Network], file: str | Path
) -> Network:
    """Build a network of the recorded widths and fill it.

    Args:
        build: from the widths of the four scales.
        file: .safetensors, with its record beside it.

    Raises:
        WeightsError: missing, corrupted or of another shape.
    """
    tensors, record = load_tensors(file)
    try:
        one, two, three, four = record["config"]["widths"]
        network = build((one, two, three, four))
        network.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(
            f"{file} holds no weights of this detector ({str(error).splitlines()[0]}): "
            "install the package again"
        ) from error
    return network
