"""What the page's modules read with: networks, the table of characters, the codes' tables."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from riis_physical.errors import WeightsError
from riis_physical.model.onnx_network import read_record, record_path
from riis_physical.model.onnx_reader import ESTIMATE, REVEAL
from riis_physical.model.weights import config_of, load_record, locate, named
from riis_physical.qr.code.structure import (
    LEVELS,
    MAX_VERSION,
    blocks,
    format_bits,
    format_positions,
    function_grid,
)
from riis_physical.qr.prior.text_model import TABLE
from riis_physical.system.files import atomic_path, write_text


def code_tables() -> dict[str, Any]:
    """Format words, function patterns and blocks of all versions, for JSON."""
    versions = []
    for version in range(1, MAX_VERSION + 1):
        mask, values = (array.copy() for array in function_grid(version, "H"))
        values[format_positions(version)] = False
        versions.append(
            {
                "mask": _bits(mask),
                "values": _bits(values),
                "blocks": {
                    level: [
                        [block.data_count, block.check_count] for block in blocks(version, level)
                    ]
                    for level in LEVELS
                },
            }
        )
    return {
        "format": {level: format_bits(level).astype(int).tolist() for level in LEVELS},
        "versions": versions,
    }


def write_models(folder: Path, model: str, detector: Path, closeup: Path) -> dict[str, Any]:
    """Write models.json and the files that it names.

    Args:
        folder: an existing one.
        model: shipped name or path of a .safetensors file, with its ONNX files; ``auto``
            for all that ship.
        detector, closeup: weights, with their ONNX files beside them.

    Returns:
        what models.json holds.

    Raises:
        WeightsError: the ONNX files are missing, corrupted or of other weights.
        OutputError: the folder cannot be written.
    """
    reading = [_reading(folder, name) for name in named(model)]
    parts = {"detector": detector, "closeup": closeup}
    table = resources.files("riis_physical.qr.prior").joinpath(TABLE).read_bytes()
    values = {
        "reading": reading,
        "networks": {kind: _copy(folder, weights, ".onnx") for kind, weights in parts.items()},
        "text": _write(folder, TABLE, table),
        "codes": code_tables(),
    }
    write_text(folder / "models.json", json.dumps(values) + "\n", force=True)
    return values


def _reading(folder: Path, name: str) -> dict[str, Any]:
    """What the page is told of a model, its networks written."""
    weights, record = locate(name), load_record(name)
    config = config_of(name, record)
    return {
        "name": record["name"],
        "weights_sha256": record["sha256"],
        "modulePx": config.module_px,
        "channels": config.c_secret,
        "temperature": float(record.get("z_temperature", 1.0)),
        "reveal": _copy(folder, weights, REVEAL),
        "estimate": _copy(folder, weights, ESTIMATE),
    }


def _copy(folder: Path, weights: Path, part: str) -> dict[str, str]:
    """A network of the page, verified as when it is loaded."""
    beside = record_path(weights)
    if not beside.is_file():
        raise WeightsError(
            f"{weights.name} has no ONNX files beside it: write them with "
            f"`riis-physical export --onnx {weights.stem}`"
        )
    record, file = read_record(beside), weights.with_name(weights.stem + part)
    data = file.read_bytes() if file.is_file() else b""
    wanted = load_record(weights)["sha256"]
    digest = hashlib.sha256(data).hexdigest()
    if record.weights_sha256 != wanted or record.files.get(file.name) != digest:
        raise WeightsError(
            f"{file} is missing, corrupted or of other weights: run "
            f"`riis-physical export --onnx --force {weights.stem}`"
        )
    return _write(folder, file.name, data)


def _write(folder: Path, name: str, data: bytes) -> dict[str, str]:
    with atomic_path(folder / name, force=True) as part:
        part.write_bytes(data)
    return {"file": name, "sha256": hashlib.sha256(data).hexdigest()}


def _bits(grid: np.ndarray) -> str:
    return "".join("1" if one else "0" for one in grid.ravel())
