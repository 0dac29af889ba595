"""Identifiers and times: a MISP UUID becomes the UUID of a STIX id; what has none gets one that is the same every time."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

#: Our own namespace for ids of things that came without one; drawn once.
NAMESPACE = UUID("0b5d8a53-6f0e-5c1b-8f2d-5a9d7c3e41b6")

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 253_402_300_799
_NUMBER = re.compile(r"\d{1,12}", re.ASCII)
NEVER = "1970-01-01T00:00:00.000Z"


def derived(*parts: object) -> str:
    """A UUID (version 5) of the parts: same parts, same UUID."""
    return str(uuid5(NAMESPACE, "\t".join(map(str, parts))))


def is_uuid(text: Any) -> bool:
    """Whether a text may stand in a STIX id as it is (RFC 9562, lower case)."""
    return isinstance(text, str) and _UUID.fullmatch(text) is not None


def uuid_of(identity: str) -> str:
    """The UUID of a STIX id."""
    return identity.partition("--")[2]


def moment(seconds: Any) -> datetime | None:
    """Seconds since 1970 as MISP writes them (a number, or digits as text); ``None`` if it is no such thing or 0."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | str):
        return None
    text = str(seconds)
    if not _NUMBER.fullmatch(text) or not 0 < int(text) <= _LAST:
        return None
    return _EPOCH + timedelta(seconds=int(text))


def read_time(text: Any) -> datetime | None:
    """An ISO 8601 time; without a zone it is UTC. ``None`` if it is none."""
    if not isinstance(text, str) or len(text) > 40 or len(text) < 8:
        return None
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def written(time: datetime) -> str:
    """A STIX timestamp: milliseconds, or microseconds where there are any."""
    return time.strftime("%Y").zfill(4) + time.strftime("-%m-%dT%H:%M:%S") + _fraction(time) + "Z"


def written_short(time: datetime) -> str:
    """A STIX timestamp without a fraction where that is zero (as ``valid_from`` and the like are written)."""
    text = written(time)
    return text.replace(".000Z", "Z")


def _fraction(time: datetime) -> str:
    micro = f"{time.microsecond:06d}"
    return "." + (micro[:3] if micro.endswith("000") else micro)


def seconds_of(text: Any) -> str | None:
    """A STIX timestamp as MISP's seconds since 1970 (as text); a fraction of a second has no place there."""
    read = read_time(text)
    return None if read is None else str(int((read - _EPOCH).total_seconds()))


def misp_time(time: datetime) -> str:
    """As MISP writes ``first_seen``: ``2020-10-25T16:22:00.000000+00:00``."""
    return time.strftime("%Y").zfill(4) + time.strftime("-%m-%dT%H:%M:%S.%f+00:00")


def day_of(text: Any) -> datetime | None:
    """Midnight of a MISP date (``2020-10-25``), or ``None``."""
    return read_time(text) if isinstance(text, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else None
