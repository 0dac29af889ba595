"""Schedules: each time is taken once, lateness is not made up for in bulk."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django_tasks_db.models import DBTaskResult
from tests.jobs import chores

from tocsin.jobs import schedules
from tocsin.jobs.models import ScheduleState
from tocsin.jobs.schedules import Schedule, enqueue_due

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def hourly(monkeypatch: pytest.MonkeyPatch) -> Schedule:
    schedule = Schedule("tests.note", timedelta(hours=1), chores.note, {"path": "x", "text": "x"})
    monkeypatch.setattr(
        schedules, "job_modules", lambda: iter([SimpleNamespace(SCHEDULES=(schedule,)), SimpleNamespace()])
    )
    return schedule


def waiting() -> int:
    return DBTaskResult.objects.filter(status="READY").count()


def test_a_schedule_is_due_at_once_and_then_every_so_often(hourly: Schedule) -> None:
    assert enqueue_due(NOON) == ["tests.note"]
    DBTaskResult.objects.all().delete()
    assert enqueue_due(NOON + timedelta(minutes=59)) == []
    assert enqueue_due(NOON + timedelta(minutes=60)) == ["tests.note"]
    assert DBTaskResult.objects.get().args_kwargs["kwargs"] == hourly.arguments


def test_missed_times_are_not_made_up_for(hourly: Schedule) -> None:
    enqueue_due(NOON)
    DBTaskResult.objects.all().delete()
    assert enqueue_due(NOON + timedelta(days=3)) == ["tests.note"]
    assert enqueue_due(NOON + timedelta(days=3)) == []
    assert waiting() == 1
    assert ScheduleState.objects.get().due_at == NOON + timedelta(days=3, hours=1)


def test_a_task_that_still_waits_is_not_enqueued_again(hourly: Schedule) -> None:
    enqueue_due(NOON)
    assert enqueue_due(NOON + timedelta(hours=2)) == []
    assert waiting() == 1


def test_our_own_schedules_are_found_and_their_names_are_theirs_alone() -> None:
    found: list[Any] = schedules.schedules()
    names = [schedule.name for schedule in found]
    assert "jobs.forget-finished" in names
    assert len(set(names)) == len(names)
    assert all(schedule.name.partition(".")[0] in schedule.task.module_path for schedule in found)
