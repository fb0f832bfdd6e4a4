"""Scanning on a Ray cluster: Ray Data over the photos, for studies that outgrow one machine.

Workers read photos by address (a shared folder, an object store: whatever fsspec opens) and
load models once each. A worker that dies is started again and its photos are scanned again;
results reach the database of the machine that asked, one by one.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from capture.many.folder import cores
from capture.study.run import Engine, Reader, Task
from riis_physical.errors import ConfigError, RiisError

BLOCK = 4  # photos that go to a worker together; so many are scanned again when it dies


class RayReader:
    """A worker: scans photos that it reads by address."""

    def __init__(self, make: Callable[[], Reader]) -> None:
        self.read = make()

    def __call__(self, item: dict[str, Any]) -> dict[str, Any]:
        """The line of the table result for one task, as JSON: columns then need no types."""
        import json

        task = task_of(json.loads(item["task"]))
        with tempfile.TemporaryDirectory(prefix="riis-ray-") as folder:
            local = fetched(task.file, Path(folder))
            line = self.read(replace(task, file=str(local)))
        return {"line": json.dumps(line)}


def task_of(values: dict[str, Any]) -> Task:
    """A task from its plain values."""
    corners = values["corners"]
    quad = None if corners is None else tuple((float(x), float(y)) for x, y in corners)
    return Task(**{**values, "corners": quad})


def fetched(address: str, folder: Path) -> Path:
    """A copy of a file by its address, as it is.

    A file that is not there becomes an empty one, which the scan calls no picture.
    """
    import fsspec

    local = folder / Path(address).name
    try:
        with fsspec.open(address, "rb") as stream:
            local.write_bytes(stream.read())
    except FileNotFoundError:
        local.touch()
    return local


def ray_engine(
    address: str | None, jobs: int | None, done: Callable[[], None] | None = None
) -> Engine:
    """An engine on a running cluster, or on a local one made for the run.

    Args:
        address: of the cluster; None starts Ray on this machine.
        jobs: workers, of one core each.
        done: told of each result.
    """

    def work(make: Callable[[], Reader], tasks: Sequence[Task]) -> Iterator[dict[str, Any]]:
        import json

        if not tasks:
            return
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        import ray

        logging.getLogger("ray.data").setLevel(logging.ERROR)
        ours = not ray.is_initialized()
        if ours:
            _connect(address, jobs)
        try:
            context = ray.data.DataContext.get_current()
            context.enable_progress_bars = False
            context.max_errored_blocks = 0
            workers = jobs or max(1, int(ray.cluster_resources().get("CPU", 1)))
            items = [{"task": json.dumps(asdict(task))} for task in tasks]
            blocks = max(1, -(-len(items) // BLOCK))
            read = ray.data.from_items(items, override_num_blocks=blocks).map(
                RayReader,  # type: ignore[arg-type]
                fn_constructor_args=(make,),
                compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers),
                num_cpus=1,
            )
            try:
                for answer in read.iter_rows():
                    if done is not None:
                        done()
                    yield json.loads(answer["line"])
            except (ray.exceptions.RayError, RuntimeError) as error:
                reason = str(error).strip().splitlines()[-1]
                raise RiisError(
                    f"Ray gave up ({reason}): what was scanned is kept, run the same command again"
                ) from error
        finally:
            if ours:
                ray.shutdown()

    return work


def _connect(address: str | None, jobs: int | None) -> None:
    import ray

    options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    try:
        if address is None:
            ray.init(num_cpus=jobs or cores(), include_dashboard=False, **options)
        else:
            ray.init(address=address, **options)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise ConfigError(
            f"no Ray cluster answers at {address}: start one with `ray start --head`, or leave "
            f"--ray-address out ({str(error).splitlines()[0]})"
        ) from error
