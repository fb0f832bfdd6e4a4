"""The command line: `riis-physical COMMAND`.

This module and the command modules import nothing heavy, so that --help
answers at once; torch, OpenCV and the sibling packages load inside commands.

Exit status: 0 all went well, 1 the data or the system did not allow it, 2 wrong
usage, 70 a fault of this program, 143 stopped by SIGTERM.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import traceback
from contextlib import suppress
from typing import Any

import click

from riis_physical.commands import calibrate, measure, study
from riis_physical.commands.hiding import demo, hide, hide_image, print_sheet, show, simulate
from riis_physical.commands.measure import former
from riis_physical.commands.reading import page, read_qr, reveal, scan, serve
from riis_physical.commands.training import export, train, train_detector, train_pack
from riis_physical.commands.verbosity import everywhere, is_verbose
from riis_physical.errors import OutputError, RiisError, missing_package
from riis_physical.system.last_resort import (
    EXIT_STATUS,
    is_out_of_memory,
    system_fault,
    write_report,
)
from riis_physical.system.processes import collect_seldom, sleep_while_waiting
from riis_physical.system.terminal import EscapedFormatter, escaped


class _Commands(click.Group):
    """All commands; says when whoever reads the output has gone, where click says nothing."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise OutputError(system_fault(error)) from error


@click.group(
    cls=_Commands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "show_default": True,
    },
)
@click.version_option(package_name="riis-physical", prog_name="riis-physical")
def cli() -> None:
    """Hide a QR code invisibly in a picture, print it, photograph it, read it back.

    This is no encryption: anyone with this tool and its weights can read a message.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(EscapedFormatter("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


COMMANDS = (
    hide,
    hide_image,
    page,
    print_sheet,
    show,
    simulate,
    scan,
    reveal,
    read_qr,
    demo,
    calibrate,
    train,
    train_detector,
    train_pack,
    export,
    measure,
    study,
    serve,
)
for module in COMMANDS:
    cli.add_command(module.command)
cli.add_command(export.release)
for former_name in former.COMMANDS:
    cli.add_command(former_name)
everywhere(cli)


def _leave_on_terminate() -> None:
    """Let SIGTERM unwind the stack, so that no temporary file stays behind."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def _open_streams() -> None:
    """Give closed standard streams the null device, and let no character fail to be written.

    Without it the next file opened would become standard output, and libraries would
    write into it.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            with suppress(OSError):
                os.fstat(number)  # open after all: only Python has none of it
                continue
            handle = os.open(os.devnull, os.O_RDWR)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))
        elif mode == "w" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _run(arguments: list[str]) -> int:
    """Exit status of a command line; every exception becomes one sentence."""
    try:
        status = cli.main(args=arguments, prog_name="riis-physical", standalone_mode=False)
        sys.stdout.flush()  # a full disk or a closed pipe shows here at the latest
    except click.ClickException as error:
        return _say(_usage(error) + f"Error: {error.format_message()}", error.exit_code)
    except click.Abort:
        return _say("Aborted!", 1)
    except RiisError as error:
        if is_verbose():
            traceback.print_exception(error)
        return _say(f"Error: {error}", 1)
    except OSError as error:
        return _say(f"Error: {system_fault(error)}", 1)
    except ModuleNotFoundError as error:
        told = missing_package(error)
        return _say(f"Error: {told or write_report(error, arguments)}", 1 if told else EXIT_STATUS)
    except Exception as error:
        if is_out_of_memory(error):
            return _say("Error: out of memory: use a smaller picture or close other programs", 1)
        return _say(f"Error: {write_report(error, arguments)}", EXIT_STATUS)
    return status if isinstance(status, int) else 0


def _usage(error: click.ClickException) -> str:
    """What click shows before the message of wrong usage."""
    ctx = getattr(error, "ctx", None)
    if ctx is None:
        return ""
    return f"{ctx.get_usage()}\nTry '{ctx.command_path} {ctx.help_option_names[-1]}' for help.\n\n"


def _say(line: str, status: int) -> int:
    with suppress(OSError):  # nobody can be told
        click.echo(escaped(line), err=True)
    return status


def _leave(status: int) -> None:
    """Exit; what could not be written has been told of and is not tried again."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            with suppress(OSError, ValueError):
                os.dup2(null, stream.fileno())
            os.close(null)
            status = status or 1
    sys.exit(status)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave the process with its exit status."""
    _open_streams()
    _leave_on_terminate()
    sleep_while_waiting()
    collect_seldom()
    _leave(_run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    main()
