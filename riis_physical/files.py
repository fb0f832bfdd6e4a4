"""Writing files so that a crash or a full disk never leaves half of one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from riis_physical.errors import OutputError


def check_writable(path: str | Path, *, force: bool = False) -> Path:
    """Tell early, before minutes of work, whether `path` could be written.

    Raises:
        OutputError: the file exists and `force` is off, or its folder is
            missing or read-only.
    """
    target = Path(path)
    if target.is_dir():
        raise OutputError(f"{target} is a folder, expected a file name")
    if target.exists() and not force:
        raise OutputError(f"{target} exists already: choose another name or pass --force")
    folder = target.parent
    if not folder.is_dir():
        raise OutputError(f"cannot write {target}: the folder {folder} does not exist")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"cannot write {target}: the folder {folder} is not writable")
    return target


@contextlib.contextmanager
def atomic_path(path: str | Path, *, force: bool = False) -> Iterator[Path]:
    """Give a temporary path beside `path` and move it there when all went well.

    The temporary file keeps the suffix, so that writers which look at it work,
    and is removed when the body raises.

    Raises:
        OutputError: see :func:`check_writable`; also when the system refuses
            the write (disk full, read-only file system).
    """
    target = check_writable(path, force=force)
    part: Path | None = None
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{target.stem[:40]}-", suffix=f".part{target.suffix}", dir=target.parent
        )
        os.close(handle)
        part = Path(name)
        yield part
        part.chmod(0o666 & ~_umask())
        check_writable(target, force=force)
        part.replace(target)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def write_text(path: str | Path, text: str, *, force: bool = False) -> None:
    """Write UTF-8 text atomically; raises OutputError as :func:`atomic_path`."""
    with atomic_path(path, force=force) as part:
        part.write_text(text, encoding="utf-8")


def write_bytes(path: str | Path, content: bytes, *, force: bool = False) -> None:
    """Write bytes atomically; raises OutputError as :func:`atomic_path`."""
    with atomic_path(path, force=force) as part:
        part.write_bytes(content)


def make_folder(path: str | Path) -> Path:
    """Create a folder and its parents where missing, and see that it takes files.

    Raises:
        OutputError: it cannot be created, is a file, or is read-only.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {error.strerror or error}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"the folder {folder} is not writable: choose another one")
    return folder


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
