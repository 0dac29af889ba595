"""A delivery of STIX keeps every object of its documents byte for byte, and its books balance."""

import gzip
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests.intel.conftest import MONDAY, enter
from tests.intel.stix_cast import indicator, later, named, raw, stix, subject

from tocsin.constituency.access import OPERATOR
from tocsin.formats.stix.slices import slices
from tocsin.formats.stix.writing import TLP_REFS
from tocsin.intel import actions
from tocsin.intel.actions import IngestReport
from tocsin.intel.models import Delivery, ObjectProvenance, ObjectRefusal, StixObject
from tocsin.text.streams import Member
from tocsin.vocab.errors import Unreadable
from tocsin.vocab.markings import Tlp

pytestmark = pytest.mark.django_db

Take = Callable[..., IngestReport]


def bundle(*objects: dict[str, Any]) -> str:
    """A bundle as no serialiser of ours would write it."""
    inside = ",\n\t".join(json.dumps(one, indent=2) for one in objects)
    return f'{{"type": "bundle", "id": "{named("bundle", "b")}", "objects": [\n\t{inside} ]\n}}\n'


@pytest.fixture
def take_bundle(take: Take) -> Callable[..., IngestReport]:
    """Take a document in as given by a source of bundles."""
    enter("bundles", "stix/bundle", tlp="amber")

    def taken(text: str, **more: Any) -> IngestReport:
        return take("bundles", "stix/bundle", text, name="bundle.json", **more)

    return taken


def test_every_object_of_a_bundle_is_kept_as_its_slice_of_the_file(take_bundle: Take) -> None:
    objects = [indicator("c2.example"), stix("malware", "Owl", name="Owl", is_family=True), indicator("d.example")]
    text = bundle(*objects)
    report = take_bundle(text)
    assert str(report.accounts) == "received 2 = kept 2 + duplicate 0 + rejected 0"
    assert str(report.objects) == "received 3 = kept 3 + duplicate 0 + refused 0"
    assert [bytes(one.raw).decode() for one in StixObject.objects.order_by("id")] == [
        json.dumps(one, indent=2) for one in objects
    ]
    assert all(bytes(one.raw).decode() in text for one in StixObject.objects.all())
    assert set(ObjectProvenance.objects.values_list("source__name", "delivery__uid")) == {("bundles", report.uid)}


def test_what_is_refused_is_told_with_place_and_reason_and_the_books_balance(take_bundle: Take) -> None:
    wrong = stix("malware", "Owl", name="Owl")  # says not whether it is a family
    good = indicator("c2.example")
    report = take_bundle(bundle(good, wrong, good, good | {"description": "other"}))
    assert str(report.objects) == "received 4 = kept 1 + duplicate 1 + refused 2"
    told = {row.line: (row.stix_id, row.problem) for row in ObjectRefusal.objects.all()}
    assert told[2][0] == wrong["id"]
    assert "$.is_family: is missing" in told[2][1]
    assert "another object is stored" in told[4][1]
    delivery = Delivery.objects.get()
    assert (delivery.objects_kept, delivery.objects_duplicate, delivery.objects_refused) == (1, 1, 2)


def test_the_same_delivery_again_changes_nothing(take_bundle: Take) -> None:
    text = bundle(indicator("c2.example"))
    take_bundle(text)
    assert take_bundle(text).is_unchanged
    assert ObjectProvenance.objects.get().count == 1


def test_another_delivery_with_the_same_object_counts_its_source_again(take_bundle: Take) -> None:
    one = indicator("c2.example")
    take_bundle(bundle(one))
    report = take_bundle(bundle(one, later(one, 5, revoked=True)))
    assert str(report.objects) == "received 2 = kept 1 + duplicate 1 + refused 0"
    assert ObjectProvenance.objects.order_by("object_id")[0].count == 2
    assert report.upserted.retracted == 1


def test_what_marks_others_may_stand_behind_them_in_the_file(take_bundle: Take) -> None:
    label = stix("marking-definition", "m", definition_type="statement", definition={"statement": "TLP:RED"})
    del label["modified"]
    take_bundle(bundle(indicator("c2.example", object_marking_refs=[label["id"]]), label))
    assert subject(named("indicator", "c2.example"))["tlp"] == "red"


def test_a_delivery_that_breaks_off_leaves_no_object(take_bundle: Take) -> None:
    with pytest.raises(Unreadable):
        take_bundle(bundle(indicator("c2.example"))[:-10])
    assert not StixObject.objects.exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"type":"bundle","objects":[ {"a": 1} ,{"b":2}],"id":"x"}', [b'{"a": 1}', b'{"b":2}']),
        ('{"objects":[{"a": 1}],"more":false}', [b'{"a": 1}']),
        ('[{"a": 1},\n{"b":2}]', [b'{"a": 1}', b'{"b":2}']),
        ('{"type":"x","a":1}\n{"type":"x", "b":2}\n', [b'{"type":"x","a":1}', b'{"type":"x", "b":2}']),
        (
            '\ufeff {"type": "indicator", "id": "x", "objects": {"0": {}}}\n',
            [b'{"type": "indicator", "id": "x", "objects": {"0": {}}}'],
        ),
        ('{"type":"bundle","objects":[]}', []),
        ('{"objects":[1,"a"]}', [b"1", b'"a"']),
        ("", []),
    ],
)
def test_objects_are_cut_out_of_any_document_exactly(text: str, expected: list[bytes]) -> None:
    assert [piece.raw for piece in slices(Member.of("x.json", text.encode()))] == expected


def test_a_single_object_may_be_as_long_as_a_stream_gives_it_in_pieces() -> None:
    one = raw(indicator("c2.example", description="long " * 200_000))
    assert [piece.raw for piece in slices(Member.of("x.json", one))] == [one]


def test_attack_is_kept_and_read_back_byte_for_byte(real_data: Path, take: Take) -> None:
    path = real_data / "attack" / "ics-attack-18.1.json.gz"
    enter("mitre", "stix/bundle", tlp="clear")
    report = actions.ingest(actor=OPERATOR, source="mitre", feed="stix/bundle", paths=[path], at=MONDAY)
    with gzip.open(path) as stream:
        text = stream.read()
    objects = json.loads(text)["objects"]
    assert report.objects.kept == len(objects) == StixObject.objects.count()
    at = 0
    by_id = {row.stix_id: row for row in StixObject.objects.all()}
    for one in objects:
        row = by_id[one["id"]]
        at = text.index(bytes(row.raw), at)
        assert sha256(bytes(row.raw)).hexdigest() == row.sha256
        assert json.loads(bytes(row.raw)) == one


def test_labels_of_the_source_are_the_floor_for_bare_objects(take_bundle: Take) -> None:
    take_bundle(
        bundle(indicator("c2.example", tlp=None), indicator("d.example", object_marking_refs=[TLP_REFS[Tlp.CLEAR]]))
    )
    assert subject(named("indicator", "c2.example"))["derived_from_tlp"] == ["amber"]
    assert "derived_from_tlp" not in subject(named("indicator", "d.example"))
