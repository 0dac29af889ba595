"""Times as feeds write them, read as aware UTC. Every function raises ``ValueError`` with a reason that stands alone."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

#: Feeds write a time this far ahead for "until further notice" (Kaspersky's TAXII server: 2100-01-01).
FOREVER_YEAR = 2100

_DAY_FIRST = re.compile(r"(\d\d)\.(\d\d)\.(\d{4})(?:\s+(\d\d?):(\d\d)(?::(\d\d))?)?", re.ASCII)
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def iso_time(text: str) -> datetime:
    """``2024-05-19T08:32:11.250Z``, ``2024-05-19 08:32:11``, ``2024-05-19``: a time without a zone is UTC."""
    try:
        read = datetime.fromisoformat(text.strip().removesuffix(" UTC"))
        if read.tzinfo is None:
            return read.replace(tzinfo=UTC)
        return read if read.tzinfo is UTC else read.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text[:40]!r} is not a time such as 2024-05-19T08:32:11Z") from error


def epoch_time(seconds: Any) -> datetime:
    """Seconds since 1970 as a number or as text (MISP writes text); milliseconds and microseconds are told by their size."""
    try:
        number = float(seconds)
        while abs(number) > 1e11:
            number /= 1000
        read = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{str(seconds)[:40]!r} is not a number of seconds since 1970") from error
    if not _EARLIEST <= read < _LATEST:
        raise ValueError(f"{str(seconds)[:40]!r} is no number of seconds since 1970 in our age")
    return read


def day_first_time(text: str) -> datetime:
    """``19.05.2024 08:32`` or ``19.05.2024``, as Kaspersky writes; UTC is assumed."""
    found = _DAY_FIRST.fullmatch(text.strip())
    try:
        if found:
            day, month, year, hour, minute, second = map(int, found.groups("0"))
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        pass
    raise ValueError(f"{text[:40]!r} is not a time such as 19.05.2024 08:32")


def unless_forever(moment: datetime | None) -> datetime | None:
    """``None`` for a time that means "no end"."""
    return None if moment is None or moment.year >= FOREVER_YEAR else moment


def shown(moment: datetime) -> str:
    """A time inside ``details``: ISO 8601 in UTC with ``Z``."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
