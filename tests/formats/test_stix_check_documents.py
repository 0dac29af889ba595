"""``tocsin stix check``: documents of every shape and size, each object one line, and what becomes of those that cannot be read."""

import gzip
import itertools
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner, Result

from tocsin.formats.stix.check import Checked, Rules, check_document
from tocsin.formats.stix_commands import app
from tocsin.text.streams import Member
from tocsin.vocab.errors import TocsinError, Unreadable

BUNDLE = "bundle--5d6f1a2b-3c4d-4e5f-8a9b-0c1d2e3f4a5b"
TIME = "2026-03-01T08:00:00.000Z"


def campaign(number: int = 1, **more: Any) -> dict[str, Any]:
    """A campaign that draws no word."""
    return {
        "type": "campaign",
        "spec_version": "2.1",
        "id": f"campaign--5d6f1a2b-3c4d-4e5f-8a9b-{number:012x}",
        "created": TIME,
        "modified": TIME,
        "name": "Green herring",
        **more,
    }


def bundle(*objects: Any, **more: Any) -> dict[str, Any]:
    return {"type": "bundle", "id": BUNDLE, "objects": list(objects), **more}


def checked(document: Any, rules: Rules | None = None) -> list[Checked]:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return list(check_document(Member.of("in.json", raw), rules or Rules()))


def lines(document: Any) -> list[tuple[str | None, bool]]:
    return [(one.type, one.valid) for one in checked(document)]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (campaign(), [("campaign", True)]),
        (campaign(name=5), [("campaign", False)]),
        (bundle(campaign(1), campaign(2, name=5)), [("campaign", True), ("campaign", False)]),
        ([campaign(1), campaign(2)], [("campaign", True)] * 2),
        ([bundle(campaign(1)), campaign(2)], [("campaign", True)] * 2),
        (bundle(campaign(), x_foo=1), [("campaign", True), ("bundle", True)]),
        ({"type": "bundle", "id": BUNDLE}, [("bundle", True)]),
        (bundle(), [("bundle", False)]),
        ({"type": "bundle", "objects": [campaign()]}, [("campaign", True), ("bundle", False)]),
        ({"type": "bundle", "id": BUNDLE, "objects": {"0": campaign()}}, [("bundle", False)]),
        (bundle(5, campaign()), [(None, False), ("campaign", True)]),
        (bundle(bundle(campaign())), [("bundle", False)]),
        ([5, None, "text", []], [(None, False)] * 4),
        ({}, [(None, False)]),
        ({"objects": [campaign()]}, [(None, False)]),
        ({"type": 5, "objects": [campaign()]}, [(None, False)]),
    ],
)
def test_bundles_objects_and_arrays_give_one_line_an_object(
    document: Any, expected: list[tuple[str | None, bool]]
) -> None:
    assert lines(document) == expected


def test_json_lines_may_hold_objects_and_bundles_and_one_that_is_broken_spoils_no_other() -> None:
    rows = [
        json.dumps(campaign(1)),
        json.dumps(bundle(campaign(2), campaign(3))),
        '{"type": ',
        "7",
        json.dumps(campaign(4)),
    ]
    found = checked("\n".join(rows).encode())
    assert [(one.type, one.valid) for one in found] == [
        *[("campaign", True)] * 3,
        (None, False),
        (None, False),
        ("campaign", True),
    ]


def test_documents_one_after_another_are_told_apart() -> None:
    raw = b"\n\n".join(
        json.dumps(document, indent=1).encode() for document in (bundle(campaign(1)), campaign(2, name=5), bundle())
    )
    assert lines(raw) == [("campaign", True), ("campaign", False), ("bundle", False)]


def test_type_may_stand_behind_the_objects() -> None:
    late = dict(sorted(bundle(campaign(1), campaign(2, name=5)).items()))
    assert list(late)[-1] == "type"
    assert lines(late) == [("campaign", True), ("campaign", False)]
    custom = {
        "type": "x-ours",
        "spec_version": "2.1",
        "id": "x-ours--5d6f1a2b-3c4d-4e5f-8a9b-0c1d2e3f4a5b",
        "created": TIME,
        "modified": TIME,
        "objects": [{"any": "thing"}],
    }
    assert lines(custom) == lines(dict(sorted(custom.items()))) == [("x-ours", True)]


def test_many_objects_that_wait_for_their_type_are_taken_for_a_bundles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.formats.stix.check.documents.MOST_WAITING", 500)
    late = dict(sorted(bundle(*(campaign(number) for number in range(9))).items()))
    assert lines(late) == [("campaign", True)] * 9


def test_keys_that_stand_twice_are_refused_wherever_they_stand() -> None:
    inside = json.dumps(bundle(campaign())).replace('"name"', '"name": "a", "name"').encode()
    assert [one.errors[0].reason for one in checked(inside)] == [
        "cannot be read: not JSON: the key 'name' stands twice in one object"
    ]
    for twice in (b'"id": "' + BUNDLE.encode() + b'", ', b'"objects": [], ', b'"type": "bundle", '):
        raw = b"{" + twice + json.dumps(bundle(campaign())).encode()[1:]
        *_, last = checked(raw)
        assert (last.type, last.valid) == ("bundle", False)
        assert "stands twice" in " ".join(map(str, last.errors))
    bare = b'{"id": "a", ' + json.dumps(campaign()).encode()[1:]
    assert "stands twice" in str(checked(bare)[0].errors[0])


def test_deep_nesting_is_refused_with_the_object_that_has_it() -> None:
    deep = b'{"a":' * 10_000 + b"1" + b"}" * 10_000
    for raw in (
        json.dumps(bundle(campaign(1), campaign(2, x_deep="here"))).encode().replace(b'"here"', deep),
        json.dumps(campaign(2, x_deep="here")).encode().replace(b'"here"', deep),
    ):
        one = checked(raw)[-1]
        assert not one.valid
        assert "nested deeper than 64" in one.errors[0].reason
    (one,) = checked(json.dumps(campaign(2, x_deep="here")).encode().replace(b'"here"', deep))
    assert (one.id, one.type, one.errors[0].place) == (campaign(2)["id"], "campaign", "$.x_deep")
    (one,) = checked(b"[" * 10_000 + b"]" * 10_000)
    assert not one.valid


def test_objects_longer_than_a_record_may_be_are_refused_and_the_next_is_read() -> None:
    for long in (campaign(1, labels=["a" * 1_000_000] * 17), campaign(1, description="a" * (16 << 20))):
        first, second = checked(bundle(long, campaign(2)))
        assert (first.valid, second.valid) == (False, True)
        assert "longer than 16777216 bytes" in first.errors[0].reason


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"  \n",
        b"hello",
        b"\xff\xfe{\x00}\x00",
        b'{"type": "bundle", "objects": [',
        b'{"type": "bundle", "objects": [{"type": "campaign"}',
        b'{"type": "bundle" "id": 1}',
        b'{"\xff": 1}',
        b'{"type": "campaign"]',
        b"[}",
    ],
)
def test_what_cannot_be_read_to_its_end_says_so_and_where(raw: bytes) -> None:
    with pytest.raises(Unreadable, match=r"in\.json"):
        checked(raw)


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "01", "tru", "'a'", "1e999", '"\xff"', '"\\ud800"', '"\t"'])
def test_a_value_that_is_no_json_spoils_its_object_alone(number: str) -> None:
    raw = (
        json.dumps(bundle(campaign(1, x_foo="here"), campaign(2))).encode().replace(b'"here"', number.encode("latin-1"))
    )
    first, second = checked(raw)
    assert second.valid
    if number != "1e999":  # a number beyond all bounds is JSON
        assert not first.valid
        assert "cannot be read" in first.errors[0].reason


class _Endless(RawIOBase):
    """A bundle of as many objects as asked for, made while it is read."""

    def __init__(self, count: int) -> None:
        head = json.dumps(bundle())[:-2].encode()
        objects = (json.dumps(campaign(number, description="a" * 2_000)).encode() for number in range(count))
        body = (b"," * (place > 0) + one for place, one in enumerate(objects))
        self._pieces: Iterator[bytes] = itertools.chain([head], body, [b"]}"])
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._rest = self._rest or next(self._pieces, b"")
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


def test_memory_stays_flat_however_many_objects_a_bundle_has() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        stream = cast("Any", BufferedReader(_Endless(count), 1 << 16))
        assert sum(one.valid for one in check_document(Member("endless.json", stream))) == count
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(100)
    assert peak(3_000) < peak(300) + (4 << 20)


# The command --------------------------------------------------------------------------------------------------------


def run(*words: str, given: bytes | None = None) -> Result:
    result = CliRunner().invoke(app, ["stix", "check", *words], input=given)
    if isinstance(result.exception, TocsinError):
        raise result.exception
    return result


def test_exit_codes_say_all_valid_some_invalid_unreadable(tmp_path: Path) -> None:
    good, bad, broken = (tmp_path / name for name in ("good.json", "bad.json.gz", "broken.json"))
    good.write_text(json.dumps(bundle(campaign())))
    bad.write_bytes(gzip.compress(json.dumps(campaign(name=5)).encode()))
    broken.write_text('{"type": "bundle", "objects": [')
    assert run(str(good)).exit_code == 0
    result = run(str(bad))
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "id": campaign()["id"],
        "type": "campaign",
        "valid": False,
        "errors": [{"path": "$.name", "reason": "must be text, not a number"}],
        "warnings": [],
    }
    result = run(str(broken), str(bad), str(good), str(tmp_path / "absent.json"))
    assert result.exit_code == 2
    assert len(result.stdout.splitlines()) == 2
    assert [line.split(" ")[:2] for line in result.stderr.splitlines()] == [
        ["tocsin:", "broken.json"],
        ["tocsin:", f"{tmp_path}/absent.json:"],
    ]


def test_standard_input_is_a_file_called_dash() -> None:
    for given in (json.dumps(campaign()).encode(), gzip.compress(json.dumps(campaign()).encode())):
        result = run("-", given=given)
        assert (result.exit_code, json.loads(result.stdout)["valid"]) == (0, True)


def test_options_name_the_version_the_profile_and_the_checks() -> None:
    custom = json.dumps(campaign(x_foo=1)).encode()
    (warning,) = json.loads(run("-", given=custom).stdout)["warnings"]
    assert (warning["path"], warning["check"]) == ("$.x_foo", "extensions-use")
    assert json.loads(run("--disable", "all", "-", given=custom).stdout)["warnings"] == []
    for words in (["--strict-properties"], ["--enable", "strict-properties,strict-types"]):
        checks = [one["check"] for one in json.loads(run(*words, "-", given=custom).stdout)["warnings"]]
        assert checks == ["strict-properties", "extensions-use"]
    assert run("--interop", "-", given=custom).exit_code == 1
    assert run("--version", "2.0", "-", given=custom).exit_code == 1
    assert run("--version", "3", "-", given=custom).exit_code == 2
    with pytest.raises(TocsinError, match="'nonsense' is no check"):
        run("--disable", "nonsense", "-", given=custom)


def test_the_samples_are_answered_as_they_were_read_by_a_person(samples: Path, is_blessing: bool) -> None:
    folder = samples / "stix" / "check"
    for given in sorted(folder.glob("*.in.json*")):
        expected = folder / (given.name.partition(".")[0] + ".out.jsonl")
        result = run(str(given))
        if is_blessing:
            expected.write_text(result.stdout, encoding="utf-8")
        assert result.stdout == expected.read_text(encoding="utf-8"), given.name
        found = [json.loads(line)["valid"] for line in result.stdout.splitlines()]
        assert not all(found), "every sample has something wrong"
        assert any(found)


def test_a_reader_that_leaves_early_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "many.json"
    file.write_text(json.dumps(bundle(*(campaign(number) for number in range(5_000)))))
    code = f"{sys.executable} -m tocsin stix check {file} | head -1"
    result = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=False)
    assert json.loads(result.stdout)["valid"] is True
    assert result.stderr == ""
