"""What a killed run leaves goes with the next one, and errors leave no empty folders."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from places import PYTHONPATH

from riis_physical.cli import cli
from riis_physical.errors import OutputError
from riis_physical.system import files
from riis_physical.system.files import (
    atomic_path,
    check_folder,
    check_writable,
    new_folder,
    write_text,
)

WRITER = (
    "import os, signal, sys, time\n"
    "from riis_physical.system.files import atomic_path\n"
    "with atomic_path(sys.argv[1]) as part:\n"
    "    part.write_text('half')\n"
    "    print('writing', flush=True)\n"
    "    time.sleep(60)\n"
)


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders are swept again, as by another process."""
    monkeypatch.setattr(files, "_swept", set())


def writer(path: Path) -> subprocess.Popen[str]:
    """A process that is in the middle of writing a file."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": PYTHONPATH},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    return process


def parts(folder: Path) -> list[Path]:
    """Temporary files in a folder."""
    return [path for path in folder.iterdir() if ".part" in path.name]


def aged(path: Path, seconds: float = 2 * files.AGED_S) -> None:
    """Let a file look older than it is."""
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_the_next_run_removes_what_a_killed_one_left(
    tmp_path: Path, forgetful: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = writer(tmp_path / "a.png")
    (part,) = parts(tmp_path)
    process.kill()
    process.communicate()
    write_text(tmp_path / "b.txt", "b")
    assert parts(tmp_path) == [part]  # as young as one that is just being made
    aged(part)
    monkeypatch.setattr(files, "_swept", set())
    write_text(tmp_path / "b.txt", "b", force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"]


def test_what_another_run_is_writing_stays_however_old(tmp_path: Path, forgetful: None) -> None:
    process = writer(tmp_path / "a.png")
    try:
        (part,) = parts(tmp_path)
        aged(part)
        write_text(tmp_path / "b.txt", "b")
        assert parts(tmp_path) == [part]
    finally:
        process.kill()
        process.communicate()


def test_other_hidden_files_are_left_alone(tmp_path: Path, forgetful: None) -> None:
    names = [".hidden", ".a.part", "a-abcdefgh.part.png", ".notes-abcdefgh.txt", ".x-ABCDEFGH.part"]
    for name in names:
        (tmp_path / name).write_text("mine")
        aged(tmp_path / name)
    (tmp_path / ".a-abcdefgh.part.png").mkdir()
    write_text(tmp_path / "b.txt", "b")
    assert {path.name for path in tmp_path.iterdir()} == {
        *names,
        ".a-abcdefgh.part.png",
        "b.txt",
    }


def test_a_disk_that_is_full_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="No space left on device"),
        atomic_path(tmp_path / "a.txt") as part,
    ):
        part.write_text("half")
        Path("/dev/full").write_text("x" * 100_000)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["/dev/full", "/dev/null"])
def test_devices_are_never_replaced(name: str) -> None:
    with pytest.raises(OutputError, match="device or pipe"):
        check_writable(name, force=True)


def test_names_that_the_system_does_not_take_are_told_early(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="name too long"):
        check_writable(tmp_path / ("x" * 300))
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    with pytest.raises(OutputError, match="symbolic links"):
        check_writable(loop, force=True)
    long = tmp_path / ("ü" * 120 + ".txt")  # 240 bytes: the temporary name must fit too
    write_text(long, "x")
    assert long.read_text() == "x"


def test_folders_that_stay_empty_go_again(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    for target in (tmp_path / "a" / "b", tmp_path / "kept" / "c"):
        with pytest.raises(ZeroDivisionError), new_folder(target) as folder:
            (folder / "inner").mkdir()
            _ = 1 / 0
    assert [path.name for path in tmp_path.rglob("*")] == ["kept"]
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "d") as folder:
        (folder / "result").write_text("x")
        _ = 1 / 0
    assert (tmp_path / "d" / "result").exists()
    with pytest.raises(OutputError, match="is no folder"):
        check_folder(tmp_path / "d" / "result" / "e")


@pytest.mark.parametrize(
    "arguments",
    [
        ["demo", "-o", "out", "--host", "absent.jpg"],
        ["train", "--config", "print", "--images", "pictures", "--out", "out", "--init", "nosuch"],
        ["train-detector", "--images", "pictures", "--backgrounds", "pictures", "--out", "out"],
        ["scan", "absent.png", "--save-stages", "out"],
        ["hide", "absent.png", "gone.png", "-m", "x", "-o", "out"],
    ],
)
def test_errors_leave_no_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "from tests.system.test_leftovers import sleeper\n"
        "from capture.many.folder import run_all\n"
        "if __name__ == '__main__':\n"
        "    for answer in run_all(sleeper, [0, 0, 0, 0], jobs=2):\n"
        "        print(answer, flush=True)\n"
    )
    script = tmp_path / "many.py"
    script.write_text(code)
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": PYTHONPATH},
    )
    assert process.stdout is not None
    worker = int(process.stdout.readline())
    assert alive(worker)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 20
    while alive(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(worker)


class _Sleeper:
    """Says its process at once, then takes its time."""

    def __init__(self) -> None:
        self.first = True

    def __call__(self, task: int) -> int:
        if not self.first:
            time.sleep(60)
        self.first = False
        return os.getpid()


def sleeper() -> _Sleeper:
    """What the workers of the test do."""
    return _Sleeper()


def alive(number: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return "Z" not in Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
