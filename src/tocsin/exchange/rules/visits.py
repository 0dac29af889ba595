"""When a partner's server is visited next: on schedule, later after a failure, not at all once today's quota is used."""

from dataclasses import dataclass
from datetime import datetime, timedelta

#: However often it has failed, a server is tried again at least this often: a day without looking is a day without warning.
LONGEST_PAUSE = timedelta(hours=6)
FIRST_PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Quota:
    """What a partner allows in one day of UTC; ``None`` is no limit."""

    requests: int | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """What was used of a quota on one day: requests, and bytes received."""

    requests: int = 0
    size: int = 0


def is_spent(quota: Quota, used: Used) -> bool:
    """Whether nothing more may be asked today."""
    over_requests = quota.requests is not None and used.requests >= quota.requests
    over_size = quota.size is not None and used.size >= quota.size
    return over_requests or over_size


def pause_after(failures: int, *, asked: float | None = None, share: float = 0.5) -> timedelta:
    """How long to leave a server alone after its ``failures``-th failure in a row, counted from 1.

    Doubled each time from one minute to six hours. ``share`` (0 to 1, drawn by the caller) takes up to a quarter off, so that collectors
    that failed together do not come back together. ``asked`` are the seconds that the server itself asked for: never less than
    that.
    """
    pause: timedelta = min(FIRST_PAUSE * 2 ** min(max(failures, 1) - 1, 20), LONGEST_PAUSE)
    drawn: timedelta = pause * (1 - 0.25 * min(max(share, 0.0), 1.0))
    return max(drawn, timedelta(seconds=asked or 0))


def next_visit(
    at: datetime,
    every: timedelta,
    *,
    failures: int = 0,
    asked: float | None = None,
    share: float = 0.5,
    spent: bool = False,
) -> datetime:
    """The next time (UTC) to visit after a visit that ended ``at``; ``failures`` in a row, none after a success.

    A spent quota waits for the next day of UTC, because that is when partners count anew.
    """
    due = at + (pause_after(failures, asked=asked, share=share) if failures else every)
    if not spent:
        return due
    tomorrow = (at + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(due, tomorrow)
