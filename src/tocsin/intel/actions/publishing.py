"""What we know of indicators as STIX objects of ours: one for each source that vouches for one, so that nobody's word is mixed with
another's.

A delivery of a source is published by what it has changed. Ids come from our party, the source and the indicator, so a publication that
was interrupted is taken up again by running it again: what stands already as it should is passed over.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import transaction

from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.formats.stix import writing
from tocsin.formats.stix.patterns_of import pattern_of
from tocsin.intel.actions.keeping import KEPT, REJECTED, Giver, giver_of, ready, write
from tocsin.intel.actions.originators import own_party
from tocsin.intel.models import Delivery, Provenance, Source, StixObject
from tocsin.intel.rules.effective import Said, effective
from tocsin.intel.rules.publishing import Known, Wanted, indicator_object, is_same_word
from tocsin.jobs import changes
from tocsin.jobs.models import Cursor
from tocsin.vocab.clock import now
from tocsin.vocab.errors import UnknownName
from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.observables import ObservableType

_BATCH = 500
_CURSOR = "intel.publish "


@dataclass(slots=True)
class Published:
    """What a publication did: objects written, those that stood as they should, values that STIX has no words for, refusals."""

    written: int = 0
    unchanged: int = 0
    unsayable: int = 0
    refused: int = 0
    deliveries: int = 0


def publish_indicators(
    *, actor: Actor, source: str, is_source_named: bool = False, at: datetime | None = None
) -> Published:
    """Write the indicators of a source as STIX objects of ours, as far as deliveries have changed them since it was last done.

    ``is_source_named``: name the source and its references in the objects; do so only where its terms let you. The information stays the
    source's: agreements decide by the source as originator. Raises ``UnknownName``. One transaction for each ``_BATCH`` indicators; the
    cursor moves behind a delivery when all of it is written.
    """
    require(actor, Permission.SOURCES_WRITE)
    publisher = Source.objects.filter(name=source).first()
    if publisher is None:
        raise UnknownName(f"There is no source named {source!r}; see 'tocsin source list'.")
    told, cursor, said_at = Published(), _CURSOR + source, at or now()
    publication = _Publication(publisher, is_source_named, said_at)
    _enter(cursor)
    while pending := changes.since(cursor, kinds=["delivery-committed"]):
        for change in pending:
            if change.detail.get("source") == source:
                _publish_delivery(publication, UUID(change.subject), told)
            with transaction.atomic():
                changes.advance(cursor, change.position)
    with transaction.atomic():
        detail = {"written": told.written, "unsayable": told.unsayable, "refused": told.refused}
        record(actor, AuditAction.INDICATORS_PUBLISHED, source, detail)
    return told


def published_sources() -> list[str]:
    """Sources that were published before: what the schedule goes on with."""
    rows = Cursor.objects.filter(name__startswith=_CURSOR).order_by("name")
    return [name.removeprefix(_CURSOR) for name in rows.values_list("name", flat=True)]


def _enter(cursor: str) -> None:
    """Note that this source is published, even if there is nothing of it yet."""
    with transaction.atomic():
        Cursor.objects.get_or_create(name=cursor)


@dataclass(frozen=True, slots=True)
class _Publication:
    """What holds for the whole of it."""

    source: Source
    is_source_named: bool
    at: datetime

    def giver(self) -> Giver:
        """Ourselves as the maker, the source as the originator."""
        return giver_of(own_party(), self.source.name, self.at)


def _publish_delivery(publication: _Publication, uid: UUID, told: Published) -> None:
    delivery = Delivery.objects.filter(uid=uid, gives="indicators").first()
    if delivery is None:
        return
    told.deliveries += 1
    with transaction.atomic():
        own = [ready(raw) for raw in (writing.identity(own_party(), settings.TOCSIN.nation.name), *writing.terms())]
        write(giver_of(own_party(), own_party(), publication.at), own)
    for part in _touched(publication.source, delivery):
        _publish_part(publication, part, told)


def _touched(source: Source, delivery: Delivery) -> Iterator[list[int]]:
    """Database ids of the indicators that a delivery was the last to speak of, in order, part by part."""
    after = 0
    while True:
        rows = Provenance.objects.filter(feed__source=source, indicator_id__gt=after, last_delivery=delivery)
        part = list(rows.order_by("indicator_id").values_list("indicator_id", flat=True).distinct()[:_BATCH])
        if not part:
            return
        yield part
        after = part[-1]


def _publish_part(publication: _Publication, ids: Sequence[int], told: Published) -> None:
    wanted = _wanted(publication, ids)
    known = _known([_stix_id(publication.source, one.uid, 0) for one in wanted])
    objects: list[bytes] = []
    for one in wanted:
        pattern = pattern_of(one.type, one.value)
        if pattern is None:
            told.unsayable += 1
            continue
        raw = _next(publication, one, pattern, known)
        if raw is None:
            told.unchanged += 1
        else:
            objects.append(raw)
    if not objects:
        return
    entries = [ready(raw) for raw in objects]
    with transaction.atomic():
        outcomes = [one.outcome for one in write(publication.giver(), entries)]
    told.written += outcomes.count(KEPT)
    told.refused += outcomes.count(REJECTED)


def _next(publication: _Publication, one: Wanted, pattern: str, known: dict[str, Known]) -> bytes | None:
    """The object as it should stand now, or ``None`` if it does. What was revoked is so for good: it comes back under a new id."""
    generation = 0
    stix_id = _stix_id(publication.source, one.uid, generation)
    before = known.get(stix_id)
    while before is not None and before.content.get("revoked") is True and not one.said.is_revoked:
        generation += 1
        stix_id = _stix_id(publication.source, one.uid, generation)
        before = _known([stix_id]).get(stix_id)
    if before is None and one.said.is_revoked:
        return None  # nobody has it, so nobody has to be told
    modified = max(one.changed_at, one.first_at)
    if before is not None:
        modified = max(modified, writing.moment_of(before.version_us) + timedelta(milliseconds=1))
    content = indicator_object(
        one,
        stix_id=stix_id,
        maker=writing.identity_id(own_party()),
        pattern=pattern,
        modified=modified,
        source=publication.source.title if publication.is_source_named else None,
    )
    if before is not None and is_same_word(before.content, content, publication.at):
        return None
    return writing.written(content)


def _stix_id(source: Source, uid: UUID, generation: int) -> str:
    parts = [own_party(), source.name, uid] + ([generation] if generation else [])
    return writing.object_id("indicator", "published", *parts)


def _known(stix_ids: Sequence[str]) -> dict[str, Known]:
    rows = StixObject.objects.filter(stix_id__in=stix_ids).order_by("version_us")
    return {
        stix_id: Known(version_us, orjson.loads(bytes(raw)))
        for stix_id, version_us, raw in rows.values_list("stix_id", "version_us", "raw")
    }


def _wanted(publication: _Publication, ids: Sequence[int]) -> list[Wanted]:
    """What this source says of each of these indicators, all its feeds and families together."""
    rows = Provenance.objects.filter(indicator_id__in=ids, feed__source=publication.source).select_related(
        "indicator", "statement", "first_delivery", "last_delivery"
    )
    found: dict[int, list[Provenance]] = {}
    for row in rows.order_by("indicator_id", "id"):
        found.setdefault(row.indicator_id, []).append(row)
    return [_summed(each) for each in found.values()]


def _summed(rows: Sequence[Provenance]) -> Wanted:
    said = effective([_said(row) for row in rows])
    standing = [row for row in rows if not row.is_revoked] or list(rows)
    best = max(standing, key=lambda row: row.statement.confidence)
    return Wanted(
        uid=rows[0].indicator.uid,
        type=ObservableType(rows[0].indicator.type),
        value=rows[0].indicator.value,
        said=said,
        malware=tuple(sorted({row.statement.malware for row in standing if row.statement.malware})),
        classification=best.statement.classification,
        description=best.statement.description,
        references=tuple(sorted({str(one) for row in standing for one in row.statement.references})),
        first_at=min(row.first_delivery.received_at for row in rows),
        changed_at=max(row.last_delivery.received_at for row in rows),
    )


def _said(row: Provenance) -> Said:
    words: Any = row.statement
    return Said(
        Tlp(words.tlp), Pap(words.pap), words.confidence, row.valid_from, row.valid_until, row.is_revoked, words.to_ids
    )
