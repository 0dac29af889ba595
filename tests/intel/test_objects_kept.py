"""Objects go in and come out byte for byte, once, with everybody who gave them."""

import json
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.intel.stix_cast import CREATED, indicator, keep, later, named, raw, stix

from tocsin.constituency.access import OPERATOR, STRANGER
from tocsin.intel import actions
from tocsin.intel.models import ObjectProvenance, PolicySubject, Posting, StixObject
from tocsin.intel.rules.objects import MAX_OBJECT_BYTES
from tocsin.jobs.models import ChangeEntry
from tocsin.vocab.errors import NotFound
from tocsin.vocab.identity import indicator_id

pytestmark = pytest.mark.django_db

_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_NAMES = st.from_regex(r"[a-z]{3,9}", fullmatch=True)
_VALUES = st.recursive(
    _WORDS | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans(),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(_NAMES, inner, min_size=1, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(_NAMES.map("x_{}".format), _VALUES, max_size=4), st.integers(0, 3) | st.none(), st.booleans())
def test_what_goes_in_comes_out_byte_for_byte(extra: dict[str, Any], indent: int | None, is_ascii: bool) -> None:
    one = indicator("c2.example") | {"id": f"indicator--{uuid4()}"}
    given = json.dumps(one | extra, indent=indent, ensure_ascii=is_ascii).encode()
    (kept,) = keep(given)
    assert kept.outcome == "kept", kept.problem
    assert bytes(StixObject.objects.get(id=kept.object_id or 0).raw) == given


def test_the_same_report_twice_is_one_object_with_two_provenances() -> None:
    report = stix("report", "Owls", name="Owls", published=CREATED, object_refs=[named("indicator", "c2.example")])
    assert [one.outcome for one in keep(report)] == ["kept"]
    assert [one.outcome for one in keep(report, source="sister-cert")] == ["duplicate"]
    assert [one.outcome for one in keep(report, source="sister-cert")] == ["duplicate"]
    assert StixObject.objects.count() == 1
    given = dict(ObjectProvenance.objects.values_list("source__name", "count"))
    assert given == {"kaspersky": 1, "sister-cert": 2}


def test_the_same_content_written_otherwise_is_a_duplicate_and_the_first_bytes_stay() -> None:
    first = raw(indicator("c2.example"))
    keep(first)
    (again,) = keep(json.dumps(indicator("c2.example"), sort_keys=True).encode())
    assert again.outcome == "duplicate"
    assert bytes(StixObject.objects.get().raw) == first


def test_other_content_under_a_known_version_is_refused_and_the_stored_one_is_unharmed() -> None:
    first = raw(indicator("c2.example"))
    keep(first)
    (clash,) = keep(indicator("c2.example", description="something else"))
    assert (clash.outcome, clash.object_id) == ("rejected", None)
    assert "another object is stored" in (clash.problem or "")
    assert bytes(StixObject.objects.get().raw) == first
    assert ObjectProvenance.objects.get().count == 1


def test_within_a_batch_too_repeats_are_counted_and_clashes_refused() -> None:
    one = indicator("c2.example")
    told = keep(one, one, one | {"description": "x"}, later(one))
    assert [each.outcome for each in told] == ["kept", "duplicate", "rejected", "kept"]
    assert told[0].object_id == told[1].object_id
    assert sorted(ObjectProvenance.objects.values_list("count", flat=True)) == [1, 2]


def test_versions_stand_beside_each_other() -> None:
    one = indicator("c2.example")
    keep(later(one, 5), one)
    keep(later(one, 3))
    assert list(StixObject.objects.order_by("version_us").values_list("version_us", flat=True)) == [
        1_795_161_600_000_000 + minutes * 60_000_000 for minutes in (0, 3, 5)
    ]


def test_what_names_no_time_is_one_version_for_each_content() -> None:
    address = {"type": "ipv4-addr", "spec_version": "2.1", "id": named("ipv4-addr", "a"), "value": "198.18.0.1"}
    first, again, other = (*keep(address, address), *keep(address | {"x_note": "busy"}))
    assert [one.outcome for one in (first, again, other)] == ["kept", "duplicate", "kept"]
    assert first.version_us == again.version_us < other.version_us
    assert keep(address)[0].version_us == first.version_us


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (b"", "not JSON"),
        (b"[]", "no STIX object"),
        (b'{"type": "indicator"}', "$.id: is missing"),
        (b'{"id": "x", "id": "y", "type": "t"}', "stands twice"),
        (b'{"id": "x", "type": "t", "x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "not JSON"),
        (b'{"id": "x", "type": "t", "x": ' + b"[" * 100 + b"]" * 100 + b"}", "nested deeper"),
        (b'{"id": "x", "type": "t", "x": "' + b"a" * MAX_OBJECT_BYTES + b'"}', "longer than"),
        (b'{"id": "x", "type": "t", "x": "\\ud800"}', "not JSON"),
        (b'{"id": "x", "type": "t", "x": NaN}', "not JSON"),
        (b'{"id": "x", "type": "t", "x": "\xff"}', "not JSON"),
        (raw({"type": "bundle", "id": named("bundle", "b"), "objects": []}), "$.objects"),
        (raw({"type": "bundle", "id": named("bundle", "b")}), "a bundle is no object"),
        (raw(indicator("a.example", modified="2026-02-30T00:00:00.000Z")), "$.modified"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_the_reason_and_the_rest_is_kept(given: bytes, problem: str) -> None:
    refused, kept = keep(given, indicator("c2.example"))
    assert refused.outcome == "rejected"
    assert problem in (refused.problem or "")
    assert kept.outcome == "kept"
    assert StixObject.objects.count() == 1


def test_brackets_in_texts_are_not_depth() -> None:
    assert keep(indicator("c2.example", description="[{" * 500))[0].outcome == "kept"


def test_upper_rooms_are_told_which_were_kept() -> None:
    told = keep(indicator("a.example"), indicator("b.example"))
    entry = ChangeEntry.objects.get(kind="objects-kept")
    ids = [one.object_id for one in told]
    assert entry.detail == {"first": ids[0], "last": ids[1], "count": 2, "source": "kaspersky"}
    keep(indicator("a.example"))
    assert ChangeEntry.objects.filter(kind="objects-kept").count() == 1


def test_values_lead_to_objects_and_are_the_uids_of_indicators() -> None:
    (kept,) = keep(indicator("C2.example"))
    assert list(Posting.objects.filter(key=indicator_id("domain-name", "c2.example")).values_list("object_id")) == [
        (kept.object_id,)
    ]


def test_many_objects_share_few_subjects() -> None:
    keep(*(indicator(f"host-{number}.example") for number in range(50)))
    assert PolicySubject.objects.count() == 1


def test_who_may_not_bring_in_intelligence_keeps_nothing() -> None:
    with pytest.raises(NotFound):
        actions.keep_objects(actor=STRANGER, source="kaspersky", objects=[raw(indicator("a.example"))])
    assert actions.keep_objects(actor=OPERATOR, source="kaspersky", objects=[]) == []
