"""What is said about objects: merged and apart again, seen, falsely accused, withdrawn."""

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from tests.intel.conftest import MONDAY, TUESDAY, enter
from tests.intel.stix_cast import indicator, keep, later, named, stix, subject

from tocsin.constituency.access import OPERATOR, STRANGER
from tocsin.formats.stix.check import check_object
from tocsin.formats.stix.writing import identity, identity_id, pap_marking, terms
from tocsin.intel import actions, queries
from tocsin.intel.actions import IngestReport
from tocsin.intel.models import FalsePositiveReport, Indicator, Provenance, Retraction, Sighting, StixObject
from tocsin.jobs.models import ChangeEntry
from tocsin.vocab.errors import Conflict, InputError, NotFound
from tocsin.vocab.markings import Pap, Tlp

pytestmark = pytest.mark.django_db

OURS = "national-cert"
C2 = named("indicator", "c2.example")


def newest(stix_id: str) -> dict[str, Any]:
    """The newest version, read."""
    found: dict[str, Any] = json.loads(bytes(StixObject.objects.filter(stix_id=stix_id).latest("version_us").raw))
    return found


def everything_but_merges() -> str:
    """A digest of every table of the room, but for those in which merges are noted."""
    hasher = sha256()
    for model in apps.get_app_config("intel").get_models():
        if model.__name__ not in ("Merge", "MergeMember"):
            rows = model._default_manager.order_by("pk").values_list()
            hasher.update(repr([[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in rows]).encode())
    return hasher.hexdigest()


def test_a_merge_that_is_undone_leaves_everything_as_it_was_to_the_byte() -> None:
    keep(indicator("c2.example"), indicator("c2b.example"), later(indicator("c2.example")))
    keep(indicator("c2.example"), source="sister-cert")
    before = everything_but_merges()
    uid = actions.merge(actor=OPERATOR, stix_ids=[C2, named("indicator", "c2b.example")], reason="one campaign")
    assert everything_but_merges() == before
    actions.undo_merge(actor=OPERATOR, uid=uid, reason="two after all")
    assert everything_but_merges() == before
    with pytest.raises(Conflict, match="was undone"):
        actions.undo_merge(actor=OPERATOR, uid=uid, reason="again")


def test_what_cannot_be_one_object_is_not_merged() -> None:
    keep(indicator("a.example"), indicator("b.example"), stix("malware", "Owl", name="Owl", is_family=True))
    ids = [named("indicator", "a.example"), named("indicator", "b.example")]
    with pytest.raises(InputError, match="unlike types"):
        actions.merge(actor=OPERATOR, stix_ids=[ids[0], named("malware", "Owl")], reason="x")
    with pytest.raises(InputError, match="between 2 and"):
        actions.merge(actor=OPERATOR, stix_ids=ids[:1] * 2, reason="x")
    with pytest.raises(InputError, match="why"):
        actions.merge(actor=OPERATOR, stix_ids=ids, reason=" ")
    with pytest.raises(NotFound):
        actions.merge(actor=OPERATOR, stix_ids=[ids[0], named("indicator", "nowhere")], reason="x")
    actions.merge(actor=OPERATOR, stix_ids=ids, reason="x")
    with pytest.raises(Conflict, match="already"):
        actions.merge(actor=OPERATOR, stix_ids=ids, reason="x")


def test_a_sighting_of_ours_is_a_stix_object_that_names_no_place() -> None:
    keep(indicator("c2.example", tlp=Tlp.AMBER))
    stix_id = actions.sight(
        actor=OPERATOR, about=C2, count=7, first_seen_at=MONDAY, last_seen_at=TUESDAY, hosts=12, at=TUESDAY
    )
    assert (
        actions.sight(
            actor=OPERATOR, about=C2, count=7, first_seen_at=MONDAY, last_seen_at=TUESDAY, hosts=12, at=TUESDAY
        )
        == stix_id
    )
    row = Sighting.objects.get()
    assert (row.about, row.count, row.hosts, row.is_ours, row.said_by) == (C2, 7, 12, True, "operator")
    said = newest(stix_id)
    assert "where_sighted_refs" not in said
    assert subject(stix_id) == {
        "type": "sighting",
        "tlp": "amber",
        "originator": OURS,
        "cell_size": 12,
    }


def test_a_partners_sighting_counts_once_by_its_newest_version() -> None:
    seen = stix("sighting", "s", sighting_of_ref=C2, count=3)
    keep(seen)
    keep(later(seen, 5, count=9), later(seen, 2, count=5))
    row = Sighting.objects.get()
    assert (row.count, row.is_ours, row.source.name) == (9, False, "kaspersky")


def test_a_false_positive_of_ours_travels_and_makes_the_value_known_as_good(take: Callable[..., IngestReport]) -> None:
    enter("lists", "plain/domains")
    take("lists", "plain/domains", "c2.example\nother.example\n")
    keep(indicator("c2.example", tlp=Tlp.AMBER))
    uid = Indicator.objects.get(value="c2.example").uid
    stix_id = actions.report_false_positive(actor=OPERATOR, about=str(uid), reason="our own sinkhole", at=MONDAY)
    said = newest(stix_id)
    assert (said["opinion"], said["labels"], said["object_refs"]) == (
        "strongly-disagree",
        ["false-positive"],
        [f"indicator--{uid}", C2],
    )
    assert check_object(said).valid
    detail = queries.indicator(OPERATOR, uid)
    assert detail.known_good == ("False positives that we have reported",)
    assert not queries.indicator(OPERATOR, Indicator.objects.get(value="other.example").uid).known_good
    assert ChangeEntry.objects.filter(kind="false-positive-reported").count() == 2
    actions.report_false_positive(actor=OPERATOR, about=str(uid), reason="it is indeed", at=TUESDAY)
    assert newest(stix_id)["explanation"] == "it is indeed"
    actions.withdraw_false_positive(actor=OPERATOR, stix_id=stix_id, at=TUESDAY)
    assert newest(stix_id)["revoked"] is True
    assert queries.indicator(OPERATOR, uid).known_good == ()
    again = actions.report_false_positive(actor=OPERATOR, about=str(uid), reason="after all", at=TUESDAY)
    assert again != stix_id
    assert queries.indicator(OPERATOR, uid).known_good


def test_a_partners_report_of_a_false_positive_warns_and_silences_nothing(take: Callable[..., IngestReport]) -> None:
    enter("lists", "plain/domains")
    take("lists", "plain/domains", "c2.example\n")
    uid = Indicator.objects.get().uid
    said = stix(
        "opinion",
        "o",
        opinion="strongly-disagree",
        explanation="ours",
        labels=["false-positive"],
        object_refs=[f"indicator--{uid}"],
    )
    keep(said)
    row = FalsePositiveReport.objects.get()
    assert (row.key, row.value, row.is_ours, row.reason) == (uid, "c2.example", False, "ours")
    assert queries.indicator(OPERATOR, uid).known_good == ()


def test_what_we_made_is_withdrawn_by_a_version_that_is_revoked() -> None:
    keep(indicator("c2.example", created_by_ref=identity_id(OURS)), source=OURS)
    assert actions.retract(actor=OPERATOR, stix_id=C2, reason="a mistake of ours") == C2
    assert newest(C2)["revoked"] is True
    assert StixObject.objects.filter(stix_id=C2).count() == 2
    row = Retraction.objects.get()
    assert (row.about, row.is_ours, row.reason) == (C2, True, "a mistake of ours")
    assert ChangeEntry.objects.filter(kind="object-retracted").count() == 1
    with pytest.raises(Conflict, match="revoked already"):
        actions.retract(actor=OPERATOR, stix_id=C2, reason="again")


def test_anothers_object_is_doubted_not_revoked() -> None:
    keep(indicator("c2.example", tlp=Tlp.RED))
    stix_id = actions.retract(actor=OPERATOR, stix_id=C2, reason="the address has moved on")
    said = newest(stix_id)
    assert (said["type"], said["labels"], said["object_refs"]) == ("opinion", ["retraction"], [C2])
    assert subject(stix_id)["tlp"] == "red"
    assert "revoked" not in newest(C2)


def test_a_partners_revocation_reaches_what_is_looked_for(take: Callable[..., IngestReport]) -> None:
    enter("kaspersky", "stix/bundle")
    text = json.dumps({"type": "bundle", "id": named("bundle", "b"), "objects": [indicator("c2.example")]})
    take("kaspersky", "stix/bundle", text, name="b.json")
    keep(later(indicator("c2.example"), 9, revoked=True), source="somebody-else")
    assert not Indicator.objects.get().is_revoked
    keep(later(indicator("c2.example"), 10, revoked=True))
    assert Indicator.objects.get().is_revoked
    assert ChangeEntry.objects.filter(kind="indicators-retracted").count() == 1


def test_our_own_indicators_that_we_retract_are_looked_for_no_more(take: Callable[..., IngestReport]) -> None:
    enter(OURS, "plain/domains")
    enter("lists", "plain/domains")
    take(OURS, "plain/domains", "c2.example\nshared.example\n")
    take("lists", "plain/domains", "shared.example\n")
    keep(*(indicator(name, created_by_ref=identity_id(OURS)) for name in ("c2.example", "shared.example")), source=OURS)
    actions.retract(actor=OPERATOR, stix_id=C2, reason="wrong")
    actions.retract(actor=OPERATOR, stix_id=named("indicator", "shared.example"), reason="wrong")
    assert dict(Indicator.objects.values_list("value", "is_revoked")) == {"c2.example": True, "shared.example": False}
    assert Provenance.objects.filter(is_revoked=True).count() == 2


def test_strangers_say_nothing_and_reasons_are_asked_for() -> None:
    keep(indicator("c2.example"))
    with pytest.raises(NotFound):
        actions.sight(actor=STRANGER, about=C2)
    with pytest.raises(NotFound):
        actions.retract(actor=OPERATOR, stix_id=named("indicator", "nowhere"), reason="x")
    with pytest.raises(NotFound):
        actions.report_false_positive(actor=OPERATOR, about=str(uuid4()), reason="x")
    with pytest.raises(InputError, match="Say why"):
        actions.report_false_positive(actor=OPERATOR, about=C2, reason="")
    with pytest.raises(InputError, match="before the first"):
        actions.sight(actor=OPERATOR, about=C2, first_seen_at=MONDAY, last_seen_at=MONDAY - timedelta(days=1))


def test_what_our_objects_refer_to_is_sound() -> None:
    for one in [identity(OURS, "Our team"), *terms(), *(pap_marking(pap) for pap in Pap)]:
        checked = check_object(one)
        assert checked.valid, checked.errors
        # ids are made from what makes an object one (version 5), so that what is written twice is one object
        assert {warning.check for warning in checked.warnings} <= {"uuid-check"}, checked.warnings
