"""Counting what was denied, by day."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import connection, transaction

from tocsin.agreements.actions.chain import texts
from tocsin.agreements.models import DenialTally, DeniedSubject
from tocsin.agreements.queries.deciding import Answer
from tocsin.agreements.rules.asked import Asked
from tocsin.agreements.rules.subject import Subject
from tocsin.constituency.access import Actor
from tocsin.vocab import clock

_CHUNK = 400
#: How long what was denied is counted for a what-if to look back.
KEPT_FOR = timedelta(days=400)

_COUNT = """
INSERT INTO agreements_denialtally
    (denied_on, subject_id, sender, recipient, exit, clauses, count, last_at, example)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (denied_on, subject_id, sender, recipient, exit, clauses) DO UPDATE SET
    count = agreements_denialtally.count + excluded.count, last_at = excluded.last_at, example = excluded.example
"""

_Key = tuple[str, str, str, str, str]


def tally(denied: Sequence[tuple[Asked, Answer]], at: datetime) -> None:
    """Add to the counts of the day, in the caller's transaction, which holds the ledger: nobody else counts meanwhile."""
    if not denied:
        return
    counts: dict[_Key, int] = {}
    examples: dict[_Key, str] = {}
    roughly: dict[Subject, str] = {}
    for asked, answer in denied:
        if answer.subject not in roughly:
            roughly[answer.subject] = _to_the_day(answer.subject).canonical().decode()
        text = roughly[answer.subject]
        key = text, asked.sender, asked.recipient, asked.exit.value, texts(answer.decision.clauses)
        counts[key] = counts.get(key, 0) + 1
        examples[key] = asked.object_id
    ids = _subjects({key[0] for key in counts})
    moment = connection.ops.adapt_datetimefield_value(at)
    rows = [(at.date(), ids[key[0]], *key[1:], count, moment, examples[key]) for key, count in counts.items()]
    with connection.cursor() as cursor:
        cursor.executemany(_COUNT, rows)


@transaction.atomic
def forget_denials(*, actor: Actor, at: datetime | None = None) -> int:
    """Remove counts older than :data:`KEPT_FOR`, and subjects that no count speaks of; gives the number of counts."""
    del actor
    oldest = ((at or clock.now()) - KEPT_FOR).date()
    gone, _ = DenialTally.objects.filter(denied_on__lt=oldest).delete()
    DeniedSubject.objects.filter(tallies=None).delete()
    return gone


def _subjects(texts_: Iterable[str]) -> dict[str, int]:
    digests = {sha256(text.encode()).hexdigest(): text for text in texts_}
    DeniedSubject.objects.bulk_create(
        [DeniedSubject(digest=digest, text=text) for digest, text in digests.items()],
        ignore_conflicts=True,
        batch_size=_CHUNK,
    )
    names = sorted(digests)
    found: dict[str, int] = {}
    for start in range(0, len(names), _CHUNK):
        rows = DeniedSubject.objects.filter(digest__in=names[start : start + _CHUNK])
        found |= {digests[digest]: pk for digest, pk in rows.values_list("digest", "pk")}
    return found


def _to_the_day(subject: Subject) -> Subject:
    """Times without their hours, so that what differs by them alone is counted together."""
    obtained, embargo = subject.obtained_at, subject.embargo_until
    if isinstance(obtained, datetime):
        subject = replace(subject, obtained_at=obtained.replace(hour=0, minute=0, second=0, microsecond=0))
    if isinstance(embargo, datetime):
        subject = replace(subject, embargo_until=embargo.replace(hour=0, minute=0, second=0, microsecond=0))
    return subject
