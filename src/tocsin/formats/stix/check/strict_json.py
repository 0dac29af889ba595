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

_UNSURE = re.compile(rb'\\\\"|"[ \t\r\n]+:')
_TOO_DEEP = f"nested deeper than {MAX_DEPTH}"


class _Deep(ValueError):
    """Nested deeper than anything that means well."""


def _keys(value: Any, depth: int) -> int:
    """How many keys all objects inside a value have together."""
    if depth > MAX_DEPTH:
        raise _Deep(_TOO_DEEP)
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


def check_depth(value: Any) -> None:
    """Raise ``ValueError`` where a decoded value is nested too deep."""
    if isinstance(value, dict | list):
        _keys(value, 1)


def read_strictly(raw: bytes) -> Any:
    """The value of JSON text. Raises ``ValueError`` with a reason; also for a key given twice and for deep nesting."""
    try:
        value = orjson.loads(raw)
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error
    if type(value) is not dict and type(value) is not list:
        return value
    count = _keys(value, 1)
    if _UNSURE.search(raw) or raw.count(b'":') - raw.count(b'\\":') != count:
        decode_strictly(raw)
    return value
