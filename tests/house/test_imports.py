"""Who may import whom, and what must stay light."""

import ast
import resource
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from places import ROOT

SIBLINGS = {"riis_physical", "capture", "calibration", "training"}
ALLOWED = {
    "riis_physical": {"riis_physical"},
    "capture": {"riis_physical", "capture"},
    "calibration": {"riis_physical", "capture", "calibration"},
    "training": {"riis_physical", "capture", "calibration", "training"},
}
MOST_FILES, MOST_LINES = 13, 350  # modules of a folder, lines of a module
NOT_FOR_HIDING = {
    "accelerate", "matplotlib", "onnx", "onnxruntime", "pandas", "pillow_heif", "pyzbar",
    "reportlab", "skimage", "tifffile", "yaml", "zxingcpp", "capture", "calibration", "training",
}  # fmt: skip
HEAVY = ("torch", "cv2", "kornia", "pydantic", "numpy", "PIL", "scipy")


def imported(tree: ast.AST) -> set[str]:
    """Top-level packages that a piece of code imports."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").split(".")[0])
    return found


def is_for_types(node: ast.stmt) -> bool:
    """Whether a statement is left out when the module runs."""
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_packages_import_only_what_lies_below_them(package: str) -> None:
    for file in (ROOT / package).rglob("*.py"):
        commands = ROOT / "riis_physical" / "commands" in file.parents
        tree = ast.parse(file.read_text(encoding="utf-8"))
        face = file == ROOT / "riis_physical" / "face.py"
        if commands or face:  # see all, yet inside functions and for types alone
            tree.body = [
                node
                for node in tree.body
                if not isinstance(node, ast.FunctionDef) and not is_for_types(node)
            ]
        wrong = (imported(tree) & SIBLINGS) - ALLOWED[package]
        assert not wrong, f"{file.relative_to(ROOT)} imports {', '.join(sorted(wrong))}"


# Folders of the capture side, and which of the others each may see. Stages at the root
# (scan, explain, clock, stages) are the face and what every stage may use.
FOLDERS = {
    "geometry": set(),
    "quality": {"geometry"},
    "find": {"geometry"},
    "read": {"geometry", "find"},
    "many": {"geometry", "find", "read", "quality"},
}


@pytest.mark.parametrize("folder", sorted(FOLDERS))
def test_folders_of_the_capture_side_see_only_what_lies_below_them(folder: str) -> None:
    for file in (ROOT / "capture" / folder).rglob("*.py"):
        for module in modules_imported(file):
            part = module.split(".")[1] if module.startswith("capture.") else folder
            allowed = (
                FOLDERS[folder]
                | {folder, "clock"}
                | ({"scan", "explain"} if folder == "many" else set())
            )
            assert part in allowed, f"{file.relative_to(ROOT)} imports {module}"


# Wings of a folder, and what beside themselves each may see of it.
WINGS = {
    "calibration/fit/effects": set(),
    "capture/find/learned/networks": set(),
    "capture/read/place": set(),
    "capture/read/rescue": {"place"},
    "riis_physical/channel/effects": {"constants", "params"},
    "riis_physical/hiding/strength": {"frame", "masking"},
    "riis_physical/qr/soft/blocks": {"code_bits", "evidence", "tried"},
    "training/detector/material": set(),
    "training/hiding/material": {"config"},
    "training/hiding/steps": {"config", "material"},
    "training/hiding/running": {"config", "material", "steps"},
    "training/report/sections": {"cells", "results"},
}


@pytest.mark.parametrize("wing", sorted(WINGS))
def test_wings_see_only_what_lies_below_them(wing: str) -> None:
    folder, _, name = wing.rpartition("/")
    around = folder.replace("/", ".") + "."
    for file in (ROOT / wing).glob("*.py"):
        for module in modules_imported(file):
            if module.startswith(around):
                part = module.removeprefix(around).split(".")[0]
                assert part in WINGS[wing] | {name}, f"{file.relative_to(ROOT)} imports {module}"


def test_files_and_folders_stay_small() -> None:
    for package in ALLOWED:
        for folder in (ROOT / package).rglob("__init__.py"):
            files = sorted(folder.parent.glob("*.py"))
            assert len(files) <= MOST_FILES, (
                f"{folder.parent.relative_to(ROOT)}: {len(files)} files"
            )
            for file in files:
                lines = len(file.read_text(encoding="utf-8").splitlines())
                assert lines <= MOST_LINES, f"{file.relative_to(ROOT)}: {lines} lines"


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_modules_do_not_import_in_circles(package: str) -> None:
    graph = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts): set(modules_imported(file))
        for file in (ROOT / package).rglob("*.py")
        if file.name != "__init__.py"
    }
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def modules_imported(file: Path) -> Iterator[str]:
    """Modules that a file needs when it is loaded: imports outside functions and type checks."""
    waiting: list[ast.stmt] = list(ast.parse(file.read_text(encoding="utf-8")).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                is_module = (ROOT / (inner.replace(".", "/") + ".py")).exists()
                yield inner if is_module else node.module
        elif isinstance(node, ast.If) and not is_for_types(node):
            waiting += node.body + node.orelse
        elif isinstance(node, ast.Try):
            waiting += node.body


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout


@pytest.mark.parametrize("module", ["riis_physical", "riis_physical.cli"])
def test_importing_the_command_line_is_light(module: str) -> None:
    loaded = run(f"import sys, {module}; print(*sys.modules)").split()
    assert not set(HEAVY) & set(loaded)


def test_hiding_and_simulating_wait_for_nothing_else(tmp_path: Path) -> None:
    host, container, photo = (str(tmp_path / name) for name in ("h.png", "c.png", "p.jpg"))
    noise = np.random.default_rng(0).uniform(60, 200, (8, 8, 3)).astype(np.uint8)
    Image.fromarray(noise).resize((300, 260)).save(host)
    commands = [
        ["hide", host, "-m", "m", "--strength", "1", "-o", container],
        ["simulate", container, "-o", photo, "--size", "400x300"],
    ]
    loaded = run(
        "import sys\nfrom riis_physical.cli import main\n"
        f"for arguments in {commands!r}:\n"
        "    try:\n        main(arguments)\n"
        "    except SystemExit as stop:\n        assert not stop.code\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    found = set(loaded.splitlines()[-1].split())
    assert {"torch", "cv2", "PIL", "safetensors"} <= found
    assert not found & NOT_FOR_HIDING


def test_help_answers_at_once_without_torch() -> None:
    code = (
        "import sys; sys.argv = ['riis-physical', '--help']\n"
        "from riis_physical.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as stop:\n    assert not stop.code\n"
        "assert 'torch' not in sys.modules"
    )
    times = []
    for _ in range(3):
        start = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert "Usage: riis-physical" in run(code)
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(end.ru_utime - start.ru_utime + end.ru_stime - start.ru_stime)
    assert min(times) < 0.5  # of work: how long it takes depends on who else works


def test_every_name_of_the_api_exists() -> None:
    import riis_physical

    for name in riis_physical.__all__:
        assert getattr(riis_physical, name).__name__ == name
    assert riis_physical.__version__[0].isdigit()
    with pytest.raises(AttributeError, match="no attribute 'nosuch'"):
        _ = riis_physical.nosuch
