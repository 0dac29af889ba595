"""Reading a delivery: members, rows, duplicates and the books over them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from hashlib import blake2b
from itertools import islice, repeat
from pathlib import Path

import orjson

from tocsin.formats.feed import Feed, Options
from tocsin.text.seen import Seen
from tocsin.text.streams import Limits, Member, members
from tocsin.vocab.identity import observation_id
from tocsin.vocab.records import Accounts, IndicatorRecord, ListRecord, ObservationRecord, Record, Row

_BATCH = 512
_EMPTY = "the row holds nothing that can be used"


class Reading:
    """One delivery of one feed, read once from its first byte to its last.

    Iterating gives ``(member's name, row)`` in order: rows with records, and rejected rows with their problem. Rows that say only
    what an earlier row of the delivery said are counted and left out. ``accounts`` are complete when the iteration is;
    ``passed_over`` names the members of a folder or archive that do not belong to the feed. Raises ``Unreadable``.
    """

    def __init__(
        self,
        feed: Feed,
        paths: Sequence[str | Path],
        options: Options | None = None,
        limits: Limits | None = None,
        *,
        on_read: Callable[[int], None] | None = None,
        folder: str | Path | None = None,
    ) -> None:
        """``on_read`` is told of bytes read, for progress bars; ``folder`` takes temporary files."""
        self.feed = feed
        self.options = options or Options()
        self.limits = limits or Limits()
        self.accounts = Accounts()
        self.passed_over: list[str] = []
        self._paths = paths
        self._on_read = on_read
        self._folder = folder

    @property
    def rejected(self) -> int:
        """How many rows were rejected so far."""
        return self.accounts.rejected

    def __iter__(self) -> Iterator[tuple[str, Row]]:
        with Seen(self._folder) as seen:
            for member in self._members():
                rows = self.feed.parse(member, self.options)
                while batch := list(islice(rows, _BATCH)):
                    yield from zip(repeat(member.name), self._new(batch, seen), strict=False)

    def _members(self) -> Iterator[Member]:
        wanted = self.feed.file_names
        for path in self._paths:
            for member in members(path, self.limits, self._on_read):
                # A file that somebody names is meant, whatever it is called.
                if wanted is None or not member.is_inside or wanted.search(member.name):
                    yield member
                else:
                    self.passed_over.append(member.name)

    def _new(self, batch: list[Row], seen: Seen) -> list[Row]:
        """The rows of ``batch`` that are to be kept or shown, each one booked."""
        answers = seen.add_many([identity(record) for row in batch for record in row.records])
        accounts, kept, at = self.accounts, [], 0
        accounts.received += len(batch)
        for row in batch:
            end = at + len(row.records)
            if row.problem is not None or end == at:
                accounts.rejected += 1
                kept.append(row if row.problem is not None else replace(row, problem=_EMPTY))
            elif answers[at] or True in answers[at + 1 : end]:
                accounts.kept += 1
                kept.append(row)
            else:
                accounts.duplicate += 1
            at = end
        return kept


def identity(record: Record) -> bytes:
    """16 bytes by which a record is known within its delivery.

    Of an indicator: type, value, malware and the source's own id, so that one value in two families is two provenances. Of an
    observation: everything that its row says, so that a row is a duplicate only if it adds nothing; its lasting identity in the
    lake is coarser (``vocab.identity``). Of a warning list's entry: list and value.
    """
    if isinstance(record, IndicatorRecord):
        text = "\0".join((record.type, record.value, record.malware or "", record.external_id or ""))
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    if isinstance(record, ListRecord):
        return observation_id(record.list_name, record.kind, record.value)
    return _observation_identity(record)


def _observation_identity(record: ObservationRecord) -> bytes:
    """Everything that the row says: two accounts leaked at one time are two rows of one asset, and neither may be lost."""
    return blake2b(orjson.dumps(_said(record), default=str, option=_EXACT), digest_size=16).digest()


def _said(record: ObservationRecord) -> list[object]:
    return [getattr(record, name) for name in _FIELDS]


_FIELDS = tuple(field.name for field in fields(ObservationRecord))
_EXACT = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_NON_STR_KEYS
