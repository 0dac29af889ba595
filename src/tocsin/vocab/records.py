"""What formats read and everything else passes on: records, rows and the accounts over them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.observables import ObservableType


@dataclass(frozen=True, slots=True)
class IndicatorRecord:
    """A thing to look for, as one record of a feed vouches for it. ``None`` means that the record is silent.

    ``value`` is canonical (``tocsin.text.normal``), ``given`` is what the record said if that differs. Times are aware UTC.
    ``confidence`` is 0–100 (STIX 2.1). ``classification`` is an RSIT ``class/type``.
    """

    type: ObservableType
    value: str
    given: str | None = None
    classification: str | None = None
    malware: str | None = None
    confidence: int | None = None
    tlp: Tlp | None = None
    pap: Pap | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    is_revoked: bool = False
    external_id: str | None = None
    description: str | None = None
    references: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    details: Mapping[str, Any] | None = None

    @property
    def is_matchable(self) -> bool:
        """Whether the engine can look for it."""
        return self.type.is_matchable


@dataclass(frozen=True, slots=True)
class ObservationRecord:
    """One reported fact about one address or name at one time. ``None`` means that the record is silent.

    ``observed_at`` is aware UTC, or ``None`` where the row has no usable time or zone. ``protocol`` is the transport protocol,
    lower case. ``details`` are all other fields of the row under IntelMQ's harmonised names (``destination.ip``,
    ``source.geolocation.cc``, ``extra.tag``), in the JSON type that IntelMQ gives them; unknown columns are ``extra.<column>``.
    """

    observed_at: datetime | None
    classification: str
    identifier: str | None = None
    ip: str | None = None
    network: str | None = None
    port: int | None = None
    protocol: str | None = None
    host: str | None = None
    url: str | None = None
    malware: str | None = None
    severity: str | None = None
    tlp: Tlp | None = None
    pap: Pap | None = None
    details: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ListRecord:
    """One entry of a warning list. ``kind`` is MISP's list type: string, hostname, cidr, substring or regex."""

    list_name: str
    kind: str
    value: str
    version: str | None = None
    matching_attributes: tuple[str, ...] = ()


Record = IndicatorRecord | ObservationRecord | ListRecord


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a delivery and what became of it: records read from it, or the problem that made it useless.

    ``line`` is the physical line (from 1) in the member, or the ordinal of the record in formats without lines.
    ``raw`` is given only with a problem, so that a person sees the bytes that were refused (cut to 500 characters).
    """

    line: int
    records: tuple[Record, ...] = ()
    problem: str | None = None
    raw: str | None = None


@dataclass(slots=True)
class Accounts:
    """The books of a delivery. They balance: ``received = kept + duplicate + rejected``."""

    received: int = 0
    kept: int = 0
    duplicate: int = 0
    rejected: int = 0

    @property
    def is_balanced(self) -> bool:
        """Whether every received row went to exactly one place."""
        return self.received == self.kept + self.duplicate + self.rejected

    def __str__(self) -> str:
        return f"received {self.received} = kept {self.kept} + duplicate {self.duplicate} + rejected {self.rejected}"
