"""The room from the command line: what people see, and that everything is the operator's doing."""

from pathlib import Path

import pytest
from tests.cast import CONSTITUENCY
from typer.testing import CliRunner, Result

from tocsin.constituency.commands import app
from tocsin.constituency.models import AuditEntry, Person
from tocsin.vocab.errors import InputError, TocsinError

pytestmark = pytest.mark.django_db


def _run(*words: str) -> Result:
    result = CliRunner().invoke(app, list(words))
    if isinstance(result.exception, TocsinError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "cast.yaml"
    path.write_text(CONSTITUENCY, "utf-8")
    return str(path)


def test_loading_says_what_changed_and_a_second_time_that_nothing_did(file: str) -> None:
    assert "+ organisation indus-power" in _run("constituency", "load", "--dry-run", file).stdout
    assert "revision 1" in _run("constituency", "load", file).stdout
    assert "no new revision" in _run("constituency", "load", file).stdout
    listed = _run("constituency", "list", "--search", "bank").stdout
    assert "karakoram-bank" in listed
    assert "ravi-net" not in listed


def test_whose_explains_itself(file: str) -> None:
    _run("constituency", "load", file)
    said = _run("constituency", "whose", "198.18.40.1", "--at", "2026-11-23T11:00:00Z").stdout
    assert "belongs to karakoram-bank" in said
    assert "not yet valid then" in said
    assert "nobody's" in _run("constituency", "whose", "240.0.0.1").stdout
    with pytest.raises(InputError, match="--at"):
        _run("constituency", "whose", "198.18.40.1", "--at", "yesterday")


def test_a_registry_file_is_loaded_with_its_accounts(samples: Path) -> None:
    path = str(samples / "constituency" / "registries" / "apnic-extended.txt")
    said = _run("constituency", "registry", path, "--country", "pk").stdout
    assert "records 9 = kept 6 + elsewhere 1 + unassigned 2 + duplicate 0 + rejected 0" in said
    assert "Nothing changed" in _run("constituency", "registry", path).stdout


def test_people_are_added_changed_listed_and_given_links() -> None:
    _run(
        "person",
        "add",
        "Zara@team.example",
        "--name",
        "Zara",
        "--role",
        "analyst",
        "--role",
        "lead",
        "--language",
        "ur",
    )
    assert Person.objects.get().roles == ["analyst", "lead"]
    assert "zara@team.example" in _run("person", "list").stdout
    link = _run("person", "link", "zara@team.example")
    assert "/sign-in/" in link.stdout
    assert link.stdout.strip().count("\n") == 0
    _run("person", "change", "zara@team.example", "--left")
    assert Person.objects.get().is_active is False
    assert set(AuditEntry.objects.values_list("actor_name", flat=True)) == {"operator"}


def test_a_token_is_printed_once() -> None:
    _run("person", "add", "zara@team.example", "--name", "Zara", "--role", "analyst")
    made = _run("token", "make", "zara@team.example", "--scope", "intel:read", "--days", "3")
    assert made.stdout.startswith("tocsin_")
    with pytest.raises(InputError, match="may not give"):
        _run("token", "make", "zara@team.example", "--scope", "people:write")
