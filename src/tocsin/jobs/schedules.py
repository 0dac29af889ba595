"""Schedules: what is to be done again and again. Each room lists its own in ``jobs.py`` as ``SCHEDULES``; nothing
registers itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from tocsin.jobs.holdings import job_modules
from tocsin.jobs.models import ScheduleState
from tocsin.jobs.tasks import TocsinTask, enqueue_once


@dataclass(frozen=True, slots=True)
class Schedule:
    """``task`` is enqueued ``every`` so often. ``name`` is ``room.what`` and stays the same for ever: its state hangs
    on it."""

    name: str
    every: timedelta
    task: TocsinTask
    arguments: Mapping[str, Any] = field(default_factory=dict)


def schedules() -> list[Schedule]:
    """The schedules of all rooms, by name."""
    found = [schedule for module in job_modules() for schedule in getattr(module, "SCHEDULES", ())]
    return sorted(found, key=lambda schedule: schedule.name)


def enqueue_due(at: datetime) -> list[str]:
    """Enqueue what is due at ``at`` (aware UTC); gives the names. Safe with any number of workers: each time is taken
    once.

    A schedule that is late is enqueued once, not once for every time that it missed.
    """
    return [schedule.name for schedule in schedules() if _enqueue_if_due(schedule, at)]


def _enqueue_if_due(schedule: Schedule, at: datetime) -> bool:
    state = ScheduleState.objects.filter(name=schedule.name).first()
    if state and state.due_at > at:
        return False
    ScheduleState.objects.get_or_create(name=schedule.name, defaults={"due_at": at})
    with transaction.atomic():
        due = (
            ScheduleState.objects.select_for_update(skip_locked=True).filter(name=schedule.name, due_at__lte=at).first()
        )
        if due is None:
            return False
        due.due_at = at + schedule.every
        due.enqueued_at = at
        due.save(update_fields=["due_at", "enqueued_at"])
        return enqueue_once(schedule.task, **schedule.arguments) is not None
