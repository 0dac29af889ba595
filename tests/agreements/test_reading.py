"""What people and programs see of agreements and holds."""

import json
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from tests.agreements.stored import HARBOUR, about, decide, store
from tests.agreements.written import AT, sample_text
from tests.cast import bearer_of, cast, email_of

from tocsin.agreements import actions, queries
from tocsin.constituency.access import OPERATOR, Permission, Viewer
from tocsin.vocab.errors import InputError, NotFound

__all__ = ["cast"]
pytestmark = pytest.mark.django_db


def test_an_agreement_is_listed_as_it_stands() -> None:
    assert queries.agreements(OPERATOR) == ()
    store()
    actions.suspend_agreement(actor=OPERATOR, agreement=HARBOUR, reason="an incident", at=AT)
    (one,) = queries.agreements(OPERATOR)
    assert (one.id, one.revision, one.status) == (HARBOUR, 4, "suspended")
    assert [party.key for party in one.parties] == ["harbour", "beacon", "quay"]
    assert one.review_on is not None
    assert one.review_on >= date(2026, 8, 1)
    assert (one.review_on.day, one.review_on.month) in {(1, 2), (1, 8)}


def test_an_agreement_is_shown_clause_by_clause_with_what_changed() -> None:
    store()
    store("tlp_max: AMBER\n    retention_days: 200", "tlp_max: GREEN\n    retention_days: 200", revision=5)
    newest = queries.agreement(OPERATOR, HARBOUR)
    values = {clause.path: clause.value for clause in newest.clauses}
    assert values["categories.signals.tlp_max"] == "GREEN"
    assert values["categories.signals.directions"] == "[harbour>beacon, beacon>harbour, harbour>quay]"
    assert values["contacts[0].email"] == "duty@harbour.example"
    assert [(change.path, change.effect.value) for change in newest.differences if change.path != "revision"] == [
        ("categories.signals.tlp_max", "narrows")
    ]
    assert [one.revision for one in newest.revisions] == [5, 4]
    first = queries.agreement(OPERATOR, HARBOUR, 4)
    assert first.text == sample_text()
    assert first.differences == ()
    line = next(clause.line for clause in first.clauses if clause.path == "status")
    assert first.text.splitlines()[line - 1] == b"status: in_force"
    for name, revision in (("agr--other", None), (HARBOUR, 6)):
        with pytest.raises(NotFound):
            queries.agreement(OPERATOR, name, revision)


def test_every_clause_of_a_decision_stands_in_the_list() -> None:
    store()
    known = {clause.path for clause in queries.agreement(OPERATOR, HARBOUR).clauses}
    for path in (
        "categories.signals.tlp_max",
        "legal.effective.from",
        "third_party.default",
        "parties.beacon.clearance_tlp",
    ):
        assert path in known


def test_holds_are_listed_by_state_and_pages() -> None:
    store()
    uids = [one.hold_uid for one in decide(*(about(number, tlp="x") for number in range(5)))]
    page = queries.holds(OPERATOR, state="open", size=3)
    assert [row.uid for row in page.rows] == uids[:1:-1]
    rest = queries.holds(OPERATOR, state="open", size=3, after=page.next)
    assert ([row.uid for row in rest.rows], rest.next) == (uids[1::-1], None)
    assert queries.holds(OPERATOR, recipient="quay").rows == ()
    assert queries.open_holds(OPERATOR) == 5
    with pytest.raises(InputError):
        queries.holds(OPERATOR, after="x")


def test_a_hold_says_what_may_be_said_and_by_whom(cast: dict[str, Viewer]) -> None:
    store()
    plain, named = (
        decide(one)[0].hold_uid or uuid4()
        for one in (about(1, tlp="x"), about(2, type="x-evidence", category="evidence", case_id="C", tlp="AMBER"))
    )
    detail = queries.hold(cast["luqman"], plain)
    assert detail.answers == ("tlp", "tlp_of_record", "derived_from_tlp")
    assert (detail.approvers, detail.may_decide) == ((), True)
    assert detail.hold.clauses == detail.now.clauses == ("ambiguity:tlp",)
    assert not queries.hold(cast["asad"], plain).may_decide
    detail = queries.hold(cast["luqman"], named)
    assert (detail.approvers, detail.may_decide) == ((("role--director",),), False)
    actions.appoint_approver(actor=OPERATOR, role="role--director", person=email_of("luqman"))
    assert queries.hold(cast["luqman"], named).may_decide
    assert [one.email for one in queries.approvers(OPERATOR)] == [email_of("luqman")]
    with pytest.raises(NotFound):
        queries.hold(OPERATOR, uuid4())


def test_who_sees_what(cast: dict[str, Viewer]) -> None:
    store()
    uid = decide(about(1, tlp="x"))[0].hold_uid or uuid4()
    agreed = (queries.agreements, queries.approvers, lambda viewer: queries.agreement(viewer, HARBOUR))
    kept = (queries.holds, queries.open_holds, lambda viewer: queries.hold(viewer, uid))
    readers: list[tuple[Any, set[str]]] = [(one, {"ayesha", "luqman", "parveen", "asad"}) for one in agreed]
    readers += [(one, {"luqman", "parveen", "asad"}) for one in kept]
    for read, names in readers:
        for name, viewer in cast.items():
            if name in names:
                read(viewer)
            else:
                with pytest.raises(NotFound):
                    read(viewer)


def _decide(name: str, uid: UUID | None, said: dict[str, Any], *scopes: Permission) -> Any:
    address = f"/api/v1/holds/{uid}/decision"
    headers: Any = bearer_of(name, *scopes)
    return Client().post(address, json.dumps(said), content_type="application/json", **headers)


@pytest.mark.parametrize("name", ["ayesha", "parveen", "asad", "adeel"])
def test_who_may_not_decide_a_hold_over_the_api(cast: dict[str, Viewer], name: str) -> None:
    store()
    (held,) = decide(about(1, tlp="x"))
    told = {"decision": "release", "reason": "green", "said": {"tlp": "GREEN"}}
    assert _decide(name, held.hold_uid, told).status_code == 404
    assert queries.open_holds(OPERATOR) == 1


def test_a_program_decides_a_hold_in_its_persons_name(cast: dict[str, Viewer]) -> None:
    store()
    (held,) = decide(about(1, tlp="x"))
    for told, status in (
        ({"decision": "release", "reason": ""}, 400),
        ({"decision": "release", "reason": "green"}, 409),
        ({"decision": "release", "reason": "red", "said": {"tlp": "RED"}}, 409),
        ({"decision": "else", "reason": "green"}, 422),
        ({"decision": "release", "reason": "green", "said": {"category": "signals"}}, 400),
    ):
        assert _decide("luqman", held.hold_uid, told).status_code == status
    told = {"decision": "release", "reason": "green", "said": {"tlp": "GREEN"}}
    answer = _decide("luqman", held.hold_uid, told, Permission.HOLDS_DECIDE)
    assert answer.status_code == 200
    assert answer.json()["decision"]["result"] == "allow"
    entry = queries.entry(OPERATOR, answer.json()["ledger_number"])
    assert entry.actor.startswith(email_of("luqman"))
    told = {"decision": "refuse", "reason": "no, after all"}
    assert _decide("luqman", held.hold_uid, told).json()["decision"]["result"] == "hold"


def test_programs_read_agreements_and_the_ledger(cast: dict[str, Viewer]) -> None:
    store()
    decide(about(1), about(2, tlp="x"))
    headers: Any = bearer_of("asad")

    def got(address: str) -> Any:
        return Client().get(f"/api/v1{address}", **headers)

    assert got("/agreements").json()[0]["id"] == HARBOUR
    assert got(f"/agreements/{HARBOUR}?revision=4").json()["revision"]["revision"] == 4
    assert [row["number"] for row in got("/ledger?size=2").json()["rows"]] == [3, 2]
    assert got("/ledger?size=2").json()["next"] == "2"
    assert got("/ledger/2").json()["result"] == "allow"
    assert got("/ledger/9").status_code == 404
    assert got("/ledger/checkpoint").status_code == 404
    made = actions.make_checkpoint(actor=OPERATOR)
    assert got("/ledger/checkpoint").json()["signature"] == made.signature
    assert got("/holds?state=open").json()["rows"][0]["clauses"] == ["ambiguity:tlp"]
    assert [one["signature"] for one in got("/ledger/checkpoints").json()["rows"]] == [made.signature]


def _post(name: str, address: str, said: Any, *scopes: Permission) -> Any:
    headers: Any = bearer_of(name, *scopes)
    return Client().post(f"/api/v1{address}", json.dumps(said), content_type="application/json", **headers)


def test_a_program_asks_without_consequence(cast: dict[str, Viewer]) -> None:
    store()
    (held,) = decide(about(1, tlp="x"))
    actions.approve_hold(
        actor=cast["luqman"], uid=held.hold_uid or uuid4(), reason="green", said={"tlp": "GREEN"}, at=AT
    )
    before = queries.ledger_size(OPERATOR)
    way = {"from": "harbour", "to": "beacon", "exit": "taxii"}
    released = about(1, tlp="x").object_hash
    asked = [
        {"object": {"type": "indicator", "tlp": "GREEN"}, **way},
        {"object": {"type": "indicator", "tlp": "x"}, **way},
        {"object": {"type": "indicator", "tlp": "x"}, **way, "object_hash": released},
        {"object": {"type": "indicator", "tlp": "x"}, **way, "object_hash": released, "exit": "mail"},
        {"object": {"type": "indicator", "tlp": "RED"}, **way},
        {"object": {}, **way, "to": "nobody"},
    ]
    answer = _post("ayesha", "/decisions", {"questions": asked, "at": AT.isoformat()})
    assert answer.status_code == 200
    assert [one["result"] for one in answer.json()] == ["allow", "hold", "allow", "hold", "deny", "deny"]
    assert answer.json()[0]["obligations"] == ["delete_after 200d"]
    assert (queries.ledger_size(OPERATOR), queries.open_holds(OPERATOR)) == (before, 0)
    for told, status in (({"questions": [{"object": {}}]}, 422), ({"questions": asked * 200}, 422), ({}, 422)):
        assert _post("ayesha", "/decisions", told).status_code == status
    assert _post("adeel", "/decisions", {"questions": asked}).status_code == 404


def test_a_program_asks_what_if(cast: dict[str, Viewer]) -> None:
    store()
    decide(about(1), about(2, tlp="AMBER"))
    text = sample_text().decode().replace("tlp_max: AMBER\n    retention", "tlp_max: GREEN\n    retention")
    answer = _post("luqman", "/what-if", {"text": text, "days": 3})
    assert answer.status_code == 200
    told = answer.json()
    assert (told["agreement"], told["asked"]) == (HARBOUR, 2)
    assert [(one["outcome"], one["count"]) for one in told["shifts"]] == [("stays", 1), ("same", 1)]
    assert _post("luqman", "/what-if", {"text": "nonsense"}).status_code == 400
    assert _post("luqman", "/what-if", {"text": text, "days": 0}).status_code == 422
    for name in ("ayesha", "adeel"):
        assert _post(name, "/what-if", {"text": text}).status_code == 404
    assert _post("luqman", "/what-if", {"text": text}, Permission.LEDGER_READ).status_code == 404
