"""How background work is doing, for pages and for monitoring."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min
from django_tasks import TaskResultStatus

from tocsin.jobs import tasks
from tocsin.jobs.models import WorkerHealth
from tocsin.jobs.worker import is_alive


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """One worker: since when, what it is doing (a task's path, or nothing) and the last thing it said."""

    name: str
    started_at: datetime
    seen_at: datetime
    doing: str
    said: str
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class Health:
    """Workers that live now, tasks by state, and since when the oldest task that may run has been waiting."""

    workers: tuple[WorkerReport, ...]
    tasks: dict[str, int]
    waiting_since: datetime | None

    @property
    def is_stuck(self) -> bool:
        """Whether work waits and nobody is there to do it."""
        return self.waiting_since is not None and not self.workers


def health() -> Health:
    """The state of background work at this moment."""
    running = [row for row in WorkerHealth.objects.filter(ended_at=None).order_by("started_at") if is_alive(row.name)]
    workers = tuple(
        WorkerReport(row.name, row.started_at, row.seen_at, row.doing, row.said, row.done, row.failed)
        for row in running
    )
    waiting = tasks.waiting_now().filter(status=TaskResultStatus.READY).aggregate(since=Min("enqueued_at"))
    return Health(workers, tasks.counts(), waiting["since"])


def forget_ended_workers(before: datetime) -> int:
    """Remove the records of workers that ended before ``before``; gives their number."""
    return WorkerHealth.objects.filter(ended_at__lt=before).delete()[0]
