"""Times as decisions and agreements write them: RFC 3339, always with a zone, read as aware UTC."""

import re
from datetime import UTC, datetime

#: RFC 3339 §5.6, with the blank that it allows for the T. ``fromisoformat`` alone reads much that RFC 3339 does not allow.
_SHAPE = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)


def read_time(value: object) -> datetime:
    """An RFC 3339 time as aware UTC. Raises ``ValueError`` on anything else: a time without a zone means nothing."""
    if isinstance(value, str) and _SHAPE.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise ValueError(f"{str(value)[:40]!r} is not a time such as 2026-01-31T12:00:00Z")


def shown_time(moment: datetime) -> str:
    """A time in UTC with ``Z``, with a fraction only where there is one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
