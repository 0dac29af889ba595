"""``tocsin agreement`` and ``tocsin ledger`` with a database, as the operator types them."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.agreements.stored import HARBOUR, about, decide, exits, unguarded
from tests.agreements.written import sample_text
from tests.cast import cast, email_of

from tocsin.agreements import queries
from tocsin.agreements.rules.decision import Result
from tocsin.constituency.access import OPERATOR
from tocsin.project.cli import main

__all__ = ["cast"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "harbour.yaml"
    path.write_bytes(sample_text())
    return path


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Any:
    """Runs a command; gives its exit code and what it printed."""

    def ran(*words: Any) -> tuple[int, str]:
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        return int(left.value.code or 0), capfd.readouterr().out

    return ran


def test_an_agreement_is_imported_listed_shown_and_stopped(run: Any, file: Path) -> None:
    assert run("agreement", "import", file)[1] == f"{HARBOUR} revision 4 (in_force): stored\n"
    assert "nothing changed" in run("agreement", "import", file)[1]
    code, listed = run("agreement", "list")
    assert code == 0
    assert HARBOUR in listed
    assert "in_force" in listed
    code, shown = run("agreement", "show", HARBOUR)
    assert "  categories.signals.tlp_max: AMBER\n" in shown
    assert run("agreement", "show", HARBOUR, "--text")[1].encode() == sample_text()
    assert run("agreement", "suspend", HARBOUR, "--reason", "an incident")[0] == 0
    assert exits(1)[0].decision.clauses == ("status",)
    assert "suspended by operator: an incident" in run("agreement", "show", HARBOUR)[1]
    assert run("agreement", "resume", HARBOUR, "--reason", "over")[0] == 0
    assert exits(1)[0].decision.result is Result.ALLOW
    assert run("agreement", "terminate", HARBOUR, "--reason", "the end")[0] == 0
    assert run("agreement", "resume", HARBOUR, "--reason", "over")[0] == 2


def test_a_file_that_cannot_be_used_is_two(run: Any, file: Path, tmp_path: Path) -> None:
    assert run("agreement", "import", tmp_path / "none.yaml")[0] == 2
    file.write_bytes(b"nonsense")
    assert run("agreement", "import", file)[0] == 2
    assert run("agreement", "what-if", file)[0] == 2
    assert run("agreement", "show", "agr--none")[0] == 2


def test_a_what_if_shows_what_would_have_been(run: Any, file: Path) -> None:
    run("agreement", "import", file)
    decide(about(1), about(2, tlp="AMBER"))
    file.write_bytes(
        sample_text().replace(
            b"    tlp_max: AMBER\n    retention_days: 200", b"    tlp_max: GREEN\n    retention_days: 200"
        )
    )
    code, told = run("agreement", "what-if", file, "--days", "3")
    assert code == 1
    assert "1 would have stayed" in told
    assert "indicator--00000002" in told
    code, told = run("agreement", "what-if", file, "--format", "jsonl")
    (row,) = map(json.loads, told.splitlines())
    assert (code, row["outcome"], row["entry"], row["recipient"]) == (1, "stays", 3, "beacon")
    assert row["after"] == {"result": "deny", "clauses": ["categories.signals.tlp_max"], "obligations": []}
    file.write_bytes(sample_text())
    assert run("agreement", "what-if", file)[0] == 0
    assert run("agreement", "what-if", file, "--format", "jsonl") == (0, "")


def test_the_ledger_is_verified_against_a_partners_file(run: Any, file: Path, tmp_path: Path) -> None:
    run("agreement", "import", file)
    exits(3)
    code, told = run("ledger", "verify")
    assert (code, "consistent, not anchored" in told) == (0, True)
    kept, key = tmp_path / "kept.jsonl", tmp_path / "ours.pem"
    kept.write_text(run("ledger", "checkpoint")[1])
    key.write_text(run("ledger", "key")[1])
    code, told = run("ledger", "verify", "--checkpoint", kept, "--public-key", key)
    assert (code, "sound" in told) == (0, True)
    with unguarded() as cursor:
        cursor.execute("UPDATE agreements_ledgerentry SET recipient = 'quay' WHERE number = 3")
    code, told = run("ledger", "verify")
    assert code == 1
    assert told.startswith("Entry 3 was changed")
    kept.write_text("nonsense")
    assert run("ledger", "verify", "--checkpoint", kept)[0] == 2
    assert run("ledger", "verify", "--public-key", kept)[0] == 2
    assert run("ledger", "verify", "--checkpoint", tmp_path / "none")[0] == 2


def test_entries_are_shown_and_their_bytes_hash_to_their_hash(run: Any, file: Path) -> None:
    run("agreement", "import", file)
    exits(2)
    _, told = run("ledger", "show", "--recipient", "beacon")
    assert "indicator--00000002" in told
    _, line = run("ledger", "show", "3", "--json")
    assert sha256(line.rstrip("\n").encode()).hexdigest() == queries.entry(OPERATOR, 3).hash
    assert run("ledger", "show", "--agreement", "agr--none")[1] == "No entry fits.\n"
    assert run("ledger", "show", "99")[0] == 2


def test_decisions_are_replayed(run: Any, file: Path) -> None:
    run("agreement", "import", file)
    exits(4)
    assert run("ledger", "replay") == (0, "4 decisions asked again, 4 the same.\n")
    assert run("ledger", "replay", "2")[0] == 0
    with unguarded() as cursor:
        cursor.execute("UPDATE agreements_ledgerentry SET result = 'hold' WHERE number = 2")
    code, told = run("ledger", "replay")
    assert code == 1
    assert told.startswith("Entry 2 said hold")


def test_approvers_are_appointed_and_listed(run: Any, cast: Any) -> None:
    assert run("agreement", "approver", "list")[1] == "Nobody yet.\n"
    assert run("agreement", "approver", "add", "role--director", email_of("luqman"))[0] == 0
    assert email_of("luqman") in run("agreement", "approver", "list")[1]
    assert run("agreement", "approver", "remove", "role--director", email_of("luqman"))[0] == 0
    assert run("agreement", "approver", "list")[1] == "Nobody yet.\n"


@pytest.fixture
def held(run: Any, file: Path, cast: Any) -> UUID:
    """A hold, opened for a label that nobody can read."""
    run("agreement", "import", file)
    uid = decide(about(7, tlp="AMB3R"))[0].hold_uid
    assert uid is not None
    return uid


def test_holds_are_listed_and_shown(run: Any, file: Path, cast: Any) -> None:
    run("agreement", "import", file)
    assert run("holds", "list") == (0, "Nothing waits.\n")
    uid = decide(about(7, tlp="x"))[0].hold_uid
    code, told = run("holds", "list")
    assert (code, str(uid) in told, "ambiguity:tlp" in told) == (0, True, True)
    assert run("holds", "list", "--recipient", "quay")[1] == "Nothing waits.\n"
    assert run("holds", "list", "--state", "refused")[1] == "No hold fits.\n"
    code, told = run("holds", "show", uid)
    assert "answer:    tlp, tlp_of_record, derived_from_tlp" in told
    assert "today:     hold (ambiguity:tlp)" in told
    assert run("holds", "show", uuid4())[0] == 2
    assert run("holds", "list", "--state", "else")[0] == 2


def test_a_named_person_releases_a_hold_and_the_ledger_says_who_entered_it(run: Any, held: UUID) -> None:
    by = ("--by", email_of("luqman"))
    for words in (
        (*by, "--reason", " "),
        (*by, "--reason", "their slip"),
        (*by, "--reason", "their slip", "--say", "amber"),
        (*by, "--reason", "their slip", "--say", "category=evidence"),
        (*by, "--reason", "their slip", "--say", "tlp=RED"),
        ("--by", email_of("ayesha"), "--reason", "their slip", "--say", "tlp=AMBER"),
        ("--by", email_of("sana"), "--reason", "their slip", "--say", "tlp=AMBER"),
        ("--by", "nobody@team.example", "--reason", "their slip", "--say", "tlp=AMBER"),
        ("--reason", "their slip", "--say", "tlp=AMBER"),
    ):
        assert run("holds", "release", held, *words)[0] == 2
    assert queries.open_holds(OPERATOR) == 1
    code, told = run("holds", "release", held, *by, "--reason", "their slip", "--say", "tlp=AMBER")
    assert code == 0
    assert (
        told == f"{held} is released, entry 3 of the ledger: allow (categories.signals; encrypt; delete_after 200d)\n"
    )
    assert queries.entry(OPERATOR, 3).actor == f"{email_of('luqman')} (entered by the operator)"
    assert decide(about(7, tlp="AMB3R"))[0].decision.result is Result.ALLOW
    told = run("holds", "show", held)[1]
    assert 'saying {"tlp": "AMBER"}: their slip (entry 3 of the ledger)' in told
    assert run("holds", "release", held, *by, "--reason", "again", "--say", "tlp=AMBER")[0] == 2


def test_a_named_person_refuses_a_hold(run: Any, held: UUID) -> None:
    code, told = run("holds", "refuse", held, "--by", email_of("luqman"), "--reason", "names a victim")
    assert (code, told) == (0, f"{held} is refused, entry 3 of the ledger\n")
    assert decide(about(7, tlp="AMB3R"))[0].decision.result is Result.HOLD
    assert "names a victim" in run("holds", "list", "--state", "all")[1]
    assert run("holds", "refuse", held, "--by", email_of("luqman"), "--reason", "again")[0] == 2


def test_only_whom_the_agreement_names_releases(run: Any, file: Path, cast: Any) -> None:
    run("agreement", "import", file)
    asked = about(1, type="x-evidence", category="evidence", tlp="AMBER", case_id="C-1", owner_consent=True)
    uid = decide(asked)[0].hold_uid
    words = ("holds", "release", uid, "--by", email_of("luqman"), "--reason", "the director agreed")
    assert run(*words)[0] == 2
    assert run("agreement", "approver", "add", "role--director", email_of("luqman"))[0] == 0
    assert run(*words)[0] == 0
    assert decide(asked)[0].decision.result is Result.ALLOW
