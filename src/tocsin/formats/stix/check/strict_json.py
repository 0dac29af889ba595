"""JSON read strictly (RFC 8259, RFC 7493) at the speed of a lenient reader.

orjson refuses what is no JSON at all: broken UTF-8, ``NaN``, lone surrogates. What it lets pass is a key given twice, which two readers
read as two different objects. To find that without a slow parser, keys are counted: in text where no quotation mark follows two
backslashes and no white space comes before a colon, every key is closed by ``":`` and every such mark that is not escaped closes a key
(or begins a text with a colon, which only makes the count larger). As many of them as the decoded object has keys: none was given
twice. Otherwise a slow reader decides.
"""

import re
from typing import Any

import orjson

from tocsin.formats.json_values import MAX_DEPTH, decode_strictly

_SPACED_COLON = re.compile(rb'"[ \t\r\n]+:')
_PLAIN = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS
_TOO_DEEP = f"nested deeper than {MAX_DEPTH}"


def _keys(value: Any, depth: int) -> int:
    """How many keys all objects inside a value have together."""
    if depth > MAX_DEPTH:
        raise ValueError(_TOO_DEEP)
    count = 0
    if type(value) is dict:
        count = len(value)
        for item in value.values():
            if type(item) is dict or type(item) is list:
                count += _keys(item, depth + 1)
    else:
        for item in value:
            if type(item) is dict or type(item) is list:
                count += _keys(item, depth + 1)
    return count


def check_decoded(value: Any) -> None:
    """Raise ``ValueError`` for a decoded value that no JSON text can be read as: a key that is no text, nesting too deep, other types."""
    try:
        orjson.dumps(value, option=_PLAIN)
    except TypeError as error:
        raise ValueError(f"not JSON: {error}") from error
    if isinstance(value, dict | list):
        _keys(value, 1)


def _closed_keys(raw: bytes) -> int | None:
    """How many marks close a key in a text; ``None`` where they cannot be counted."""
    if _SPACED_COLON.search(raw):
        return None
    count = raw.count(b'":')
    if b"\\" not in raw:
        return count
    return None if b'\\\\"' in raw else count - raw.count(b'\\":')


def read_strictly(raw: bytes) -> Any:
    """The value of JSON text. Raises ``ValueError`` with a reason; also for a key given twice and for deep nesting."""
    try:
        value = orjson.loads(raw)
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error
    if type(value) is not dict and type(value) is not list:
        return value
    if _keys(value, 1) != _closed_keys(raw):
        decode_strictly(raw)
    return value
