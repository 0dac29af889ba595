"""``tocsin source``, ``ingest`` and ``warning-list`` as somebody types them."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.intel.conftest import enter
from typer.testing import CliRunner

from tocsin.constituency.access import OPERATOR
from tocsin.intel import queries
from tocsin.intel.commands import app
from tocsin.vocab.errors import Conflict, InputError, UnknownName


def run(*words: str) -> str:
    """Standard output of a command that ends well; an error of ours is raised."""
    ran = CliRunner().invoke(app, list(words), catch_exceptions=False)
    if ran.exception:
        raise ran.exception
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def test_a_source_is_entered_and_listed(db: Any) -> None:
    words = ["--feed", "plain/domains", "--title", "A partner", "--tlp", "TLP:GREEN", "--confidence", "80"]
    assert run("source", "add", "partner", *words, "--valid-for", "30") == "partner: entered\n"
    view = queries.source(OPERATOR, "partner")
    assert (view.title, view.tlp.value, view.confidence, view.valid_for, view.feeds) == (
        "A partner",
        "green",
        80,
        30,
        ("plain/domains",),
    )
    shown = run("source", "list")
    assert "partner" in shown
    assert "TLP:GREEN" in shown
    with pytest.raises(Conflict, match="already"):
        run("source", "add", "partner", *words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Bad Name", "--feed", "plain/domains", "--title", "x"], "no name for a source"),
        (["partner", "--feed", "plain/domain", "--title", "x"], "did you mean plain/domains"),
        (["partner", "--feed", "plain/domains", "--title", "x", "--confidence", "101"], "from 0 to 100"),
        (["partner", "--feed", "plain/domains", "--title", "x", "--tlp", "purple"], "marking"),
        (["partner", "--feed", "plain/domains", "--title", "x", "--valid-for", "0"], "between 1 and 36500"),
    ],
)
def test_an_impossible_source_is_refused_in_one_sentence(db: Any, words: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        run("source", "add", *words)


def test_sources_are_loaded_from_a_file_all_or_none(db: Any, tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(
        "sources:\n"
        "  - {name: one, title: One, feeds: [plain/domains], tlp: green}\n"
        "  - {name: two, title: Two, feeds: [misp/event, misp/warning-lists], valid_for: 90}\n"
    )
    assert run("source", "load", str(path)).endswith("2 added, 0 changed, 0 unchanged\n")
    path.write_text(path.read_text().replace("title: One", "title: Number one"))
    assert run("source", "load", str(path)).endswith("0 added, 1 changed, 1 unchanged\n")
    assert queries.source(OPERATOR, "one").title == "Number one"
    path.write_text(
        "- {name: three, title: Three, feeds: [plain/domains]}\n- {name: four, title: Four, feeds: [no/feed]}\n"
    )
    with pytest.raises(UnknownName):
        run("source", "load", str(path))
    assert [view.name for view in queries.sources(OPERATOR)] == ["one", "two"]


@pytest.mark.parametrize(
    "text", ["{", "- {name: x}", "- {name: x, title: X, feeds: [plain/domains], colour: red}", "5"]
)
def test_a_file_that_is_no_list_of_sources_is_refused(db: Any, tmp_path: Path, text: str) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match="not a list of sources"):
        run("source", "load", str(path))


def test_a_delivery_is_taken_in_with_its_books(db: Any, tmp_path: Path) -> None:
    enter("partner", "plain/domains")
    path = tmp_path / "list.txt"
    path.write_text("hxxp://evil[.]example\nevil[.]example\nno domain!\n")
    said = run("ingest", "plain/domains", str(path), "--source", "partner", "--defanged")
    assert (
        "received 3 = kept 1 + duplicate 0 + rejected 2" in said
        or "received 3 = kept 1 + duplicate 1 + rejected 1" in said
    )
    assert "1 new indicators" in said
    again = run("ingest", "plain/domains", str(path), "--source", "partner", "--defanged")
    assert "unchanged" in again


def test_warning_lists_are_listed_and_switched(db: Any, tmp_path: Path) -> None:
    enter("misp", "misp/warning-lists")
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"name": "Good sites", "version": 1, "type": "hostname", "list": ["good.example"]}))
    assert "1 warning lists changed" in run("ingest", "misp/warning-lists", str(path), "--source", "misp")
    assert "good-sites" in run("warning-list", "list")
    assert run("warning-list", "disable", "good-sites") == "good-sites: off\n"
    assert not queries.warning_list(OPERATOR, "good-sites").is_enabled
    assert run("warning-list", "enable", "good-sites") == "good-sites: on\n"
    assert queries.warning_list(OPERATOR, "good-sites").is_enabled
