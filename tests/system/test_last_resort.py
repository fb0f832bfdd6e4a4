"""One sentence and an exit status for whatever goes wrong, and text that no terminal obeys."""

import errno
import logging
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from places import ROOT

from riis_physical import cli as command_line
from riis_physical.commands import common
from riis_physical.system.last_resort import is_out_of_memory, system_fault, write_report
from riis_physical.system.terminal import EscapedFormatter, escaped

RUN = "from riis_physical.cli import main; main()"


def run(*arguments: str, shell: str = "", cwd: Path = ROOT) -> subprocess.CompletedProcess[bytes]:
    """The command line in a process of its own, its streams tied as the shell is told."""
    command = ["bash", "-o", "pipefail", "-c", f'"$0" -c "{RUN}" "$@" {shell}', sys.executable]
    return subprocess.run(
        [*command, *arguments],
        capture_output=True,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        timeout=120,
    )


def raised(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    """Exit status where a command raises something."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(command_line.cli, "main", fail)
    with pytest.raises(SystemExit) as stop:
        command_line.main(["scan", "secret.png", "--key=secret"])
    return int(stop.value.code or 0)


def test_a_fault_of_the_program_is_reported_in_a_file_without_values(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert raised(monkeypatch, ZeroDivisionError("by\x1b[2J zero")) == 70
    (report,) = tmp_path.iterdir()
    out, err = capsys.readouterr()
    assert out == ""
    assert str(report) in err
    assert err.startswith("Error: a fault of this program (ZeroDivisionError: by\\x1b[2J zero)")
    assert len(err.splitlines()) == 1
    text = report.read_text()
    assert "Traceback" in text
    assert "scan --key" in text
    assert "secret" not in text


def test_without_room_for_a_report_the_traceback_is_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    said = write_report(KeyError("x"), ["scan"])
    assert "report what is written above" in said
    assert "KeyError" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (MemoryError(), 1, "out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), 1, "out of memory"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "No space left on device"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "\x1bx"), 1, "cannot use \\x1bx: File"),
        (PermissionError(errno.EACCES, "Permission denied", "a"), 1, "cannot use a: Permission"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 1, "whoever read the output has gone"),
        (click.UsageError("no \x1b[31m option"), 2, "no \\x1b[31m option"),
        (click.Abort(), 1, "Aborted!"),
    ],
)
def test_every_kind_of_error_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    says: str,
) -> None:
    assert raised(monkeypatch, error) == status
    err = capsys.readouterr().err
    assert says in err
    assert len(err.splitlines()) == 1


def test_what_is_no_want_of_memory_is_not_taken_for_it() -> None:
    assert not is_out_of_memory(RuntimeError("shapes differ"))
    assert "the system refused" in system_fault(OSError(errno.EIO, "Input/output error"))


@pytest.mark.parametrize(
    ("shell", "status", "says"),
    [
        (">/dev/full", 1, b"No space left"),
        ("| true", 1, b"has gone"),
        (">&-", 0, b""),
        ("<&- >&- 2>&-", 0, b""),
    ],
)
def test_streams_that_are_full_or_closed(shell: str, status: int, says: bytes) -> None:
    # More than a pipe holds, so that a closed one is noticed.
    arguments = ["--help"] if shell != "| true" else ["read-qr", "--json", *["absent"] * 3000]
    done = run(*arguments, shell=shell)
    assert done.returncode == status
    assert says in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_a_closed_input_is_an_empty_message(tmp_path: Path) -> None:
    done = run("hide", "x.png", "--message-file", "-", "-o", "y.png", shell="<&-", cwd=tmp_path)
    assert done.returncode == 1
    assert b"x.png does not exist" in done.stderr
    assert not list(tmp_path.iterdir())


def test_names_are_shown_escaped_and_json_is_exact(tmp_path: Path) -> None:
    name = "\x1b[2J\u202eno\udcff.png"
    done = run("read-qr", name, cwd=tmp_path)
    assert b"\x1b" not in done.stderr
    assert b"\\x1b[2J\\u202eno\\udcff.png does not exist" in done.stderr
    record = run("read-qr", "--json", name, cwd=tmp_path).stdout
    import json

    assert json.loads(record)["photo"] == name
    assert os.fsencode(json.loads(record)["photo"]) == os.fsencode(name)


def test_escaping_leaves_text_and_lines_alone() -> None:
    assert escaped("é ü\n\t漢") == "é ü\n\t漢"
    assert escaped("\x00\x7f\x9b\u200f\ud800") == "\\x00\\x7f\\x9b\\u200f\\ud800"
    record = logging.LogRecord("x", logging.WARNING, "", 0, "a\x1bb", None, None)
    assert EscapedFormatter("%(message)s").format(record) == "a\\x1bb"


@pytest.mark.parametrize(
    "arguments",
    [
        ["hide", "", "-m", "x", "-o", "y.png"],
        ["hide", "x.png", "-m", "x", "-o", ""],
        ["scan", "x.png", "--reference", ""],
        ["train", "--config", "print", "--images", "", "--out", "r"],
    ],
)
def test_an_empty_name_is_not_the_current_folder(arguments: list[str]) -> None:
    done = CliRunner().invoke(command_line.cli, arguments)
    assert done.exit_code == 2
    assert "an empty name" in done.output


def test_a_message_file_without_an_end_is_not_read_to_it(tmp_path: Path) -> None:
    from riis_physical.errors import MessageError

    with pytest.raises(MessageError, match="more than 100000 bytes"):
        common.message_bytes(None, "/dev/zero")


def test_a_device_that_computes_nothing_is_refused() -> None:
    from riis_physical.errors import ConfigError
    from riis_physical.system.device import usable_device

    assert usable_device("cpu").type == "cpu"
    for name in ("meta", "nosuch", "", "cuda:99"):
        with pytest.raises(ConfigError, match="cannot be used"):
            usable_device(name)
