"""What we ourselves say about objects: seen, a false positive, withdrawn. Each is a STIX object of ours, so that it travels."""

from datetime import datetime
from uuid import UUID

import orjson
from django.conf import settings
from django.db import transaction

from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.formats.stix import writing
from tocsin.intel.actions.keeping import KEPT, REJECTED, KeptObject, giver_of, ready, write
from tocsin.intel.actions.originators import own_party
from tocsin.intel.actions.withdrawing import withdraw
from tocsin.intel.models import FalsePositiveReport, Indicator, Posting, Retraction, Sighting, StixObject
from tocsin.intel.rules.subjects import read_subject, strictest
from tocsin.vocab.clock import now
from tocsin.vocab.errors import Conflict, InputError, NotFound
from tocsin.vocab.markings import Tlp

#: The most objects that one opinion of ours speaks of.
_MOST_ABOUT = 50


def sight(
    *,
    actor: Actor,
    about: str,
    count: int = 1,
    first_seen_at: datetime | None = None,
    last_seen_at: datetime | None = None,
    hosts: int | None = None,
    tlp: Tlp | None = None,
    at: datetime | None = None,
) -> str:
    """Say that the object ``about`` was seen; gives the STIX id of the sighting. Saying the same again changes nothing.

    ``hosts`` is the number of machines in the smallest cell behind ``count``: where an agreement asks for k-anonymity, a sighting
    without it is held. It names no place. ``tlp`` is what the object bears unless said. Raises ``NotFound``, ``InputError``.
    """
    require(actor, Permission.INTEL_INGEST)
    if count < 0 or count > 999_999_999 or (hosts is not None and hosts < 0):
        raise InputError("A sighting counts from 0 to 999,999,999 (STIX 2.1 §5.2), hosts from 0.")
    if first_seen_at and last_seen_at and last_seen_at < first_seen_at:
        raise InputError("The last time seen lies before the first.")
    said_at = at or now()
    row = _newest(about)
    label = tlp or _label(row)
    name = f"{count} {first_seen_at} {last_seen_at} {hosts} {label.value}"
    stix_id = writing.object_id("sighting", _maker(), about, name)
    if Sighting.objects.filter(stix_id=stix_id).exists():
        return stix_id
    raw = writing.sighting(
        maker=_maker(),
        about=about,
        name=name,
        said_at=said_at,
        count=count,
        first_seen_at=first_seen_at,
        last_seen_at=last_seen_at,
        hosts=hosts,
        tlp=label,
    )
    _say(actor, raw, AuditAction.OBJECT_SIGHTED, about, said_at)
    return stix_id


def report_false_positive(
    *, actor: Actor, about: str, reason: str, tlp: Tlp | None = None, at: datetime | None = None
) -> str:
    """Say that ``about`` accuses something harmless, and why; gives the STIX id of our opinion. The newest reason counts.

    ``about`` is a STIX id or the uid of an indicator; then every object that speaks of its value is meant. From now on hits on the value
    are known as good, as those on a warning list are. Raises ``NotFound``, ``InputError``.
    """
    return _disagree(actor, about, "false-positive", reason, tlp, at or now(), AuditAction.FALSE_POSITIVE_REPORTED)


def withdraw_false_positive(*, actor: Actor, stix_id: str, at: datetime | None = None) -> None:
    """Take a report of ours back: our opinion is revoked, and hits on the value count again. Raises ``NotFound``."""
    require(actor, Permission.INTEL_INGEST)
    if not FalsePositiveReport.objects.filter(stix_id=stix_id, is_ours=True, is_revoked=False).exists():
        raise NotFound(f"There is no report of ours {stix_id!r} that stands.")
    _revoke(actor, _newest(stix_id), "taken back", at or now(), AuditAction.FALSE_POSITIVE_REPORTED)


def retract(*, actor: Actor, stix_id: str, reason: str, tlp: Tlp | None = None, at: datetime | None = None) -> str:
    """Withdraw an object, and why; gives the STIX id of what says so to everybody who has it.

    An object of ours gets a version that is revoked, and if it was an indicator, what we ourselves vouched for is no longer looked for.
    Another's object is not ours to revoke: an opinion of ours says that it should be. Raises ``NotFound``, ``Conflict``, ``InputError``.
    """
    require(actor, Permission.INTEL_INGEST)
    row = _newest(stix_id)
    if not _is_ours(row):
        return _disagree(actor, stix_id, "retraction", reason, tlp, at or now(), AuditAction.OBJECT_RETRACTED)
    if row.is_revoked:
        raise Conflict(f"{stix_id} is revoked already, and that is for good (STIX 2.1 §3.6).")
    if not reason.strip():
        raise InputError("Say why it is withdrawn.")
    said_at = at or now()
    with transaction.atomic():
        _revoke(actor, row, reason, said_at, AuditAction.OBJECT_RETRACTED)
        if read_subject(row.subject.text).get("originator") == own_party():
            keys = Posting.objects.filter(object__stix_id=stix_id).values_list("key", flat=True)
            withdraw(own_party(), [(stix_id, key) for key in keys], said_at, is_any_id=True)
    return stix_id


def _revoke(actor: Actor, row: StixObject, reason: str, at: datetime, action: AuditAction) -> None:
    modified = max(at, writing.moment_of(row.version_us + 1000))
    raw = writing.next_version(bytes(row.raw), modified, revoked=True)
    _say(actor, raw, action, row.stix_id, at, reason)


def _disagree(
    actor: Actor, about: str, label: str, reason: str, tlp: Tlp | None, at: datetime, action: AuditAction
) -> str:
    require(actor, Permission.INTEL_INGEST)
    if not reason.strip():
        raise InputError("Say why: whoever gets this has to judge by it.")
    refs, marking = _meant(about)
    stix_id = writing.object_id("opinion", _maker(), label, about)
    known = StixObject.objects.filter(stix_id=stix_id).order_by("-version_us").first()
    shown = tlp or marking
    if known is None:
        raw = writing.opinion(
            maker=_maker(), about=refs, label=label, reason=reason.strip(), name=about, said_at=at, tlp=shown
        )
    elif known.is_revoked:
        # what is revoked is so for good: who says it anew says it under another id
        name = f"{about} {known.version_us}"
        stix_id = writing.object_id("opinion", _maker(), label, name)
        raw = writing.opinion(
            maker=_maker(), about=refs, label=label, reason=reason.strip(), name=name, said_at=at, tlp=shown
        )
    else:
        modified = max(at, writing.moment_of(known.version_us + 1000))
        raw = writing.next_version(bytes(known.raw), modified, explanation=reason.strip(), object_refs=refs)
    _say(actor, raw, action, about, at, reason)
    return stix_id


def _meant(about: str) -> tuple[list[str], Tlp]:
    """The ids that are meant, and the strictest label among them: our opinion shows no more than they do."""
    uid = _uid(about)
    if uid is None:
        return [about], _label(_newest(about))
    row = Indicator.objects.filter(uid=uid).first()
    found = Posting.objects.filter(key=uid).values_list("object__stix_id", "object__marking").order_by("object_id")
    named = dict.fromkeys(name for name, _ in found[:_MOST_ABOUT])
    if row is None and not named:
        raise NotFound(f"There is no indicator {about}.")
    labels = [marking for _, marking in found if marking in set(Tlp)] + ([row.tlp] if row else [])
    return [f"indicator--{uid}", *(name for name in named if name != f"indicator--{uid}")], Tlp(
        strictest(labels) or Tlp.AMBER
    )


def _say(actor: Actor, raw: bytes, action: AuditAction, about: str, at: datetime, reason: str = "") -> KeptObject:
    """Keep what we say as an object of ours, with ourselves as its maker."""
    party = own_party()
    with transaction.atomic():
        giver = giver_of(party, party, at)
        us = ready(writing.identity(party, settings.TOCSIN.nation.name))
        *_, told = write(giver, [us, ready(raw)], said_by=actor.name)
        if told.outcome == REJECTED:
            raise InputError(f"This cannot be said in STIX: {told.problem}.")
        if reason and told.outcome == KEPT:
            Retraction.objects.filter(stix_id=told.stix_id, about=told.stix_id).update(reason=reason)
        record(actor, action, about, {"object": told.stix_id, "reason": reason[:500]})
    return told


def _maker() -> str:
    return writing.identity_id(own_party())


def _newest(stix_id: str) -> StixObject:
    row = StixObject.objects.filter(stix_id=stix_id).select_related("subject").order_by("-version_us").first()
    if row is None:
        raise NotFound(f"There is no object {stix_id!r}.")
    return row


def _is_ours(row: StixObject) -> bool:
    """Whether we made it: of what others made, only they can make a version."""
    maker = orjson.loads(bytes(row.raw)).get("created_by_ref")
    return maker == _maker() and row.provenances.filter(source__name=own_party()).exists()


def _label(row: StixObject) -> Tlp:
    """The label that what we say of an object bears unless a person says otherwise: the object's own, else AMBER."""
    said = strictest([row.marking, row.derived_marking])
    return Tlp(said) if said in set(Tlp) else Tlp.AMBER


def _uid(about: str) -> UUID | None:
    try:
        return UUID(about)
    except ValueError:
        return None
