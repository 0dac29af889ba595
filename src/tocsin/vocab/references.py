"""Reference numbers that people read out on the telephone: ``FND-2026-0042``."""

import re
from datetime import datetime

_REFERENCE = re.compile(r"^(?P<prefix>[A-Z]{3})-(?P<year>\d{4})-(?P<number>\d{4,})$")


def reference(prefix: str, opened_at: datetime, number: int) -> str:
    """``reference("FND", 2026-11-23, 42)`` is ``FND-2026-0042``; numbers over 9999 simply grow."""
    return f"{prefix}-{opened_at.year:04d}-{number:04d}"


def read_reference(text: str) -> tuple[str, int, int]:
    """Prefix, year and number of a reference in any case. Raises ``ValueError`` if it is none."""
    found = _REFERENCE.match(text.strip().upper())
    if not found:
        raise ValueError(f"{text!r} is not a reference number such as FND-2026-0042")
    return found["prefix"], int(found["year"]), int(found["number"])
