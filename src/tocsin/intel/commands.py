"""``tocsin source``, ``tocsin ingest`` and ``tocsin warning-list``: the intel room from the command line, as the operator."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from tocsin.constituency.access import OPERATOR
from tocsin.formats.commands import feed_arguments, read_column_map
from tocsin.formats.feed import Options
from tocsin.intel import actions, queries
from tocsin.vocab.clock import now
from tocsin.vocab.markings import Pap, Tlp

app = typer.Typer()
_source = typer.Typer(
    help="Sources: who publishes, and what holds where their records are silent.", no_args_is_help=True
)
_lists = typer.Typer(help="Warning lists: known-good values that must not alarm.", no_args_is_help=True)
app.add_typer(_source, name="source")
app.add_typer(_lists, name="warning-list")

_out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)
_err = Console(stderr=True, highlight=False, soft_wrap=True)
_SHOWN_REJECTIONS = 20


@_source.command("add", epilog="Example: tocsin source add maltrail --feed maltrail/trails --title 'Maltrail trails'")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A short name: lower-case letters, digits and dashes.")],
    feed: Annotated[list[str], typer.Option("--feed", metavar="FEED", help="What it publishes; may be given again.")],
    title: Annotated[str, typer.Option("--title", help="Its name for people.")],
    tlp: Annotated[str, typer.Option("--tlp", help="TLP of records without one.")] = Tlp.AMBER.value,
    pap: Annotated[str, typer.Option("--pap", help="PAP of records without one.")] = Pap.AMBER.value,
    confidence: Annotated[int, typer.Option("--confidence", help="Confidence of records without one, 0 to 100.")] = 50,
    valid_for: Annotated[
        int | None,
        typer.Option(
            "--valid-for", metavar="DAYS", help="Validity of records without an end. Default: until withdrawn."
        ),
    ] = None,
    retain_for: Annotated[int, typer.Option("--retain-for", metavar="DAYS", help="How long raw bytes are kept.")] = 400,
    url: Annotated[str, typer.Option("--url", help="Where it is published.")] = "",
    description: Annotated[str, typer.Option("--description", help="What should be known about it.")] = "",
) -> None:
    """Enter a source; nothing is taken from anybody who is not entered."""
    row = actions.SourceRow(
        name=name,
        title=title,
        feeds=feed,
        tlp=tlp,
        pap=pap,
        confidence=confidence,
        valid_for=valid_for,
        retain_for=retain_for,
        url=url,
        description=description,
    )
    actions.add_source(actor=OPERATOR, row=row, at=now())
    typer.echo(f"{name}: entered")


@_source.command("list", epilog="Example: tocsin source list")
def list_sources() -> None:
    """All sources with their defaults."""
    table = _table("name", "title", "feeds", "TLP", "PAP", "confidence", "valid for", "deliveries", "last delivery")
    for source in queries.sources(OPERATOR):
        table.add_row(
            source.name if source.is_enabled else f"{source.name} (off)",
            source.title,
            ", ".join(source.feeds),
            source.tlp.shown,
            source.pap.shown,
            str(source.confidence),
            f"{source.valid_for} days" if source.valid_for else "until withdrawn",
            str(source.deliveries),
            f"{source.last_delivery_at:%Y-%m-%d %H:%M}" if source.last_delivery_at else "never",
        )
    _out.print(table)


@_source.command("load", epilog="Example: tocsin source load sources.yaml")
def load(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A YAML list of sources; see docs/how/sources.md.")],
) -> None:
    """Enter or change the sources of a file, all or none."""
    loaded = actions.load_sources(actor=OPERATOR, path=file, at=now())
    typer.echo(f"{file}: {loaded.added} added, {loaded.changed} changed, {loaded.unchanged} unchanged")


@app.command(
    "ingest",
    epilog="Example: tocsin ingest maltrail/trails maltrail-static-trails.tar.xz --source maltrail",
)
def ingest(
    feed: Annotated[str, typer.Argument(metavar="FEED", help="The feed, as 'tocsin parse --list' names it.")],
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help="Files, folders or - for standard input. Together they are one delivery."
        ),
    ],
    source: Annotated[str, typer.Option("--source", metavar="NAME", help="Who it comes from (tocsin source list).")],
    columns: Annotated[
        Path | None, typer.Option("--columns", metavar="FILE", help="Column map of a CSV file, YAML or JSON.")
    ] = None,
    defanged: Annotated[bool, typer.Option("--defanged", help="Values are written hxxp://evil[.]example.")] = False,
    argument: Annotated[
        list[str] | None,
        typer.Option("--argument", metavar="NAME=VALUE", help="What this feed lets you say, such as malware=mirai."),
    ] = None,
) -> None:
    """Take a delivery in and say what became of every row.

    Handing in what was taken in before changes nothing. After an interruption, hand it in again. Exit code 0 if the delivery could
    be read, whatever its rows were worth; 2 if it could not, or nobody has entered the source.
    """
    options = Options(
        columns=None if columns is None else read_column_map(columns),
        defanged=defanged,
        feed_arguments=feed_arguments(argument or []),
    )
    with _Bar() as bar:
        report = actions.ingest(
            actor=OPERATOR, source=source, feed=feed, paths=files, options=options, progress=bar.advance
        )
    _tell(feed, report)


def _tell(feed: str, report: actions.IngestReport) -> None:
    if report.is_unchanged:
        typer.echo(f"{feed}: unchanged, this delivery was taken in before ({report.accounts})")
        return
    for name in report.passed_over[:_SHOWN_REJECTIONS]:
        _err.print(f"{name}: passed over, its name is not one of {feed}", markup=False)
    shown = queries.rejected_rows(OPERATOR, report.uid, size=_SHOWN_REJECTIONS).rows
    for row in shown:
        _err.print(f"{row.member}, line {row.line}: {row.problem}: {row.raw[:120]}", markup=False)
    if report.accounts.rejected > len(shown):
        _err.print(
            f"… and {report.accounts.rejected - len(shown):,} more rejected rows, all on the page of the delivery"
        )
    typer.echo(f"{feed}: {report.accounts}")
    done = report.upserted
    told = [
        f"{done.new:,} new indicators" if done.new else "",
        f"{done.seen:,} known ones seen again" if done.seen else "",
        f"{done.retracted:,} retracted" if done.retracted else "",
        f"{report.observations:,} observations" if report.observations else "",
        f"{len(report.lists)} warning lists changed" if report.lists else "",
    ]
    if report.objects.received:
        typer.echo(f"STIX objects: {report.objects}")
    typer.echo(f"{', '.join(filter(None, told)) or 'nothing new'} in {report.seconds:.1f} s; delivery {report.uid}")


@_lists.command("list", epilog="Example: tocsin warning-list list")
def list_warning_lists() -> None:
    """All warning lists, and how far their entries reach."""
    table = _table("slug", "name", "type", "scope", "entries", "version", "source", "state")
    for row in queries.warning_lists(OPERATOR):
        state = "on" if row.is_enabled else "off"
        table.add_row(row.slug, row.name, row.kind, row.scope, f"{row.size:,}", row.version, row.source, state)
    _out.print(table)


@_lists.command("enable", epilog="Example: tocsin warning-list enable list-of-known-google-domains")
def enable(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="As 'tocsin warning-list list' shows it.")],
) -> None:
    """Switch a list on: what it covers is shown as known good."""
    actions.enable_warning_list(actor=OPERATOR, slug=slug, is_enabled=True, at=now())
    typer.echo(f"{slug}: on")


@_lists.command("disable", epilog="Example: tocsin warning-list disable list-of-known-google-domains")
def disable(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="As 'tocsin warning-list list' shows it.")],
) -> None:
    """Switch a list off: hits on what it covers count again."""
    actions.enable_warning_list(actor=OPERATOR, slug=slug, is_enabled=False, at=now())
    typer.echo(f"{slug}: off")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


class _Bar:
    """A progress bar on a terminal, nothing elsewhere."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TimeElapsedColumn(),
            console=_err,
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._task: TaskID | None = None

    def __enter__(self) -> "_Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def advance(self, phase: str, done: int, total: int) -> None:
        """Told by the action."""
        if self._task is None:
            self._task = self._progress.add_task(phase, total=total)
        self._progress.update(self._task, description=phase, completed=done, total=total)
