"""Tasks: a thin layer over django-tasks and its database back end, which nothing else of ours imports.

A task is enqueued in the caller's transaction, carries a batch and never one row, may run twice without harm, and
returns one sentence that says what it did. It is tried again with growing pauses if it raises; wrong input
(``InputError``) is not tried again.

    @task(attempts=5, pause=timedelta(minutes=1))
    def hunt(delivery: str) -> str:
        ...
        return f"hunted {n} indicators of delivery {delivery}"

    enqueue(hunt, delivery=str(delivery.id))
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.module_loading import import_string
from django_tasks import TaskResultStatus
from django_tasks import task as _task
from django_tasks.base import Task
from django_tasks.utils import normalize_json
from django_tasks_db.models import DBTaskResult, DBTaskResultQuerySet

#: No pause between attempts is longer than this.
LONGEST_PAUSE = timedelta(hours=6)
_DONE = (TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED)

TocsinTask = Task[..., str]


@dataclass(frozen=True, slots=True)
class Policy:
    """How often a task is tried, and how long it rests after its first failure (doubled each time)."""

    attempts: int
    pause: timedelta

    def pause_after(self, attempt: int) -> timedelta:
        """The rest after the failure of attempt number ``attempt``, counted from 1."""
        return min(self.pause * int(2 ** min(attempt - 1, 30)), LONGEST_PAUSE)


#: Filled where tasks are declared, keyed by the dotted path that the database keeps.
_POLICIES: dict[str, Policy] = {}


def task(
    *, attempts: int = 4, pause: timedelta = timedelta(minutes=1), priority: int = 0
) -> Callable[[Callable[..., str]], TocsinTask]:
    """Make a task of a module-level function that takes JSON arguments by name and returns a sentence. ``priority`` is
    -100 to 100."""

    def made(function: Callable[..., str]) -> TocsinTask:
        wrapped: TocsinTask = _task(priority=priority)(function)
        _POLICIES[wrapped.module_path] = Policy(attempts, pause)
        return wrapped

    return made


def policy_of(path: str) -> Policy:
    """The policy of the task at dotted ``path``; a task that is there no more is not tried again."""
    with suppress(ImportError):
        import_string(path)  # declares the policy, if nobody has asked for this task in this process yet
    return _POLICIES.get(path) or Policy(attempts=1, pause=timedelta(0))


def enqueue(wanted: TocsinTask, *, after: datetime | None = None, **arguments: Any) -> str:
    """Put a task into the queue, in the caller's transaction; not before ``after``. Gives its id."""
    return wanted.using(run_after=after).enqueue(**arguments).id


def enqueue_once(wanted: TocsinTask, **arguments: Any) -> str | None:
    """Like :func:`enqueue`, unless the same task with the same arguments is waiting already: then nothing, and
    ``None``.

    One that is running does not count: it may have looked at its input already.
    """
    waiting = DBTaskResult.objects.filter(status=TaskResultStatus.READY, task_path=wanted.module_path)
    same = {"args": [], "kwargs": normalize_json(arguments)}
    if any(found == same for found in waiting.values_list("args_kwargs", flat=True)):
        return None
    return enqueue(wanted, **arguments)


@dataclass(frozen=True, slots=True)
class TaskReport:
    """One task for people: its state is ``ready``, ``running``, ``successful`` or ``failed``."""

    id: str
    name: str
    state: str
    enqueued_at: datetime
    finished_at: datetime | None
    attempts: int
    said: str
    arguments: Mapping[str, Any]


def reports(state: str | None = None, limit: int = 100) -> list[TaskReport]:
    """The newest tasks, of one state or of all."""
    found: QuerySet[DBTaskResult[..., Any]] = DBTaskResult.objects.order_by("-enqueued_at")
    if state:
        found = found.filter(status=state.upper())
    return [_report(each) for each in found[:limit]]


def _report(row: "DBTaskResult[..., Any]") -> TaskReport:
    said = row.return_value if row.status == TaskResultStatus.SUCCESSFUL else row.traceback.strip().rpartition("\n")[2]
    return TaskReport(
        str(row.id),
        row.task_path.removeprefix("tocsin."),
        row.status.lower(),
        row.enqueued_at,
        row.finished_at,
        len(row.worker_ids),
        str(said or ""),
        row.args_kwargs["kwargs"],
    )


def counts() -> dict[str, int]:
    """How many tasks are in each state."""
    return {state.lower(): DBTaskResult.objects.filter(status=state).count() for state in TaskResultStatus.values}


def forget_finished(before: datetime) -> int:
    """Remove finished tasks that ended before ``before``; gives their number."""
    return DBTaskResult.objects.filter(status__in=_DONE, finished_at__lt=before).delete()[0]


def waiting_now() -> DBTaskResultQuerySet:
    """Tasks that may start at this moment, the most urgent first. For the worker."""
    ready: DBTaskResultQuerySet = DBTaskResult.objects.ready()
    return ready
