"""Writing files so that a crash or a full disk never leaves half of one."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from riis_physical.errors import OutputError

#: Age from which an unlocked temporary file is taken for one that a killed run left.
AGED_S = 60.0
_LEFTOVER = re.compile(r"\..{0,40}-[a-z0-9_]{8}\.part(\.[A-Za-z0-9]+)?", re.DOTALL)
_swept: set[Path] = set()


def is_file(path: str | Path) -> bool:
    """Whether there is a plain file; False too where the system does not let us look."""
    return os.path.isfile(path)  # noqa: PTH113  Path.is_file raises for names too long


def is_folder(path: str | Path) -> bool:
    """Whether there is a folder; False too where the system does not let us look."""
    return os.path.isdir(path)  # noqa: PTH112  Path.is_dir raises for names too long


def check_writable(path: str | Path, *, force: bool = False) -> Path:
    """Tell early, before minutes of work, whether `path` could be written.

    Raises:
        OutputError: the file exists and `force` is off, is no plain file, has a name
            that the system does not take, or its folder is missing or read-only.
    """
    target = Path(path)
    folder = target.parent
    try:
        kind = target.stat().st_mode if os.path.lexists(target) else None
    except FileNotFoundError:
        kind = stat.S_IFREG  # a link to nothing is replaced like a file
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    if kind is not None and stat.S_ISDIR(kind):
        raise OutputError(f"{target} is a folder, expected a file name")
    if kind is not None and not stat.S_ISREG(kind):
        raise OutputError(f"{target} is a device or pipe, expected a file name")
    if kind is not None and not force:
        raise OutputError(f"{target} exists already: choose another name or pass --force")
    if not is_folder(folder):
        raise OutputError(f"cannot write {target}: the folder {folder} does not exist")
    try:
        target.lstat()  # os.path.lexists says False of names too long too
    except FileNotFoundError:
        pass
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"cannot write {target}: the folder {folder} is not writable")
    return target


@contextlib.contextmanager
def atomic_path(path: str | Path, *, force: bool = False) -> Iterator[Path]:
    """Give a temporary path beside `path` and move it there when all went well.

    The temporary file keeps the suffix, so that writers which look at it work,
    and is removed when the body raises. It is locked meanwhile: what a killed run
    left is not, and goes with the next file that is written into the folder.

    Raises:
        OutputError: see :func:`check_writable`; also when the system refuses
            the write (disk full, read-only file system).
    """
    target = check_writable(path, force=force)
    sweep(target.parent)
    part: Path | None = None
    handle: int | None = None
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{_shortened(target.stem)}-",
            suffix=f".part{target.suffix[:16]}",
            dir=target.parent,
        )
        part = Path(name)
        _lock(handle)
        yield part
        part.chmod(0o666 & ~_umask())
        os.fsync(handle)  # a file that is there after a power cut is there whole
        check_writable(target, force=force)
        part.replace(target)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        if handle is not None:
            os.close(handle)
        if part is not None:
            part.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove temporary files of killed runs: unlocked and older than AGED_S; once a process."""
    folder = folder.absolute()
    if folder in _swept:
        return
    _swept.add(folder)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _LEFTOVER.fullmatch(entry.name):
                _remove_abandoned(Path(entry.path))


def _remove_abandoned(part: Path) -> None:
    with contextlib.suppress(OSError):
        handle = os.open(part, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        try:
            seen = os.fstat(handle)
            old = time.time() - seen.st_mtime > AGED_S
            if stat.S_ISREG(seen.st_mode) and old and _lock(handle):
                part.unlink()
        finally:
            os.close(handle)


def _lock(handle: int) -> bool:
    """Lock a file for as long as it is open; False where another process has it.

    True as well where the system knows no locks: age alone tells there.
    """
    try:
        import fcntl
    except ImportError:  # not on Windows
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # some network file systems
        return True
    return True


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


def check_folder(path: str | Path) -> Path:
    """Tell early whether :func:`make_folder` could make a folder, and make nothing.

    Raises:
        OutputError: it or what it is to lie in is a file, or read-only.
    """
    folder = Path(path)
    there = next((place for place in (folder, *folder.parents) if os.path.lexists(place)), folder)
    if not is_folder(there):
        raise OutputError(f"cannot make the folder {folder}: {there} is no folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise OutputError(f"the folder {there} is not writable: choose another one")
    return folder


@contextlib.contextmanager
def new_folder(path: str | Path) -> Iterator[Path]:
    """As :func:`make_folder`; what is made goes again when the body raises and left it empty.

    Raises:
        OutputError: as :func:`make_folder`.
    """
    folder = Path(path)
    absent = [place for place in (folder, *folder.parents) if not os.path.lexists(place)]
    try:
        yield make_folder(folder)
    except BaseException:
        if folder in absent:
            for inner, _, _ in os.walk(folder, topdown=False):
                with contextlib.suppress(OSError):
                    Path(inner).rmdir()
        for place in absent:
            with contextlib.suppress(OSError):  # not empty, or never made
                place.rmdir()
        raise


def _shortened(stem: str) -> str:
    """The start of a name, in 40 characters and 120 bytes at most."""
    return os.fsdecode(os.fsencode(stem[:40])[:120])


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
