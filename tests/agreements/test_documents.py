"""Agreements as files: every problem with its line and column, every clause typed, hostile bytes bounded."""

import time
from datetime import UTC, date, datetime

import pytest
from tests.agreements.written import GONE, SAMPLES, agreement_with, reading_with, sample_text

from tocsin.agreements.rules import terms
from tocsin.agreements.rules.document import Reading, read_agreement
from tocsin.agreements.rules.iep import Actions, MustNot
from tocsin.agreements.rules.tree import DEEPEST, LARGEST_BYTES, MOST_NODES, MOST_PROBLEMS
from tocsin.vocab.markings import Pap, Tlp


def _lines(reading: Reading) -> list[str]:
    return [
        f"{reading.name}:{one.line}:{one.column}: {f'{one.path}: ' if one.path else ''}"
        f"{'warning: ' if one.level == 'warning' else ''}{one.message}"
        for one in reading.problems
    ]


def test_a_file_with_every_fault_has_each_named_at_its_place(is_blessing: bool) -> None:
    reading = read_agreement((SAMPLES / "broken.yaml").read_bytes(), "broken.yaml")
    text = "\n".join(_lines(reading)) + "\n"
    if is_blessing:
        (SAMPLES / "broken.txt").write_text(text, "utf-8")
    assert text == (SAMPLES / "broken.txt").read_text("utf-8")
    assert reading.agreement is None


def test_every_clause_of_the_sample_is_typed() -> None:
    found = agreement_with()
    assert (found.id, found.revision, found.status) == ("agr--harbour", 4, terms.Status.IN_FORCE)
    assert found.legal.signed == date(2026, 2, 1)
    assert found.legal.effective_until == datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert found.legal.termination == terms.Termination(60, ("retention", "audit"))
    assert found.legal.review == terms.Review(6, ("role--director", "role--liaison"))
    assert found.parties["beacon"] == terms.Party("beacon", "Beacon Labs", "vendor", "XB", Tlp.AMBER_STRICT)
    assert found.communities["ports"] == terms.Community("ports", "harbour", ("sector:ports",), Tlp.AMBER)
    assert found.contacts[1] == terms.Contact("beacon", "liaison", "9-17", "UTC", "liaison@beacon.example")
    assert found.transport == terms.Transport(("taxii21_mtls", "smime_mail", "portal_totp"), Tlp.AMBER, True, 60)
    assert (found.defaults.tlp, found.defaults.pap, found.defaults.retention_days) == (Tlp.AMBER, Pap.AMBER, 400)
    assert found.defaults.iep is not None
    assert found.defaults.iep.permitted_actions is Actions.INTERNAL
    assert found.defaults.iep.unmodified_resale is MustNot.MUST_NOT
    signals = found.categories["signals"]
    assert signals.onward["customers"] == terms.Onward(True, Tlp.GREEN, 48)
    assert signals.onward["ports"] == terms.Onward(True)
    assert signals.sla == {"critical": 1, "high": 4, "medium": 48, "low": 168}
    assert found.categories["samples"].wrap == {"zip_aes_password": "infected"}
    assert found.categories["samples"].onward["ports"] == terms.Onward(False)
    assert found.categories["victims"].onward["ports"].only is terms.Only.AFFECTED_PARTY
    assert found.categories["victims"].personal_data == "allowed_inbound"
    assert [(str(name), roles) for name, roles in found.categories["evidence"].requires] == [
        ("case_id", ()),
        ("approval", ("role--director",)),
        ("owner_consent", ()),
    ]
    assert found.categories["flaws"].has_embargo
    assert found.categories["flaws"].embargo_max_days == 90
    assert found.categories["counts"].k_anonymity == 5
    assert found.third_party == terms.ThirdParty(terms.Refusal.HOLD, frozenset(terms.Consent))
    assert found.personal_data.outbound is terms.Outbound.REDACT_OR_HOLD
    assert found.personal_data.dpo_log
    assert found.actor_attribution == terms.ActorAttribution(terms.Refusal.DENY, ("role--director",))
    assert found.provider_credit == terms.ProviderCredit("Thanks to {originator}", frozenset({"may", "must"}))
    assert found.false_positive == terms.FalsePositive(4, True, True)
    assert found.shared_incident == terms.SharedIncident(24, ("what", "when"))
    assert found.audit == terms.Audit("hash_chained", 2000, "own_objects", True)
    assert found.reciprocity == terms.Reciprocity("useful_objects_90d", 0.2, "report_only")
    assert found.is_ready


@pytest.mark.parametrize(
    "section",
    ["communities", "contacts", "purposes", "prohibited_purposes", "provider_credit", "false_positive", "incident_affecting_shared_data",
     "audit", "reciprocity"],
)  # fmt: skip
def test_what_lets_nothing_go_may_be_left_out(section: str) -> None:
    more = {"categories__" + name + "__onward": GONE for name in ("signals", "samples", "victims", "flaws")}
    reading = reading_with(**{section: GONE}, **(more if section == "communities" else {}))
    assert reading.agreement is not None, _lines(reading)


@pytest.mark.parametrize(
    "section",
    ["schema", "id", "revision", "status", "legal", "parties", "transport", "defaults", "categories", "third_party", "personal_data",
     "actor_attribution", "marking", "ambiguity"],
)  # fmt: skip
def test_what_decides_cannot_be_left_to_silence(section: str) -> None:
    reading = reading_with(**{section: GONE})
    assert reading.agreement is None
    assert any(problem.path == section and "is missing" in problem.message for problem in reading.problems)


def test_a_placeholder_keeps_an_agreement_from_going_live() -> None:
    text = sample_text().replace(b"duty@harbour.example", b"TODO")
    reading = read_agreement(text, "x")
    assert reading.agreement is not None
    assert not reading.agreement.is_ready
    assert reading.agreement.contacts[0].email is None
    assert [(one.line, one.column, one.path, one.level) for one in reading.problems] == [
        (21, 80, "contacts[0].email", "warning")
    ]


def test_an_onward_ceiling_above_the_communitys_is_looked_at_unless_it_is_limited() -> None:
    reading = reading_with(categories__signals__onward__customers={"tlp_max": "RED"})
    assert [one.path for one in reading.problems] == ["categories.signals.onward.customers.tlp_max"]
    assert reading.agreement is not None


def test_words_are_read_as_written_not_as_yaml_guesses() -> None:
    # YAML 1.1 reads NO as false, 12:30 as 750 and 010 as 8.
    assert agreement_with(legal__governing_law="NO").legal.governing_law == "NO"
    reading = reading_with(transport__sign_everything="yes")
    assert [one.message for one in reading.problems] == ["'yes' is neither true nor false"]


HOSTILE: list[tuple[str, bytes, str]] = [
    ("empty", b"", "the file is empty"),
    ("only a comment", b"# nothing\n", "the file is empty"),
    ("a list", b"- a\n- b\n", "an agreement is a mapping"),
    ("a word", b"agreement", "an agreement is a mapping"),
    ("not UTF-8", b"id: \xff\xfe", "the file is not UTF-8"),
    ("a control sign", b"id: a\x07b", "U+0007"),
    ("not YAML", b"id: [a, b\nschema: x", "this is not YAML"),
    ("a tab", b"legal:\n\tinstrument: x", "this is not YAML"),
    ("an alias", b"a: &x 1\nb: *x\n", "anchors and aliases"),
    ("a bomb", b"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n", "anchors and aliases"),
    ("a tag", b"id: !!python/object/apply:os.system [ls]\n", "the tag"),
    ("two documents", b"id: a\n---\nid: b\n", "a second document"),
    ("a key that is a list", b"[a, b]: c\n", "a key is a word"),
    ("a merge", b"<<: {id: a}\n", "unknown key '<<'"),
    ("deep", b"[" * 100_000, "nested deeper"),
    ("deep mappings", b"{a: " * 1000, "nested deeper"),
    ("wide", b"[" + b"a," * (MOST_NODES + 1) + b"]", "more than"),
    ("large", b"#" * (LARGEST_BYTES + 1), "larger than"),
    ("many keys", b"".join(b"key%d: 1\n" % number for number in range(9000)), "unknown key"),
    ("long key", b"? " + b"k" * 200_000 + b"\n: 1\n", "unknown key"),
]


@pytest.mark.parametrize(("_", "data", "message"), HOSTILE, ids=[one[0] for one in HOSTILE])
def test_bytes_that_are_no_agreement_are_refused_in_a_bounded_time(_: str, data: bytes, message: str) -> None:
    began = time.monotonic()
    reading = read_agreement(data, "hostile")
    assert reading.agreement is None
    assert message in " ".join(one.message for one in reading.problems)
    assert len(reading.problems) <= MOST_PROBLEMS + 1
    assert max(len(one.message) for one in reading.problems) < 400
    assert time.monotonic() - began < 10  # seconds; a bound against running away, not a measure of speed


def test_depth_is_enough_for_every_clause() -> None:
    assert DEEPEST >= 8


def test_a_byte_order_mark_and_windows_line_ends_are_read() -> None:
    text = b"\xef\xbb\xbf" + sample_text().replace(b"\n", b"\r\n")
    reading = read_agreement(text, "x")
    assert reading.agreement is not None, _lines(reading)


def test_the_hash_is_of_the_bytes_as_they_are() -> None:
    one, two = agreement_with(), read_agreement(sample_text(), "x").agreement
    assert two is not None
    assert two.text_sha256 != one.text_sha256
    assert len(two.text_sha256) == 64
