"""Keeping STIX objects: byte for byte, once, with everybody who gave them. All or nothing a batch.

A batch is prepared outside of any transaction and written in one. Writers of objects take turns (SQLite does that by itself, on
PostgreSQL a lock does), so ids grow in the order in which rows become visible: a reader of ``objects_since`` never misses one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction

from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.intel.actions import keeping_rows as rows
from tocsin.intel.actions.originators import Originators
from tocsin.intel.actions.remarking import settle
from tocsin.intel.actions.remarks import Said, note_remarks
from tocsin.intel.actions.subjects import Definitions, SubjectRows, told
from tocsin.intel.models import ObjectSource, StixObject
from tocsin.intel.rules.objects import Prepared, canonical, microseconds, named_in, prepare
from tocsin.intel.rules.subjects import record_of, subject_of, with_derived, with_record
from tocsin.jobs import changes
from tocsin.vocab.clock import now

#: The most objects of one transaction.
BATCH = 1_000
KEPT, DUPLICATE, REJECTED = "kept", "duplicate", "rejected"
_DEFINITION = re.compile(rb'"type"\s*:\s*"marking-definition"')
_CLASH = "another object is stored under this id and version; the stored one stays"


@dataclass(frozen=True, slots=True)
class KeptObject:
    """What became of one object: ``kept``, ``duplicate`` (known, its giver is counted) or ``rejected`` with the problem."""

    stix_id: str
    version_us: int
    outcome: str
    problem: str | None = None
    object_id: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Bytes that are no object that could be kept."""

    stix_id: str
    problem: str


@dataclass(frozen=True, slots=True)
class Giver:
    """Whose hands the objects come from, and what holds where an object is silent: its maker, and ``floor``, the label of the source
    that an unmarked object cannot go below."""

    row: ObjectSource
    originator: str
    floor: str | None
    at: datetime
    delivery_id: int | None = None


def keep_objects(
    *, actor: Actor, source: str, objects: Sequence[bytes], originator: str | None = None, at: datetime | None = None
) -> list[KeptObject]:
    """Keep each object (its bytes as they came) as given by ``source``: a source's name, or a partner's key among the parties.

    ``originator`` is the party whose information it is where ``created_by_ref`` names nobody we know; the source itself if ``None``.
    One transaction for each ``BATCH``; the answer is in the order of ``objects``. The same id and version with the same content is a
    duplicate, with other content it is rejected and what is stored stays.
    """
    require(actor, Permission.INTEL_INGEST)
    answer: dict[int, KeptObject] = {}
    # what others are marked with goes first: else they would be unknown at first and have to be looked at twice
    order = sorted(range(len(objects)), key=lambda number: not _DEFINITION.search(objects[number]))
    for start in range(0, len(order), BATCH):
        part = order[start : start + BATCH]
        entries = [ready(objects[number]) for number in part]
        with transaction.atomic():
            giver = giver_of(source, originator, at or now())
            kept = write(giver, entries)
            counts = {outcome: sum(one.outcome == outcome for one in kept) for outcome in (KEPT, DUPLICATE, REJECTED)}
            record(actor, AuditAction.OBJECTS_KEPT, source, counts)
        answer.update(zip(part, kept, strict=True))
    return [answer[number] for number in range(len(objects))]


def ready(raw: bytes) -> Prepared | Refused:
    """An object made ready outside of any transaction, or why it cannot be kept."""
    try:
        return prepare(raw)
    except ValueError as error:
        return Refused(named_in(raw), str(error))


def giver_of(source: str, originator: str | None, at: datetime, delivery_id: int | None = None) -> Giver:
    """The giver of this name; entered when it gives its first object."""
    row = rows.object_source(source)
    return Giver(row, originator or source, row.source.tlp if row.source else None, at, delivery_id)


def write(giver: Giver, entries: Sequence[Prepared | Refused], said_by: str = "") -> list[KeptObject]:
    """Write a batch in the caller's transaction, and tell the change log. ``said_by`` is the person behind what it says of others."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('tocsin.intel.objects'))")
    batch = _Batch(giver, [entry for entry in entries if isinstance(entry, Prepared)])
    placed = [
        KeptObject(entry.stix_id, 0, REJECTED, entry.problem) if isinstance(entry, Refused) else batch.place(entry)
        for entry in entries
    ]
    ids = batch.store(said_by)
    return [
        one
        if one.outcome == REJECTED
        else KeptObject(one.stix_id, one.version_us, one.outcome, None, ids[one.stix_id, one.version_us])
        for one in placed
    ]


@dataclass(slots=True)
class _Version:
    """A version that is stored, or will be with this batch (then ``prepared`` is set)."""

    version_us: int
    sha256: str
    subject: Mapping[str, Any]
    id: int | None = None
    prepared: Prepared | None = None


@dataclass(slots=True)
class _Repeat:
    """How often this batch gives a version that is known."""

    version: _Version
    count: int = 0


class _Batch:
    """The objects of one transaction on their way in."""

    def __init__(self, giver: Giver, objects: Sequence[Prepared]) -> None:
        self._giver = giver
        self._known: dict[str, list[_Version]] = {}
        self._fresh: list[tuple[Prepared, _Version]] = []
        self._repeats: dict[tuple[str, int], _Repeat] = {}
        self._unresolved: list[tuple[str, str]] = []
        self._restated: set[str] = set()
        self._made: set[str] = set()
        self._definitions = Definitions(objects)
        self._load({one.stix_id for one in objects})
        self._originators = Originators(giver.row.name, giver.originator, objects, self._originator_stored)

    def _load(self, stix_ids: set[str]) -> None:
        stored = StixObject.objects.filter(stix_id__in=stix_ids).select_related("subject").defer("raw")
        for row in stored.order_by("stix_id", "version_us"):
            version = _Version(row.version_us, row.sha256, told(row.subject), row.pk)
            self._known.setdefault(row.stix_id, []).append(version)

    def _originator_stored(self, stix_id: str) -> str | None:
        """Whose object it is by its first version."""
        versions = self._known.get(stix_id)
        return versions[0].subject.get("originator") if versions else None

    def place(self, one: Prepared) -> KeptObject:
        """Decide what becomes of an object in the light of what is stored and what stood before it in the batch."""
        versions = self._known.setdefault(one.stix_id, [])
        version_us = one.version_us
        if version_us is None:
            same = next((version for version in versions if _is_same(version, one)), None)
            version_us = same.version_us if same else _free(versions, microseconds(self._giver.at))
        else:
            same = next((version for version in versions if version.version_us == version_us), None)
            if same is not None and not _is_same(same, one):
                return KeptObject(one.stix_id, version_us, REJECTED, _CLASH)
        if same is not None:
            self._repeats.setdefault((one.stix_id, version_us), _Repeat(same)).count += 1
            return KeptObject(one.stix_id, version_us, DUPLICATE)
        self._admit(one, version_us, versions)
        return KeptObject(one.stix_id, version_us, KEPT)

    def _admit(self, one: Prepared, version_us: int, versions: list[_Version]) -> None:
        marks = self._definitions.marks_of(one.found())
        self._unresolved += [(missing, one.stix_id) for missing in marks.missing]
        originator = self._originators.of(one)
        subject = subject_of(
            kind=one.type,
            marks=marks,
            originator=originator,
            personal_data=one.personal_data,
            cell_size=one.cell_size,
            is_state_attribution=one.is_state_attribution,
        )
        before = max((v for v in versions if v.version_us < version_us), key=_age, default=None)
        of_record = record_of(
            is_by_originator=originator == self._giver.row.name,
            before=before.subject if before else None,
            own=marks.tlp,
        )
        subject = with_derived(with_record(subject, of_record), [None if marks.tlp else self._giver.floor])
        if any(other.version_us > version_us for other in versions):
            self._restated.add(one.stix_id)
        version = _Version(version_us, one.sha256, subject, prepared=one)
        versions.append(version)
        self._fresh.append((one, version))

    def store(self, said_by: str) -> dict[tuple[str, int], int]:
        """Write everything; gives the database id of every version that was placed."""
        giver, subjects = self._giver, SubjectRows([version.subject for _, version in self._fresh])
        numbers = rows.insert_objects(
            [(one, v.version_us, v.subject.get("tlp", ""), subjects.id_of(v.subject)) for one, v in self._fresh],
            giver.at,
        )
        for (_, version), number in zip(self._fresh, numbers, strict=True):
            version.id = number
        rows.insert_provenances(numbers, giver.row.pk, giver.delivery_id, giver.at)
        stored = [(one, number) for (one, _), number in zip(self._fresh, numbers, strict=True)]
        rows.insert_postings([(key, number) for one, number in stored for key in one.keys])
        made = [(made_from, made) for one, _ in self._fresh for made, made_from in one.derivations]
        self._made = {dependent for _, dependent in made}
        rows.insert_dependences([*self._unresolved, *made])
        newest = [
            Said(one, version.id or 0)
            for one, version in self._fresh
            if (one.remark or one.is_revoked) and version.version_us == max(map(_age, self._known[one.stix_id]))
        ]
        note_remarks(giver.row, newest, giver.at, said_by)
        self._count_repeats()
        self._tell(numbers)
        return {(name, one.version_us): one.id for name, all_of in self._known.items() for one in all_of if one.id}

    def _count_repeats(self) -> None:
        """Count who gave again what is known. What its own originator gives for the first time is of record from now on."""
        giver = self._giver
        counts = {repeat.version.id: repeat.count for repeat in self._repeats.values() if repeat.version.id}
        new_to_giver = rows.repeat_provenances(counts, giver.row.pk, giver.delivery_id, giver.at)
        for (stix_id, _), repeat in self._repeats.items():
            if repeat.version.id in new_to_giver and repeat.version.subject.get("originator") == giver.row.name:
                self._restated.add(stix_id)

    def _tell(self, numbers: Sequence[int]) -> None:
        """Say what was kept; bring the markings of what hangs on it up to date and say where that changed them."""
        if numbers:
            first, last = numbers[0], numbers[-1]
            detail = {"first": first, "last": last, "count": len(numbers), "source": self._giver.row.name}
            changes.append("intel", "objects-kept", f"{first}-{last}", detail)
        remarked = settle({one.stix_id for one, _ in self._fresh}, self._restated, self._made)
        older = [number for number in remarked if not numbers or number < numbers[0]]
        for start in range(0, len(older), BATCH):
            part = older[start : start + BATCH]
            changes.append("intel", "objects-remarked", f"{part[0]}-{part[-1]}", {"ids": part})


def _age(version: _Version) -> int:
    return version.version_us


def _is_same(version: _Version, one: Prepared) -> bool:
    """The same bytes, or the same content written otherwise: another server may indent or sort as it likes."""
    if version.sha256 == one.sha256:
        return True
    raw = version.prepared.raw if version.prepared else rows.raw_of(version.id or 0)
    return canonical(orjson.loads(raw)) == canonical(one.found())


def _free(versions: Sequence[_Version], wanted: int) -> int:
    """The first moment from ``wanted`` on that no version has."""
    taken = {version.version_us for version in versions}
    while wanted in taken:
        wanted += 1
    return wanted
