"""What the documents promise exists: commands, options, pictures."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from places import ROOT

from riis_physical.cli import cli

DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])


def shell_lines(text: str) -> list[str]:
    """Lines of fenced blocks that are no Python, with continued lines joined."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    joined = "\n".join(body for language, body in blocks if language != "python")
    return [line.strip() for line in joined.replace("\\\n", " ").splitlines() if line.strip()]


def promised_commands() -> list[str]:
    """Every line of a document that starts with riis-physical, as written."""
    return [
        line
        for document in DOCUMENTS
        for line in shell_lines(document.read_text(encoding="utf-8"))
        if line.startswith("riis-physical ")
    ]


def promised_options() -> list[tuple[str, str]]:
    """(command, option) of prose like `scan --json`."""
    names = "|".join(sorted(cli.commands, key=len, reverse=True))
    return [
        found
        for document in DOCUMENTS
        for found in re.findall(rf"`({names}) (--[a-z-]+)", document.read_text(encoding="utf-8"))
    ]


def all_commands(
    group: click.Group = cli, before: str = "riis-physical"
) -> dict[str, click.Command]:
    """Every command that lists of commands show, by how it is called."""
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= all_commands(command, f"{before} {name}")
        elif not command.hidden:
            found[f"{before} {name}"] = command
    return found


def parse(line: str) -> None:
    """Parse a command line as click would; nothing runs and no file is touched.

    Raises:
        click.UsageError: the command line does not know it.
    """
    command: click.Command = cli
    context = click.Context(cli, info_name="riis-physical")
    arguments = shlex.split(line)[1:]
    while isinstance(command, click.Group):
        name, found, arguments = command.resolve_command(context, arguments)
        assert found is not None
        command, context = found, click.Context(found, info_name=name, parent=context)
    command.make_context(command.name, arguments, parent=context.parent)


def test_the_readme_shows_the_main_job() -> None:
    shown = {line.split()[1] for line in promised_commands()}
    assert {"hide", "simulate", "scan", "train", "export", "release", "measure"} <= shown


@pytest.mark.parametrize("line", promised_commands())
def test_every_command_shown_parses(line: str) -> None:
    parse(line)


@pytest.mark.parametrize(("name", "command"), all_commands().items())
def test_every_help_text_has_an_example_that_parses(
    name: str, command: click.Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: "")  # takes what is offered
    paragraphs = [" ".join(text.split()) for text in (command.help or "").split("\n\n")]
    examples = [text for text in paragraphs if text.startswith(f"Example: {name} ")]
    assert examples, f"{name} has no example"
    parse(examples[0].removeprefix("Example: ").split(";")[0])


@pytest.mark.parametrize(
    "line", ["riis-physical nosuch", "riis-physical hide a.jpg -m m", "riis-physical scan a --no"]
)
def test_commands_that_do_not_exist_are_seen(line: str) -> None:
    with pytest.raises(click.UsageError):
        parse(line)


@pytest.mark.parametrize(("name", "option"), promised_options())
def test_every_option_named_exists(name: str, option: str) -> None:
    known = {o for parameter in cli.commands[name].params for o in parameter.opts}
    assert option in known


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    missing = [
        link
        for link in links
        if not re.match(r"[a-z]+:", link) and not (document.parent / link).exists()
    ]
    assert not missing, f"{document.name} links to {', '.join(missing)}"


def test_make_targets_named_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for document in DOCUMENTS:
        for line in shell_lines(document.read_text(encoding="utf-8")):
            if line.startswith("make "):
                assert line.split()[1] in targets, line
