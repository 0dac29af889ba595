"""Tasks: done once, tried again when that helps, said in one line."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django_tasks_db.models import DBTaskResult
from tests.jobs import chores

from tocsin.jobs import health, tasks
from tocsin.jobs.tasks import Policy, enqueue, enqueue_once
from tocsin.jobs.worker import Worker, recover_interrupted
from tocsin.vocab import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def said(storage: Path) -> list[str]:
    return []


def work(said: list[str]) -> Worker:
    worker = Worker(said.append, idle_seconds=0.01)
    worker.run(once=True)
    said[:] = [line for line in said if "chores" in line]  # what is scheduled anyway is not what is tested
    return worker


def due_now() -> None:
    """Let the time pass until everything that waits is due."""
    DBTaskResult.objects.filter(status="READY").update(run_after=clock.now() - timedelta(seconds=1))


def states() -> list[tuple[str, int]]:
    return [(report.state, report.attempts) for report in tasks.reports() if "chores" in report.name]


def test_a_task_is_done_once_and_says_what_it_did(said: list[str], tmp_path: Path) -> None:
    note = tmp_path / "note"
    enqueue(chores.note, path=str(note), text="hello")
    worker = work(said)
    work(said)
    assert note.read_text() == "hello\n"
    (line,) = said
    assert line.startswith("tests.chores.note: noted hello (")
    assert states() == [("successful", 1)]
    assert worker.failed == 0
    (report,) = [report for report in tasks.reports("successful") if "chores" in report.name]
    assert (report.said, report.arguments) == ("noted hello", {"path": str(note), "text": "hello"})


def test_the_more_urgent_task_is_done_first(said: list[str], tmp_path: Path) -> None:
    note = tmp_path / "note"
    enqueue(chores.note, path=str(note), text="later")
    enqueue(chores.note.using(priority=50), path=str(note), text="first")
    work(said)
    assert note.read_text() == "first\nlater\n"


def test_a_task_waits_for_its_time(said: list[str], tmp_path: Path) -> None:
    enqueue(chores.note, after=clock.now() + timedelta(hours=1), path=str(tmp_path / "note"), text="hello")
    work(said)
    assert not (tmp_path / "note").exists()
    due_now()
    work(said)
    assert (tmp_path / "note").exists()


def test_a_task_that_fails_is_tried_again_after_growing_pauses(said: list[str], tmp_path: Path) -> None:
    enqueue(chores.fail_until, path=str(tmp_path / "count"), times=2)
    pauses = []
    for _ in range(2):
        work(said)
        pauses.append(round((DBTaskResult.objects.get(status="READY").run_after - clock.now()).total_seconds()))
        work(said)  # nothing is due yet
        due_now()
    work(said)
    assert pauses == [10, 20]
    assert (tmp_path / "count").read_text() == "3"
    assert states() == [("successful", 3)]
    assert "tests.chores.fail_until: failed, trying again in 10 s: RuntimeError: attempt 1 of 2" in said


def test_a_task_that_fails_for_ever_is_given_up(said: list[str], tmp_path: Path) -> None:
    enqueue(chores.fail_until, path=str(tmp_path / "count"), times=99)
    for _ in range(5):
        work(said)
        due_now()
    assert states() == [("failed", 3)]
    assert said[-1] == "tests.chores.fail_until: failed for good after 3 attempt(s): RuntimeError: attempt 3 of 99"
    assert tasks.reports("failed")[0].said == "RuntimeError: attempt 3 of 99"


def test_wrong_input_is_not_tried_again(said: list[str]) -> None:
    enqueue(chores.refuse)
    work(said)
    assert states() == [("failed", 1)]
    assert "The file x is cut off: send it again." in said[-1]


def test_a_held_lock_is_waited_for_longer_than_a_failure(said: list[str]) -> None:
    enqueue(chores.find_it_locked)
    for _ in range(3):
        work(said)
        due_now()
    assert states() == [("ready", 3)]
    assert "trying again in 10 s: The lake is being written" in said[-1]


def test_a_task_that_is_no_more_fails_in_one_line(said: list[str], tmp_path: Path) -> None:
    enqueue(chores.note, path=str(tmp_path / "note"), text="x")
    DBTaskResult.objects.filter(task_path__contains="chores").update(task_path="tocsin.gone.jobs.chores")
    for _ in range(2):
        work(said)
        due_now()
    assert [report.state for report in tasks.reports() if "chores" in report.name] == ["failed"]


def test_pauses_double_up_to_a_limit() -> None:
    policy = Policy(attempts=50, pause=timedelta(minutes=1))
    assert [policy.pause_after(attempt).total_seconds() / 60 for attempt in (1, 2, 3, 40)] == [1, 2, 4, 360]


def test_a_task_is_enqueued_in_the_callers_transaction(tmp_path: Path) -> None:
    with transaction.atomic():
        enqueue(chores.note, path="x", text="x")
        assert states() == [("ready", 0)]
        transaction.set_rollback(True)
    assert states() == []


def test_the_same_task_waits_only_once(said: list[str], tmp_path: Path) -> None:
    arguments: dict[str, Any] = {"path": str(tmp_path / "note"), "text": "x"}
    assert enqueue_once(chores.note, **arguments)
    assert enqueue_once(chores.note, **arguments) is None
    assert enqueue_once(chores.note, **{**arguments, "text": "y"})
    work(said)
    assert enqueue_once(chores.note, **arguments)


def test_a_task_that_a_dead_worker_left_is_done_again(said: list[str], tmp_path: Path) -> None:
    enqueue(chores.note, path=str(tmp_path / "note"), text="x")
    DBTaskResult.objects.get(task_path__contains="chores").claim(".host.1.abcd.tmp")
    assert recover_interrupted() == [
        "tests.chores.note: failed, trying again in 0 s: its worker died while doing it, or lost the database"
    ]
    work(said)
    assert states() == [("successful", 2)]


def test_a_task_whose_end_could_not_be_written_down_is_done_again(said: list[str], tmp_path: Path) -> None:
    enqueue(chores.note, path=str(tmp_path / "note"), text="x")
    DBTaskResult.objects.get(task_path__contains="chores").claim("me")
    assert len(recover_interrupted("me")) == 1
    assert states() == [("ready", 1)]


def test_a_task_that_kills_its_workers_is_given_up(said: list[str]) -> None:
    enqueue(chores.die)
    row = DBTaskResult.objects.get(task_path__contains="chores")
    for worker in ("one", "two"):
        row.claim(f".host.{worker}.tmp")
        said += recover_interrupted()
        row.refresh_from_db()
    assert row.status == "FAILED"
    assert "failed for good after 2 attempt(s): its worker died" in said[-1]


def test_what_is_finished_is_forgotten_after_a_while(said: list[str], tmp_path: Path) -> None:
    enqueue(chores.note, path=str(tmp_path / "note"), text="x")
    work(said)
    assert tasks.forget_finished(clock.now() - timedelta(hours=1)) == 0
    assert tasks.forget_finished(clock.now() + timedelta(hours=1)) >= 1
    assert states() == []


def test_health_tells_whether_work_waits_and_nobody_is_there(storage: Path) -> None:
    assert not health.health().is_stuck
    enqueue(chores.note, path="x", text="x")
    found = health.health()
    assert found.is_stuck
    assert found.tasks["ready"] == 1
    assert found.workers == ()
