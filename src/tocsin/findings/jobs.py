"""Background work of this room: findings follow whatever lower rooms said since the last time."""

from datetime import timedelta

from tocsin.constituency.access import SYSTEM
from tocsin.findings import actions
from tocsin.jobs.schedules import Schedule
from tocsin.jobs.tasks import task


@task()
def absorb() -> str:
    """Attribute new observations and bring the findings up to date."""
    if not actions.is_anything_new():
        return "nothing new"
    return str(actions.absorb(actor=SYSTEM))


SCHEDULES = (Schedule("findings.absorb", timedelta(seconds=15), absorb),)
