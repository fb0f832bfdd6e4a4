"""Worker processes: one thread each, errors reach the caller."""

import os
from collections.abc import Iterator

import pytest

from riis_physical.errors import ConfigError
from riis_physical.system.processes import single_threads
from training.measure.common.pool import run_tasks


class Doubler:
    """Doubles numbers and tells its threads."""

    def run(self, number: int) -> Iterator[tuple[int, str | None]]:
        yield (2 * number, os.environ.get("OMP_NUM_THREADS"))


def make_doubler(settings: object) -> Doubler:
    return Doubler()


def make_nothing(settings: object) -> Doubler:
    raise ConfigError("no such thing")


def test_tasks_are_done_in_processes_of_one_thread() -> None:
    before = os.environ.get("OMP_NUM_THREADS")
    done = [record for batch in run_tasks(make_doubler, None, [(1,), (2,)], 2) for record in batch]
    assert sorted(done) == [(2, "1"), (4, "1")]
    assert os.environ.get("OMP_NUM_THREADS") == before
    assert list(run_tasks(make_doubler, None, [], 2)) == []


def test_errors_at_the_start_reach_the_caller() -> None:
    with pytest.raises(ConfigError, match="no such thing"):
        list(run_tasks(make_nothing, None, [(1,)], 1))


def test_thread_variables_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with single_threads():
        assert os.environ["OMP_NUM_THREADS"] == os.environ["MKL_NUM_THREADS"] == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ
