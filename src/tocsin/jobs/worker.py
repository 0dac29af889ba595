"""The worker: takes tasks one after another, says what each did, ends cleanly when asked.

A worker holds a lock on a file of its own while it lives; the operating system lets go of it when the process dies,
however it dies. A task that is marked as running by a worker whose file nobody holds was interrupted, and is tried
again.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from tocsin.jobs import schedules, tasks
from tocsin.jobs.models import WorkerHealth
from tocsin.lake.durable import create_held, is_abandoned
from tocsin.vocab.clock import now
from tocsin.vocab.errors import Conflict, InputError, TocsinError

IDLE_SECONDS = 1.0
_TEND_SECONDS = 10.0
#: A held lock is nobody's fault: such a task waits far longer than one that fails.
_CONFLICT_ATTEMPTS = 200

Say = Callable[[str], None]


class Worker:
    """One worker of this process. ``say`` gets one line for each task and for each trouble."""

    def __init__(self, say: Say, idle_seconds: float = IDLE_SECONDS) -> None:
        self._say = say
        self._idle_seconds = idle_seconds
        self._ending = threading.Event()
        self._is_busy = False
        self._tended_at = float("-inf")
        self.done = 0
        self.failed = 0

    def run(self, *, once: bool = False) -> None:
        """Work until asked to end or, with ``once``, until nothing is due now."""
        with _alive() as name, self._listening():
            health = WorkerHealth.objects.create(name=name, started_at=now(), seen_at=now())
            try:
                self._loop(health, once)
            finally:
                health.ended_at, health.doing = now(), ""
                health.save()

    def end(self) -> None:
        """Ask the worker to end after its present task."""
        self._ending.set()

    def _loop(self, health: WorkerHealth, once: bool) -> None:
        while not self._ending.is_set():
            try:
                self._tend(health)
                is_idle = not self._one(health)
            except (OperationalError, InterfaceError) as error:
                self._say(f"the database does not answer ({_first_line(error)}); trying again")
                is_idle = True
                connection.close_if_unusable_or_obsolete()
            else:
                if once and is_idle:
                    return
            if is_idle:
                self._ending.wait(self._idle_seconds)

    def _tend(self, health: WorkerHealth) -> None:
        """Every few seconds: enqueue what is due, pick up what a dead worker left, show that this one lives."""
        if time.monotonic() - self._tended_at < _TEND_SECONDS:
            return
        self._tended_at = time.monotonic()
        if not connection.in_atomic_block:
            close_old_connections()
        schedules.enqueue_due(now())
        for said in recover_interrupted(health.name):
            self._say(said)
        health.seen_at = now()
        health.save(update_fields=["seen_at"])

    def _one(self, health: WorkerHealth) -> bool:
        """Do one task, if one waits; gives whether there was one."""
        row = _claim(health)
        if row is None:
            return False
        self._is_busy = True
        try:
            outcome = _call(row)
        finally:
            self._is_busy = False
        with transaction.atomic():
            said, is_good = outcome.kept(row)
            self.done += is_good
            self.failed += not is_good
            health.done, health.failed = self.done, self.failed
            health.doing, health.said, health.seen_at = "", said[:1000], now()
            health.save()
        self._say(said)
        return True

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """End cleanly on the first SIGTERM or SIGINT, at once on the second. Signals only reach the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self._ending.is_set():
            raise SystemExit(128 + number)
        self._ending.set()
        if self._is_busy:
            self._say("asked to end: finishing the present task first (ask again to break it off)")


@contextmanager
def _alive() -> Iterator[str]:
    """Hold this worker's file; gives its name, which is the worker's."""
    host = os.uname().nodename.split(".")[0][:20]
    path, held = create_held(_folder(), host)
    try:
        with held:
            yield path.name
    finally:
        path.unlink(missing_ok=True)


def _folder() -> Path:
    return Path(settings.TOCSIN.storage.folder) / "workers"


def is_alive(name: str) -> bool:
    """Whether the worker called ``name`` still holds its file."""
    path = _folder() / name
    return path.exists() and not is_abandoned(path)


def live_workers() -> list[str]:
    """The names of all workers that live now on this storage folder, whatever the database says."""
    return sorted(path.name for path in _folder().glob(".*.tmp") if is_alive(path.name))


def recover_interrupted(idle: str = "") -> list[str]:
    """Make tasks of dead workers ready again, or failed if they have used up their attempts; gives a line for each.

    So are tasks of the living worker ``idle``, which says that it is doing none: their end could not be written down.
    """
    said = []
    for row in DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING):
        if row.worker_ids and row.worker_ids[-1] != idle and is_alive(row.worker_ids[-1]):
            continue
        with transaction.atomic():
            held = DBTaskResult.objects.select_for_update().get(pk=row.pk)
            if held.status == TaskResultStatus.RUNNING and held.worker_ids == row.worker_ids:
                said.append(
                    _again_or_fail(held, Conflict("its worker died while doing it, or lost the database"), timedelta(0))
                )
    for health in WorkerHealth.objects.filter(ended_at=None):
        if not is_alive(health.name):
            (_folder() / health.name).unlink(missing_ok=True)
            health.ended_at, health.doing = now(), ""
            health.save(update_fields=["ended_at", "doing"])
    return said


def _claim(health: WorkerHealth) -> "DBTaskResult[..., Any] | None":
    if not tasks.waiting_now().exists():  # without a lock: most of the time nothing waits
        return None
    with transaction.atomic():
        row = tasks.waiting_now().get_locked()
        if row is not None:
            row.claim(health.name)
            health.doing, health.seen_at = row.task_path, now()
            health.save(update_fields=["doing", "seen_at"])
        return row


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a task: what it said, or why it failed."""

    said: str
    error: Exception | None
    seconds: float

    def kept(self, row: "DBTaskResult[..., Any]") -> tuple[str, bool]:
        """Write it down; gives the line to say, and whether the task succeeded."""
        if self.error is not None:
            return _after_failure(row, self.error), False
        row.set_successful(self.said)
        return f"{_name(row)}: {self.said} ({self.seconds:.1f} s)", True


def _call(row: "DBTaskResult[..., Any]") -> _Outcome:
    """Do a claimed task."""
    started = time.monotonic()
    try:
        said = str(row.task.call(*row.args_kwargs["args"], **row.args_kwargs["kwargs"]) or "done")
    except Exception as error:
        return _Outcome("", error, time.monotonic() - started)
    except BaseException:
        _ready_again(row, timedelta(0))  # broken off by a person or the system: not the task's fault
        raise
    return _Outcome(said, None, time.monotonic() - started)


def _after_failure(row: "DBTaskResult[..., Any]", error: Exception) -> str:
    policy = tasks.policy_of(row.task_path)
    if isinstance(error, Conflict):
        return _again_or_fail(row, error, policy.pause, _CONFLICT_ATTEMPTS)
    if isinstance(error, InputError):
        return _again_or_fail(row, error, policy.pause, 0)
    return _again_or_fail(row, error, policy.pause_after(len(row.worker_ids)))


def _again_or_fail(
    row: "DBTaskResult[..., Any]", error: Exception, pause: timedelta, attempts: int | None = None
) -> str:
    reason = str(error) if isinstance(error, TocsinError) else f"{type(error).__name__}: {_first_line(error)}"
    allowed = tasks.policy_of(row.task_path).attempts if attempts is None else attempts
    if len(row.worker_ids) >= allowed:
        row.set_failed(error)
        return f"{_name(row)}: failed for good after {len(row.worker_ids)} attempt(s): {reason}"
    _ready_again(row, pause)
    return f"{_name(row)}: failed, trying again in {pause.total_seconds():.0f} s: {reason}"


def _ready_again(row: "DBTaskResult[..., Any]", pause: timedelta) -> None:
    row.status, row.run_after = TaskResultStatus.READY, now() + pause
    row.save(update_fields=["status", "run_after"])


def _name(row: "DBTaskResult[..., Any]") -> str:
    return str(row.task_path).removeprefix("tocsin.").replace(".jobs.", ".")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0]
