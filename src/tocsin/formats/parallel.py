"""A delivery read in a process of its own, so that whoever stores it has a processor to itself.

Small deliveries are read here and now: starting Python costs more than parsing them.
"""

import os
import pickle
import queue
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, TypeVar

from tocsin.formats.feed import Options, find_feed
from tocsin.formats.reading import Reading
from tocsin.text.streams import Limits
from tocsin.vocab.errors import TocsinError
from tocsin.vocab.records import Accounts, Row

T = TypeVar("T")

#: Makes of the rows of a delivery what is handed over, batch by batch. A module-level callable: it travels to the other process.
Pack = Callable[[Iterable[tuple[str, Row]]], Iterator[T]]

#: Bytes of input from which another process pays.
WORTH_A_PROCESS = 2 << 20
_AHEAD = 4


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be read, in values that travel to another process."""

    feed: str
    paths: Sequence[str | Path]
    options: Options
    limits: Limits
    folder: str | None = None


class ParallelReading(Generic[T]):
    """Iterating gives the packed batches in order; then ``accounts`` and ``passed_over`` are complete. Raises what parsing
    raises."""

    def __init__(self, order: Order, pack: Pack[T], size: int, on_read: Callable[[int], None] | None = None) -> None:
        self.accounts = Accounts()
        self.passed_over: list[str] = []
        self._order, self._pack, self._on_read = order, pack, on_read or (lambda _: None)
        self._is_apart = size >= WORTH_A_PROCESS and (os.cpu_count() or 1) > 1

    def __iter__(self) -> Iterator[T]:
        return self._apart() if self._is_apart else self._here()

    def _here(self) -> Iterator[T]:
        reading = _reading(self._order, self._on_read)
        yield from self._pack(reading)
        self.accounts, self.passed_over = reading.accounts, reading.passed_over

    def _apart(self) -> Iterator[T]:
        context = get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_read, args=(theirs, self._order, self._pack), daemon=True)
        process.start()
        theirs.close()
        try:
            yield from self._received(ours)
        finally:
            ours.close()
            process.kill()
            process.join()

    def _received(self, pipe: Connection) -> Iterator[T]:
        while True:
            try:
                word, value, count = pickle.loads(pipe.recv_bytes())  # noqa: S301 (our own child's words)
            except EOFError:
                raise TocsinError(
                    "The process that parses the delivery was stopped; hand the delivery in again."
                ) from None
            self._on_read(count)
            if word == "batch":
                yield value
            elif word == "done":
                self.accounts, self.passed_over = value
                return
            elif word == "refused":
                raise value
            else:
                raise RuntimeError(f"The parser failed:\n{value}")


def _reading(order: Order, on_read: Callable[[int], None]) -> Reading:
    return Reading(
        find_feed(order.feed), order.paths, order.options, order.limits, on_read=on_read, folder=order.folder
    )


def _read(pipe: Connection, order: Order, pack: Pack[Any]) -> None:
    """The other process: parse, and send while parsing goes on."""
    waiting: queue.Queue[bytes | None] = queue.Queue(_AHEAD)
    sender = threading.Thread(target=_send, args=(pipe, waiting), daemon=True)
    sender.start()
    read = [0]

    def count(size: int) -> None:
        read[0] += size

    def say(word: str, value: Any) -> None:
        taken, read[0] = read[0], 0
        waiting.put(pickle.dumps((word, value, taken), pickle.HIGHEST_PROTOCOL))

    try:
        reading = _reading(order, count)
        for batch in pack(reading):
            say("batch", batch)
        say("done", (reading.accounts, reading.passed_over))
    except TocsinError as error:
        say("refused", error)
    except Exception:
        say("failed", traceback.format_exc())
    waiting.put(None)
    sender.join()


def _send(pipe: Connection, waiting: "queue.Queue[bytes | None]") -> None:
    try:
        while (message := waiting.get()) is not None:
            pipe.send_bytes(message)
        pipe.close()
    except OSError:
        # nobody listens any more: the process that stores was killed
        os._exit(1)
