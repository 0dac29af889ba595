"""One call of ``tocsin match``: what was asked, put together from reading, matching, following and writing; its exit code."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tocsin.engine.context import Span
from tocsin.engine.following import Follower, follow
from tocsin.engine.keeping import Keeper, LiveSet, OutputFile
from tocsin.engine.matching import Search
from tocsin.engine.output import CountBy, OutputFormat, SilentWriter, Writer, writer_of
from tocsin.engine.progress import Account, Progress, terminal_for_progress
from tocsin.engine.reading import PIECE_BYTES, cores
from tocsin.engine.sets import IndicatorSet
from tocsin.engine.tasks import Batch, Failed, Outcome, Remark, tasks_of
from tocsin.vocab.errors import InputError

HIT, NO_HIT, FAILED = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What ``tocsin match`` was asked for; the names are those of its options. ``jobs`` 0: all cores."""

    indicator_set: Path
    logs: list[str]
    output_format: OutputFormat | None = None
    context: Span | None = None
    only_matching: bool = False
    count_by: CountBy | None = None
    defanged: bool = False
    output: Path | None = None
    follow: bool = False
    state: Path | None = None
    jobs: int = 0
    quiet: bool = False
    progress: bool = True
    account: bool = True

    @property
    def format(self) -> OutputFormat:
        """The format asked for; text where lines around the hits were asked for and no format."""
        return self.output_format or (OutputFormat.TEXT if self.context else OutputFormat.TSV)

    def writer(self, out: BinaryIO) -> Writer:
        """What writes the hits."""
        if self.quiet:
            return SilentWriter(out)
        return writer_of(out, self.format, values_only=self.only_matching, count_by=self.count_by)


def answer(asked: Asked) -> int:
    """Search, write, say what was searched; the exit code, as grep's. Raises ``InputError`` for what cannot be asked together."""
    sums = Account()
    if asked.context and asked.format is OutputFormat.TSV:
        raise InputError("rows of tsv have no place for lines; use --format text or jsonl with --context")
    if asked.follow:
        _check_following(asked)
        _follow(asked, sums)
    else:
        _search(asked, sums)
    if asked.account and not asked.quiet:
        print(sums, file=sys.stderr)
    if asked.quiet and sums.hits:
        return HIT
    return FAILED if sums.unreadable else HIT if sums.hits else NO_HIT


def _search(asked: Asked, sums: Account) -> None:
    shown = Progress(sums, asked.logs, terminal_for_progress(asked.progress and not asked.quiet))
    with IndicatorSet.open(asked.indicator_set) as opened, _output(asked.output) as out:
        writer = asked.writer(out)
        writer.use(opened.entry_bytes)
        take = _taker(asked, writer, sums, shown)
        with Search(
            opened,
            tasks_of(asked.logs, None if asked.context else PIECE_BYTES),
            jobs=asked.jobs or cores(),
            defanged=asked.defanged,
            context=asked.context,
            told=shown.told,
            wake=shown.show,
        ) as search:
            for outcome in search:
                take(outcome)
                if asked.quiet and sums.hits:
                    break
        shown.hide()
        writer.end()
        out.flush()


def _taker(asked: Asked, writer: Writer, sums: Account, shown: Progress) -> Callable[[Outcome], None]:
    """What is done with each outcome."""
    shares_terminal = asked.output is None and sys.stdout.isatty()

    def take(outcome: Outcome) -> None:
        sums.add(outcome)
        if isinstance(outcome, Batch):
            if shares_terminal:
                shown.hide()
            writer.write(outcome)
        elif isinstance(outcome, Failed | Remark) and not asked.quiet:
            shown.hide()
            text = outcome.text if isinstance(outcome, Remark) else outcome.problem
            print(f"tocsin: {text}", file=sys.stderr, flush=True)
        shown.show()

    return take


@contextmanager
def _output(path: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        yield sys.stdout.buffer
        return
    try:
        file = path.open("wb")
    except OSError as problem:
        raise InputError(f"{path}: cannot be written ({problem.strerror})") from problem
    with file:
        yield file


# ---- following


def _check_following(asked: Asked) -> None:
    if asked.count_by:
        raise InputError("--count-by needs an end of the logs; leave out --follow")
    if asked.context:
        raise InputError("--context cannot be used with --follow")
    for log in asked.logs:
        if log == "-" or os.path.isdir(log):
            raise InputError(f"{log}: only files can be followed; name the log files of a folder one by one")


def _follow(asked: Asked, sums: Account) -> None:
    file = OutputFile(asked.output) if asked.output else None
    state = asked.state or (asked.output.with_name(f"{asked.output.name}.state") if asked.output else None)
    keeper = Keeper(state, file)
    out = file.stream if file else sys.stdout.buffer
    writer = asked.writer(out)
    live = LiveSet(asked.indicator_set, lambda opened: writer.use(opened.entry_bytes), defanged=asked.defanged)
    follower = Follower(asked.logs, keeper.positions.logs, live.scanner)
    is_over = threading.Event()
    take = _taker(asked, writer, sums, Progress(sums, [], None))

    def take_until_first(outcome: Outcome) -> None:
        take(outcome)
        if asked.quiet and sums.hits:
            is_over.set()

    with _ending_by_signal(is_over):
        follow(follower, live, keeper, take_until_first, out.flush, is_over)
    follower.close()
    live.close()


@contextmanager
def _ending_by_signal(is_over: threading.Event) -> Iterator[None]:
    """SIGINT and SIGTERM end the following after the turn; a second one ends it at once."""

    def end(number: int, _: object) -> None:
        is_over.set()
        signal.signal(number, signal.SIG_DFL)

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
