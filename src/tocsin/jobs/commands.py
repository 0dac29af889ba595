"""``tocsin work``, ``backup``, ``restore`` and ``check``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from tocsin.jobs import backup as backups
from tocsin.jobs import checks
from tocsin.jobs.databases import missing_migrations
from tocsin.jobs.worker import Worker
from tocsin.vocab.clock import now

app = typer.Typer()


@app.command(epilog="Examples:\n\n  tocsin work\n\n  tocsin work --once")
def work(
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, then leave.")] = False,
) -> None:
    """Do background work until asked to end: scheduled and queued tasks, one after another."""
    worker = Worker(_say)
    worker.run(once=once)
    _say(f"ended: {worker.done} tasks done, {worker.failed} failed")


@app.command(epilog="Example:\n\n  tocsin backup tocsin.tar.zst")
def backup(
    file: Annotated[
        Path, typer.Argument(help="The file to write, such as tocsin.tar.zst. It holds secrets: keep it safe.")
    ],
) -> None:
    """Write the database, the lake and the raw deliveries into one file, while others go on working."""
    with _bars() as bars:
        report = backups.backup(file, bars)
    size = file.stat().st_size
    typer.echo(f"{file}: {size:,} bytes, {report.parts} parts and {report.raw} raw files of {report.made_at}")


@app.command(epilog="Examples:\n\n  tocsin restore tocsin.tar.zst\n\n  tocsin restore tocsin.tar.zst --replace")
def restore(
    file: Annotated[Path, typer.Argument(help="A file that tocsin backup has written.")],
    replace: Annotated[bool, typer.Option("--replace", help="Put it in place of what is there.")] = False,
) -> None:
    """Put a backup back: verified first, whole or not at all. Stop tocsin serve and tocsin work before."""
    with _bars() as bars:
        report = backups.restore(file, is_replacing=replace, progress=bars)
    typer.echo(
        f"restored {report.parts} parts and {report.raw} raw files of {report.made_at} (Tocsin {report.version})"
    )
    if missing_migrations():
        typer.echo("the backup is of an older version: run tocsin init")


@app.command(epilog="Examples:\n\n  tocsin check --quick\n\n  tocsin check --sweep")
def check(
    sweep: Annotated[bool, typer.Option("--sweep", help="First remove what counts nowhere.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Look whether files are there, without reading them.")] = False,
) -> None:
    """Look whether everything that counts is there and agrees. Leaves with 1 if something is wrong."""
    if sweep:
        for name in checks.sweep():
            typer.echo(f"removed {name}")
    with _bars() as bars:
        found = list(checks.problems(bars, is_quick=quick))
    for sentence in found:
        typer.echo(sentence)
    typer.echo(f"{len(found)} problem{'s' if len(found) > 1 else ''}" if found else "all is well")
    raise typer.Exit(1 if found else 0)


class _RichProgress:
    """Progress bars on standard error; nothing where that is not a terminal."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._present: TaskID | None = None

    def begin(self, what: str, total: int | None) -> None:
        """The bar before is full, a new one begins."""
        self._fill()
        self._present = self._bars.add_task(what, total=total)

    def advance(self, count: int) -> None:
        """Bytes on the present bar."""
        if self._present is not None:
            self._bars.advance(self._present, count)

    def _fill(self) -> None:
        if self._present is not None:
            done = self._bars.tasks[self._present].completed
            self._bars.update(self._present, total=max(done, 1), completed=max(done, 1))


@contextmanager
def _bars() -> Iterator[_RichProgress]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Bars(*columns, console=console, disable=not console.is_terminal) as bars:
        yield _RichProgress(bars)


def _say(line: str) -> None:
    typer.echo(f"{now():%Y-%m-%d %H:%M:%S} {line}")
