"""What the intel room does by itself, and what it keeps in the lake."""

from datetime import timedelta

from tocsin.constituency.access import SYSTEM
from tocsin.intel import actions, queries
from tocsin.jobs.holdings import Holdings
from tocsin.jobs.schedules import Schedule
from tocsin.jobs.tasks import task
from tocsin.vocab.clock import now


@task()
def retain() -> str:
    """Bury raw bytes whose source's time is over."""
    return f"buried {actions.bury_expired(actor=SYSTEM, at=now())} files whose time was over"


@task(attempts=5, pause=timedelta(minutes=5))
def sweep() -> str:
    """Remove what interrupted deliveries left behind."""
    swept = actions.sweep_orphans(actor=SYSTEM)
    return f"swept {len(swept.parts)} parts and {len(swept.raw)} raw files that counted nowhere"


def holdings(using: str) -> Holdings:
    """The parts of committed deliveries and the hashes of all their files, read through the database alias ``using``."""
    parts, raw = queries.held_in_lake(SYSTEM, using)
    return Holdings(parts, raw)


SCHEDULES = (
    Schedule("intel.retain", timedelta(days=1), retain),
    Schedule("intel.sweep", timedelta(days=1), sweep),
)
