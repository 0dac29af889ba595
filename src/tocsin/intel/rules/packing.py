"""Records of a feed as flat rows for the database: what is said once goes into a statement, what is left is narrow.

Pure and without Django, because it runs in the process that parses, beside the one that writes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from tocsin.vocab.identity import indicator_id_bytes
from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.observables import ObservableType
from tocsin.vocab.records import IndicatorRecord, ListRecord, ObservationRecord, Row

#: Rows handed over at once: large enough to make the handing over cheap, small enough to stay in the processor's cache.
BATCH_ROWS = 8_000
#: Statements remembered by number; beyond it the memory starts anew and repeated words are told apart by their digest.
_REMEMBERED = 20_000
_SLOT_BITS = (1 << 63) - 1
_MATCHABLE = frozenset(kind.value for kind in ObservableType if kind.is_matchable)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds wherever a record is silent: the source's marking and confidence, the feed's class, the end of validity."""

    tlp: Tlp
    pap: Pap
    confidence: int
    classification: str
    valid_until: datetime | None


class PackedStatement(NamedTuple):
    """A row of the staged statements. ``number`` is this delivery's own."""

    number: int
    digest: bytes
    malware: str | None
    classification: str
    confidence: int
    tlp: str
    pap: str
    to_ids: bool
    description: str | None
    references: str
    tags: str
    details: str | None


#: (uid, slot, type, value, is_matchable, statement number, member number, line, external id, given, valid from, valid until,
#: is_revoked); times are text in UTC, ``YYYY-MM-DD HH:MM:SS[.ffffff]``.
PackedRow = tuple[bytes, int, str, str, bool, int, int, int, str | None, str | None, str | None, str | None, bool]


@dataclass(slots=True)
class Batch:
    """A part of a delivery on its way to the database. ``rejected`` is (member number, line, problem, raw)."""

    members: list[str] = field(default_factory=list)
    statements: list[PackedStatement] = field(default_factory=list)
    indicators: list[PackedRow] = field(default_factory=list)
    observations: list[tuple[str, int, ObservationRecord]] = field(default_factory=list)
    entries: list[ListRecord] = field(default_factory=list)
    rejected: list[tuple[int, int, str, str]] = field(default_factory=list)

    def __len__(self) -> int:
        """Rows of all kinds."""
        return len(self.indicators) + len(self.observations) + len(self.entries) + len(self.rejected)


def pack_rows(defaults: Defaults) -> Callable[[Iterable[tuple[str, Row]]], Iterator[Batch]]:
    """What turns the rows of a delivery into batches; it travels to another process."""
    return Packer(defaults).batches


class Packer:
    """Packs the rows of one delivery, in order."""

    def __init__(self, defaults: Defaults) -> None:
        self._defaults = defaults
        self._until = _moment(defaults.valid_until)
        self._member = ""
        self._member_number = -1
        self._statements: dict[tuple[Any, ...], int] = {}
        self._next_statement = 0
        self._slots: dict[tuple[str | None, str | None], int] = {}

    def batches(self, rows: Iterable[tuple[str, Row]], size: int = BATCH_ROWS) -> Iterator[Batch]:
        """The rows in batches of about ``size``. A batch brings every member and statement that it refers to first."""
        batch = Batch()
        for member, row in rows:
            if member != self._member or self._member_number < 0:
                self._member, self._member_number = member, self._member_number + 1
                batch.members.append(member)
            self._pack(row, batch)
            if len(batch) >= size:
                yield batch
                batch = Batch()
        yield batch

    def _pack(self, row: Row, batch: Batch) -> None:
        if row.problem is not None:
            batch.rejected.append((self._member_number, row.line, row.problem, row.raw or ""))
            return
        for record in row.records:
            if isinstance(record, IndicatorRecord):
                batch.indicators.append(self._indicator(record, row.line, batch))
            elif isinstance(record, ObservationRecord):
                batch.observations.append((self._member, row.line, record))
            else:
                batch.entries.append(record)

    def _indicator(self, record: IndicatorRecord, line: int, batch: Batch) -> PackedRow:
        # plain text instead of the enum's members, whose every question is a call
        kind, value = record.type._value_, record.value
        return (
            indicator_id_bytes(kind, value),
            self._slot(record.malware, record.external_id),
            kind,
            sound(value),
            kind in _MATCHABLE,
            self._statement(record, batch),
            self._member_number,
            line,
            sound(record.external_id),
            sound(record.given),
            _moment(record.valid_from),
            self._until if record.valid_until is None else _moment(record.valid_until),
            record.is_revoked,
        )

    def _slot(self, malware: str | None, external_id: str | None) -> int:
        """63 bits over family and outside id: one provenance of a feed for each pair."""
        key = (malware, external_id)
        slot = self._slots.get(key)
        if slot is None:
            if len(self._slots) >= _REMEMBERED:
                self._slots.clear()
            digest = blake2b(_json(key).encode(), digest_size=8).digest()
            slot = self._slots[key] = int.from_bytes(digest, "big") & _SLOT_BITS
        return slot

    def _statement(self, record: IndicatorRecord, batch: Batch) -> int:
        details = _json(record.details) if record.details else None
        key = (
            record.malware,
            record.classification,
            record.confidence,
            record.tlp,
            record.pap,
            record.description,
            record.references,
            record.tags,
            details,
        )
        number = self._statements.get(key)
        if number is None:
            if len(self._statements) >= _REMEMBERED:
                self._statements.clear()
            number = self._statements[key] = self._next_statement
            self._next_statement += 1
            batch.statements.append(self._packed_statement(number, record, details))
        return number

    def _packed_statement(self, number: int, record: IndicatorRecord, details: str | None) -> PackedStatement:
        defaults = self._defaults
        said = (
            sound(record.malware),
            record.classification or defaults.classification,
            defaults.confidence if record.confidence is None else record.confidence,
            (record.tlp or defaults.tlp).value,
            (record.pap or defaults.pap).value,
            not record.details or record.details.get("to_ids") is not False,
            sound(record.description),
            _json(record.references),
            _json(record.tags),
            details,
        )
        return PackedStatement(number, blake2b(orjson.dumps(said), digest_size=16).digest(), *said)


def sound(text: Any) -> Any:
    """Text that every database takes: without halves of surrogate pairs and null characters, which are shown as U+FFFD."""
    if text is None or (text.isascii() and "\0" not in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")


def _json(value: Any) -> str:
    """JSON that every database takes."""
    try:
        text = orjson.dumps(value, default=str).decode()
    except TypeError:
        text = ""
    return text if text and "\\u0000" not in text else orjson.dumps(_sound_in(value), default=str).decode()


def _sound_in(value: Any) -> Any:
    if isinstance(value, str):
        return sound(value)
    if isinstance(value, Mapping):
        return {sound(str(key)): _sound_in(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_sound_in(each) for each in value]
    return value


def _moment(moment: datetime | None) -> str | None:
    """A time as both databases read it in UTC."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
