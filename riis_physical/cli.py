"""The command line: `riis-physical COMMAND`.

This module and the command modules import nothing heavy, so that --help
answers at once; torch, OpenCV and the sibling packages load inside commands.

Exit status: 0 all went well, 1 the data did not allow it, 2 wrong usage, 143
stopped by SIGTERM.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading

import click

from riis_physical.commands import (
    bench,
    benchmark,
    calibrate,
    demo,
    evaluate,
    evaluate_negatives,
    export,
    hide,
    print_sheet,
    read_qr,
    scan,
    serve,
    show,
    simulate,
    study,
    train,
    train_detector,
)
from riis_physical.errors import RiisError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="riis-physical", prog_name="riis-physical")
def cli() -> None:
    """Hide a QR code invisibly in a picture, print it, photograph it, read it back.

    This is no encryption: anyone with this tool and its weights can read a message.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)


COMMANDS = (
    hide,
    print_sheet,
    show,
    simulate,
    scan,
    read_qr,
    demo,
    calibrate,
    train,
    train_detector,
    export,
    evaluate,
    evaluate_negatives,
    bench,
    benchmark,
    study,
    serve,
)
for module in COMMANDS:
    cli.add_command(module.command)
cli.add_command(export.release)


def _leave_on_terminate() -> None:
    """Let SIGTERM unwind the stack, so that no temporary file stays behind."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave the process with its exit status."""
    try:
        _leave_on_terminate()
        cli.main(args=arguments, prog_name="riis-physical")
    except RiisError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    except MemoryError:
        click.echo("Error: out of memory: use a smaller picture or close other programs", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
