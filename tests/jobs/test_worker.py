"""Real worker processes: asked to end, killed, alone and many."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django_tasks_db.models import DBTaskResult
from tests.jobs import chores

from tocsin.jobs import health
from tocsin.jobs.models import WorkerHealth
from tocsin.jobs.tasks import enqueue
from tocsin.jobs.worker import live_workers

pytestmark = pytest.mark.django_db(transaction=True)

_WORK = """
import sys
import django
from django.conf import settings
from msgspec.structs import replace
settings.DATABASES["default"]["NAME"] = sys.argv[1]
settings.TOCSIN = replace(settings.TOCSIN, storage=replace(settings.TOCSIN.storage, folder=sys.argv[2]))
django.setup()
from tocsin.jobs.commands import app
app(["work", *sys.argv[3:]])
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(storage: Path) -> Iterator[Start]:
    """Start ``tocsin work`` on the test's database and storage folder."""
    started = []

    def begin(*options: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", _WORK, str(connection.settings_dict["NAME"]), str(storage), *options]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONUNBUFFERED": "1"}
        started.append(
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
        )
        return started[-1]

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_until(is_so: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_a_worker_does_what_is_due_and_leaves(start: Start, tmp_path: Path) -> None:
    enqueue(chores.note, path=str(tmp_path / "note"), text="hello")
    said, _ = start("--once").communicate(timeout=60)
    assert (tmp_path / "note").read_text() == "hello\n"
    assert "noted hello" in said
    done = WorkerHealth.objects.get().done
    assert done > 1  # what is scheduled anyway was done too
    assert said.splitlines()[-1].endswith(f"ended: {done} tasks done, 0 failed")
    assert live_workers() == []
    assert WorkerHealth.objects.get().ended_at


def test_a_worker_that_is_asked_to_end_finishes_its_task_first(start: Start, tmp_path: Path) -> None:
    ready, until = tmp_path / "ready", tmp_path / "until"
    enqueue(chores.hold_on.using(priority=9), ready=str(ready), until=str(until))
    enqueue(chores.note, path=str(tmp_path / "note"), text="after")
    worker = start()
    wait_until(ready.exists)
    (alive,) = health.health().workers
    assert alive.doing == "tests.jobs.chores.hold_on"
    worker.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    until.touch()
    said, _ = worker.communicate(timeout=60)
    assert worker.returncode == 0
    assert "held on to the end" in said
    assert not (tmp_path / "note").exists()


def test_a_worker_with_nothing_to_do_ends_at_once(start: Start) -> None:
    worker = start()
    wait_until(live_workers)
    wait_until(
        lambda: (
            not DBTaskResult.objects.exclude(status="SUCCESSFUL").exists() and WorkerHealth.objects.filter(done__gt=0)
        )
    )
    started = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0
    assert time.monotonic() - started < 5


def test_a_second_signal_breaks_the_task_off_and_it_is_done_later(start: Start, tmp_path: Path) -> None:
    ready, until = tmp_path / "ready", tmp_path / "until"
    enqueue(chores.hold_on.using(priority=9), ready=str(ready), until=str(until))
    worker = start()
    wait_until(ready.exists)
    worker.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 128 + signal.SIGTERM
    until.touch()
    said, _ = start("--once").communicate(timeout=60)
    assert "held on to the end" in said


def test_the_task_of_a_killed_worker_is_done_by_another(start: Start, tmp_path: Path) -> None:
    ready, until = tmp_path / "ready", tmp_path / "until"
    enqueue(chores.hold_on.using(priority=9), ready=str(ready), until=str(until))
    worker = start()
    wait_until(ready.exists)
    worker.kill()
    worker.wait()
    assert health.health().workers == ()
    until.touch()
    said, _ = start("--once").communicate(timeout=60)
    assert "its worker died while doing it" in said
    assert "held on to the end" in said
    assert not WorkerHealth.objects.filter(ended_at=None).exists()


def test_a_living_workers_task_is_left_to_it(start: Start, tmp_path: Path) -> None:
    ready, until = tmp_path / "ready", tmp_path / "until"
    enqueue(chores.hold_on.using(priority=9), ready=str(ready), until=str(until))
    first = start()
    wait_until(ready.exists)
    second, _ = start("--once").communicate(timeout=60)
    assert "hold_on" not in second
    until.touch()
    first.send_signal(signal.SIGTERM)
    said, _ = first.communicate(timeout=60)
    assert "held on to the end" in said


def test_many_workers_do_each_task_once(start: Start, tmp_path: Path) -> None:
    for number in range(60):
        enqueue(chores.note, path=str(tmp_path / "note"), text=str(number))
    said = [worker.communicate(timeout=120)[0] for worker in [start("--once") for _ in range(3)]]
    assert sorted((tmp_path / "note").read_text().split(), key=int) == [str(number) for number in range(60)]
    assert sum(text.count("noted") for text in said) == 60
