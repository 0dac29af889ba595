"""What reads of this room give: frozen records, safe to hand to templates, JSON and other rooms."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from tocsin.intel.queries.object_views import RemarkView
from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.observables import ObservableType
from tocsin.vocab.records import Accounts

T = TypeVar("T")

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a long list. ``next`` is handed in as ``after`` for what follows; ``None`` at the end. Opaque."""

    rows: tuple[T, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source. ``valid_for`` and ``retain_for`` are days."""

    name: str
    title: str
    description: str
    url: str
    feeds: tuple[str, ...]
    tlp: Tlp
    pap: Pap
    confidence: int
    valid_for: int | None
    retain_for: int
    is_enabled: bool
    added_at: datetime
    deliveries: int
    last_delivery_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery with its books. ``size`` is bytes as received; ``state`` is receiving or committed."""

    uid: UUID
    source: str
    source_title: str
    feed: str
    gives: str
    state: str
    received_at: datetime
    digest: str
    size: int
    members: int
    accounts: Accounts
    indicators_new: int
    indicators_seen: int
    retracted: int
    observations: int
    tlp: Tlp
    pap: Pap
    actor: str
    seconds: float


@dataclass(frozen=True, slots=True)
class DeliveryFileView:
    """One file as handed in; ``buried_at`` tells when its bytes were destroyed under the source's retention."""

    name: str
    sha256: str
    size: int
    buried_at: datetime | None


@dataclass(frozen=True, slots=True)
class RejectedRowView:
    """A row that was refused."""

    member: str
    line: int
    problem: str
    raw: str


@dataclass(frozen=True, slots=True)
class IndicatorView:
    """An indicator in a list. ``malware`` and ``sources`` are those of its provenances, at most a handful each."""

    uid: UUID
    type: ObservableType
    value: str
    is_matchable: bool
    tlp: Tlp
    pap: Pap
    confidence: int
    valid_from: datetime | None
    valid_until: datetime | None
    is_revoked: bool
    to_ids: bool
    version: int
    first_seen_at: datetime
    last_seen_at: datetime
    malware: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProvenanceView:
    """One source's word about an indicator, with the place it was last read from."""

    source: str
    source_title: str
    feed: str
    malware: str | None
    classification: str
    external_id: str | None
    given: str | None
    confidence: int
    tlp: Tlp
    pap: Pap
    to_ids: bool
    valid_from: datetime | None
    valid_until: datetime | None
    is_revoked: bool
    description: str | None
    references: tuple[str, ...]
    tags: tuple[str, ...]
    details: Mapping[str, Any] | None
    first_delivery: UUID
    first_delivery_at: datetime
    last_delivery: UUID
    last_delivery_at: datetime
    member: str
    line: int
    count: int


@dataclass(frozen=True, slots=True)
class IndicatorDetail:
    """An indicator with everything known about it. ``known_good`` names the warning lists that hold its value."""

    indicator: IndicatorView
    provenances: tuple[ProvenanceView, ...]
    known_good: tuple[str, ...]
    false_positives: tuple[RemarkView, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownIndicator:
    """What detection needs to know of an indicator that was hit. ``id`` is the database key, for foreign keys only.

    ``classification`` and ``malware`` are those of its most confident provenance that is not revoked; ``sources`` and
    ``all_malware`` name every one, sorted.
    """

    id: int
    uid: UUID
    type: ObservableType
    value: str
    version: int
    tlp: Tlp
    pap: Pap
    confidence: int
    valid_from: datetime | None
    valid_until: datetime | None
    is_revoked: bool
    to_ids: bool
    classification: str
    malware: str | None
    sources: tuple[str, ...]
    all_malware: tuple[str, ...]

    def is_valid_at(self, moment: datetime) -> bool:
        """Whether it stood at that moment: valid from the first second to the one before ``valid_until`` (STIX 2.1)."""
        return (self.valid_from is None or self.valid_from <= moment) and (
            self.valid_until is None or moment < self.valid_until
        )


@dataclass(frozen=True, slots=True)
class WarningListView:
    """A warning list and how far its entries reach."""

    slug: str
    name: str
    source: str
    kind: str
    scope: str
    version: str
    matching_attributes: tuple[str, ...]
    size: int
    is_enabled: bool
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class IntelCounts:
    """The figures of the situation page."""

    sources: int
    deliveries: int
    rejected_rows: int
    indicators: int
    matchable: int
    observations: int
    warning_lists: int
    warning_list_entries: int
    last_delivery_at: datetime | None
    by_type: tuple[tuple[str, int], ...]
