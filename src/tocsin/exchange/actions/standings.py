"""Which subjects stand open to which partner: decided again when the agreements have changed, in steps that may be killed anywhere.

A standing closes at once (here, or at a door that was first to notice) and its entries lose their dates; it opens with the objects
that are owed to it, which are offered with new dates. So no client that reads on from its last date can miss what became visible.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Min

from tocsin.agreements import queries as agreements
from tocsin.agreements.rules.decision import Result
from tocsin.agreements.rules.terms import Agreement
from tocsin.constituency.access import SYSTEM, Actor
from tocsin.constituency.audit import AuditAction, record
from tocsin.exchange.models import Entry, Feed, Partner, Standing, State
from tocsin.exchange.queries import deciding
from tocsin.exchange.rules.terms import Terms
from tocsin.intel.models import PolicySubject, StixObject

#: Entries that one transaction takes the dates from.
_STEP = 5_000
_NO_OBJECT = 1 << 62


def review(*, actor: Actor, partner: Partner, at: datetime) -> int:
    """Decide every subject of a partner again and write down what has changed; gives how many did."""
    governing = agreements.governing(SYSTEM, deciding.sender(), partner.party, at)
    changed = 0
    with transaction.atomic():
        rows = list(Standing.objects.select_for_update().filter(partner=partner).order_by("pk"))
        found = deciding.terms_now(
            actor, [row.subject_id for row in rows], partner.party, partner.circle, governing, at
        )
        for row in rows:
            now = found[row.subject_id]
            if _moved(row, now):
                row.changed_at = at
                row.save()
                changed += 1
        if changed:
            _remember(partner)
    return changed


def enter(
    *,
    actor: Actor,
    partner: Partner,
    subjects: Sequence[int],
    governing: tuple[Agreement, ...],
    at: datetime,
    before: int,
) -> None:
    """Standings of subjects that the partner has none of yet, in the caller's transaction.

    Objects of theirs with an id below ``before`` are owed to the partner; the caller offers the others itself.
    """
    known = set(Standing.objects.filter(partner=partner, subject_id__in=subjects).values_list("subject_id", flat=True))
    missing = [number for number in subjects if number not in known]
    if not missing:
        return
    found = deciding.terms_now(actor, missing, partner.party, partner.circle, governing, at)
    rows = []
    for number, now in found.items():
        row = Standing(partner=partner, subject_id=number, changed_at=at, result=now.result.value)
        _moved(row, now)
        row.offered_to = _owed(number, before) if now.result is not Result.DENY else None
        rows.append(row)
    Standing.objects.bulk_create(rows, ignore_conflicts=True)
    _remember(partner)


def enter_missing(*, actor: Actor, partner: Partner, at: datetime) -> None:
    """Standings of every subject that the partner was never asked about: it is new, or was shut out for a while."""
    has = Standing.objects.filter(partner=partner).values("subject_id")
    missing = list(PolicySubject.objects.exclude(pk__in=has).values_list("pk", flat=True))
    if missing:
        governing = agreements.governing(SYSTEM, deciding.sender(), partner.party, at)
        with transaction.atomic():
            enter(actor=actor, partner=partner, subjects=missing, governing=governing, at=at, before=_NO_OBJECT)


def _owed(subject: int, before: int) -> int | None:
    """The id behind which objects of a subject are owed; ``None`` if there are none below ``before``."""
    first = StixObject.objects.filter(subject_id=subject).aggregate(Min("pk"))["pk__min"]
    return first - 1 if first is not None and first < before else None


def close(*, actor: Actor, partner_id: int, standings: Iterable[int], at: datetime) -> int:
    """Close standings that a door has found narrower than they were offered. Gives how many were still open."""
    with transaction.atomic():
        closed = Standing.objects.filter(pk__in=list(standings), state=State.OPEN).update(
            state=State.CLOSING, offered_to=None, changed_at=at
        )
        if closed:
            Partner.objects.filter(pk=partner_id).update(mark=F("mark") + 1)
            record(actor, AuditAction.STANDING_CLOSED, str(partner_id), {"standings": closed})
    return closed


def take_dates(*, actor: Actor, partner: Partner, at: datetime) -> int:  # noqa: ARG001 (an action names its actor)
    """Take the dates from entries whose standing has closed or whose time is over; gives how many. One step a transaction."""
    taken = 0
    for row in Standing.objects.filter(partner=partner, state=State.CLOSING):
        entries = Entry.objects.filter(feed__partner=partner, subject_id=row.subject_id, date_added_us__isnull=False)
        taken += _undated(entries)
        with transaction.atomic():
            # whoever dates entries holds their feed and has seen this standing: now nobody does
            feeds = list(Feed.objects.select_for_update().filter(partner=partner).order_by("pk"))
            taken += _undated(entries.filter(feed__in=feeds))
            Standing.objects.filter(pk=row.pk, state=State.CLOSING).update(state=State.CLOSED)
            _remember(partner)
    for row in Standing.objects.filter(partner=partner, state=State.OPEN, days__isnull=False):
        taken += _expired(row, partner, at)
    return taken


def _expired(row: Standing, partner: Partner, at: datetime) -> int:
    """Entries that may be kept no longer. They are hidden already, by the same days; without a date they are no weight any more."""
    before = at - timedelta(days=row.days or 0)
    return _undated(
        Entry.objects.filter(
            feed__partner=partner,
            subject_id=row.subject_id,
            date_added_us__isnull=False,
            object__obtained_at__lte=before,
        )
    )


def _undated(entries: Any) -> int:
    taken = 0
    while True:
        step = list(entries.values_list("pk", flat=True)[:_STEP])
        if not step:
            return taken
        taken += Entry.objects.filter(pk__in=step).update(date_added_us=None, due_us=None)


def _moved(row: Standing, now: Terms) -> bool:
    """Move a standing to what is decided now; whether anything changed. What stands open and is narrower closes first."""
    before = deciding.offered_terms(row)
    if row.state == State.OPEN:
        if not before.is_within(now) or _hides_less(before, now):
            row.state, row.offered_to = State.CLOSING, None
            return True
        if _same(before, now):
            return False
        _write(row, now)
        row.offered_to = 0
        return True
    if row.state == State.CLOSING:
        return False
    if now.is_open:
        _write(row, now)
        row.state, row.offered_to = State.OPEN, 0
        return True
    if row.result != now.result.value:
        row.result = now.result.value
        # what waits for a person is asked about object by object; what is denied is not asked about at all
        row.offered_to = 0 if now.result is Result.HOLD else None
        return True
    return False


def _hides_less(before: Terms, now: Terms) -> bool:
    """Whether objects look otherwise than when they were offered: then they are offered anew."""
    return bool(set(before.recipe.redacted) - set(now.recipe.redacted)) or before.recipe.circle != now.recipe.circle


def _same(before: Terms, now: Terms) -> bool:
    is_alike = (before.delay_us, before.days, before.waits_for_embargo) == (
        now.delay_us,
        now.days,
        now.waits_for_embargo,
    )
    return is_alike and before.recipe == now.recipe


def _write(row: Standing, now: Terms) -> None:
    row.result, row.delay_us, row.days = now.result.value, now.delay_us, now.days
    row.waits_for_embargo = now.waits_for_embargo
    row.redacted, row.circle = ",".join(now.recipe.redacted), now.recipe.circle


def _remember(partner: Partner) -> None:
    """Whoever works from what was known of this partner is told by its mark."""
    Partner.objects.filter(pk=partner.pk).update(mark=F("mark") + 1)
