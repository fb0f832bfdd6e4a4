"""-q and -v are options of every command."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from riis_physical.cli import cli
from riis_physical.commands import common, verbosity


def leaves(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """All commands that are no groups."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    for name, one in command.commands.items():
        yield from leaves(one, f"{path} {name}")


def test_every_command_has_both() -> None:
    for path, command in leaves(cli):
        names = {name for option in command.params for name in option.opts}
        assert {"--quiet", "--verbose"} <= names, path


@pytest.fixture
def command() -> Iterator[click.Command]:
    @click.command()
    def one() -> None:
        common.note("note: by the way")
        common.note("warning: look at this")
        common.tell("the answer")
        common.note(f"bars off: {os.environ.get('TQDM_DISABLE')}")

    verbosity.everywhere(one)
    yield one
    verbosity._STATE.update(quiet=False, verbose=False)


def test_quiet_leaves_out_notes_and_bars_but_no_warning(command: click.Command) -> None:
    loud = CliRunner().invoke(command, [])
    assert "by the way" in loud.output and "bars off: None" in loud.output
    quiet = CliRunner().invoke(command, ["-q"])
    assert "by the way" not in quiet.output
    assert "warning: look at this" in quiet.stderr and "the answer" in quiet.stdout
    assert "bars off: 1" in quiet.output and "TQDM_DISABLE" not in os.environ
    assert verbosity.no_bar() is True


def test_verbose_says_where_an_error_came_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from riis_physical.cli import _run

    arguments = ["hide", str(tmp_path / "absent.jpg"), "-m", "x", "-o", str(tmp_path / "a.png")]
    assert _run(arguments) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert _run([*arguments, "-v"]) == 1
    told = capsys.readouterr().err
    assert "Traceback" in told and told.strip().splitlines()[-1].startswith("Error: ")
    verbosity._STATE.update(quiet=False, verbose=False)
