"""Scanning on Ray: all results come, also when a worker is killed in the middle."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from places import PYTHONPATH, ROOT

pytest.importorskip("ray")
pytest.importorskip("pyDOE3")

from studies import TEXT, database, until, write_source

from capture.study.ingest import ingest
from capture.study.photos.simulate import simulate
from capture.study.plan import plan
from capture.study.ray_engine import fetched, ray_engine, task_of
from capture.study.run import Task, local_engine, run
from capture.study.store import Study

pytestmark = pytest.mark.slow


class DyingReader:
    """Answers with the photo's bytes; the first to see photo 5 ends its own process."""

    def __init__(self, mark: str) -> None:
        self.mark = Path(mark)

    def __call__(self, task: Task) -> dict[str, Any]:
        if task.photo == 5 and not self.mark.exists():
            self.mark.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        return {"photo_id": task.photo, "text": Path(task.file).read_text(), "by": os.getpid()}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kills a process")
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_killed_worker_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", PYTHONPATH)
    tasks = []
    for number in range(16):
        file = tmp_path / f"{number}.jpg"
        file.write_text(f"photo {number}")
        tasks.append(Task(number, file.as_uri(), "s", "m", None))
    mark = tmp_path / "killed"
    counted: list[int] = []
    engine = ray_engine(None, 2, lambda: counted.append(1))
    lines = list(engine(partial(DyingReader, str(mark)), tasks))  # type: ignore[arg-type]
    assert sorted(line["photo_id"] for line in lines) == list(range(16))
    assert all(line["text"] == f"photo {line['photo_id']}" for line in lines)
    killed = int(mark.read_text())
    by = {line["photo_id"]: line["by"] for line in lines}
    assert by[5] != killed and len(set(by.values())) >= 2
    assert len(counted) == 16


def descendants(of: int) -> dict[int, str]:
    """Processes that a process started, those of these and so on, each with its command line."""
    parents: dict[int, int] = {}
    lines: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rsplit(")")[-1].split()[1]
                )
                lines[int(entry.name)] = (
                    (entry / "cmdline").read_bytes().decode().replace("\0", " ")
                )
            except OSError:  # it has ended
                continue
    found = {of}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return {pid: lines.get(pid, "") for pid in found - {of}}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kills a process")
def test_a_study_run_on_ray_gives_the_local_database(tmp_path: Path) -> None:
    """The real scanner on two workers, one of them killed while it scans."""
    source = write_source(tmp_path, TEXT + "design: {repeats: 3}\n")
    local, spread = tmp_path / "local", tmp_path / "spread"
    plan(source, local, jobs=1)
    assert simulate(local, jobs=2) == 24
    assert not ingest(local, [local / "photos"], jobs=2).unassigned
    shutil.copytree(local, spread)
    run(local, engine=local_engine(2))
    command = [sys.executable, "-m", "riis_physical.cli", "study", "run", str(spread), "--engine",
               "ray", "--jobs", "2"]  # fmt: skip
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip

    def readers() -> list[int]:
        return [pid for pid, line in descendants(child.pid).items()
                if line.startswith("ray::") and "RayReader" in line]  # fmt: skip

    def some_are_done() -> list[int]:
        assert child.poll() is None, child.communicate()[0]
        with Study.open(spread) as study:
            done = study.one("SELECT count(*) FROM result")
        return readers() if 0 < done < 20 else []

    until(some_are_done, 1200, "no result came")
    until(lambda: len(readers()) == 2, 600, "there are no two workers")
    os.kill(readers()[0], signal.SIGKILL)
    with Study.open(spread) as study:
        assert study.one("SELECT count(*) FROM result") < 24  # it was in the middle
    said, _ = child.communicate(timeout=2400)
    assert child.returncode == 0, said
    assert "scanned  24 now, 0 were there already" in said
    assert not descendants(child.pid)
    assert database(spread) == database(local)


def test_files_come_from_any_address(tmp_path: Path) -> None:
    import fsspec

    with fsspec.open("memory://bucket/photo.jpg", "wb") as stream:
        stream.write(b"bytes")
    assert fetched("memory://bucket/photo.jpg", tmp_path).read_bytes() == b"bytes"
    assert fetched((tmp_path / "absent.jpg").as_uri(), tmp_path).read_bytes() == b""


def test_a_task_survives_the_way() -> None:
    from dataclasses import asdict

    task = Task(1, "file:///a.jpg", "key", "text", ((0.0, 1.0), (2.0, 1.0), (2.0, 3.0), (0.0, 3.0)))
    assert task_of(asdict(task)) == task
