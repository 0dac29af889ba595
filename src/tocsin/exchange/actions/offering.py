"""Offering: what was kept since the last time, and what has become possible since, goes into the feeds of every partner it may go to.

Each step is one transaction that also moves its cursor, may be killed anywhere and may run twice. The change log says what is new;
standings say what is owed; entries that wait become due.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Max, Min, QuerySet

from tocsin.agreements import queries as agreements
from tocsin.constituency.access import SYSTEM, Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.exchange.actions import standings
from tocsin.exchange.actions.entering import FIELDS, Dates, Entered, Offered, enter
from tocsin.exchange.models import Entry, Feed, Partner, Standing, State
from tocsin.exchange.queries import deciding
from tocsin.exchange.queries.pages import microseconds
from tocsin.intel.models import StixObject
from tocsin.jobs import changes
from tocsin.jobs.changes import Change
from tocsin.jobs.durability import durable
from tocsin.vocab import clock

CURSOR = "exchange.offering"
KEPT, REMARKED, RELEASED = "objects-kept", "objects-remarked", "hold-released"
_KINDS = (KEPT, REMARKED, RELEASED)
#: Ids of objects that one step of making up looks through.
_REACH = 2_000
_STEP = 1_000


@dataclass(slots=True)
class Told:
    """What one run of offering did."""

    entered: Entered = field(default_factory=Entered)
    reviewed: int = 0
    closed: int = 0

    def __str__(self) -> str:
        done = self.entered
        said = [
            (done.dated, "entries added"),
            (done.waiting, "waiting"),
            (done.held, "held for a person"),
            (self.closed, "closed"),
            (self.reviewed, "subjects decided anew"),
        ]
        return ", ".join(f"{count:,} {what}" for count, what in said if count) or "nothing new"


def offer(*, actor: Actor, at: datetime | None = None) -> Told:
    """Bring the feeds of every partner up to date. ``at`` is for tests and replays; the clock's time otherwise."""
    require(actor, Permission.EXCHANGE_WRITE)
    moment: Callable[[], datetime] = clock.now if at is None else lambda: at
    told = Told()
    while _take_changes(actor, moment(), told):
        pass
    for partner in Partner.objects.filter(is_enabled=True):
        standings.enter_missing(actor=actor, partner=partner, at=moment())
        told.reviewed += standings.review(actor=actor, partner=partner, at=moment())
        told.closed += standings.take_dates(actor=actor, partner=partner, at=moment())
        # a standing that has just closed may stand open by other terms
        told.reviewed += standings.review(actor=actor, partner=partner, at=moment())
        while _make_up(actor, partner, moment(), told):
            pass
        while _mature(actor, partner, moment(), told):
            pass
    if told.entered.dated or told.entered.waiting:
        done = told.entered
        record(
            actor, AuditAction.OBJECTS_OFFERED, "all", {"dated": done.dated, "waiting": done.waiting, "held": done.held}
        )
    return told


def _take_changes(actor: Actor, at: datetime, told: Told) -> bool:
    """One entry of the change log for all partners; whether there was one."""
    with durable(), changes.reading(CURSOR, 1, _KINDS) as found:
        for change in found:
            ids = _touched(change)
            if change.kind != KEPT:
                _put_back(ids)
            objects = _objects(ids)
            partners = list(Partner.objects.filter(is_enabled=True).order_by("pk"))
            # rows of partners first, the ledger after them, feeds last: the order in which everybody waits
            for partner in partners:
                _enter_subjects(actor, partner, objects, at)
            for partner in partners:
                told.entered.add(_offered(actor, partner, objects, at))
        return bool(found)


def _touched(change: Change) -> list[int]:
    """The objects that a change is about."""
    detail = change.detail
    if "ids" in detail:
        return [int(number) for number in detail["ids"]]
    if "first" in detail:
        return list(range(int(detail["first"]), int(detail["last"]) + 1))
    hashed, stix_id = str(detail.get("hash", "")), str(detail.get("object", ""))
    return list(StixObject.objects.filter(stix_id=stix_id, sha256=hashed).values_list("pk", flat=True))


def _put_back(ids: Sequence[int]) -> None:
    """Objects whose markings have changed are offered from the beginning: their entries lose their dates and take the new subject."""
    for pk, stix_id, version, subject in StixObject.objects.filter(pk__in=ids).values_list(
        "pk", "stix_id", "version_us", "subject_id"
    ):
        for feed in Feed.objects.values_list("pk", flat=True):
            entries = Entry.objects.filter(feed_id=feed, stix_id=stix_id, version_us=version, object_id=pk)
            entries.exclude(subject_id=subject).update(subject_id=subject, date_added_us=None, due_us=None)


def _objects(ids: Sequence[int]) -> list[Offered]:
    rows = StixObject.objects.filter(pk__in=ids).order_by("pk").values_list(*FIELDS)
    return [Offered(*row) for row in rows]


def _enter_subjects(actor: Actor, partner: Partner, objects: Sequence[Offered], at: datetime) -> None:
    """Standings of subjects that the partner never had."""
    if not objects:
        return
    governing = agreements.governing(SYSTEM, deciding.sender(), partner.party, at)
    subjects = sorted({one.subject_id for one in objects})
    first = min(one.pk for one in objects)
    standings.enter(actor=actor, partner=partner, subjects=subjects, governing=governing, at=at, before=first)


def _offered(actor: Actor, partner: Partner, objects: Sequence[Offered], at: datetime) -> Entered:
    """Offer objects to one partner."""
    partner.refresh_from_db(fields=["mark"])
    feeds = list(Feed.objects.filter(partner=partner))
    told = enter(
        actor=actor, partner=partner, feeds=[feed for feed in feeds if not feed.is_inbox], objects=objects, at=at
    )
    for inbox in (feed for feed in feeds if feed.is_inbox):
        waiting = set(_waiting_in(inbox, objects))
        told.add(
            enter(
                actor=actor,
                partner=partner,
                feeds=[inbox],
                objects=[one for one in objects if one.pk in waiting],
                at=at,
                is_echo=True,
            )
        )
    return told


def _waiting_in(inbox: Feed, objects: Sequence[Offered]) -> QuerySet[Entry, int]:
    """Objects that the partner itself has sent and whose entries have lost their dates."""
    entries = Entry.objects.filter(feed=inbox, stix_id__in={one.stix_id for one in objects}, date_added_us__isnull=True)
    return entries.values_list("object_id", flat=True)


def _make_up(actor: Actor, partner: Partner, at: datetime, told: Told) -> bool:
    """Offer a stretch of what is owed to standings that have changed; whether there was any.

    The stretch is one of object ids, shared by all standings that have come as far: however many subjects open at once, the
    objects are gone through once.
    """
    with durable():
        owed = Standing.objects.select_for_update().filter(partner=partner, offered_to__isnull=False)
        reached = owed.aggregate(Min("offered_to"))["offered_to__min"]
        if reached is None:
            return False
        last = StixObject.objects.aggregate(Max("pk"))["pk__max"] or 0
        upto = reached + _REACH
        due = {row.subject_id: row for row in owed.filter(offered_to__lt=upto)}
        rows = StixObject.objects.filter(pk__gt=reached, pk__lte=upto, subject_id__in=list(due)).order_by("pk")
        objects = [Offered(*row) for row in rows.values_list(*FIELDS)]
        wanted = [one for one in objects if one.pk > (due[one.subject_id].offered_to or 0)]
        told.entered.add(_offered(actor, partner, wanted, at))
        step = None if upto >= last else upto
        Standing.objects.filter(pk__in=[row.pk for row in due.values()]).update(offered_to=step)
        return True


def _mature(actor: Actor, partner: Partner, at: datetime, told: Told) -> bool:
    """Date entries whose time has come, as far as their standing is still open; whether there were any."""
    at_us = microseconds(at)
    with durable():
        dated = sum(
            _dated(feed, partner, at_us)
            for feed in Feed.objects.select_for_update().filter(partner=partner).order_by("pk")
        )
    told.entered.dated += dated
    with durable():
        # what waited for an embargo to end is decided now that it has
        undecided = list(_due(partner, at_us).filter(ledger_number__isnull=True)[:_STEP])
        Entry.objects.filter(pk__in=[entry.pk for entry in undecided]).update(due_us=None)
        told.entered.add(_offered(actor, partner, _objects([entry.object_id for entry in undecided]), at))
    return bool(dated or undecided)


def _due(partner: Partner, at_us: int) -> QuerySet[Entry]:
    open_now = Standing.objects.filter(partner=partner, state=State.OPEN).values("subject_id")
    waiting = Entry.objects.filter(feed__partner=partner, date_added_us__isnull=True, due_us__lte=at_us)
    return waiting.filter(subject_id__in=open_now).order_by("due_us", "pk")


def _dated(feed: Feed, partner: Partner, at_us: int) -> int:
    """Date what is due in a feed whose row is held."""
    due = list(_due(partner, at_us).filter(feed=feed, ledger_number__isnull=False)[:_STEP])
    dates = Dates(feed, max(at_us, microseconds(clock.now())))
    for entry in due:
        entry.date_added_us = dates.next()
    Entry.objects.bulk_update(due, ["date_added_us"], batch_size=500)
    dates.keep()
    return len(due)
