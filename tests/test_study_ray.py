"""Scanning on Ray: all results come, also when a worker is killed in the middle."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray")

from capture.study.ray_engine import fetched, ray_engine, task_of
from capture.study.run import Task

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
    monkeypatch.setenv("PYTHONPATH", f"{Path(__file__).parent}:{os.environ.get('PYTHONPATH', '')}")
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
