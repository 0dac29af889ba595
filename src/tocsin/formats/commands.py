"""``tocsin parse``: bytes to words without a database. Records go to standard output, the books to standard error."""

import gc
import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
import yaml
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from tocsin.formats.exporter import Exporter, find_exporter
from tocsin.formats.feed import Feed, Options, classified, feeds, find_feed
from tocsin.formats.reading import Reading
from tocsin.vocab.errors import InputError, Unreadable
from tocsin.vocab.records import Record, Row

app = typer.Typer(help="Read feeds without a database.")

_LARGEST_COLUMN_MAP = 1 << 20
_EXAMPLES = """
Examples:

  tocsin parse maltrail/trails trails.tar.xz > indicators.jsonl

  tocsin parse shadowserver/scan_ntp scan_ntp.csv --to intelmq

  tocsin parse --list
"""


@app.command("parse", epilog=_EXAMPLES)
def parse(
    feed: Annotated[str | None, typer.Argument(help="The feed, as `--list` names it: provider/feed.")] = None,
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE...",
            help="Files, folders or - for standard input; gz, bz2, xz, zst, zip and tar are unpacked. Together they are one delivery.",
        ),
    ] = None,
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help="Output format: jsonl or intelmq.")] = "jsonl",
    columns: Annotated[
        Path | None, typer.Option("--columns", metavar="FILE", help="Column map of a CSV file, YAML or JSON.")
    ] = None,
    defanged: Annotated[bool, typer.Option("--defanged", help="Values are written hxxp://evil[.]example.")] = False,
    argument: Annotated[
        list[str] | None,
        typer.Option("--argument", metavar="NAME=VALUE", help="What this feed lets you say, such as malware=mirai."),
    ] = None,
    show_list: Annotated[bool, typer.Option("--list", help="Name all feeds and leave.")] = False,
) -> None:
    """Read a delivery of a feed and write its records; say what became of every row.

    Every rejected row is shown on standard error with its place and reason. Exit code 0 if the delivery could be read, whatever
    its rows were worth; 2 if it could not, or there is no such feed.
    """
    if show_list:
        sys.stdout.writelines(f"{known.name}\t{known.gives}\t{known.about}\n" for known in feeds().values())
        return
    if feed is None or not files:
        raise InputError(
            "name a feed and at least one file: tocsin parse FEED FILE… (tocsin parse --list names the feeds)"
        )
    chosen, exporter = find_feed(feed), find_exporter(to)
    options = Options(
        columns=None if columns is None else read_column_map(columns),
        defanged=defanged,
        feed_arguments=feed_arguments(argument or []),
    )
    _spare_the_collector()
    _parse(chosen, files, options, exporter)


def _spare_the_collector() -> None:
    """Records hold no cycles, and looking for some takes a sixth of the time: this process looks less often."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def read_column_map(file: Path) -> Mapping[str, Any]:
    """The mapping in a YAML or JSON file. Raises ``Unreadable`` or ``InputError`` with its place."""
    try:
        with file.open("rb") as stream:
            text = stream.read(_LARGEST_COLUMN_MAP + 1)
    except OSError as error:
        raise Unreadable(f"{file}: cannot be read ({(error.strerror or str(error)).lower()})") from error
    if len(text) > _LARGEST_COLUMN_MAP:
        raise Unreadable(f"{file}: larger than {_LARGEST_COLUMN_MAP} bytes, so it is no column map")
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{file}: neither YAML nor JSON ({' '.join(str(error).split())})") from error
    if not isinstance(found, dict):
        raise InputError(f"{file}: a column map is a mapping of names, not {type(found).__name__}")
    return found


def feed_arguments(pairs: list[str]) -> dict[str, str]:
    """``NAME=VALUE`` words as a mapping. Raises ``InputError`` for a word without ``=``."""
    found = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise InputError(f"--argument {pair!r}: write it NAME=VALUE")
        found[name.strip()] = value.strip()
    return found


def _parse(feed: Feed, files: list[str], options: Options, exporter: Exporter) -> None:
    errors = sys.stderr
    with _progress(errors) as progress:
        on_read = None
        if isinstance(progress, Progress):
            task = progress.add_task("read", total=_total_size(files))
            on_read = _Advance(progress, task)
        reading = Reading(feed, files, options, on_read=on_read)
        for piece in exporter.write(_records(reading, feed, progress, errors)):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    for name in reading.passed_over:
        print(f"{name}: passed over, its name is not one of {feed.name}", file=errors)
    print(f"{feed.name}: {reading.accounts}", file=errors)


def _records(reading: Reading, feed: Feed, progress: Progress | None, errors: TextIO) -> Iterator[Record]:
    for member, row in reading:
        if row.problem is None:
            yield from (classified(record, feed) for record in row.records)
        elif progress is None:
            print(rejection(member, row), file=errors)
        else:
            progress.console.print(rejection(member, row), markup=False, highlight=False, soft_wrap=True)


def rejection(member: str, row: Row) -> str:
    """One line about a rejected row: where, why, and what stood there, control characters shown as escapes."""
    place = f"{member}:{row.line}: rejected: {row.problem}"
    line = f"{place}: {row.raw}" if row.raw else place
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in line)


class _Advance:
    """Tells the bar of bytes read, but not so often that telling costs more than reading."""

    _STEP = 1 << 20

    def __init__(self, progress: Progress, task: Any) -> None:
        self._progress, self._task, self._pending = progress, task, 0

    def __call__(self, count: int) -> None:
        self._pending += count
        if self._pending >= self._STEP:
            self._progress.advance(self._task, self._pending)
            self._pending = 0


def _progress(errors: TextIO) -> Any:
    """A progress bar where a person watches standard error, nothing elsewhere."""
    if not errors.isatty():
        return nullcontext()
    console = Console(file=errors)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True)


def _total_size(files: list[str]) -> int | None:
    """Bytes to read, or ``None`` where only the end will tell."""
    paths = [Path(file) for file in files]
    if "-" in files or not all(path.is_file() for path in paths):
        return None
    return sum(path.stat().st_size for path in paths)
