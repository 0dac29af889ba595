"""The objects of a delivery of STIX or of MISP events on their way in: read and checked while it is staged, written when it counts.

What takes long (cutting, checking, looking for values and personal data) is done outside of the transaction; what is ready waits in a
file, so that memory stays flat. Then all of it counts at once with the rest of the delivery, or nothing does.
"""

import pickle
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tocsin.formats.feed import Feed
from tocsin.formats.json_values import JsonSlice
from tocsin.formats.misp.documents import converted
from tocsin.formats.stix.slices import slices
from tocsin.intel.actions.keeping import BATCH, DUPLICATE, KEPT, REJECTED, Refused, giver_of, ready, write
from tocsin.intel.models import Delivery, ObjectRefusal
from tocsin.intel.rules.objects import Prepared
from tocsin.text.streams import Limits, Member, members

#: Feeds whose deliveries bring objects -> how a member's are read.
_READERS: Mapping[str, Callable[[Member], Iterator[JsonSlice]]] = {"stix/bundle": slices, "misp/event": converted}
_SHOWN = 500


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An object of the delivery with its place."""

    member: str
    line: int
    entry: Prepared | Refused


@dataclass(slots=True)
class ObjectAccounts:
    """The books of a delivery's objects. They balance: ``received = kept + duplicate + refused``."""

    received: int = 0
    kept: int = 0
    duplicate: int = 0
    refused: int = 0

    def __str__(self) -> str:
        return f"received {self.received} = kept {self.kept} + duplicate {self.duplicate} + refused {self.refused}"


class StagedObjects:
    """The objects of one delivery, waiting. Nothing of a feed that brings none."""

    def __init__(self) -> None:
        self.accounts = ObjectAccounts()
        # what others are marked with waits in a queue of its own, which is written first
        self._queues: tuple[IO[bytes], IO[bytes]] | None = None

    def stage(self, feed: Feed, paths: Sequence[Path], limits: Limits) -> None:
        """Read the delivery's objects. Raises ``Unreadable``."""
        reader = _READERS.get(feed.name)
        if reader is not None:
            self._queues = _nameless(), _nameless()
            for path in paths:
                for member in members(path, limits):
                    self._stage(member, reader, *self._queues)

    def _stage(
        self, member: Member, reader: Callable[[Member], Iterator[JsonSlice]], first: IO[bytes], then: IO[bytes]
    ) -> None:
        for line, piece in enumerate(reader(member), 1):
            entry = Refused("", piece.problem) if piece.problem else ready(piece.raw)
            is_first = isinstance(entry, Prepared) and entry.type == "marking-definition"
            pickle.dump(_Waiting(member.name, line, entry), first if is_first else then)
            self.accounts.received += 1

    def write(self, delivery: Delivery) -> ObjectAccounts:
        """Write them in the caller's transaction, as given by the delivery's source."""
        if not self.accounts.received:
            return self.accounts
        giver = giver_of(delivery.source.name, None, delivery.received_at, delivery.pk)
        for batch in self._batches():
            told = write(giver, [one.entry for one in batch])
            outcomes = [one.outcome for one in told]
            self.accounts.kept += outcomes.count(KEPT)
            self.accounts.duplicate += outcomes.count(DUPLICATE)
            self.accounts.refused += outcomes.count(REJECTED)
            ObjectRefusal.objects.bulk_create(
                [
                    ObjectRefusal(
                        delivery=delivery,
                        member=one.member,
                        line=one.line,
                        stix_id=result.stix_id,
                        problem=(result.problem or "")[:_SHOWN],
                    )
                    for one, result in zip(batch, told, strict=True)
                    if result.outcome == REJECTED
                ],
                batch_size=BATCH,
            )
        return self.accounts

    def _batches(self) -> Iterator[list[_Waiting]]:
        batch: list[_Waiting] = []
        for file in self._queues or ():
            for one in _read(file):
                batch.append(one)
                if len(batch) == BATCH:
                    yield batch
                    batch = []
        if batch:
            yield batch

    def close(self) -> None:
        """Let go of what waits."""
        for file in self._queues or ():
            file.close()


def _nameless() -> IO[bytes]:
    return tempfile.TemporaryFile()


def _read(file: IO[bytes]) -> Iterator[_Waiting]:
    file.seek(0)
    while True:
        try:
            yield pickle.load(file)  # noqa: S301 (our own words, in a file without a name)
        except EOFError:
            return
