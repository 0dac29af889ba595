"""What stands open to a partner now: each subject decided anew under the agreements as they are at this moment.

A decision is asked a subject, not an object, and worked out again when the agreements or what was offered have changed, and once a
second for whatever only the clock changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from time import monotonic
from typing import NamedTuple

import orjson
from django.conf import settings

from tocsin.agreements import queries as agreements
from tocsin.agreements.rules.asked import Asked
from tocsin.agreements.rules.categories import category_of
from tocsin.agreements.rules.decision import Decision, Exit, Result, Subject, decide
from tocsin.agreements.rules.terms import Agreement
from tocsin.constituency.access import SYSTEM, Viewer
from tocsin.exchange.models import Standing, State
from tocsin.exchange.rules.renditions import Recipe
from tocsin.exchange.rules.terms import Horizon, Terms, horizon_of, terms_of
from tocsin.intel.models import PolicySubject

#: For how long what the clock alone may change is taken as it was.
_FRESH_SECONDS = 1.0
_KEPT_SUBJECTS = 200_000

Revisions = tuple[tuple[str, int, str, str], ...]


class Stood(NamedTuple):
    """A subject's standing with a partner, as offered and as decided now."""

    standing_id: int
    state: str
    offered: Terms
    now: Terms

    @property
    def is_visible(self) -> bool:
        """Whether entries of the subject may be served: offered, and as open now as it was then."""
        return self.state == State.OPEN and self.offered.is_within(self.now)


@dataclass(frozen=True, slots=True)
class Outlook:
    """All subjects of one partner at one moment. ``revisions`` are the agreements that were asked."""

    revisions: Revisions
    stood: Mapping[int, Stood]

    @property
    def visible(self) -> dict[int, Terms]:
        """The terms, as they are now, of every subject that may be served. Retention is the shorter of offered and now."""
        return {
            subject: replace(one.now, days=one.offered.days if one.offered.days is not None else one.now.days)
            for subject, one in self.stood.items()
            if one.is_visible
        }

    @property
    def held(self) -> list[int]:
        """Subjects of which only what a person released may be served."""
        return [subject for subject, one in self.stood.items() if one.now.result is Result.HOLD]

    @property
    def narrowed(self) -> list[int]:
        """Standings that are open in the table and no longer by decision."""
        return [one.standing_id for one in self.stood.values() if one.state == State.OPEN and not one.is_visible]


class _Kept(NamedTuple):
    outlook: Outlook
    mark: int
    until: float


_SUBJECTS: dict[int, Subject] = {}
_HORIZONS: dict[tuple[str, Revisions, int], Horizon] = {}
_OUTLOOKS: dict[tuple[str, int], _Kept] = {}
_LOCK = Lock()


def sender() -> str:
    """Our own key among the parties."""
    return str(settings.TOCSIN.nation.party)


def outlook(viewer: Viewer, partner_id: int, party: str, circle: str, mark: int, at: datetime) -> Outlook:
    """What stands open to the partner at ``at``; asks the database for the agreements' revisions, and for more only where that or
    the partner's ``mark`` has changed.
    """
    governing = agreements.governing(SYSTEM, sender(), party, at)
    revisions = revisions_of(governing)
    key = _outlook_key(partner_id)
    with _LOCK:
        kept = _OUTLOOKS.get(key)
    if kept and kept.mark == mark and kept.outlook.revisions == revisions and monotonic() < kept.until:
        return kept.outlook
    made = _outlook(viewer, partner_id, party, circle, governing, at)
    with _LOCK:
        _OUTLOOKS[key] = _Kept(made, mark, monotonic() + _FRESH_SECONDS)
    return made


def kept_outlook(viewer: Viewer, partner_id: int, mark: int) -> Outlook | None:  # noqa: ARG001 (asked by doors that have decided who looks)
    """What stood open when this process last asked, without asking anybody; good for a first look that is decided again."""
    with _LOCK:
        kept = _OUTLOOKS.get(_outlook_key(partner_id))
    return kept.outlook if kept and kept.mark == mark else None


def _outlook_key(partner_id: int) -> tuple[str, int]:
    return str(settings.DATABASES["default"]["NAME"]), partner_id


def revisions_of(governing: tuple[Agreement, ...]) -> Revisions:
    """What tells one state of the agreements from another."""
    return tuple((one.id, one.revision, str(one.status), one.text_sha256) for one in governing)


def _outlook(
    viewer: Viewer, partner_id: int, party: str, circle: str, governing: tuple[Agreement, ...], at: datetime
) -> Outlook:
    standings = list(Standing.objects.filter(partner_id=partner_id))
    now = terms_now(viewer, [row.subject_id for row in standings], party, circle, governing, at)
    stood = {row.subject_id: Stood(row.pk, row.state, offered_terms(row), now[row.subject_id]) for row in standings}
    return Outlook(revisions_of(governing), stood)


def terms_now(
    viewer: Viewer, subjects: Sequence[int], party: str, circle: str, governing: tuple[Agreement, ...], at: datetime
) -> dict[int, Terms]:
    """The terms of each of these subjects for a recipient, decided at ``at``; ``governing`` are the agreements that are asked."""
    read = subjects_of(viewer, subjects)
    asked = [
        Asked(replace(read[number], obtained_at=at), "subject", "", sender(), party, Exit.TAXII) for number in subjects
    ]
    found = zip(subjects, agreements.decisions(SYSTEM, asked, at), strict=True)
    return {
        number: terms_of(decision, _horizon(number, read[number], party, governing, decision, at), circle)
        for number, decision in found
    }


def _horizon(
    number: int, subject: Subject, party: str, governing: tuple[Agreement, ...], decision: Decision, at: datetime
) -> Horizon:
    """What differs from object to object of a subject; worked out once for each state of the agreements."""
    if not decision.result.lets_go:
        return Horizon()
    key = (party, revisions_of(governing), number)
    if key not in _HORIZONS:
        filled = with_category(subject, governing)

        def ask(obtained_at: datetime | None, embargo_until: datetime | None) -> Decision:
            asked = replace(filled, obtained_at=obtained_at, embargo_until=embargo_until)
            return decide(asked, sender(), party, governing, at, Exit.TAXII)

        if len(_HORIZONS) > _KEPT_SUBJECTS:
            _HORIZONS.clear()
        _HORIZONS[key] = horizon_of(ask, at)
    return _HORIZONS[key]


def with_category(subject: Subject, governing: tuple[Agreement, ...]) -> Subject:
    """With the category that the type falls into, where the subject names none and the agreements do not disagree."""
    if subject.category is not None or subject.type is None:
        return subject
    found = {key for one in governing if (key := category_of(one, subject.type)) is not None}
    return replace(subject, category=found.pop()) if len(found) == 1 else subject


def subjects_of(viewer: Viewer, ids: Sequence[int]) -> dict[int, Subject]:  # noqa: ARG001 (asked by doors that have decided who looks)
    """Subjects by their ids. A row never changes, so it is read once a process."""
    missing = [number for number in ids if number not in _SUBJECTS]
    if missing:
        if len(_SUBJECTS) > _KEPT_SUBJECTS:
            _SUBJECTS.clear()
            missing = list(ids)
        for pk, text in PolicySubject.objects.filter(pk__in=missing).values_list("pk", "text"):
            _SUBJECTS[pk] = Subject.of(orjson.loads(text))
    return {number: _SUBJECTS[number] for number in ids}


def offered_terms(row: Standing) -> Terms:
    """The terms under which a standing was offered."""
    return Terms(
        result=Result(row.result),
        delay_us=row.delay_us,
        days=row.days,
        waits_for_embargo=row.waits_for_embargo,
        recipe=Recipe(tuple(filter(None, row.redacted.split(","))), row.circle),
    )
