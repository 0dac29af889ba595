"""The only clock. Everything else is told the time, so that tests and replays can tell it differently."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, in UTC, to the microsecond."""
    return datetime.now(UTC)
