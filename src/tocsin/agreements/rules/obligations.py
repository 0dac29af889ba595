"""Reading the obligations of a decision: what whoever sends has to do first."""

import re
from collections.abc import Iterable
from datetime import timedelta

_DELAY = re.compile(r"delay (\d+)h", re.ASCII)
_REDACT = "redact "


def delay_of(obligations: Iterable[str]) -> timedelta:
    """How long it has to wait; nothing where no obligation says so."""
    found = [int(match[1]) for one in obligations if (match := _DELAY.fullmatch(one))]
    return timedelta(hours=max(found, default=0))


def redactions_of(obligations: Iterable[str]) -> tuple[str, ...]:
    """The kinds of personal data that have to be taken out of it."""
    return tuple(one.removeprefix(_REDACT) for one in obligations if one.startswith(_REDACT))
