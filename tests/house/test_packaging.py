"""The wheel holds what the program needs; set-up files agree with each other."""

import re
import tomllib

import pytest
from places import ROOT
from setuptools.discovery import PackageFinder

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TOP_LEVEL = ("riis_physical", "capture", "calibration", "training")


def requirements() -> dict[str, str]:
    """Package name to version range, of the project and all its extras."""
    extras = PROJECT["project"]["optional-dependencies"].values()
    lines = [*PROJECT["project"]["dependencies"], *(line for extra in extras for line in extra)]
    lines = [line for line in lines if not line.startswith("riis-physical[")]
    pairs = [re.fullmatch(r"([A-Za-z0-9_.-]+?)([<>=!~].*)?", line) for line in lines]
    return {match[1].lower().replace("_", "-"): match[2] or "" for match in pairs if match}


def pins() -> dict[str, str]:
    """Package name to pinned version of constraints.txt."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {
        name.lower().replace("_", "-"): version
        for name, version in (line.split("==") for line in lines)
    }


def test_every_folder_with_modules_is_a_package() -> None:
    find = PROJECT["tool"]["setuptools"]["packages"]["find"]
    folders = {file.parent for top in TOP_LEVEL for file in (ROOT / top).rglob("*.py")}
    names = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert names == set(PackageFinder.find(str(ROOT), include=find["include"]))


def test_every_data_file_is_listed() -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]
    listed = {
        file
        for package, globs in patterns.items()
        for g in globs
        for file in (ROOT / package).glob(g)
    }
    data = {
        file
        for top in TOP_LEVEL
        for file in (ROOT / top).rglob("*")
        if file.is_file() and file.suffix not in (".py", ".pyc", ".part")
    }
    assert data == listed


def test_tested_versions_are_within_the_ranges() -> None:
    from packaging.specifiers import SpecifierSet

    pinned = pins()
    for name, wanted in requirements().items():
        assert name in pinned, f"{name} has no tested version in constraints.txt"
        assert pinned[name] in SpecifierSet(wanted), f"{name} {pinned[name]} is not {wanted}"
    assert pinned["torch"] == "2.13.0"
    assert not [version for version in pinned.values() if "+" in version]


@pytest.mark.parametrize("torch", ["2.11.0", "2.12.1", "2.13.0"])
def test_supported_torch_versions(torch: str) -> None:
    from packaging.specifiers import SpecifierSet

    assert torch in SpecifierSet(requirements()["torch"])


def test_make_help_explains_every_target() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    explained = set(re.findall(r"^([a-z-]+):.*## \S", text, re.MULTILINE))
    assert {"setup", "demo", "test", "check", "bench", "train-smoke"} <= explained
    phony = set(re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split())  # type: ignore[index]
    assert phony == explained | {"opencv", "system-libraries"}


def test_smoke_training_can_be_repeated() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\ntrain-smoke:")[1]
    assert recipe.index("rm -rf runs/smoke") < recipe.index("--out runs/smoke")


def test_continuous_integration_runs_the_readme_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "set -euo pipefail" in script
    assert "make test" in script
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_product_text_names_no_machine() -> None:
    paths = [*ROOT.glob("*.md"), *ROOT.glob("*.toml"), ROOT / "Makefile"]
    paths += [file for top in TOP_LEVEL for file in (ROOT / top).rglob("*.py")]
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"/(work|root|tmp)/|/home/[a-z]", text), path.name


def test_channel_document_has_the_ranges_of_the_code() -> None:
    from riis_physical.channel.ranges import preset_table

    assert preset_table() in (ROOT / "docs" / "channel.md").read_text(encoding="utf-8")
