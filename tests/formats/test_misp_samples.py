"""Golden samples of both conversions, STIX that nobody made of an event, and the commands."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from tocsin.formats.misp.documents import events_to_stix, stix_to_event
from tocsin.formats.misp.from_stix import from_stix
from tocsin.formats.misp.losses import Converted
from tocsin.formats.misp.to_stix import to_stix
from tocsin.formats.stix.check import check_object
from tocsin.project.cli import main
from tocsin.vocab.errors import InputError

_INDICATOR = {
    "type": "indicator",
    "spec_version": "2.1",
    "id": "indicator--5d0a4c8e-7f3b-4c3c-9a70-000000000001",
    "created": "2026-02-01T00:00:00.000Z",
    "modified": "2026-02-01T00:00:00.000Z",
    "pattern_type": "stix",
    "valid_from": "2026-02-01T00:00:00Z",
}
_TRAFFIC = (
    "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '198.18.0.1' "
    "AND network-traffic:dst_port = 80]"
)
_RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
_GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"


def _said(found: Converted) -> dict[str, Any]:
    return {
        "objects": list(found.objects),
        "event": found.event,
        "losses": [loss.as_json() for loss in found.losses],
        "tightened": [loss.as_json() for loss in found.tightened],
    }


@pytest.mark.parametrize("name", ["hostile-and-handled", "objects-and-analysis", "foreign-stix"])
def test_samples_are_converted_as_ever(name: str, samples: Path, is_blessing: bool) -> None:
    folder = samples / "misp" / name
    raw = (folder / "in.json").read_bytes()
    is_stix = name == "foreign-stix"
    found = [_said(one) for one in ([stix_to_event(raw, name)] if is_stix else events_to_stix(raw, name))]
    expected = folder / "out.json"
    if is_blessing:
        expected.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))
    assert all(check_object(one).valid for part in found for one in part["objects"])
    assert any(part["losses"] for part in found) or name == "objects-and-analysis"


def _attributes(**said: Any) -> list[tuple[str, str]]:
    event = from_stix([{**_INDICATOR, **said}]).event or {}
    return [(one["type"], one["value"]) for one in event.get("Attribute", [])]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[domain-name:value = 'a.example']", [("domain", "a.example")]),
        ("[domain-name:value IN ('a.example', 'b.example')]", [("domain", "a.example"), ("domain", "b.example")]),
        ("[ipv4-addr:value = '198.18.0.1' OR ipv6-addr:value = '2001:db8::1']", [("ip-dst", "198.18.0.1"), ("ip-dst", "2001:db8::1")]),
        ("[file:hashes.'SHA-256' = 'ab' OR file:hashes.MD5 = 'cd']", [("sha256", "ab"), ("md5", "cd")]),
        ("[file:name = 'a.exe' AND file:hashes.MD5 = 'cd']", [("filename|md5", "a.exe|cd")]),
        (_TRAFFIC, [("ip-dst|port", "198.18.0.1|80")]),
        ("[autonomous-system:number = 7]", [("AS", "AS7")]),
        ("[domain-name:value != 'a.example']", [("stix2-pattern", "[domain-name:value != 'a.example']")]),
        ("not a pattern", [("stix2-pattern", "not a pattern")]),
    ],
)  # fmt: skip
def test_patterns_become_attributes(pattern: str, expected: list[tuple[str, str]]) -> None:
    assert _attributes(pattern=pattern) == expected


def test_comparisons_that_hold_together_become_an_object() -> None:
    event = from_stix([{**_INDICATOR, "pattern": "[file:hashes.MD5 = 'cd' AND file:size = 10]"}]).event or {}
    (found,) = event["Object"]
    assert [(one["object_relation"], one["value"]) for one in found["Attribute"]] == [
        ("md5", "cd"),
        ("size-in-bytes", "10"),
    ]


def test_a_rule_keeps_its_language() -> None:
    assert _attributes(pattern="rule x {}", pattern_type="yara") == [("yara", "rule x {}")]
    assert _attributes(pattern=".*", pattern_type="pcre") == [("other", ".*")]


def test_what_is_benign_is_not_for_detection() -> None:
    event = (
        from_stix([{**_INDICATOR, "pattern": "[url:value = 'http://a.example']", "indicator_types": ["benign"]}]).event
        or {}
    )
    assert event["Attribute"][0]["to_ids"] is False


@pytest.mark.parametrize(
    ("markings", "tags", "distribution"),
    [
        ({}, [], "0"),
        ({"object_marking_refs": [_GREEN]}, ["tlp:green"], "1"),
        (
            {"object_marking_refs": [_GREEN], "granular_markings": [{"marking_ref": _RED, "selectors": ["name"]}]},
            ["tlp:red"],
            "0",
        ),
        ({"object_marking_refs": ["marking-definition--5d0a4c8e-7f3b-4c3c-9a70-0000000000ff"]}, ["tlp:red"], "0"),
    ],
)
def test_a_foreign_object_is_never_marked_wider(markings: dict[str, Any], tags: list[str], distribution: str) -> None:
    event = from_stix([{**_INDICATOR, "pattern": "[url:value = 'http://a.example']", **markings}]).event or {}
    assert [tag["name"] for tag in event.get("Tag", [])] == tags
    assert event["distribution"] == distribution


def test_a_cluster_cannot_be_tagged_so_its_event_is() -> None:
    cluster = {"type": "tool", "spec_version": "2.1", "id": "tool--5d0a4c8e-7f3b-4c3c-9a70-000000000002", "name": "x"}
    found = from_stix([{**cluster, "object_marking_refs": [_RED]}])
    assert [tag["name"] for tag in (found.event or {})["Tag"]] == ["tlp:red"]


def test_the_newer_of_two_versions_counts() -> None:
    older = {**_INDICATOR, "pattern": "[url:value = 'http://old.example']"}
    newer = {**_INDICATOR, "modified": "2026-03-01T00:00:00.000Z", "pattern": "[url:value = 'http://new.example']"}
    for given in ([older, newer], [newer, older]):
        found = from_stix(given)
        assert [one["value"] for one in (found.event or {})["Attribute"]] == ["http://new.example"]
        assert found.losses[0].reason == "of two versions of an object the newer counts"


def test_bytes_and_mappings_are_read_alike() -> None:
    found = {**_INDICATOR, "pattern": "[url:value = 'http://a.example']"}
    assert from_stix([found]) == from_stix([orjson.dumps(found)])


@pytest.mark.parametrize("given", [[], [{}], [{"type": "x"}], [b"{"], [3], [{"type": "bundle", "objects": [7]}]])
def test_what_is_no_stix_is_refused(given: list[Any]) -> None:
    with pytest.raises(InputError):
        from_stix(given)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"3",
        b'"x"',
        b"[3]",
        b'{"Event": {"Attribute": "x"}}',
        b'{"type": "bundle", "objects": []}',
        b"[" * 5000,
    ],
)
def test_documents_that_hold_no_event_are_named(raw: bytes) -> None:
    with pytest.raises(InputError, match=r"sample\.json"):
        list(events_to_stix(raw, "sample.json"))


def test_a_document_that_is_too_large_is_refused() -> None:
    with pytest.raises(InputError, match="larger than 10 bytes"):
        list(events_to_stix(b'{"info": "xxxxxxxxxx"}', "sample.json", limit=10))


def test_what_stands_beside_an_event_is_named_with_its_path() -> None:
    raw = b'{"response": [{"Event": {"info": "x", "extends_uuid": null}, "errors": "y"}]}'
    (found,) = events_to_stix(raw, "sample.json")
    assert [loss.path for loss in found.losses] == ["response[0].errors", "response[0].Event.extends_uuid"]


# Commands -----------------------------------------------------------------------------------------------------------


def _run(*words: str) -> int:
    try:
        main(["misp", *words])
    except SystemExit as left:
        return int(left.code or 0)
    return 0


def test_an_event_goes_through_the_commands_and_back(samples: Path, tmp_path: Path) -> None:
    given = samples / "misp" / "objects-and-analysis" / "in.json"
    bundle, event, losses = (tmp_path / name for name in ("bundle.json", "event.json", "losses.jsonl"))
    assert _run("to-stix", str(given), "-o", str(bundle), "--losses", str(losses)) == 0
    assert losses.read_bytes() == b""
    assert _run("from-stix", str(bundle), "-o", str(event)) == 0
    assert json.loads(event.read_text())["Event"] == json.loads(given.read_text())["response"][0]["Event"]


def test_losses_are_lines_on_standard_error(samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = samples / "misp" / "hostile-and-handled" / "in.json"
    assert _run("to-stix", str(given)) == 0
    lines = capsys.readouterr().err.splitlines()
    assert (
        "in.json: not carried: Event.Attribute[4]: what stands among Attribute is a JSON object, this is str" in lines
    )
    assert any("marked stricter" in line and "tlp:violet" in line for line in lines)


def test_several_events_are_one_bundle_and_share_their_author(samples: Path, tmp_path: Path) -> None:
    out = tmp_path / "bundle.json"
    given = [str(samples / "misp" / name / "in.json") for name in ("hostile-and-handled", "objects-and-analysis")]
    assert _run("to-stix", *given, "-o", str(out)) == 0
    objects = json.loads(out.read_text())["objects"]
    assert [one["name"] for one in objects if one["type"] == "identity"] == ["CERT of Samples"]
    assert len({(one["id"], one.get("modified")) for one in objects}) == len(objects)


def test_what_is_no_event_is_one_line_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"Event": {"Attribute": 3}}')
    assert _run("to-stix", str(wrong)) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("tocsin: wrong.json: Attribute of the event is int")
    assert _run("from-stix", str(tmp_path / "absent.json")) == 2


def test_every_object_of_the_sample_reads_its_event_back(samples: Path) -> None:
    document = json.loads((samples / "misp" / "objects-and-analysis" / "in.json").read_text())
    event = document["response"][0]["Event"]
    assert from_stix(to_stix(event).objects).event == event
