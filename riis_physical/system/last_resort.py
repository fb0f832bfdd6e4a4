"""What the command line says of faults that nobody foresaw: one sentence and a report."""

from __future__ import annotations

import errno
import os
import platform
import sys
import tempfile
import traceback

EXIT_STATUS = 70  # EX_SOFTWARE of sysexits.h: the program is at fault, not the data


def system_fault(error: OSError) -> str:
    """The sentence for what the operating system refused."""
    if error.errno == errno.EPIPE:
        return "whoever read the output has gone: what follows is lost"
    reason = error.strerror or str(error) or type(error).__name__
    if error.filename is None:
        return f"the system refused to go on: {reason}"
    return f"cannot use {os.fsdecode(error.filename)}: {reason}"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether Python, torch or OpenCV found no memory."""
    said = str(error)
    return isinstance(error, MemoryError) or any(
        words in said for words in ("out of memory", "can't allocate memory", "Insufficient memory")
    )


def write_report(error: BaseException, arguments: list[str]) -> str:
    """Write a traceback to a file; returns the sentence that says where.

    Of the arguments only the names of command and options are kept: values may be
    secret. Where no file can be written the traceback goes to standard error.
    """
    seen = (str(error).splitlines() or [""])[0][:200]
    what = f"{type(error).__name__}: {seen}" if seen else type(error).__name__
    text = _report(error, arguments)
    try:
        handle, name = tempfile.mkstemp(prefix="riis-physical-report-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)
    except OSError:
        sys.stderr.write(text)
        return f"a fault of this program ({what}): report what is written above"
    return (
        f"a fault of this program ({what}): report it with the file {name}, "
        "after a look that it holds nothing private"
    )


def _report(error: BaseException, arguments: list[str]) -> str:
    from riis_physical import __version__

    names = [a.split("=")[0] for i, a in enumerate(arguments) if a.startswith("-") or i == 0]
    lines = [
        f"riis-physical {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"command and options, without values: {' '.join(names)}",
        "",
        *traceback.format_exception(error),
    ]
    return "\n".join(lines) + "\n"
