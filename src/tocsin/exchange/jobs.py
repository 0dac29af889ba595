"""What the exchange does by itself: feeds of partners follow what is kept and what is agreed."""

from datetime import timedelta

from tocsin.constituency.access import SYSTEM
from tocsin.exchange import actions
from tocsin.jobs.schedules import Schedule
from tocsin.jobs.tasks import task
from tocsin.vocab.clock import now


@task(attempts=5, pause=timedelta(seconds=30), priority=10)
def offer() -> str:
    """Offer what was kept or has become possible since the last time; a revocation reaches every collection with it."""
    return str(actions.offer(actor=SYSTEM))


@task()
def forget_statuses() -> str:
    """Remove the answers to old requests of partners."""
    return f"forgot {actions.forget_statuses(actor=SYSTEM, at=now())} statuses"


SCHEDULES = (
    Schedule("exchange.offer", timedelta(seconds=15), offer),
    Schedule("exchange.forget-statuses", timedelta(days=1), forget_statuses),
)
