"""Putting objects into the feeds of one partner: decided one by one in the ledger, dated in turn.

Whoever dates entries holds the row of the feed until the end of the transaction. So dates grow in the order in which transactions
become visible, and no entry appears behind a date that was already served; each date stands once in its feed, to the microsecond.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from tocsin.agreements.actions import decide_exits
from tocsin.agreements.rules.asked import Asked, Decided
from tocsin.agreements.rules.decision import Exit, Result
from tocsin.constituency.access import Actor
from tocsin.exchange.models import Entry, Feed, Partner, Standing, State
from tocsin.exchange.queries import deciding
from tocsin.exchange.queries.pages import microseconds
from tocsin.exchange.queries.pseudonyms import hidden_identities
from tocsin.intel.models import ObjectProvenance, Retraction
from tocsin.vocab import clock

HIGH_CONFIDENCE = 75
_BATCH = 500


class Offered(NamedTuple):
    """An object as far as offering must know it."""

    pk: int
    stix_id: str
    type: str
    version_us: int
    spec_version: str
    sha256: str
    confidence: int | None
    obtained_at: datetime
    embargo_until: datetime | None
    subject_id: int


FIELDS = Offered._fields


@dataclass(slots=True)
class Entered:
    """What became of objects that were offered: entries dated now, entries that wait, objects held for a person, objects not let go."""

    dated: int = 0
    waiting: int = 0
    held: int = 0
    refused: int = 0

    def add(self, other: "Entered") -> None:
        """Count another batch in."""
        self.dated += other.dated
        self.waiting += other.waiting
        self.held += other.held
        self.refused += other.refused


@dataclass(slots=True)
class _Chosen:
    """An object that is let go into a feed, with when and how."""

    object: Offered
    due_us: int
    is_released: bool = False
    ledger_number: int | None = None
    flags: tuple[bool, bool] = field(default=(False, False))


def enter(
    *,
    actor: Actor,
    partner: Partner,
    feeds: Sequence[Feed],
    objects: Sequence[Offered],
    at: datetime,
    is_echo: bool = False,
) -> Entered:
    """Decide about these objects for a partner and enter those that may go into its feeds, in the caller's durable transaction.

    Doing it again changes nothing but the dates of entries that have none. ``is_echo``: also what the partner itself gave.
    """
    told = Entered()
    if not objects or not feeds:
        return told
    outlook = deciding.outlook(actor, partner.pk, partner.party, partner.circle, partner.mark, at)
    wanted = objects if is_echo else _not_given_by(partner, objects)
    wanted = [one for one in wanted if _is_worth_asking(outlook, one.subject_id)]
    told.refused = len(objects) - len(wanted)
    chosen = _chosen(actor, partner, wanted, outlook, at, told)
    if not chosen:
        return told
    # in the order of their ids, so that two writers never wait for each other
    for feed in Feed.objects.select_for_update().filter(pk__in=[feed.pk for feed in feeds]).order_by("pk"):
        _fill(actor, feed, partner, _selected(feed, chosen), at, told)
    return told


def _is_worth_asking(outlook: deciding.Outlook, subject_id: int) -> bool:
    stood = outlook.stood.get(subject_id)
    return stood is not None and stood.now.result is not Result.DENY


def _not_given_by(partner: Partner, objects: Sequence[Offered]) -> list[Offered]:
    """Without what the partner gave us itself: it has that."""
    given = set(
        ObjectProvenance.objects.filter(
            object_id__in=[one.pk for one in objects], source__name=partner.party
        ).values_list("object_id", flat=True)
    )
    return [one for one in objects if one.pk not in given]


def _chosen(
    actor: Actor, partner: Partner, objects: Sequence[Offered], outlook: deciding.Outlook, at: datetime, told: Entered
) -> list[_Chosen]:
    """Ask the ledger about each object; what waits for the end of an embargo is asked about then."""
    at_us = microseconds(at)
    later = [one for one in objects if _is_under_embargo(one, outlook, at)]
    waiting = {one.pk for one in later}
    asked_about = [one for one in objects if one.pk not in waiting]
    subjects = deciding.subjects_of(actor, sorted({one.subject_id for one in asked_about}))
    asked = [
        Asked(
            subject=replace(subjects[one.subject_id], obtained_at=one.obtained_at, embargo_until=one.embargo_until),
            object_id=one.stix_id,
            object_hash=one.sha256,
            sender=deciding.sender(),
            recipient=partner.party,
            exit=Exit.TAXII,
        )
        for one in asked_about
    ]
    chosen = [_Chosen(one, microseconds(one.embargo_until or at)) for one in later]
    for one, decided in zip(asked_about, decide_exits(actor=actor, asked=asked, at=at), strict=True):
        result = decided.decision.result
        if result.lets_go:
            stood = outlook.stood[one.subject_id]
            due = at_us + (0 if _is_released(stood, decided) else stood.now.delay_us)
            chosen.append(_Chosen(one, due, _is_released(stood, decided), decided.ledger_number))
        elif result is Result.HOLD:
            told.held += 1
        else:
            told.refused += 1
    return sorted(chosen, key=lambda one: one.object.pk)


def _is_released(stood: deciding.Stood, decided: Decided) -> bool:
    """Whether a person let this very object go although its subject is held."""
    return stood.now.result is Result.HOLD and decided.decision.result.lets_go


def _is_under_embargo(one: Offered, outlook: deciding.Outlook, at: datetime) -> bool:
    terms = outlook.stood[one.subject_id].now
    return terms.waits_for_embargo and one.embargo_until is not None and one.embargo_until > at


def _selected(feed: Feed, chosen: Sequence[_Chosen]) -> list[_Chosen]:
    """Those that the feed is for."""
    found = [one for one in chosen if not feed.types or one.object.type in feed.types]
    if not feed.sources or not found:
        return found
    given = set(
        ObjectProvenance.objects.filter(
            object_id__in=[one.object.pk for one in found], source__name__in=feed.sources
        ).values_list("object_id", flat=True)
    )
    return [one for one in found if one.object.pk in given]


def _fill(actor: Actor, feed: Feed, partner: Partner, chosen: Sequence[_Chosen], at: datetime, told: Entered) -> None:
    """Write entries of a feed whose row is held. What is dated already stays as it is."""
    hidden = hidden_identities(actor, partner.party, partner.circle) if partner.circle else {}
    names = {one.object.pk: _shown_id(one.object, hidden) for one in chosen}
    stored = {
        (entry.stix_id, entry.version_us): entry
        for entry in Entry.objects.filter(feed=feed, stix_id__in=set(names.values()))
    }
    _flag(chosen, names, list(stored.values()), feed)
    at_us = microseconds(at)
    is_open = _stand_open(partner, {one.object.subject_id for one in chosen})
    dates = Dates(feed, max(at_us, microseconds(clock.now())))
    fresh, again = [], []
    for one in chosen:
        entry = stored.get((names[one.object.pk], one.object.version_us))
        if entry is not None and entry.date_added_us is not None:
            continue
        if entry is None:
            entry = _entry(feed, one, names[one.object.pk], at_us)
            fresh.append(entry)
        else:
            # a delay counts from when it was first offered, or a change of agreements would begin it again
            entry.due_us = one.due_us - at_us + entry.offered_us if one.due_us > at_us else at_us
            entry.subject_id, entry.is_released = one.object.subject_id, one.is_released
            entry.ledger_number = one.ledger_number or entry.ledger_number
            again.append(entry)
        if not (one.is_released or one.object.subject_id in is_open):
            # hidden for now: the opening of its standing offers it again, with a date of that moment
            entry.due_us = None
        is_due = entry.due_us is not None and entry.due_us <= at_us
        entry.date_added_us = dates.next() if is_due else None
        told.dated += entry.date_added_us is not None
        told.waiting += entry.date_added_us is None
    Entry.objects.bulk_create(fresh, batch_size=_BATCH)
    Entry.objects.bulk_update(
        again, ["date_added_us", "due_us", "subject_id", "is_released", "ledger_number"], batch_size=_BATCH
    )
    dates.keep()


def _stand_open(partner: Partner, subjects: set[int]) -> set[int]:
    """Of these subjects those whose standing is open, read behind the lock of the feed: what closes takes dates behind it too."""
    found = Standing.objects.filter(partner=partner, subject_id__in=subjects, state=State.OPEN)
    return set(found.values_list("subject_id", flat=True))


class Dates:
    """Gives out dates added, each once and each later than the last of the feed; the feed's row is held by the caller."""

    def __init__(self, feed: Feed, at_us: int) -> None:
        self._feed, self._next = feed, max(at_us, feed.last_us + 1)

    def next(self) -> int:
        """The next date, in microseconds since 1970."""
        self._next += 1
        return self._next - 1

    def keep(self) -> None:
        """Write down how far it came."""
        if self._next - 1 > self._feed.last_us:
            self._feed.last_us = self._next - 1
            Feed.objects.filter(pk=self._feed.pk).update(last_us=self._feed.last_us)


def _shown_id(one: Offered, hidden: Mapping[str, str]) -> str:
    return hidden.get(one.stix_id, one.stix_id)


def _flag(chosen: Sequence[_Chosen], names: Mapping[int, str], stored: Sequence[Entry], feed: Feed) -> None:
    """Whether each belongs to the indicators and to the sure ones: by itself, because an earlier version did, or because it withdraws
    one that does.
    """
    flags: dict[str, tuple[bool, bool]] = {}
    for entry in stored:
        _join(flags, entry.stix_id, (entry.is_indicator, entry.is_high_confidence))
    for one in chosen:
        told = one.object
        _join(flags, names[told.pk], (told.type == "indicator", (told.confidence or 0) >= HIGH_CONFIDENCE))
    opinions = [one.object.pk for one in chosen if one.object.type == "opinion"]
    about = list(Retraction.objects.filter(object_id__in=opinions).values_list("stix_id", "about")) if opinions else []
    for entry in Entry.objects.filter(feed=feed, stix_id__in=[stix_id for _, stix_id in about]) if about else ():
        _join(flags, entry.stix_id, (entry.is_indicator, entry.is_high_confidence))
    for opinion, stix_id in about:
        _join(flags, opinion, flags.get(stix_id, (False, False)))
    for one in chosen:
        one.flags = flags[names[one.object.pk]]


def _join(flags: dict[str, tuple[bool, bool]], name: str, more: tuple[bool, bool]) -> None:
    before = flags.get(name, (False, False))
    flags[name] = (before[0] or more[0], before[1] or more[1])


def _entry(feed: Feed, one: _Chosen, stix_id: str, at_us: int) -> Entry:
    told = one.object
    return Entry(
        feed=feed,
        object_id=told.pk,
        subject_id=told.subject_id,
        due_us=one.due_us,
        offered_us=at_us,
        stix_id=stix_id,
        type=told.type,
        version_us=told.version_us,
        spec_version=told.spec_version,
        is_indicator=one.flags[0],
        is_high_confidence=one.flags[1],
        is_released=one.is_released,
        ledger_number=one.ledger_number,
    )
