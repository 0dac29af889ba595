"""``tocsin findings`` as an operator types it."""

import json

import pytest
from tests.cast import KARAKORAM_BANK
from tests.findings.conftest import Reports, absorb, found, infected
from typer.testing import CliRunner

from tocsin.findings.commands import app
from tocsin.vocab.errors import Conflict, InputError, NotFound

pytestmark = pytest.mark.django_db


def tocsin(*words: str) -> str:
    """What a command prints; what it raises is raised here too, as the real command line sees it."""
    result = CliRunner().invoke(app, ["findings", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def known(reports: Reports) -> None:
    """Three findings of two constituents."""
    weak = ("2026-11-23T08:00:00Z", "198.18.20.5", "vulnerable-system", "open-telnet", "", "")
    reports.take("one", [infected("198.18.20.5"), weak, infected("198.18.10.5")])


def test_update_says_what_it_did_and_a_second_one_that_nothing_was_to_do(known: None) -> None:
    assert tocsin("update") == (
        "1 part: observations 3 = owned 3 + nobody's 0; findings: 3 new, 0 counted anew, 0 withdrawn\n"
    )
    assert tocsin("update").startswith("0 parts:")


def test_list_prints_the_worst_first_and_only_what_is_asked_for(known: None) -> None:
    absorb()
    lines = tocsin("list").splitlines()
    assert ["  high  " in line for line in lines] == [True, True, False]
    assert len(tocsin("list", "--organisation", KARAKORAM_BANK).splitlines()) == 2
    assert len(tocsin("list", "--severity", "high").splitlines()) == 2
    assert len(tocsin("list", "--sector", "finance").splitlines()) == 2
    assert len(tocsin("list", "--search", "198.18.10").splitlines()) == 1
    assert tocsin("list", "--state", "acknowledged") == ""


def test_list_speaks_to_programs_in_two_formats(known: None) -> None:
    absorb()
    rows = [json.loads(line) for line in tocsin("list", "--format", "jsonl").splitlines()]
    assert {(row["organisation"], row["asset"]) for row in rows} >= {(KARAKORAM_BANK, "198.18.20.5")}
    assert rows[0]["last_seen_at"] == "2026-11-23T08:00:00Z"
    cells = [line.split("\t") for line in tocsin("list", "--format", "tsv").splitlines()]
    assert [len(row) for row in cells] == [8, 8, 8]
    assert cells[0][0] == rows[0]["reference"]


def test_judge_moves_one_finding_which_then_is_listed_with_all_only(known: None) -> None:
    absorb()
    reference = found(text="198.18.10.5")[0].reference
    said = tocsin("judge", reference.lower(), "false-positive", "--reason", "a honeypot of ours")
    assert said == f"{reference} is false-positive now.\n"
    assert reference not in tocsin("list")
    assert reference in tocsin("list", "--all")


def test_what_cannot_be_judged_is_one_clear_sentence(known: None) -> None:
    absorb()
    reference = found()[0].reference
    with pytest.raises(NotFound, match=r"There is no finding FND-1999-0001\."):
        tocsin("judge", "FND-1999-0001", "acknowledged", "--reason", "x")
    with pytest.raises(InputError, match="Say why"):
        tocsin("judge", reference, "acknowledged", "--reason", " ")
    with pytest.raises(Conflict, match="cannot become reopened"):
        tocsin("judge", reference, "reopened", "--reason", "x")


def test_a_word_that_is_none_of_the_choices_is_refused_with_the_choices() -> None:
    result = CliRunner().invoke(app, ["findings", "list", "--format", "xml"])
    assert result.exit_code == 2
    assert "jsonl" in result.output


@pytest.mark.parametrize("command", ["update", "list", "judge"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    result = CliRunner().invoke(app, ["findings", command, "--help"])
    assert result.exit_code == 0
    assert "tocsin findings" in result.output
