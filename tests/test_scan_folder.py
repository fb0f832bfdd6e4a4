"""Many photos: which files count, the order of results, workers that fail."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path

import pytest

from capture.folder import cores, photos_in, run_all, sensible_jobs
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
