"""Many logs against one set, on all cores: found side by side, given in the order of the input, memory bounded.

::

    tasks, in order              workers (a thread each)                     one taker
    a.log [0, 8 MB)   -------->  scanner: hits of each block      ------->   Results of a.log [0, 8 MB)
    a.log [8, 16 MB)  -------->  scanner                          ------->   Results of a.log [8, 16 MB)   + lines before
    b.log.gz          -------->  scanner  <-- unpacking thread    ------->   Results of b.log.gz

A worker that is ahead of the taker waits once its results weigh WAITING_BYTES, so a slow first file holds the others up and does not
fill the memory; the task at the taker's turn always goes on, so nobody waits for ever. Scanning lets go of the interpreter's lock.

A piece from the middle of a Zeek log is searched as if the header at the file's head were in force. The taker, who follows the
headers through the pieces, sees where that was wrong and has the piece searched again.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Self, cast

from tocsin.engine.context import HitInContext, Span, Surroundings
from tocsin.engine.headers import Columns, header, in_force_after
from tocsin.engine.reading import Abandoned, Buffers, Told
from tocsin.engine.sets import Hit, IndicatorSet, Scanner
from tocsin.engine.tasks import WAKE_EVERY, Batch, Failed, Missing, Outcome, Passed, Piece, Stream, Task
from tocsin.vocab.errors import TocsinError

_LINE_END = 10
#: Tasks begun and not yet taken, for each worker.
_AHEAD = 4


class Search:
    """One search of some logs. Iterate over it once, within ``with``: leaving stops the workers."""

    def __init__(
        self,
        indicators: IndicatorSet,
        tasks: Iterator[Task],
        *,
        jobs: int = 1,
        defanged: bool = False,
        context: Span | None = None,
        told: Told = lambda _: None,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        """``context``: also give the lines around the hits; then the tasks' files must be uncut.

        ``told`` hears, from any thread, how many bytes of the files were read; ``wake`` is called by the taker while it waits.
        """
        self._indicators = indicators
        self._tasks = tasks
        self._defanged = defanged
        self._context = context
        self._told = told
        self._wake = wake
        self._row: deque[Task] = deque()  # begun, in order, not yet taken
        self._taken: Task | None = None
        self._place = _Place()
        self._next = threading.Condition()
        self._is_over = False
        self._fault: BaseException | None = None
        self._most = _AHEAD * jobs
        self._scanners = [Scanner(indicators, defanged=defanged) for _ in range(jobs)]
        self._workers = [threading.Thread(target=self._work, args=(one,), daemon=True) for one in self._scanners]

    def __enter__(self) -> Self:
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._next:
            self._is_over = True
            for task in (self._taken, *self._row):
                if task:
                    task.abandon()
            self._next.notify_all()
        for worker in self._workers:
            worker.join()
        for scanner in self._scanners:
            scanner.close()

    # ---- the workers' side

    def _work(self, scanner: Scanner) -> None:
        buffers = Buffers(2)
        while (task := self._begin_next()) is not None:
            self._finish(task, scanner, buffers)

    def _begin_next(self) -> Piece | Stream | None:
        """The next task for a worker, put into the taker's row at the same time."""
        with self._next:
            while True:
                while len(self._row) >= self._most and not self._is_over:
                    self._next.wait()
                task = None if self._is_over else self._next_task()
                if task is None:
                    self._is_over = True
                else:
                    self._row.append(task)
                self._next.notify_all()
                if not isinstance(task, Missing):
                    return task

    def _next_task(self) -> Task | None:
        try:
            return next(self._tasks, None)
        except BaseException as fault:  # the taker raises it
            self._fault = fault
            return None

    def _finish(self, task: Piece | Stream, scanner: Scanner, buffers: Buffers) -> None:
        """Search a task and end its results, whatever happens."""
        with suppress(Abandoned):
            try:
                self._search(task, scanner, buffers)
            except TocsinError as problem:
                task.results.put(Failed(problem))
            except Abandoned:
                raise
            except BaseException as fault:  # the taker raises it
                task.results.put(fault)
            task.results.put(None)

    def _search(self, task: Piece | Stream, scanner: Scanner, buffers: Buffers) -> None:
        for name, found in task.parts(buffers, self._told):
            columns = task.columns if isinstance(task, Piece) else None
            scanner.restart()
            scanner.scan(header(columns))
            before, size, is_open = scanner.lines, 0, False
            around = Surroundings(self._context) if self._context else None
            for block in found:
                first = scanner.lines + 1
                hits: Sequence[Hit | HitInContext] = scanner.scan(block)
                if around:
                    hits = around.add(block, first, cast("list[Hit]", hits))
                if isinstance(task, Piece) and not task.is_whole:
                    columns = in_force_after(block, columns)
                if len(block):
                    size, is_open = size + len(block), block[-1] != _LINE_END
                if hits:
                    task.results.put(Batch(name, hits, -before))
                elif task.results.is_abandoned:
                    raise Abandoned
            if around and (hits := around.end()):
                task.results.put(Batch(name, hits, -before))
            task.results.put(Passed(name, scanner.lines - before + is_open, size, columns))

    # ---- the taker's side

    def __iter__(self) -> Iterator[Outcome]:
        while (task := self._take_next()) is not None:
            if isinstance(task, Missing):
                yield Failed(task.problem)
            elif isinstance(task, Stream):
                yield from task.results.take(self._wake)
            else:
                yield from self._take_piece(task)

    def _take_next(self) -> Task | None:
        with self._next:
            while not self._row and not self._is_over:
                if not self._next.wait(WAKE_EVERY):
                    self._wake()
            if self._fault:
                raise self._fault
            self._taken = self._row.popleft() if self._row else None
            self._next.notify_all()
            return self._taken

    def _take_piece(self, piece: Piece) -> Iterator[Outcome]:
        if piece.start == 0:
            self._place = _Place()
        place = self._place
        if place.is_lost:
            piece.abandon()
        else:
            if piece.columns != place.columns:
                piece = self._searched_again(piece, place.columns)
            for outcome in piece.results.take(self._wake):
                yield place.of(outcome, is_end=piece.end is None)
        if piece.end is None:
            piece.file.close()

    def _searched_again(self, piece: Piece, columns: Columns) -> Piece:
        """A piece whose header was guessed wrong is searched once more, by a thread of its own."""
        piece.abandon()
        self._taken = again = Piece(piece.file, piece.start, piece.end, columns)
        extra = threading.Thread(target=self._search_alone, args=(again,), daemon=True)
        self._workers.append(extra)
        extra.start()
        return again

    def _search_alone(self, piece: Piece) -> None:
        with Scanner(self._indicators, defanged=self._defanged) as scanner:
            self._finish(piece, scanner, Buffers(2))


class _Place:
    """How far the taker has come in a file that was cut into pieces."""

    def __init__(self) -> None:
        self.lines = 0
        self.columns: Columns = None
        self.is_lost = False

    def of(self, outcome: Outcome, *, is_end: bool) -> Outcome:
        """An outcome of a piece as one of its file: lines count from the file's first."""
        if isinstance(outcome, Batch):
            return outcome._replace(offset=self.lines + outcome.offset)
        if isinstance(outcome, Failed):
            self.is_lost = True  # nobody knows how many lines are missing
            return outcome
        if isinstance(outcome, Passed):
            self.lines += outcome.lines
            self.columns = outcome.columns
            return outcome._replace(is_end=is_end)
        return outcome
