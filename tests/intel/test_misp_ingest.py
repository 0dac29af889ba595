"""A delivery of MISP events keeps what they say as STIX objects, beside the indicators and the events' own bytes."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests.intel.conftest import MONDAY, enter
from tests.intel.stix_cast import subject

from tocsin.constituency.access import OPERATOR
from tocsin.formats.misp.from_stix import from_stix
from tocsin.formats.misp.losses import without
from tocsin.formats.misp.to_stix import to_stix
from tocsin.formats.stix.writing import TLP_REFS
from tocsin.intel import actions
from tocsin.intel.actions import IngestReport
from tocsin.intel.models import DeliveryFile, ObjectProvenance, ObjectRefusal, StixObject
from tocsin.lake.store import Lake
from tocsin.vocab.errors import Unreadable
from tocsin.vocab.markings import Tlp

pytestmark = pytest.mark.django_db

Take = Callable[..., IngestReport]


def _event(number: int = 1, **said: Any) -> dict[str, Any]:
    return {
        "uuid": f"5d0a4c8e-7f3b-4c3c-9a70-{number:012d}",
        "info": "Owl",
        "date": "2026-09-21",
        "timestamp": "1790000000",
        "published": True,
        "Orgc": {"uuid": "5d0a4c8e-7f3b-4c3c-9a70-0000000000c1", "name": "CERT of Samples"},
        "Tag": [{"name": "tlp:amber+strict"}],
        "Attribute": [
            {
                "uuid": f"5d0a4c8e-7f3b-4c3c-9a71-{number:012d}",
                "type": "domain",
                "category": "Network activity",
                "value": f"c{number}.example",
                "timestamp": "1790000000",
                "to_ids": True,
            }
        ],
        **said,
    }


@pytest.fixture
def take_event(take: Take) -> Callable[..., IngestReport]:
    """Take a MISP document in as given by a source of events."""
    enter("events", "misp/event", tlp="green")

    def taken(document: Any, **more: Any) -> IngestReport:
        text = document if isinstance(document, str) else json.dumps(document)
        return take("events", "misp/event", text, name="event.json", **more)

    return taken


def _kept() -> list[dict[str, Any]]:
    return [json.loads(bytes(row.raw)) for row in StixObject.objects.order_by("id")]


def test_an_event_is_kept_as_objects_of_which_it_can_be_made_again(take_event: Take) -> None:
    event = _event(threat_level_id="2", extends_uuid=None)
    report = take_event({"Event": event})
    assert str(report.accounts) == "received 1 = kept 1 + duplicate 0 + rejected 0"
    assert report.objects.refused == 0
    assert report.objects.kept == StixObject.objects.count() == len(to_stix(event).objects)
    assert set(ObjectProvenance.objects.values_list("source__name", "delivery__uid")) == {("events", report.uid)}
    assert from_stix(_kept()).event == without(event, to_stix(event).losses)


def test_the_label_of_the_event_is_the_label_of_every_object(take_event: Take) -> None:
    take_event(_event())
    (indicator,) = StixObject.objects.filter(type="indicator")
    assert subject(indicator.stix_id)["tlp"] == "amber+strict"
    assert TLP_REFS[Tlp.AMBER_STRICT] in json.loads(bytes(indicator.raw))["object_marking_refs"]


def test_the_bytes_of_the_event_are_in_the_raw_store(take_event: Take, settings: Any) -> None:
    text = json.dumps({"Event": _event()}, indent=3)
    take_event(text)
    (file,) = DeliveryFile.objects.all()
    assert file.sha256 == sha256(text.encode()).hexdigest()
    with Lake(Path(settings.TOCSIN.storage.folder) / "lake").raw.open(file.sha256) as stream:
        assert stream.read() == text.encode()


def test_a_feed_folder_is_read_without_its_manifest(tmp_path: Path, take_event: Take) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    events = [_event(number) for number in (1, 2, 3)]
    for event in events:
        (folder / f"{event['uuid']}.json").write_text(json.dumps({"Event": event}))
    (folder / "manifest.json").write_text(json.dumps({event["uuid"]: {"info": "Owl"} for event in events}))
    (folder / "hashes.csv").write_text("0123456789abcdef0123456789abcdef,5d0a4c8e\n")
    report = actions.ingest(actor=OPERATOR, source="events", feed="misp/event", paths=[folder], at=MONDAY)
    assert report.accounts.kept == 3
    assert report.objects.refused == 0
    assert StixObject.objects.filter(type="report").count() == 3
    assert StixObject.objects.filter(type="indicator").count() == 3
    assert StixObject.objects.filter(type="identity").count() == 1


def test_what_a_search_answer_repeats_is_kept_once(take_event: Take) -> None:
    report = take_event({"response": [{"Event": _event(1)}, {"Event": _event(2)}]})
    assert report.objects.duplicate == 0
    assert StixObject.objects.filter(type="identity").count() == 1


def test_an_event_that_was_changed_is_a_new_version(take_event: Take) -> None:
    take_event(_event())
    later = _event(timestamp="1790000100", info="Owl, again")
    report = take_event(later)
    assert report.objects.refused == 0
    reports = StixObject.objects.filter(type="report").order_by("version_us")
    assert [json.loads(bytes(row.raw))["name"] for row in reports] == ["Owl", "Owl, again"]


def test_an_attribute_that_was_deleted_takes_its_indicator_back(take_event: Take) -> None:
    take_event(_event())
    later = _event(timestamp="1790000100")
    later["Attribute"][0] |= {"deleted": True, "timestamp": "1790000100"}
    report = take_event(later)
    assert report.upserted.retracted == 1
    assert StixObject.objects.filter(type="indicator", is_revoked=True).count() == 1


def test_an_event_that_cannot_be_converted_is_refused_with_its_reason_and_the_others_are_kept(take_event: Take) -> None:
    wrong = json.dumps(_event(2, Tag="tlp:red"))
    twice = json.dumps(_event(3)).replace('"info": "Owl"', '"info": "Owl", "info": "Eagle"')
    report = take_event(f'{{"response": [{json.dumps(_event(1))}, {wrong}, {twice}]}}')
    told = sorted(ObjectRefusal.objects.values_list("problem", flat=True))
    assert report.objects.refused == 2
    assert "Tag of the event is str, not a list" in told[0]
    assert "the key 'info' stands twice" in told[1]
    assert StixObject.objects.filter(type="report").count() == 1


def test_a_delivery_that_breaks_off_leaves_no_object(take_event: Take) -> None:
    with pytest.raises(Unreadable):
        take_event(json.dumps({"Event": _event()})[:-10])
    assert not StixObject.objects.exists()


@pytest.mark.real
def test_real_events_are_kept_whole(real_data: Path, take: Take) -> None:
    enter("pymisp", "misp/event", tlp="amber")
    folder = real_data / "misp" / "pymisp-events"
    for name in ("reportlab_testfiles__to_delete1.json", "mispevent_testfiles__existing_event.json"):
        report = actions.ingest(actor=OPERATOR, source="pymisp", feed="misp/event", paths=[folder / name], at=MONDAY)
        assert report.objects.received == report.objects.kept + report.objects.duplicate + report.objects.refused
        assert (report.objects.refused, list(ObjectRefusal.objects.values_list("problem", flat=True))) == (0, [])
        assert report.objects.kept > 20
