"""The ledger as a chain: each entry's hash covers all of its fields and the hash of the entry before it.

An entry is hashed as canonical JSON: keys sorted, no blanks, UTF-8, times in UTC with six digits and ``Z``. What an entry shows of
itself (``tocsin ledger show --json``) are these very bytes, so that anybody can compute the chain with ``sha256sum`` alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Any

import orjson

from tocsin.agreements.rules.terms import Agreement, Status

#: What stands before the first entry.
BEGINNING = "0" * 64


class Kind(StrEnum):
    """What an entry is about."""

    EXIT = "exit"
    RELEASED = "released"
    REFUSED = "refused"
    IMPORTED = "imported"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    TERMINATED = "terminated"

    @property
    def is_decision(self) -> bool:
        """Whether the one decision was asked, so that it can be replayed."""
        return self in (Kind.EXIT, Kind.RELEASED)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``agreements``, ``subject``, ``clauses`` and ``obligations`` are canonical JSON texts; times are aware.

    ``at`` is the moment for which it was decided, ``recorded_at`` when it was written. ``hold`` is a UUID or empty.
    """

    number: int
    at: datetime
    recorded_at: datetime
    kind: str
    object_id: str
    object_hash: str
    agreements: str
    engine: str
    subject: str
    sender: str
    recipient: str
    exit: str
    result: str
    clauses: str
    obligations: str
    actor: str
    hold: str
    previous: str

    def told(self) -> bytes:
        """The bytes that are hashed. Raises ``ValueError`` if a part is not the JSON that it has to be."""
        return orjson.dumps(
            {
                "number": self.number,
                "at": written_time(self.at),
                "recorded_at": written_time(self.recorded_at),
                "kind": self.kind,
                "object_id": self.object_id,
                "object_hash": self.object_hash,
                "agreements": _part(self.agreements),
                "engine": self.engine,
                "subject": _part(self.subject),
                "sender": self.sender,
                "recipient": self.recipient,
                "exit": self.exit,
                "result": self.result,
                "clauses": _part(self.clauses),
                "obligations": _part(self.obligations),
                "actor": self.actor,
                "hold": self.hold,
                "previous": self.previous,
            },
            option=orjson.OPT_SORT_KEYS,
        )

    def digest(self) -> str:
        """The entry's hash: hex SHA-256 of :meth:`told`."""
        return sha256(self.told()).hexdigest()


@lru_cache(maxsize=4096)
def _part(text: str) -> orjson.Fragment:
    """A text that is one JSON value, so that no text can pretend to be several fields."""
    orjson.loads(text)
    return orjson.Fragment(text)


def canonical(value: Any) -> str:
    """Canonical JSON of plain values."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def written_time(moment: datetime) -> str:
    """In UTC to the microsecond, with ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Basis:
    """One agreement as a decision found it: its revision, the hash of its text, and its status at that moment."""

    id: str
    revision: int
    sha256: str
    status: Status

    @classmethod
    def of(cls, agreement: Agreement) -> "Basis":
        """As the agreement stands, which may be stricter than its text says."""
        return cls(agreement.id, agreement.revision, agreement.text_sha256, agreement.status)


def basis_text(agreements: Sequence[Agreement]) -> str:
    """The agreements that a decision asked, as an entry keeps them: in the order of their ids."""
    stood = sorted(map(Basis.of, agreements), key=lambda one: (one.id, one.revision))
    return canonical(
        [{"id": one.id, "revision": one.revision, "sha256": one.sha256, "status": one.status.value} for one in stood]
    )


def read_basis(text: str) -> tuple[Basis, ...]:
    """What :func:`basis_text` wrote."""
    return tuple(Basis(one["id"], one["revision"], one["sha256"], Status(one["status"])) for one in orjson.loads(text))
