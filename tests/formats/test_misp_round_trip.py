"""A MISP event as STIX and back: what does not come back is in the report, to the leaf; nothing becomes wider."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from stix2validator import ValidationOptions, validate_instance
from tests.formats.misp_events import events

from tocsin.formats.misp.from_stix import from_stix
from tocsin.formats.misp.handling import marks_of, stricter, tag_names
from tocsin.formats.misp.losses import Converted, condensed, leaves, same, shown_path, without
from tocsin.formats.misp.to_stix import to_stix
from tocsin.formats.stix.check import check_object
from tocsin.vocab.errors import InputError
from tocsin.vocab.markings import Tlp

_EVENT = {
    "uuid": "5d0a4c8e-7f3b-4c3c-9a70-000000000001",
    "info": "sample",
    "timestamp": "1790000000",
    "date": "2026-09-21",
}


def _all_named(event: Any) -> Converted:
    """The event as STIX, after checking that what comes back is the event less what the report names, and no less."""
    before = json.dumps(event)
    converted = to_stix(event)
    assert json.dumps(event) == before, "the input is left alone"
    back = from_stix(converted.objects)
    assert same(back.event, without(event, converted.losses))
    assert back.losses == ()
    paths = {keys for keys, _ in leaves(event)}
    assert {loss.keys for loss in converted.losses} <= paths | {keys[:2] for keys in paths}
    return converted


def _valid(converted: Converted) -> None:
    identities = [found["id"] for found in converted.objects]
    assert len(identities) == len(set(identities))
    for found in converted.objects:
        checked = check_object(orjson.dumps(found))
        assert checked.valid, (checked.errors, found)


@given(events(is_wild=False))
@settings(max_examples=150)
def test_every_leaf_of_a_likely_event_is_carried_or_named(event: dict[str, Any]) -> None:
    _valid(_all_named(event))


@given(events(is_wild=True))
@settings(max_examples=150)
def test_every_leaf_of_an_unlikely_event_is_carried_or_named(event: dict[str, Any]) -> None:
    _valid(_all_named(event))


@given(events(is_wild=True))
@settings(max_examples=60)
def test_the_same_event_gives_the_same_objects(event: dict[str, Any]) -> None:
    assert orjson.dumps(to_stix(event).objects) == orjson.dumps(to_stix(copy.deepcopy(event)).objects)


def _strictest(found: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]]) -> Tlp | None:
    return marks_of(found, definitions).tlp


@given(events(is_wild=True))
@settings(max_examples=120)
def test_no_object_is_marked_wider_than_its_event(event: dict[str, Any]) -> None:
    converted = to_stix(event)
    definitions = {found["id"]: found for found in converted.objects if found["type"] == "marking-definition"}
    label = None
    for name in tag_names(event):
        space, _, word = name.strip().lower().partition(":")
        if space == "tlp" and not word.startswith("ex:"):
            known = {"white": Tlp.CLEAR, **{one.value: one for one in Tlp}}
            label = stricter(label, known.get(word.strip().replace("_", "+").replace("-", "+"), Tlp.RED))
    public = {"identity", "marking-definition"}
    for found in converted.objects:
        is_library = found.get("x_misp_cluster", {}).get("x_misp_default") is True
        if found["type"] not in public and not is_library:
            marked = _strictest(found, definitions)
            assert label is None or (marked is not None and marked.strictness >= label.strictness), found


@given(events(is_wild=False))
@settings(max_examples=80)
def test_a_label_that_somebody_adds_on_the_way_is_never_lost(event: dict[str, Any]) -> None:
    red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
    objects = [dict(found) for found in to_stix(event).objects]
    report = next(found for found in objects if found["type"] in ("report", "grouping"))
    report["object_marking_refs"] = [red]
    back = from_stix(objects).event
    assert back is not None
    again = to_stix(back)
    head = next(found for found in again.objects if found["type"] in ("report", "grouping"))
    assert red in head["object_marking_refs"]


# Real events --------------------------------------------------------------------------------------------------------


def _documents(folder: Path) -> list[tuple[str, Any]]:
    found = []
    for path in sorted(folder.glob("*.json")):
        document = orjson.loads(path.read_bytes())
        for one in document if isinstance(document, list) else [document]:
            found.append((path.name, one.get("Event", one)))
    return found


@pytest.mark.real
def test_every_real_event_converts_with_every_loss_named(real_data: Path) -> None:
    converted = {}
    for name, event in _documents(real_data / "misp" / "pymisp-events"):
        if event.get("type") == "bundle":
            with pytest.raises(InputError, match="from-stix"):
                to_stix(event)
            assert [one["value"] for one in (from_stix([event]).event or {})["Attribute"]] == ["8.8.8.8"]
            continue
        converted[name] = _all_named(event)
        _valid(converted[name])
    assert len(converted) == 24
    said = {reason for one in converted.values() for reason in (loss.reason for loss in one.losses)}
    assert said == {"null says nothing", "an empty list says nothing"}, (
        "of real events nothing is lost that says anything"
    )


@pytest.mark.real
def test_the_validator_of_oasis_finds_nothing_that_must_not_be(real_data: Path) -> None:
    options = ValidationOptions(version="2.1")
    for name, event in _documents(real_data / "misp" / "pymisp-events"):
        if event.get("type") == "bundle" or name == "reportlab_testfiles__long_event.json":
            continue
        for found in to_stix(event).objects:
            assert not validate_instance(dict(found), options).errors, found["id"]


# Markings, one by one -----------------------------------------------------------------------------------------------


def _attribute(**said: Any) -> dict[str, Any]:
    return {
        "uuid": "5d0a4c8e-7f3b-4c3c-9a70-0000000000a1",
        "type": "domain",
        "value": "bad.example",
        "to_ids": True,
        **said,
    }


def _labels(event: dict[str, Any], kind: str) -> list[str]:
    converted = to_stix(event)
    names = {
        found["id"]: found.get("name") or found["definition"]["statement"]
        for found in converted.objects
        if found["type"] == "marking-definition"
    }
    (found,) = (one for one in converted.objects if one["type"] == kind)
    return [names[ref] for ref in found.get("object_marking_refs", [])]


@pytest.mark.parametrize(
    ("event", "attribute", "expected"),
    [
        ({}, {}, []),
        ({"Tag": [{"name": "tlp:white"}]}, {}, ["TLP:CLEAR"]),
        ({"Tag": [{"name": "tlp:green"}]}, {"Tag": [{"name": "tlp:amber+strict"}]}, ["TLP:AMBER+STRICT"]),
        ({"Tag": [{"name": "tlp:red"}]}, {"Tag": [{"name": "tlp:green"}]}, ["TLP:RED"]),
        ({"Tag": [{"name": "tlp:amb3r"}]}, {}, ["TLP:RED"]),
        ({"Tag": [{"name": "tlp:green"}, {"name": "tlp:ex:chr"}]}, {}, ["TLP:GREEN"]),
        ({"Tag": [{"name": "PAP:AMBER"}]}, {"Tag": [{"name": "pap:violet"}]}, ["PAP:RED"]),
        ({"distribution": "0"}, {}, ["TLP:RED"]),
        ({"distribution": "1", "Tag": [{"name": "tlp:green"}]}, {}, ["TLP:GREEN", "TLP:AMBER+STRICT"]),
        ({"distribution": "3"}, {"distribution": "5"}, []),
        ({"distribution": "3"}, {"distribution": "2"}, ["TLP:AMBER"]),
        ({"distribution": 17}, {}, ["TLP:RED"]),
        ({"EventTag": [{"Tag": {"name": "tlp:amber"}}]}, {}, ["TLP:AMBER"]),
        (
            {"distribution": "4", "SharingGroup": {"name": "Water", "uuid": "u"}},
            {},
            ["TLP:AMBER+STRICT", "Only for members of the MISP sharing group Water u"],
        ),
    ],
)
def test_tags_and_distribution_become_markings(event: Any, attribute: Any, expected: list[str]) -> None:
    whole = {**_EVENT, **event, "Attribute": [_attribute(**attribute)]}
    assert _labels(whole, "indicator") == expected
    _all_named(whole)


def test_what_was_marked_stricter_is_said() -> None:
    converted = to_stix({**_EVENT, "distribution": "1", "Tag": [{"name": "tlp:unknown"}]})
    assert [loss.reason for loss in converted.tightened] == ["nobody knows the tag 'tlp:unknown': handled as TLP:RED"]
    converted = to_stix({**_EVENT, "distribution": "1"})
    assert [(loss.path, loss.reason) for loss in converted.tightened] == [
        ("distribution", "distribution 1 allows no more than TLP:AMBER+STRICT")
    ]


def test_a_custom_cluster_that_only_its_makers_may_know_marks_what_it_travels_in() -> None:
    cluster = {"type": "threat-actor", "value": "no UUID", "default": False, "distribution": "0"}
    event = {**_EVENT, "Tag": [{"name": "tlp:green"}], "Galaxy": [{"type": "threat-actor", "GalaxyCluster": [cluster]}]}
    assert "TLP:RED" in _labels(event, "grouping")
    public = {**event, "Galaxy": [{"type": "threat-actor", "GalaxyCluster": [{**cluster, "default": True}]}]}
    assert _labels(public, "grouping") == ["TLP:GREEN"]


# Hostile input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [None, 3, "event", [], [{}], b"{}"])
def test_what_is_no_object_is_no_event(event: Any) -> None:
    with pytest.raises(InputError, match="is a JSON object"):
        to_stix(event)


@pytest.mark.parametrize("key", ["Attribute", "Object", "Tag", "Galaxy", "EventReport"])
@pytest.mark.parametrize("value", ["x", {"0": {"a": 1}}, 1, True])
def test_lists_that_are_none_are_named(key: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"{key} of the event is"):
        to_stix({**_EVENT, key: value})


def test_nesting_without_end_is_refused() -> None:
    deep: Any = []
    for _ in range(10_000):
        deep = [deep]
    with pytest.raises(InputError, match="nested deeper"):
        to_stix({**_EVENT, "RelatedEvent": deep})
    with pytest.raises(InputError, match="nested deeper"):
        from_stix([{"type": "indicator", "id": "indicator--x", "deep": deep}])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"x", {1}, "\ud800"])
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(InputError):
        to_stix({**_EVENT, "info": value})


def test_script_and_every_script_of_the_world_pass_unchanged() -> None:
    words = ["<script>alert(1)</script>", "悪意のあるドメイン", "قومی ادارہ", "a\x00b", "'] OR [x:y = '1", "\\"]
    event = {
        **_EVENT,
        "info": words[0],
        "Attribute": [_attribute(uuid=None, value=word, comment=word) for word in words],
    }
    converted = _all_named(event)
    _valid(converted)
    patterns = [found["pattern"] for found in converted.objects if found["type"] == "indicator"]
    assert "[domain-name:value = '\\'] OR [x:y = \\'1']" in patterns


def test_what_stands_among_the_attributes_and_is_none_is_named() -> None:
    converted = _all_named({**_EVENT, "Attribute": [None, 7, _attribute(), {}]})
    assert [loss.path for loss in converted.losses] == ["Attribute[1]", "Attribute[0]", "Attribute[3]"]


def test_two_items_of_one_uuid_are_two_objects() -> None:
    event = {**_EVENT, "Attribute": [_attribute(), _attribute(value="worse.example")]}
    _valid(_all_named(event))


# The report ---------------------------------------------------------------------------------------------------------


def test_equal_losses_are_one_line_for_a_person() -> None:
    event = {**_EVENT, "Attribute": [_attribute(uuid=None, ShadowAttribute=[], value=f"{n}.example") for n in range(5)]}
    assert condensed(to_stix(event).losses) == [
        "Attribute[*].uuid: null says nothing (5 times: Attribute[0].uuid, Attribute[1].uuid, Attribute[2].uuid, …)",
        "Attribute[*].ShadowAttribute: an empty list says nothing (5 times: Attribute[0].ShadowAttribute, "
        "Attribute[1].ShadowAttribute, Attribute[2].ShadowAttribute, …)",
    ]


def test_paths_are_written_so_that_odd_keys_can_be_told() -> None:
    assert shown_path(("Attribute", 3, "a b", "c")) == 'Attribute[3]["a b"].c'
