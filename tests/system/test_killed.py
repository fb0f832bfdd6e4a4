"""Long work that is killed at random moments goes on to the result of undisturbed work."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from places import ROOT
from studies import database, filled

KILLS = 20
JOURNAL = (
    "import sys, time\n"
    "from pathlib import Path\n"
    "from riis_physical.system.journal import Journal\n"
    "class Row:\n"
    "    def __init__(self, n): self.n = n\n"
    "    def as_dict(self): return {'n': self.n, 'pad': 'x' * 3000}\n"
    "journal = Journal(Path(sys.argv[1]), {'of': 'rows'}, {'commit': 'c'},\n"
    "                  parse=lambda values: Row(values['n']), fresh=False)\n"
    "print('begun', flush=True)\n"
    "done = {row.n for row in journal.done}\n"
    "for n in range(int(sys.argv[2])):\n"
    "    if n not in done:\n"
    "        journal.append(Row(n))\n"
    "        time.sleep(float(sys.argv[3]))\n"
)
TRAINING = (
    "import sys\n"
    "from pathlib import Path\n"
    "from training.hiding.loop import main\n"
    "run = Path(sys.argv[2])\n"
    "print('begun', flush=True)\n"
    "main('print', Path(sys.argv[1]), run, (run / 'checkpoint.pt').exists(),\n"
    "     sys.argv[3:], cpu=True)\n"
)
SCAN = (
    "import sys\n"
    "from riis_physical.cli import main\n"
    "sys.argv = ['riis-physical', 'scan', sys.argv[1], '-o', sys.argv[2], '--jobs', '1']\n"
    "print('begun', flush=True)\n"
    "try:\n"
    "    main()\n"
    "except SystemExit as stop:\n"
    "    sys.exit(stop.code != 1)\n"  # 1 is right: no photo holds a container
)
STUDY = (
    "import sys\n"
    "from pathlib import Path\n"
    "from capture.study.run import local_engine, run\n"
    "print('begun', flush=True)\n"
    "run(Path(sys.argv[1]), models=['print-1'], engine=local_engine(int(sys.argv[2])))\n"
)
TINY = (
    "model.blocks=1", "model.growth=8", "model.cem_features=8", "model.cem_layers=2",
    "model.canp_features=8", "batch=2", "patch_modules=8", "modules_total=21", "display_px=8",
    "warmup=2", "secret_first=2", "ramp=2", "steps=400", "decouple_at=150", "checkpoint_minutes=0",
    "evaluate_every=200",
)  # fmt: skip


def started(code: str, *arguments: object) -> subprocess.Popen[str]:
    """A process that does some of the work."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )


def killed_at_random(code: str, *arguments: object, longest: float, seed: int) -> int:
    """Kill the work again and again, then let it end; how often it was killed."""
    rng = np.random.default_rng(seed)
    kills = 0
    while kills < KILLS:
        process = started(code, *arguments)
        assert process.stdout is not None
        process.stdout.readline()  # it has begun: until then there is nothing to lose
        try:
            process.communicate(timeout=float(rng.uniform(0, longest)))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
        else:
            assert process.returncode == 0
            break
    last = started(code, *arguments)
    last.communicate()
    assert last.returncode == 0
    return kills


@pytest.mark.slow
def test_a_measurement_loses_no_record_and_has_none_twice(tmp_path: Path) -> None:
    path = tmp_path / "captures.jsonl"
    rows = 15_000
    kills = killed_at_random(JOURNAL, path, rows, 0.002, longest=1.0, seed=1)
    assert kills == KILLS
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert lines[0] == {"of": "rows"}
    assert [line["n"] for line in lines[1:] if "run" not in line] == list(range(rows))


@pytest.mark.parametrize("cut", [0, 5, -1, -4])
def test_a_journal_that_was_cut_anywhere_goes_on(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "captures.jsonl"
    started(JOURNAL, path, 3, 0).communicate()
    text = path.read_text()
    path.write_text(text[:cut])
    assert started(JOURNAL, path, 3, 0).communicate()[0] == "begun\n"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["n"] for line in lines if "n" in line] == [0, 1, 2]


@pytest.mark.slow
def test_a_scan_of_a_folder_has_each_photo_once(tmp_path: Path) -> None:
    photos, found = tmp_path / "photos", tmp_path / "found.jsonl"
    photos.mkdir()
    rng = np.random.default_rng(3)
    for number in range(120):
        small = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        Image.fromarray(small).resize((640, 480)).save(photos / f"{number:03}.jpg")
    kills = killed_at_random(SCAN, photos, found, longest=6.0, seed=4)
    assert kills == KILLS
    records = [json.loads(line) for line in found.read_text().splitlines()]
    assert [record["photo"] for record in records] == [str(p) for p in sorted(photos.iterdir())]
    assert {record["status"] for record in records} == {"no_container"}
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["found.jsonl"]


@pytest.mark.slow
def test_a_study_that_is_killed_ends_with_the_same_database(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    photos = 12
    filled(whole, photos, settings=0, results=False).close()
    rng = np.random.default_rng(5)
    for number in range(photos):
        small = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        Image.fromarray(small).resize((320, 240)).save(whole / "photos" / f"{number}.jpg")
    shutil.copytree(whole, parts)
    undisturbed = started(STUDY, whole, 1)
    undisturbed.communicate()
    assert undisturbed.returncode == 0
    kills, done = 0, 0
    while done < photos:  # a busy machine must not be killed before it has done anything
        process = started(STUDY, parts, 2)
        enough = min(photos, done + int(rng.integers(0, 4)))
        while len(database(parts)["result"]) < enough:
            assert process.poll() in (None, 0)
            time.sleep(0.05)
        time.sleep(float(rng.uniform(0, 2)))
        if process.poll() is None:
            kills += 1
        process.kill()
        process.communicate()
        done = len(database(parts)["result"])
        assert done >= enough
    assert kills >= 3
    assert database(parts) == database(whole)
    assert sorted(p.name for p in parts.iterdir()) == sorted(p.name for p in whole.iterdir())


@pytest.mark.slow
def test_training_that_is_killed_ends_with_the_same_weights(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    rng = np.random.default_rng(0)
    for number in range(24):
        small = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        Image.fromarray(small).resize((320, 240)).save(photos / f"{number:02}.png")
    through, parts = tmp_path / "through", tmp_path / "parts"
    undisturbed = started(TRAINING, photos, through, *TINY)
    undisturbed.communicate()
    assert undisturbed.returncode == 0
    kills = killed_at_random(TRAINING, photos, parts, *TINY, longest=3.0, seed=2)
    assert kills == KILLS
    states = [
        torch.load(run / "checkpoint.pt", map_location="cpu", weights_only=True)
        for run in (through, parts)
    ]
    assert states[0]["step"] == states[1]["step"] == 400
    for key, value in states[0]["network"].items():
        assert torch.equal(value, states[1]["network"][key]), key
    logs = [
        [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        for run in (through, parts)
    ]
    assert logs[0] == logs[1]
    assert not [path for path in parts.iterdir() if path.name.endswith(".part")]
