"""onnxruntime-web from its npm package: one version, verified by the hash that npm publishes.

The package has 33 MB, of which a page needs a few files; they are not part of this project. They
are fetched once, kept in the user's cache, and may come from a package file instead, for
machines without a connection.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from riis_physical.errors import ConfigError
from riis_physical.system.documents import read_bounded
from riis_physical.system.files import atomic_path

VERSION = "1.30.0"
INTEGRITY = (
    "sha512",
    "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ==",
)
"""Kind of hash and hash, as npm publishes them for this version."""
REGISTRY = "https://registry.npmjs.org/"
NPM_SETTING = "npm_config_registry"
"""Where npm itself looks for another registry."""
MAX_BYTES = 60_000_000
TIMEOUT_S = 60
MODULES = (
    "ort.wasm.min.mjs",
    "ort.webgpu.min.mjs",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.asyncify.mjs",
)
COMPRESSED = ("ort-wasm-simd-threaded.wasm", "ort-wasm-simd-threaded.asyncify.wasm")
"""Kept compressed on the server, whatever it is, and unpacked by the page: a quarter the size."""


def package(cache: Path, told: Callable[[str], None] = print) -> Path:
    """The verified package file, fetched into a cache where it is not there yet.

    Args:
        cache: folder, made if need be.
        told: hears what is fetched.

    Raises:
        ConfigError: it cannot be fetched, or is not the file that npm published.
        OutputError: the cache cannot be written.
    """
    file = cache / f"onnxruntime-web-{VERSION}.tgz"
    if file.is_file() and _is_genuine(read_bounded(file, MAX_BYTES, ConfigError)):
        return file
    registry = os.environ.get(NPM_SETTING, REGISTRY).rstrip("/")
    url = f"{registry}/onnxruntime-web/-/onnxruntime-web-{VERSION}.tgz"
    told(f"fetching onnxruntime-web {VERSION} (33 MB, once) from npm")
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            data = answer.read(MAX_BYTES + 1)
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise ConfigError(
            f"cannot fetch onnxruntime-web ({reason}): check the connection, or fetch it elsewhere "
            f"(npm pack onnxruntime-web@{VERSION}) and name the file with --runtime"
        ) from error
    check(data, url)
    cache.mkdir(parents=True, exist_ok=True)
    with atomic_path(file, force=True) as part:
        part.write_bytes(data)
    return file


def check(data: bytes, source: str) -> None:
    """Raises ConfigError where data is not the package file that npm published."""
    if not _is_genuine(data):
        raise ConfigError(
            f"{source} is not onnxruntime-web {VERSION} as npm published it: fetch it again "
            f"(npm pack onnxruntime-web@{VERSION})"
        )


def write_runtime(file: Path, folder: Path) -> list[str]:
    """Write what a page needs of the package file; the names of the files.

    Raises:
        ConfigError: another file than npm published.
        OutputError: the folder cannot be written.
    """
    check(read_bounded(file, MAX_BYTES, ConfigError), str(file))
    written = []
    with tarfile.open(file) as archive:
        for name in (*MODULES, *COMPRESSED):
            stream = archive.extractfile(f"package/dist/{name}")
            assert stream is not None  # the hash says so
            data = stream.read()
            target = name
            if name in COMPRESSED:
                target, data = f"{name}.gz", gzip.compress(data, 9, mtime=0)
            with atomic_path(folder / target, force=True) as part:
                part.write_bytes(data)
            written.append(target)
    return written


def _is_genuine(data: bytes) -> bool:
    kind, wanted = INTEGRITY
    return base64.b64encode(hashlib.new(kind, data).digest()).decode("ascii") == wanted
