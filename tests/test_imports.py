"""Who may import whom, and what must stay light."""

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SIBLINGS = {"riis_physical", "capture", "calibration", "training"}
ALLOWED = {
    "riis_physical": {"riis_physical"},
    "capture": {"riis_physical", "capture"},
    "calibration": {"riis_physical", "capture", "calibration"},
    "training": {"riis_physical", "capture", "calibration", "training"},
}
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


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_packages_import_only_what_lies_below_them(package: str) -> None:
    for file in (ROOT / package).rglob("*.py"):
        commands = file.parent == ROOT / "riis_physical" / "commands"
        tree = ast.parse(file.read_text(encoding="utf-8"))
        if commands:  # sees all, yet inside functions alone
            tree.body = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
        wrong = (imported(tree) & SIBLINGS) - ALLOWED[package]
        assert not wrong, f"{file.relative_to(ROOT)} imports {', '.join(sorted(wrong))}"


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout


@pytest.mark.parametrize("module", ["riis_physical", "riis_physical.cli"])
def test_importing_the_command_line_is_light(module: str) -> None:
    loaded = run(f"import sys, {module}; print(*sys.modules)").split()
    assert not set(HEAVY) & set(loaded)


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
        start = time.perf_counter()
        assert "Usage: riis-physical" in run(code)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.5


def test_every_name_of_the_api_exists() -> None:
    import riis_physical

    for name in riis_physical.__all__:
        assert getattr(riis_physical, name).__name__ == name
    assert riis_physical.__version__[0].isdigit()
    with pytest.raises(AttributeError, match="no attribute 'nosuch'"):
        _ = riis_physical.nosuch
