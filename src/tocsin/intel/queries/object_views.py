"""What reads of objects give: frozen records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tocsin.intel.rules.standing import Standing


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """The newest version of an object. ``marking`` is its own label, empty if it has none, ``unknown`` if it cannot be read."""

    stix_id: str
    type: str
    name: str
    modified_at: datetime
    spec_version: str
    confidence: int | None
    is_revoked: bool
    marking: str
    derived_marking: str
    originator: str
    sources: tuple[str, ...]
    added_at: datetime


@dataclass(frozen=True, slots=True)
class GiverView:
    """Who gave a version, when first and last, how often, and in which delivery last."""

    source: str
    first_at: datetime
    last_at: datetime
    count: int
    delivery: UUID | None


@dataclass(frozen=True, slots=True)
class VersionView:
    """One stored version. ``sha256`` is of its bytes, ``size`` their number; ``subject`` what agreements are told of it."""

    modified_at: datetime
    sha256: str
    size: int
    is_revoked: bool
    marking: str
    added_at: datetime
    givers: tuple[GiverView, ...]
    subject: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ValueView:
    """A value that an object speaks of, and how many other objects do (``is_more``: at least so many), with the newest of them."""

    type: str
    value: str
    others: int
    is_more: bool
    some: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SightingView:
    """One sighting object by its newest version."""

    stix_id: str
    source: str
    is_ours: bool
    count: int
    hosts: int | None
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    said_at: datetime
    said_by: str


@dataclass(frozen=True, slots=True)
class Seen:
    """All sightings of an object together. ``hosts`` is the smallest cell, ``None`` if one of them is unknown."""

    count: int = 0
    ours: int = 0
    sources: int = 0
    hosts: int | None = None
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    rows: tuple[SightingView, ...] = ()


@dataclass(frozen=True, slots=True)
class RemarkView:
    """A report of a false positive or a retraction: who, why, when."""

    stix_id: str
    source: str
    is_ours: bool
    reason: str
    said_at: datetime
    said_by: str


@dataclass(frozen=True, slots=True)
class MergeView:
    """A merge, standing or undone."""

    uid: UUID
    canonical: str
    members: tuple[str, ...]
    reason: str
    made_by: str
    made_at: datetime
    undone_by: str
    undone_at: datetime | None
    undone_because: str


@dataclass(frozen=True, slots=True)
class ObjectDetail:
    """An object with everything known about it; read as one with what it is merged with."""

    object: ObjectRow
    standing: Standing
    content: Mapping[str, Any]
    versions: tuple[VersionView, ...]
    values: tuple[ValueView, ...]
    seen: Seen
    false_positives: tuple[RemarkView, ...] = ()
    retractions: tuple[RemarkView, ...] = ()
    merge: MergeView | None = None
    merged: tuple[ObjectRow, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version as the exchange needs it. ``subject_id`` is the row of its ``PolicySubject``."""

    id: int
    stix_id: str
    type: str
    version_us: int
    spec_version: str
    sha256: str
    confidence: int | None
    is_revoked: bool
    subject_id: int
    obtained_at: datetime
    embargo_until: datetime | None
    added_at: datetime
