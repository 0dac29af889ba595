"""Records cut out of JSON by their brackets."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.formats import json_values
from tocsin.formats.json_values import JsonSlice, Path, decode, decode_strictly, records, walk
from tocsin.text.streams import Member
from tocsin.vocab.errors import Unreadable

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def _elements(path: Path, _first: bytes) -> bool:
    return path == (None,)


def _walked(text: bytes, limit: int = json_values.MAX_RECORD_BYTES) -> list[JsonSlice]:
    return list(walk(io.BytesIO(text), "sample.json", _elements, limit=limit))


@given(st.lists(VALUES, max_size=8), st.sampled_from([None, 1]), st.integers(1, 40))
def test_elements_are_those_that_json_reads_wherever_the_chunks_end(
    values: list[object], indent: int | None, chunk: int
) -> None:
    before = json_values._CHUNK
    json_values._CHUNK = chunk
    try:
        found = [json.loads(piece.raw) for piece in _walked(json.dumps(values, indent=indent).encode())]
    finally:
        json_values._CHUNK = before
    assert found == values


@pytest.mark.parametrize(
    "text",
    [
        b'[{"a":1}',
        b'[{"a":1},',
        b'[{"a"',
        b'[{"a":"x',
        b"[1 2]",
        b'{"a" 1}',
        b'{"a":1,}',
        b"[1,]",
        b"[}",
        b"]",
        b'{"a":',
    ],
)
def test_broken_brackets_are_said_with_the_member_and_the_byte(text: bytes) -> None:
    with pytest.raises(Unreadable, match=r"^sample\.json cannot be read as JSON beyond byte \d+: "):
        _walked(text)


def test_a_record_with_a_fault_inside_leaves_the_next_one_whole() -> None:
    first, second = _walked(b'[{"a": nonsense}, {"b": 2}]')
    with pytest.raises(ValueError, match="not JSON"):
        decode(first.raw)
    assert decode(second.raw) == {"b": 2}


def test_a_record_that_is_too_long_or_too_deep_is_passed_over() -> None:
    long, short = _walked(b'[{"a":["' + b'","'.join([b"x" * 50] * 100) + b'"]},{"b":2}]', limit=1000)
    assert long.problem == "the record is longer than 1000 bytes"
    assert len(long.raw) <= 500
    assert short.raw == b'{"b":2}'
    deep, flat = _walked(b"[" + b"[" * 500 + b"]" * 500 + b",7]")
    assert deep.problem == "the record is nested deeper than 64"
    assert flat.raw == b"7"


def test_what_is_passed_over_is_skipped_whatever_its_size() -> None:
    text = b'{"heavy":[' + b'{"x":"]}"},' * 100_000 + b'1],"a":{"b":2},"c":3}'
    found = walk(
        io.BytesIO(text), "sample.json", lambda path, _: None if path == ("heavy",) else len(path) == 1, limit=100
    )
    assert [(piece.path, piece.raw) for piece in found] == [(("a",), b'{"b":2}'), (("c",), b"3")]


def test_lines_are_records_and_a_broken_line_is_one_of_them() -> None:
    member = Member.of("lines.json", b'{"a":1}\n{"a":\n\n{"a":3}')
    assert [piece.raw for piece in records(member, _elements)] == [b'{"a":1}', b'{"a":', b'{"a":3}']


def test_what_does_not_begin_with_a_bracket_is_no_json() -> None:
    with pytest.raises(Unreadable, match=r"list\.txt is not JSON: it begins with b'198"):
        list(records(Member.of("list.txt", b"198.18.0.1\n"), _elements))


def test_a_key_given_twice_is_an_error_only_where_that_is_asked_for() -> None:
    assert decode(b'{"a":1,"a":2}') == {"a": 2}
    with pytest.raises(ValueError, match="'a' stands twice"):
        decode_strictly(b'{"b":{"a":1,"a":2}}')
    with pytest.raises(ValueError, match="NaN is not a JSON number"):
        decode_strictly(b'{"a":NaN}')
