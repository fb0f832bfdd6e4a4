"""Many photos: which files count, the order of results, workers that fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from places import PYTHONPATH

from capture.many.folder import cores, photos_in, run_all, scanned_in, sensible_jobs
from capture.many.scanner import Scanner, Settings, Task, scan_options
from riis_physical.commands.reading.scan_output import summary
from riis_physical.errors import BadImageError, RiisError


class Doubler:
    """Work that takes longer for smaller numbers; negative ones fail, 666 ends the process."""

    def __call__(self, number: int) -> tuple[int, int]:
        if number == 666:
            os._exit(1)
        if number < 0:
            raise RiisError(f"cannot double {number}: give a positive number")
        time.sleep(0.02 if number % 2 else 0.0)
        return 2 * number, os.getpid()


def broken(reason: str) -> Doubler:
    raise RiisError(reason)


def test_the_photos_of_a_folder_are_sorted_and_others_left_out(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "note.txt", ".hidden.jpg", "deep/c.heic", ".cache/d.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.jpg").mkdir()
    names = [str(p.relative_to(tmp_path)) for p in photos_in(tmp_path)]
    assert names == ["a.png", "b.JPG"]
    names = [str(p.relative_to(tmp_path)) for p in photos_in(tmp_path, recursive=True)]
    assert names == ["a.png", "b.JPG", "deep/c.heic"]


def test_every_file_of_a_folder_has_an_answer(tmp_path: Path) -> None:
    names = ["a.dng", "b.mov", "c.txt", "d", "e.avif"]
    for name in (*names, ".hidden"):
        (tmp_path / name).write_bytes(b"x")
    tasks = [Task(str(file), listed=True) for file in scanned_in(tmp_path)]
    assert [Path(task.photo).name for task in tasks] == names
    scanner = Scanner(Settings("auto", "cpu"), lambda *_: [object()])
    answers = [scanner(task)[0] for task in tasks]
    assert [str(answer.status) for answer in answers] == [
        "bad_image", "bad_image", "skipped", "skipped", "bad_image",
    ]  # fmt: skip
    assert "(.txt)" in answers[2].detail and "no video" in answers[1].detail
    line = summary([[str(a.status)] for a in answers], 1.0, [".txt", "without a suffix"])
    assert line.startswith("3 photos in 1.0 s: 3 bad_image; 2 skipped, no photos or videos: 1 .txt")


def test_a_folder_without_photos_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(BadImageError, match=r"holds no photo .*--recursive"):
        photos_in(tmp_path)
    with pytest.raises(BadImageError, match="cannot read"):
        photos_in(tmp_path / "absent")


def test_as_many_workers_as_pay() -> None:
    assert sensible_jobs(1, None) == 1
    assert sensible_jobs(10**6, None) == cores()
    assert sensible_jobs(3, 8) == 3 and sensible_jobs(100, 2) == 2 and sensible_jobs(0, 4) == 1


@pytest.mark.parametrize(("jobs", "threads"), [(1, False), (3, True), (2, False)])
def test_answers_come_in_order_from_all_kinds_of_workers(jobs: int, threads: bool) -> None:
    finished: list[int] = []
    answers = list(
        run_all(Doubler, range(20), jobs=jobs, threads=threads, done=lambda: finished.append(1))
    )
    assert [answer for answer, _ in answers] == [2 * number for number in range(20)]
    assert len(finished) == 20
    own = {process for _, process in answers} == {os.getpid()}
    assert own == (threads or jobs == 1)


@pytest.mark.parametrize("threads", [True, False])
def test_an_error_reaches_the_caller(threads: bool) -> None:
    with pytest.raises(RiisError, match="cannot double -1"):
        list(run_all(Doubler, [1, -1, 3], jobs=2, threads=threads))
    with pytest.raises(RiisError, match="no model"):
        list(run_all(partial(broken, "no model"), [1, 2], jobs=2, threads=threads))


def test_a_killed_worker_is_one_clear_error() -> None:
    with pytest.raises(RiisError, match="fewer --jobs"):
        list(run_all(Doubler, [1, 666, 3, 4], jobs=2))


def test_leaving_early_ends_the_workers() -> None:
    answers = run_all(Doubler, range(1000), jobs=2, threads=True)
    assert next(answers)[0] == 0
    start = time.perf_counter()
    answers.close()
    assert time.perf_counter() - start < 1


INTERRUPTED = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where started behind &
import sys
from pathlib import Path
from tests.capture.many.test_scan_folder import Sleeper
from capture.many.folder import run_all
try:
    for _ in run_all(Sleeper, [Path({folder!r}) / str(n) for n in range(9)], jobs=2):
        pass
except KeyboardInterrupt:
    sys.exit(130)
"""


class Sleeper:
    """Work that tells of its process and then takes a minute."""

    def __call__(self, mark: Path) -> int:
        mark.write_text(str(os.getpid()))
        time.sleep(60)
        return 0


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("to_all", [True, False])
def test_ctrl_c_ends_the_workers_at_once(tmp_path: Path, to_all: bool) -> None:
    code = INTERRUPTED.format(folder=str(tmp_path))
    child = subprocess.Popen([sys.executable, "-c", code], start_new_session=True,
                             stderr=subprocess.PIPE, text=True,
                             env=os.environ | {"PYTHONPATH": PYTHONPATH})  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while len(marks := [m for m in tmp_path.iterdir() if m.read_text()]) < 2:
            assert time.monotonic() < deadline and child.poll() is None
            time.sleep(0.02)
        (os.killpg if to_all else os.kill)(child.pid, signal.SIGINT)
        _, said = child.communicate(timeout=5)
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
    assert child.returncode == 130 and said == ""
    assert not [mark for mark in marks if is_running(int(mark.read_text()))]


def test_references_that_are_of_no_use_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from skimage import data

    Image.fromarray(data.astronaut()).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_text("no picture")
    found = scan_options(Settings("auto", "cpu", None, tmp_path))
    assert len(list(found["references"])) == 1
    assert "note: reference left out: " in capsys.readouterr().err
