"""Weights to ONNX files beside them, tried against torch before anything is written."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from capture.find.learned import closeup, detector
from riis_physical.errors import OutputError, WeightsError
from riis_physical.model.onnx_network import (
    FORMAT_VERSION,
    MAX_FILE_BYTES,
    METADATA,
    OnnxNetwork,
    read_record,
    record_path,
)
from riis_physical.model.weights import available, load_record, locate
from riis_physical.system.files import atomic_path, write_text
from training.onnx.compact import compact
from training.onnx.graphs import Graph, closeup_graphs, detector_graphs, reading_graphs

OPSET = 17
TOLERANCE = 2e-3
"""Largest difference from torch, of values that are some units large: single precision adds
up in another order."""


@dataclass(frozen=True)
class Exported:
    """One file that was written.

    Attributes:
        file: the .onnx file.
        size: in bytes.
        difference: largest from torch's values, over all outputs.
        kernels: how many are stored in which precision.
    """

    file: Path
    size: int
    difference: float
    kernels: dict[str, int]


def shipped() -> list[Path]:
    """Weights that ship: all models, the detector and the close look."""
    return [*(locate(name) for name in available()), detector.SHIPPED, closeup.SHIPPED]


def export_onnx(name: str | Path, *, force: bool = False) -> list[Exported]:
    """Write the ONNX files of a model, and NAME.onnx.json, beside its weights.

    Args:
        name: a shipped model, or the path of a .safetensors file of a hiding model, a
            detector or a close look.
        force: replace files that exist. Files of these very weights are left as they are
            without it.

    Raises:
        WeightsError: the weights are missing or corrupted, or ONNX Runtime gives other values
            than torch.
        OutputError: the files exist, or cannot be written.
    """
    weights = locate(name)
    record = load_record(weights)
    beside = record_path(weights)
    if beside.exists() and not force:
        of_these = read_record(beside).weights_sha256 == record["sha256"]
        state = "of these weights" if of_these else "of other weights"
        raise OutputError(f"{beside} exists ({state}): pass --force to write the files anew")
    made = [(graph, *_made(graph, record)) for graph in _graphs(weights, record)]
    digests = {}
    exported = []
    for graph, data, kernels, difference in made:
        file = weights.with_name(weights.stem + graph.part)
        with atomic_path(file, force=True) as part:
            part.write_bytes(data)
        digests[file.name] = hashlib.sha256(data).hexdigest()
        exported.append(Exported(file, len(data), difference, kernels))
    values = {
        "format_version": FORMAT_VERSION,
        "weights_sha256": record["sha256"],
        "files": digests,
    }
    write_text(beside, json.dumps(values, indent=2) + "\n", force=True)
    return exported


def _graphs(weights: Path, record: dict[str, Any]) -> list[Graph]:
    """The networks of weights of whatever kind, by their configuration."""
    if "widths" not in record["config"]:
        return reading_graphs(weights)
    try:
        return detector_graphs(weights)
    except WeightsError:
        return closeup_graphs(weights)


def _made(graph: Graph, record: dict[str, Any]) -> tuple[bytes, dict[str, int], float]:
    """The file's bytes, its kernels, and the largest difference from torch."""
    stream = io.BytesIO()
    graph.module.eval()
    ports = [*graph.inputs, *graph.outputs]
    free = {
        port.name: {axis: name for axis, name in enumerate(port.shape) if isinstance(name, str)}
        for port in ports
    }
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # on tracing: the trial below tells what matters
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            graph.module,
            graph.example,
            stream,  # type: ignore[arg-type]  # as its documentation allows
            dynamo=False,
            input_names=[port.name for port in graph.inputs],
            output_names=[port.name for port in graph.outputs],
            dynamic_axes=free,
            opset_version=OPSET,
        )
    model = onnx.load_model_from_string(stream.getvalue())
    kernels = compact(model)
    about = {
        "format_version": FORMAT_VERSION,
        "kind": graph.kind,
        "model": record["name"],
        "config": record["config"],
        "z_temperature": record.get("z_temperature", 1.0),
        "weights_sha256": record["sha256"],
        "opset": OPSET,
        "inputs": [asdict(port) for port in graph.inputs],
        "outputs": [asdict(port) for port in graph.outputs],
    }
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA, json.dumps(about)
    model.producer_name, model.doc_string = "riis-physical", graph.kind
    onnx.checker.check_model(model)
    data = model.SerializeToString()
    if len(data) > MAX_FILE_BYTES:
        raise WeightsError(f"{graph.kind} of {record['name']} would be {len(data) / 1e6:.1f} MB")
    return data, kernels, _difference(graph, data, str(record["name"]))


def _difference(graph: Graph, data: bytes, name: str) -> float:
    """The largest difference between ONNX Runtime's and torch's values.

    Raises:
        WeightsError: it is larger than TOLERANCE.
    """
    with torch.inference_mode():
        wanted = graph.module(*graph.example)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    seen = OnnxNetwork(data, name).run(*(one.numpy() for one in graph.example))
    worst = max(
        float(np.abs(one - other.numpy()).max()) for one, other in zip(seen, wanted, strict=True)
    )
    if not worst <= TOLERANCE:
        raise WeightsError(
            f"{graph.kind} of {name} gives other values in ONNX Runtime than in torch (by "
            f"{worst:.2g}, expected at most {TOLERANCE:g}): nothing was written"
        )
    return worst
