"""Where figures come from: code, packages, machine, command."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from riis_physical.system.provenance import commit, package_version

_PACKAGES = (
    "riis-physical", "torch", "numpy", "kornia", "pillow", "pyzbar", "zxing-cpp", "flip-evaluator"
)  # fmt: skip


def describe_environment() -> dict[str, Any]:
    """Commit, versions, machine, date and command line, for the head of a result."""
    import cv2

    from riis_physical.qr.decoders import DECODERS

    versions = {name: package_version(name) for name in _PACKAGES}
    return {
        "commit": commit(),
        "python": platform.python_version(),
        "versions": {**versions, "opencv": cv2.__version__},
        "decoders": list(DECODERS),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 2),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "command": command_line(sys.argv),
    }


def command_line(arguments: list[str]) -> str:
    """The command as it could be typed elsewhere: absolute paths lose their folders."""
    names = [Path(a).name if Path(a).is_absolute() else a for a in arguments]
    return shlex.join(names)


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
