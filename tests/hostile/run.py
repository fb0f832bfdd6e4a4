"""Run the hostile inputs, each in a process and folders of its own, and judge the answers."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.hostile.case import MB, Case
from tests.hostile.cases import all_cases

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 240
MOST_LINES = 6
_CLI = "from riis_physical.cli import main; main()"
# Runs its arguments, then says on descriptor 3 how they ended and what they took.
_METER = (
    "import os, subprocess, sys\n"
    "p = subprocess.Popen(sys.argv[1:])\n"
    "_, status, used = os.wait4(p.pid, 0)\n"
    "os.write(int(os.environ['METER']),"
    " f'{os.waitstatus_to_exitcode(status)} {used.ru_maxrss}'.encode())\n"
)


def run_all(workers: int, only: str = "") -> list[dict[str, Any]]:
    """One line of the table for each case, in their order."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cases = [case for case in all_cases(folder) if only in f"{case.group} {case.name}"]
        (folder / "photos").mkdir()
        for number in range(4):
            (folder / "photos" / f"{number}.png").write_bytes((folder / "plain.png").read_bytes())
        _hide_hello(folder)
        before = _listing(folder)
        with ThreadPoolExecutor(workers) as pool:
            lines = list(pool.map(lambda case: _judged(case, folder), cases))
        changed = sorted(before ^ _listing(folder))
        if changed:
            lines.append({"group": "all", "name": "inputs", "wrong": [f"changed: {changed}"]})
        return lines


def _listing(folder: Path) -> set[tuple[str, int]]:
    """Names and sizes of everything in the inputs' folder."""
    return {(str(path), path.lstat().st_size) for path in folder.rglob("*")}


def _hide_hello(folder: Path) -> None:
    command = [sys.executable, "-c", _CLI, "hide", folder / "plain.png", "-m", "hello",
               "--strength", "1.5", "-o", folder / "container.png"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, env=_environment(folder), cwd=folder)


def _environment(temporary: Path) -> dict[str, str]:
    return os.environ | {
        "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "TMPDIR": str(temporary),
        "PYTHONUTF8": "1",
    }  # fmt: skip


def _judged(case: Case, inputs: Path) -> dict[str, Any]:
    """Exit status, sentence, memory and leftovers of a case, and what is wrong with them."""
    with tempfile.TemporaryDirectory() as name:
        work, temporary, meter = Path(name) / "work", Path(name) / "tmp", Path(name) / "meter"
        work.mkdir()
        temporary.mkdir()
        arguments = [a.replace("IN/", f"{inputs}/") for a in case.arguments]
        command = [sys.executable, "-c", _METER, sys.executable, "-c", _CLI, *arguments]
        line = " ".join(shlex.quote(part) for part in command)
        script = f"METER=9 {line} {case.shell}"
        began = time.perf_counter()
        with meter.open("wb") as measured:
            try:
                done = subprocess.run(
                    ["bash", "-c", f"exec 9>&{measured.fileno()}; {script}"],
                    capture_output=True, cwd=work, env=_environment(temporary),
                    timeout=TIMEOUT_S, pass_fds=(measured.fileno(),),
                )  # fmt: skip
                said = (done.stderr + done.stdout).decode("utf-8", "replace")
            except subprocess.TimeoutExpired:
                said = "TIMED OUT"
        status, kilobytes = (int(part) for part in (meter.read_text() or "-99 0").split())
        left = sorted(
            str(path.relative_to(Path(name))) for part in (work, temporary)
            for path in part.rglob("*") if path.name not in case.makes
        )  # fmt: skip
    said = said.replace(f"{inputs}/", "IN/").strip()
    return {
        "group": case.group,
        "name": case.name[:60].encode("unicode_escape").decode(),
        "exit": status,
        "says": (said.splitlines() or [""])[-1][:240].encode("unicode_escape").decode(),
        "peak_mb": round(kilobytes * 1024 / MB),
        "leftovers": left,
        "seconds": round(time.perf_counter() - began, 1),
        "wrong": list(_wrong(case, status, said, kilobytes * 1024, left)),
    }


def _wrong(case: Case, status: int, said: str, peak: int, left: list[str]) -> list[str]:
    found = []
    if status not in case.exits:
        found.append(f"exit {status}, expected {' or '.join(map(str, case.exits))}")
    if "Traceback" in said or "fault of this program" in said:
        found.append("a traceback")
    if case.says not in said:
        found.append(f"does not say {case.says!r}")
    if status and not said and case.shell.count("&-") < 2:
        found.append("no sentence")
    if status == 1 and len(said.splitlines()) > MOST_LINES:
        found.append(f"{len(said.splitlines())} lines")
    if "\x1b" in said:
        found.append("an escape sequence reaches the terminal")
    if peak > case.memory:
        found.append(f"{peak / MB:.0f} MB, expected at most {case.memory / MB:.0f}")
    if left:
        found.append(f"leftovers: {left}")
    return found
