"""Kernels of an ONNX model stored as small as they are in the weights that they came from.

Weights ship as half-precision numbers, those of the detector as 8-bit integers with a scale
for each output channel. In an ONNX file they are stored like that again where that gives back
the very numbers (to the rounding of single precision), and turned into single precision when
the model is loaded: the arithmetic stays as it was, and no rate can change. What was computed
from weights, such as inverses, stays in single precision.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper

SMALLEST = 256
"""Tensors with fewer numbers stay as they are."""
EXACT = 4e-7
"""Largest relative change: what multiplying single-precision numbers rounds by."""

Array = NDArray[np.float32]


def compact(model: ModelProto) -> dict[str, int]:
    """Store kernels smaller, in place; how many as 8-bit, half and single precision."""
    count = {"int8": 0, "float16": 0, "float32": 0}
    kept, nodes = [], []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < SMALLEST:
            kept.append(tensor)
            continue
        value = numpy_helper.to_array(tensor)
        name = tensor.name
        steps = as_integers(value)
        half = value.astype(np.float16)
        if steps is not None:
            count["int8"] += 1
            integers, scale = steps
            kept += [
                numpy_helper.from_array(integers, f"{name}.int8"),
                numpy_helper.from_array(scale, f"{name}.scale"),
            ]
            nodes += [
                helper.make_node("Cast", [f"{name}.int8"], [f"{name}.cast"], to=TensorProto.FLOAT),
                helper.make_node("Mul", [f"{name}.cast", f"{name}.scale"], [name]),
            ]
        elif np.array_equal(half.astype(np.float32), value):
            count["float16"] += 1
            kept.append(numpy_helper.from_array(half, f"{name}.half"))
            nodes.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
        else:
            count["float32"] += 1
            kept.append(tensor)
    others = list(model.graph.node)
    del model.graph.initializer[:]
    del model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend([*nodes, *others])
    return count


def as_integers(value: Array) -> tuple[NDArray[np.int8], Array] | None:
    """Kernels (out, in, h, w) as 8-bit integers and a scale for each output channel.

    Returns:
        None where the kernels are no such integers.
    """
    if value.ndim != 4:
        return None
    largest = np.abs(value).max((1, 2, 3), keepdims=True)
    scale = np.maximum(largest.astype(np.float64), 1e-30) / 127
    integers = np.rint(value / scale)
    if np.abs(integers * scale - value).max() > EXACT * float(largest.max()):
        return None
    return integers.astype(np.int8), scale.astype(np.float32)
