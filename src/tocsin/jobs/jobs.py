"""What background work does about itself."""

from datetime import timedelta

from tocsin.jobs import tasks
from tocsin.jobs.health import forget_ended_workers
from tocsin.jobs.schedules import Schedule
from tocsin.jobs.tasks import task
from tocsin.vocab.clock import now

KEEP_FOR = timedelta(days=14)


@task()
def forget_finished() -> str:
    """Remove finished tasks and ended workers after a fortnight: what they did is in the accounts of their rooms."""
    before = now() - KEEP_FOR
    return f"forgot {tasks.forget_finished(before)} finished tasks and {forget_ended_workers(before)} ended workers"


SCHEDULES = (Schedule("jobs.forget-finished", timedelta(days=1), forget_finished),)
