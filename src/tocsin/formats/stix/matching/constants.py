"""Constants of a pattern and values of an object, made comparable (STIX 2.1 §9.1, §9.6)."""

import base64
import binascii
import re
from datetime import date
from functools import lru_cache
from typing import Any

from tocsin.formats.stix.matching.limits import MatchError
from tocsin.formats.stix.tree import Binary, Constant, Moment

#: What a constant is compared as. A time is a whole number of nanoseconds, in a class of its own.
Comparable = Any

_TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?Z")
_EPOCH = date(1970, 1, 1).toordinal()


class Nanoseconds(int):
    """A point in time: nanoseconds since 1970, what is finer is cut off."""


@lru_cache(maxsize=1 << 14)
def nanoseconds(text: str) -> Nanoseconds:
    """The point in time of a STIX timestamp (RFC 3339, capital T and Z). Raises ``ValueError`` if it is none.

    A second 60 is the first one of the next minute, as calendars of computers have it.
    """
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError("not a timestamp such as 2026-01-31T12:00:00Z")
    year, month, day, hour, minute, second = (int(found[number]) for number in range(1, 7))
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError("not a time of a day")
    days = date(year, month, day).toordinal() - _EPOCH
    whole = ((days * 24 + hour) * 60 + minute) * 60 + second
    return Nanoseconds(whole * 1_000_000_000 + int((found[7] or "0")[:9].ljust(9, "0")))


def comparable(constant: Constant) -> Comparable:
    """The value of a pattern's constant. Raises ``MatchError`` for a day that no calendar has."""
    if isinstance(constant, Moment):
        try:
            return nanoseconds(constant.text)
        except ValueError as error:
            raise MatchError(f"{constant} in the pattern is no point in time: {error}") from error
    if isinstance(constant, Binary):
        return bytes.fromhex(constant.text) if constant.kind == "h" else base64.b64decode(constant.text)
    return constant


def decoded(name: str, value: object) -> object:
    """The bytes of a property whose name ends in ``_hex`` or ``_bin``; any other value as it is."""
    if name[-4:] not in ("_hex", "_bin"):
        return value
    try:
        if isinstance(value, str):
            return binascii.unhexlify(value) if name[-1] == "x" else base64.b64decode(value, validate=True)
    except ValueError as error:
        raise MatchError(f"{name} of the data holds no bytes: {error}") from error
    raise MatchError(f"{name} of the data holds no bytes but a {type(value).__name__}")


def like_constant(value: object, constant: Constant | None) -> Comparable:
    """A value of the data as what stands for it beside a constant of this kind; ``None`` where the two kinds are never equal.

    Beside a timestamp text is read as one, beside bytes as bytes, and bytes beside text as text: each character one byte.
    """
    if isinstance(constant, str):
        return value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else None
    if isinstance(constant, bool) or isinstance(value, bool):
        return value if isinstance(constant, bool) and isinstance(value, bool) else None
    if isinstance(constant, int | float):
        return value if isinstance(value, int | float) else None
    if isinstance(constant, Moment):
        return _time_of(value) if isinstance(value, str) else None
    if isinstance(constant, Binary) and isinstance(value, str):
        return _as_bytes(value)
    return value if isinstance(constant, Binary) and isinstance(value, bytes) else None


def order(value: object, constant: Constant, compared: Comparable) -> int | None:
    """Below 0, 0 or above 0 as a value is smaller than a constant (``compared`` to), equal or greater; ``None`` where there is no order."""
    alike = like_constant(value, constant)
    if alike is None or isinstance(constant, bool):
        return None
    if (
        isinstance(value, bytes)
        and isinstance(constant, str)
        and not constant.isascii()
        and _as_bytes(constant) is None
    ):
        return None
    return int(alike > compared) - int(alike < compared)


def _time_of(value: str) -> Nanoseconds:
    """A faulty time in the data is an error: were it only unequal, nobody would hear of it."""
    try:
        return nanoseconds(value)
    except ValueError as error:
        raise MatchError(f"{value[:80]!r} of the data stands beside a timestamp and is none: {error}") from error


def _as_bytes(text: str) -> bytes | None:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return None
