"""``tocsin run``: search logs for everything that is known, and say who is affected."""

import sys
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tocsin.constituency.access import OPERATOR
from tocsin.detection import actions
from tocsin.engine.facts import moment
from tocsin.vocab.errors import InputError

app = typer.Typer()

_EXAMPLES = """
Examples:

  tocsin run dns.log.gz --owner noor-bank

  zcat proxy.log.gz | tocsin run - --owner noor-bank

  tocsin run /var/log/firewall/ --owner moti-telecom --at 2026-11-22T12:00:00+05:00
"""


@app.command("run", epilog=_EXAMPLES)
def run(
    logs: Annotated[
        list[str], typer.Argument(help="Logs of any text format, compressed or not; folders; - for standard input.")
    ],
    owner: Annotated[str | None, typer.Option(help="Organisation (its short name) whose logs these are.")] = None,
    at: Annotated[str | None, typer.Option(help="Time, with zone, of lines that carry none; now if not said.")] = None,
) -> None:
    """Match logs against the stored indicators; hits become observations of whoever is affected."""
    with _progress() as bar:
        task = bar.add_task("matching", total=None)
        report = actions.run_logs(
            actor=OPERATOR,
            logs=logs,
            owner=owner,
            assumed_at=_time(at),
            progress=lambda name, size, hits: bar.update(
                task, description=f"{name}  {size / 1e6:,.0f} MB  {hits:,} hits"
            ),
        )
    _show(report)


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    read = moment(text)
    if read is None:
        raise InputError(f"--at {text!r} is not a time with a zone; write it like 2026-11-22T12:00:00+05:00")
    return read


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )


def _show(report: actions.RunReport) -> None:
    """The accounts of a run: files, hits by what became of them, affected organisations."""
    speed = report.bytes / 1e6 / report.seconds if report.seconds else 0.0
    for file in report.files:
        typer.echo(
            f"{file.name}: {_count(file.lines, 'line')}, {_count(file.bytes, 'byte')}, {_count(file.hits, 'hit')}"
        )
    outcomes = " + ".join(f"{name} {count}" for name, count in sorted(report.by_outcome.items())) or "none"
    typer.echo(f"hits {report.hits} = {outcomes}")
    typer.echo(f"matched against {_count(report.indicators, 'indicator')} at {speed:.0f} MB/s; run {report.uid}")
    for slug, count in report.affected.items():
        typer.echo(f"affected: {slug}: {_count(count, 'hit')}")
    if report.nobodys:
        typer.echo(f"nobody's: {_count(report.nobodys, 'hit')} at addresses that no organisation holds")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
