"""Every error this toolkit raises on purpose.

    RiisError
    |-- BadImageError       a file that is no usable picture
    |-- MessageError        a message that does not fit or is empty
    |-- HostError           a host in which the message does not read back
    |-- WeightsError        model weights missing, corrupted or of another format
    |-- ConfigError         an unknown or impossible setting
    |-- RectificationError  corners that no perspective view of a rectangle gives
    |-- CalibrationError    photos that do not tell how a camera sees
    |-- OutputError         a file or folder that cannot be written
    `-- TrainingError       a run that cannot start, resume or go on

Messages say what was seen, what was expected and what to do next. The command
line prints them as one line and exits with status 1.
"""

import re


class RiisError(Exception):
    """Base of all errors that are about the user's data, not about a bug."""


class BadImageError(RiisError):
    """A file is missing, broken, too small, too large or not a still picture."""


class MessageError(RiisError):
    """A message is empty or does not fit any supported QR version."""


class HostError(RiisError):
    """A host carries the message so badly that its own container does not read."""


class WeightsError(RiisError):
    """Model weights are missing, fail their checksum or have another format."""


class ConfigError(RiisError):
    """A configuration has an unknown key or an impossible value."""


class RectificationError(RiisError):
    """Corners cross, are nearly collinear or span too few pixels."""


class CalibrationError(RiisError):
    """A photo of the board is of no use, or the photos do not determine a camera."""


class OutputError(RiisError):
    """An output exists already or cannot be written."""


class TrainingError(RiisError):
    """A training run cannot start, resume or continue."""


class ExplosionError(TrainingError):
    """The loss of a training exploded over and over, however slowly it learnt."""


_DISTRIBUTIONS = {"skimage": "scikit-image", "sklearn": "scikit-learn", "yaml": "pyyaml"}


def missing_package(error: ModuleNotFoundError) -> str | None:
    """What to install where a package of an extra is missing; None where no extra has it."""
    from importlib.metadata import PackageNotFoundError, requires

    module = (error.name or "").split(".")[0]
    wanted = _DISTRIBUTIONS.get(module, module).replace("_", "-").lower()
    try:
        lines = requires("riis-physical") or []
    except PackageNotFoundError:
        return None
    for line in lines:
        name = re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]
        extra = re.search(r"extra == ['\"]([a-z]+)['\"]", line)
        own = wanted == "riis-physical"
        if extra and not own and name.replace("_", "-").lower() == wanted:
            return (
                f"this needs {module}: install riis-physical with its {extra[1]} extra "
                f"(pip install 'riis-physical[{extra[1]}]')"
            )
    return None


def needs(extra: str, *modules: str) -> None:
    """See that the packages of an extra are installed.

    Raises:
        ConfigError: one is not.
    """
    from importlib.util import find_spec

    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"this needs {', '.join(missing)}: install riis-physical with its {extra} extra "
            f"(pip install 'riis-physical[{extra}]')"
        )
