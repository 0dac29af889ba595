"""What an agreement is told of an object: markings, maker, what it was made from; also when some of it comes later."""

from itertools import pairwise
from typing import Any

import pytest
from tests.intel.conftest import MONDAY
from tests.intel.stix_cast import CREATED, indicator, keep, later, named, stix, subject

from tocsin.constituency.access import OPERATOR
from tocsin.formats.stix.writing import TLP_REFS, identity_id, pap_marking, pap_ref
from tocsin.intel import actions
from tocsin.intel.models import StixObject
from tocsin.jobs.models import ChangeEntry
from tocsin.vocab.markings import Pap, Tlp

pytestmark = pytest.mark.django_db

OURS = "national-cert"


def report(name: str, /, *refs: str, tlp: Tlp | None = Tlp.GREEN, **properties: Any) -> dict[str, Any]:
    """A report that cites these."""
    marked = {} if tlp is None else {"object_marking_refs": [TLP_REFS[tlp]]}
    return stix("report", name, name=name, published=CREATED, object_refs=list(refs), **marked) | properties


def statement(name: str, /, **properties: Any) -> dict[str, Any]:
    """A marking definition."""
    found = stix("marking-definition", name, **properties)
    del found["modified"]
    return found


def test_the_label_of_an_object_is_told() -> None:
    keep(indicator("c2.example", tlp=Tlp.AMBER_STRICT))
    assert subject(named("indicator", "c2.example")) == {
        "type": "indicator",
        "tlp": "amber+strict",
        "originator": "kaspersky",
    }


def test_a_part_that_is_marked_stricter_marks_the_whole() -> None:
    part = {"selectors": ["pattern"], "marking_ref": TLP_REFS[Tlp.RED]}
    keep(indicator("c2.example", tlp=Tlp.CLEAR, granular_markings=[part]))
    assert subject(named("indicator", "c2.example"))["tlp"] == "red"


def test_labels_as_misp_writes_them_count() -> None:
    keep(indicator("c2.example", tlp=None, labels=["tlp:amber", "PAP:GREEN", "rat"]))
    told = subject(named("indicator", "c2.example"))
    assert (told["tlp"], told["pap"]) == ("amber", "green")


@pytest.mark.parametrize("label", ["tlp:amb3r", "TLP:\u0410MBER", "tlp:"])
def test_a_label_that_is_none_is_unknown_and_not_missing(label: str) -> None:
    keep(indicator("c2.example", labels=[label] if label != "tlp:" else ["tlp:?"]))
    assert subject(named("indicator", "c2.example"))["tlp"] == "unknown"


def test_a_licence_is_no_label() -> None:
    licence = statement("licence", definition_type="statement", definition={"statement": "Copyright, all of us"})
    keep(indicator("c2.example", tlp=None, object_marking_refs=[licence["id"]]), licence)
    assert "tlp" not in subject(named("indicator", "c2.example"))


def test_pap_and_iep_travel_in_marking_definitions() -> None:
    policy = {"id": "p", "iep_version": 2.0, "tlp": "green", "permitted_actions": "none"}
    iep = statement("iep", definition_type="iep", definition=policy)
    keep(iep, pap_marking(Pap.RED))
    keep(indicator("c2.example", object_marking_refs=[iep["id"], pap_ref(Pap.RED)]))
    told = subject(named("indicator", "c2.example"))
    assert (told["pap"], told["iep"]["permitted_actions"]) == ("red", "none")


def test_a_definition_that_nobody_knows_is_unknown_until_it_comes() -> None:
    amber = statement("theirs", definition_type="statement", definition={"statement": "TLP:AMBER"})
    (kept,) = keep(indicator("c2.example", tlp=None, object_marking_refs=[amber["id"]]))
    assert subject(named("indicator", "c2.example"))["tlp"] == "unknown"
    keep(report("about it", named("indicator", "c2.example")))
    assert subject(named("report", "about it"))["derived_from_tlp"] == ["unknown"]
    keep(amber)
    assert subject(named("indicator", "c2.example"))["tlp"] == "amber"
    assert subject(named("report", "about it"))["derived_from_tlp"] == ["amber"]
    assert StixObject.objects.get(id=kept.object_id or 0).marking == "amber"
    (change,) = ChangeEntry.objects.filter(kind="objects-remarked").order_by("id")
    assert kept.object_id in change.detail["ids"]


def test_a_definition_that_says_nothing_readable_is_unknown() -> None:
    odd = statement("odd", definition_type="x-acme", definition={"level": 7})
    keep(odd, indicator("c2.example", object_marking_refs=[odd["id"]]))
    assert subject(named("indicator", "c2.example"))["tlp"] == "unknown"


def test_a_report_inherits_the_strictest_of_what_it_cites_whatever_comes_first() -> None:
    cites = report("Owls", named("indicator", "red.example"), named("indicator", "green.example"))
    keep(cites, indicator("green.example"))
    assert subject(cites["id"])["derived_from_tlp"] == ["green"]
    keep(indicator("red.example", tlp=Tlp.RED))
    assert subject(cites["id"])["derived_from_tlp"] == ["red"]


def test_labels_rise_along_a_chain_and_around_a_circle() -> None:
    ids = [named("report", name) for name in "abc"]
    keep(*(report(name, ids[(n + 1) % 3]) for n, name in enumerate("abc")))
    keep(later(report("a", ids[1], tlp=Tlp.RED)))
    assert [subject(stix_id)["derived_from_tlp"] for stix_id in ids] == [["red"]] * 3


def test_a_relationship_can_say_what_was_made_from_what() -> None:
    made, source = indicator("made.example", tlp=Tlp.CLEAR), indicator("source.example", tlp=Tlp.AMBER)
    says = stix("relationship", "d", relationship_type="derived-from", source_ref=made["id"], target_ref=source["id"])
    keep(made, source)
    keep(says)
    assert subject(made["id"])["derived_from_tlp"] == ["amber"]


def test_a_long_chain_of_reports_costs_no_square() -> None:
    names = [f"r{number}" for number in range(600)]
    keep(*(report(name, named("report", before)) for before, name in pairwise(names)))
    keep(report("r0", named("indicator", "nowhere.example"), tlp=Tlp.RED))
    assert subject(named("report", "r599"))["derived_from_tlp"] == ["red"]


def test_only_the_originator_lowers_the_label_of_record() -> None:
    one = indicator("c2.example", tlp=Tlp.AMBER)
    keep(one)
    keep(later(one, 1, object_marking_refs=[TLP_REFS[Tlp.CLEAR]]), source="relay", originator="kaspersky")
    assert subject(one["id"])["tlp_of_record"] == "amber"
    keep(later(one, 2, object_marking_refs=[TLP_REFS[Tlp.GREEN]]))
    assert "tlp_of_record" not in subject(one["id"])
    assert subject(one["id"])["tlp"] == "green"


def test_an_older_version_that_comes_late_counts_for_the_label_of_record() -> None:
    one = indicator("c2.example", tlp=Tlp.RED)
    keep(later(one, 9, object_marking_refs=[TLP_REFS[Tlp.CLEAR]]), source="relay", originator="kaspersky")
    assert "tlp_of_record" not in subject(one["id"])
    keep(one)
    assert subject(one["id"])["tlp_of_record"] == "red"


def test_what_the_originator_gives_again_itself_is_of_record() -> None:
    one = indicator("c2.example", tlp=Tlp.RED)
    wide = later(one, 1, object_marking_refs=[TLP_REFS[Tlp.CLEAR]])
    keep(one)
    keep(wide, source="relay", originator="kaspersky")
    assert subject(one["id"])["tlp_of_record"] == "red"
    keep(wide)
    assert "tlp_of_record" not in subject(one["id"])


def test_whose_identity_made_it_is_whose_information_it_is() -> None:
    maker = named("identity", "sister")
    actions.identify_party(actor=OPERATOR, stix_id=maker, party="sister-cert")
    keep(indicator("c2.example", created_by_ref=maker))
    assert subject(named("indicator", "c2.example"))["originator"] == "sister-cert"


def test_nobody_else_gives_objects_of_ours() -> None:
    ours = identity_id(OURS)
    forged, own = indicator("forged.example", created_by_ref=ours), indicator("own.example", created_by_ref=ours)
    keep(forged)
    keep(own, source=OURS)
    keep(later(own))
    assert subject(forged["id"])["originator"] == "kaspersky"
    assert subject(own["id"])["originator"] == OURS


def test_recipients_that_are_left_out_are_told_and_odd_ones_hold_it() -> None:
    keep(
        indicator("a.example", x_exclude_recipients=["vendor", "other"]), indicator("b.example", x_exclude_recipients=7)
    )
    assert subject(named("indicator", "a.example"))["exclude"] == ["other", "vendor"]
    assert subject(named("indicator", "b.example"))["exclude"] == [None]


def test_unmarked_objects_cannot_go_below_the_label_of_their_source() -> None:
    row = actions.SourceRow(name="strict", title="Strict", feeds=["stix/bundle"], tlp="red")
    actions.add_source(actor=OPERATOR, row=row, at=MONDAY)
    keep(indicator("bare.example", tlp=None), indicator("marked.example"), source="strict")
    assert subject(named("indicator", "bare.example"))["derived_from_tlp"] == ["red"]
    assert "derived_from_tlp" not in subject(named("indicator", "marked.example"))


def test_a_state_behind_an_actor_is_told_also_of_the_report_that_cites_it() -> None:
    actor = stix("threat-actor", "Owl", name="Owl", threat_actor_types=["nation-state"])
    keep(report("Owls", actor["id"]))
    keep(actor)
    assert subject(actor["id"])["state_attribution"] is True
    assert subject(named("report", "Owls"))["state_attribution"] is True
    keep(indicator("c2.example"))
    assert "state_attribution" not in subject(named("indicator", "c2.example"))


def test_the_cell_of_an_aggregate_is_told() -> None:
    seen = stix("sighting", "s", sighting_of_ref=named("indicator", "c2.example"), count=9, x_cell_size=4)
    keep(seen)
    assert subject(seen["id"])["cell_size"] == 4
