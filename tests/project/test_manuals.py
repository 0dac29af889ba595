"""The manuals that are made from the program itself are as the program is: ``pytest --bless`` writes them anew."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.core import TyperCommand, TyperGroup

from tocsin.formats.feed import feeds
from tocsin.project import cli
from tocsin.project.commands import _manual

DOCS = Path(__file__).parents[2] / "docs"
_MADE = "Made from the program (`pytest tests/project/test_manuals.py --bless`); do not edit."


def _same(path: Path, text: str, is_blessing: bool) -> None:
    if is_blessing:
        path.write_text(text, "utf-8")
    assert path.read_text("utf-8") == text


def _commands() -> Iterator[tuple[str, TyperCommand]]:
    """Every command with its full name, in the order of the rooms."""

    def below(name: str, command: Any) -> Iterator[tuple[str, TyperCommand]]:
        if isinstance(command, TyperGroup):
            for word, inner in command.commands.items():
                yield from below(f"{name} {word}".strip(), inner)
        else:
            yield name, command

    yield from below("", typer.main.get_command(cli._application([])))


def _examples(command: TyperCommand) -> list[str]:
    """The lines of the epilog without the heading."""
    text = re.sub(r"\AExamples?:", "", (command.epilog or "").strip())
    return [line.strip() for line in text.splitlines() if line.strip()]


def _parameter(one: Any) -> str:
    """A row of the table of an option or argument; typer has no public type for both together."""
    names = " ".join(one.opts) if one.param_type_name == "option" else (one.name or "").upper()
    words = getattr(one, "help", "") or ""
    return f"| `{names}` | {words.replace('|', '/').replace('<', '&lt;')} |"


def _command_page() -> str:
    lines = [
        "# The command line",
        "",
        f"{_MADE} Every command has `--help`.",
        "Input that cannot be used is one line on standard error and exit code 2.",
        "",
    ]
    for name, command in _commands():
        lines += [f"## tocsin {name}", "", (command.help or "").strip(), ""]
        rows = [_parameter(one) for one in command.params if one.name != "help"]
        if rows:
            lines += ["| | |", "|---|---|", *rows, ""]
        lines += ["```", *_examples(command), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def _feed_page() -> str:
    known = feeds()
    lines = [
        "# Feeds",
        "",
        f"{_MADE} `tocsin parse --list` prints the same.",
        "Files may be gz, bz2, xz, zst, zip or tar, or a folder. *Indicators* are things to look for, *observations* are reports",
        "about our own addresses.",
        "",
        f"{len(known)} feeds of {len({feed.provider for feed in known.values()})} providers.",
        "",
        "| feed | gives | about |",
        "|---|---|---|",
    ]
    lines += [f"| `{name}` | {feed.gives} | {feed.about} |" for name, feed in known.items()]
    return "\n".join(lines) + "\n"


def test_the_page_of_commands_is_as_the_commands_are(is_blessing: bool) -> None:
    _same(DOCS / "use" / "commands.md", _command_page(), is_blessing)


def test_the_page_of_feeds_is_as_the_feeds_are(is_blessing: bool) -> None:
    _same(DOCS / "use" / "feeds.md", _feed_page(), is_blessing)


def test_the_page_of_settings_is_as_the_settings_are(is_blessing: bool) -> None:
    _same(DOCS / "run" / "settings.md", _manual(), is_blessing)


@pytest.mark.parametrize(
    ("name", "command"), list(_commands()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_says_what_it_does_and_shows_an_example(name: str, command: TyperCommand) -> None:
    assert command.help, f"tocsin {name} has no help"
    assert any(f"tocsin {name}" in line for line in _examples(command)), f"tocsin {name} has no example"
    for one in command.params:
        assert one.name == "help" or getattr(one, "help", None), f"tocsin {name}: {one.name} is not explained"


def test_the_table_of_commands_names_what_the_rooms_have() -> None:
    named = {word for words in cli.COMMANDS.values() for word in words}
    application = typer.main.get_command(cli._application([]))
    assert isinstance(application, TyperGroup)
    assert set(application.commands) == {word.split()[0] for word in named}
    assert {word for word in named if " " in word} <= {name for name, _ in _commands()}


def test_a_subcommand_named_with_two_words_wakes_its_own_module_alone() -> None:
    assert cli._modules(["agreement", "check", "a.yaml"]) == ["agreements.commands.documents"]
    assert cli._modules(["agreement"]) == ["agreements.commands.documents", "agreements.commands.database"]
    assert cli._modules(["agreement", "import"]) == ["agreements.commands.documents", "agreements.commands.database"]
    assert cli._modules(["ledger", "verify"]) == ["agreements.commands.database"]
    assert cli._modules(["no-such-word"]) == cli._modules([]) == list(cli.COMMANDS)
