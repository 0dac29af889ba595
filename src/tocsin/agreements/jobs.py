"""What the agreements room does by itself: it signs what the ledger is, and forgets old counts of denials."""

from collections.abc import Iterator
from datetime import timedelta

from tocsin.agreements import actions, queries
from tocsin.constituency.access import SYSTEM
from tocsin.jobs.schedules import Schedule
from tocsin.jobs.tasks import task


@task()
def checkpoint() -> str:
    """Sign the end of the ledger, if it has grown."""
    if not queries.ledger_size(SYSTEM):
        return "the ledger is empty"
    made = actions.make_checkpoint(actor=SYSTEM)
    return f"entry {made.entry} is vouched for"


@task()
def forget_denials() -> str:
    """Remove counts of denials that no what-if looks back to."""
    return f"forgot {actions.forget_denials(actor=SYSTEM)} counts of denials"


def checks() -> Iterator[str]:
    """Whether the ledger is as it was written."""
    found = queries.verify_ledger(SYSTEM)
    if not found.verdict.is_sound:
        yield f"{found.said} See docs/use/ledger.md for what to do."


SCHEDULES = (
    Schedule("agreements.checkpoint", timedelta(hours=1), checkpoint),
    Schedule("agreements.forget-denials", timedelta(days=1), forget_denials),
)
