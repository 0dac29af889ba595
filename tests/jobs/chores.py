"""Tasks for the tests: real ones, which the worker finds by their path."""

import signal
import time
from datetime import timedelta
from os import getpid, kill
from pathlib import Path

from tocsin.jobs.tasks import task
from tocsin.vocab.errors import Conflict, Unreadable


@task()
def note(path: str, text: str) -> str:
    with Path(path).open("a") as out:
        out.write(text + "\n")
    return f"noted {text}"


@task(attempts=3, pause=timedelta(seconds=10))
def fail_until(path: str, times: int) -> str:
    """Fail so many times."""
    counter = Path(path)
    tried = int(counter.read_text()) if counter.exists() else 0
    counter.write_text(str(tried + 1))
    if tried < times:
        raise RuntimeError(f"attempt {tried + 1} of {times}")
    return "it worked"


@task(attempts=3)
def refuse() -> str:
    raise Unreadable("The file x is cut off: send it again.")


@task(attempts=1, pause=timedelta(seconds=10))
def find_it_locked() -> str:
    raise Conflict("The lake is being written by process 1.")


@task(attempts=2, pause=timedelta(seconds=10))
def die() -> str:
    kill(getpid(), signal.SIGKILL)
    return "never"


@task(attempts=2)
def hold_on(ready: str, until: str) -> str:
    """Say that it has begun, and go on until told to end."""
    Path(ready).touch()
    while not Path(until).exists():
        time.sleep(0.02)
    return "held on to the end"


@task()
def ask_to_end() -> str:
    kill(getpid(), signal.SIGTERM)
    return "asked to end"
