"""What partners send us: kept with their name on it, all of a request or nothing, and what became of each object."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings

from tocsin.agreements import queries as agreements
from tocsin.constituency.access import SYSTEM, Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.exchange.actions import standings
from tocsin.exchange.actions.entering import FIELDS, Offered, enter
from tocsin.exchange.models import Collection, Entry, Feed, Partner, WriteStatus
from tocsin.exchange.queries import deciding
from tocsin.exchange.queries.pages import microseconds
from tocsin.exchange.rules import resources
from tocsin.exchange.rules.asking import Question
from tocsin.exchange.rules.bodies import Sent
from tocsin.intel.actions import keep_objects
from tocsin.intel.models import StixObject
from tocsin.jobs.durability import durable

_BATCH = 1_000
_NAMELESS = "unidentified"


@dataclass(frozen=True, slots=True)
class Received:
    """A status resource as bytes, and how many objects were kept."""

    status: bytes
    kept: int
    failed: int


def receive(*, actor: Actor, client_id: int, collection_id: int, sent: Sequence[Sent], at: datetime) -> Received:
    """Keep what a partner's client has sent to an inbox. One transaction: a full disk or a kill leaves nothing of it.

    The same request again changes nothing and answers alike. What the agreements let go back to the partner appears in its inbox.
    """
    require(actor, Permission.INTEL_INGEST)
    with durable():
        collection = Collection.objects.select_related("feed", "partner").get(pk=collection_id)
        partner = collection.partner
        successes, failures, ids = _kept(actor, partner, sent, at)
        _echo(actor, partner, collection.feed, ids, at)
        uid = uuid4()
        body = resources.status(uid, microseconds(at), successes, failures)
        WriteStatus.objects.create(uid=uid, client_id=client_id, collection=collection, at=at, body=body)
        told = {"collection": str(collection.uid), "kept": len(successes), "refused": len(failures), "status": str(uid)}
        record(actor, AuditAction.OBJECTS_RECEIVED, partner.slug, told)
    return Received(body, len(successes), len(failures))


def remove(*, actor: Actor, feed_id: int, question: Question) -> int:
    """Take an object, or versions of it, out of an inbox; the stored object stays. Gives how many entries were taken out."""
    require(actor, Permission.INTEL_INGEST)
    with durable():
        feed = Feed.objects.select_for_update().select_related("partner").get(pk=feed_id)
        entries = list(Entry.objects.filter(feed=feed, stix_id__in=question.ids).order_by("version_us"))
        wanted = _wanted(entries, question)
        if wanted:
            Entry.objects.filter(pk__in=[entry.pk for entry in wanted]).delete()
            told = {"feed": feed.name, "object": question.ids[0], "versions": len(wanted)}
            record(actor, AuditAction.ENTRIES_REMOVED, feed.partner.slug, told)
    return len(wanted)


def forget_statuses(*, actor: Actor, at: datetime) -> int:
    """Remove statuses whose time is over; gives how many."""
    require(actor, Permission.EXCHANGE_WRITE)
    before = at - timedelta(days=settings.TOCSIN.exchange.keep_status_days)
    return WriteStatus.objects.filter(at__lt=before).delete()[0]


def _wanted(entries: Sequence[Entry], question: Question) -> list[Entry]:
    """The entries that a deletion names: of the spec versions asked for, the first, the last, the exact ones or all."""
    found = [entry for entry in entries if entry.spec_version in (question.spec_versions or (entry.spec_version,))]
    versions = question.versions
    if versions.is_all or not found:
        return found
    exact = set(versions.exact)
    chosen = {entry.pk: entry for entry in found if entry.version_us in exact}
    if versions.is_first:
        chosen[found[0].pk] = found[0]
    if versions.is_last:
        chosen[found[-1].pk] = found[-1]
    return list(chosen.values())


def _kept(
    actor: Actor, partner: Partner, sent: Sequence[Sent], at: datetime
) -> tuple[list[Mapping[str, str]], list[Mapping[str, str]], list[int]]:
    """Successes and failures as status details, in the order of the request, and the ids of what is stored."""
    whole = [one.raw for one in sent if one.problem is None]
    kept = iter(keep_objects(actor=actor, source=partner.party, objects=whole, originator=partner.party, at=at))
    successes: list[Mapping[str, str]] = []
    failures: list[Mapping[str, str]] = []
    ids: list[int] = []
    now_text = resources.version_text(microseconds(at))
    for one in sent:
        if one.problem is not None:
            failures.append({"id": _NAMELESS, "version": now_text, "message": one.problem})
            continue
        told = next(kept)
        version = resources.version_text(told.version_us) if told.version_us else now_text
        if told.object_id is None:
            message = (told.problem or "it cannot be kept")[:1000]
            failures.append({"id": told.stix_id or _NAMELESS, "version": version, "message": message})
        else:
            successes.append({"id": told.stix_id, "version": version})
            ids.append(told.object_id)
    return successes, failures, ids


def _echo(actor: Actor, partner: Partner, feed: Feed, ids: Sequence[int], at: datetime) -> None:
    """Enter what was kept into the inbox, so that its owner finds it there, as far as the agreements let it go back."""
    if not ids:
        return
    rows = StixObject.objects.filter(pk__in=ids).order_by("pk").values_list(*FIELDS)
    objects = [Offered(*row) for row in rows]
    governing = agreements.governing(SYSTEM, deciding.sender(), partner.party, at)
    subjects = sorted({one.subject_id for one in objects})
    standings.enter(actor=actor, partner=partner, subjects=subjects, governing=governing, at=at, before=objects[0].pk)
    partner.refresh_from_db(fields=["mark"])
    for start in range(0, len(objects), _BATCH):
        part = objects[start : start + _BATCH]
        enter(actor=actor, partner=partner, feeds=[feed], objects=part, at=at, is_echo=True)
