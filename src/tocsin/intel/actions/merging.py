"""Reading several objects as one, and undoing it. The objects themselves are never touched: what is undone is as if it had never been."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from django.db import transaction

from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.intel.models import Merge, MergeMember, StixObject
from tocsin.jobs import changes
from tocsin.vocab.clock import now
from tocsin.vocab.errors import Conflict, InputError, NotFound

_MOST = 500


def merge(*, actor: Actor, stix_ids: Sequence[str], reason: str) -> UUID:
    """Read these objects as one, under the first of them; gives the merge's uid, by which it is undone.

    Raises ``NotFound`` if one is not stored, ``Conflict`` if one is in another merge, ``InputError`` on fewer than two or on unlike types.
    """
    require(actor, Permission.INTEL_INGEST)
    wanted = list(dict.fromkeys(stix_ids))
    if not 2 <= len(wanted) <= _MOST:
        raise InputError(f"A merge takes between 2 and {_MOST} different objects.")
    if not reason.strip():
        raise InputError("Say why these are one object: whoever reads it later has to judge by it.")
    with transaction.atomic():
        _check(wanted)
        made = Merge.objects.create(
            uid=uuid4(), canonical=wanted[0], reason=reason.strip(), made_by=actor.name[:200], made_at=now()
        )
        MergeMember.objects.bulk_create([MergeMember(merge=made, stix_id=stix_id) for stix_id in wanted])
        record(actor, AuditAction.OBJECTS_MERGED, str(made.uid), {"objects": wanted[:50], "reason": reason[:500]})
        changes.append("intel", "objects-merged", str(made.uid), {"canonical": wanted[0]})
    return made.uid


def _check(stix_ids: Sequence[str]) -> None:
    kinds = dict(StixObject.objects.filter(stix_id__in=stix_ids).values_list("stix_id", "type"))
    for stix_id in stix_ids:
        if stix_id not in kinds:
            raise NotFound(f"There is no object {stix_id!r}.")
    if len(set(kinds.values())) > 1:
        raise InputError(f"Objects of unlike types cannot be one: {', '.join(sorted(set(kinds.values())))}.")
    taken = MergeMember.objects.filter(stix_id__in=stix_ids, is_standing=True).select_related("merge").first()
    if taken is not None:
        raise Conflict(f"{taken.stix_id} is in the merge {taken.merge.uid} already; undo that one first.")


def undo_merge(*, actor: Actor, uid: UUID, reason: str) -> None:
    """Read the objects of a merge on their own again. Raises ``NotFound`` without a merge of this uid, ``Conflict`` if it is undone."""
    require(actor, Permission.INTEL_INGEST)
    with transaction.atomic():
        made = Merge.objects.select_for_update().filter(uid=uid).first()
        if made is None:
            raise NotFound(f"There is no merge {uid}.")
        if made.undone_at is not None:
            raise Conflict(f"The merge {uid} was undone by {made.undone_by} on {made.undone_at:%Y-%m-%d %H:%M} UTC.")
        made.undone_at, made.undone_by, made.undone_because = now(), actor.name[:200], reason.strip()
        made.save(update_fields=["undone_at", "undone_by", "undone_because"])
        MergeMember.objects.filter(merge=made).update(is_standing=False)
        record(actor, AuditAction.MERGE_UNDONE, str(uid), {"reason": reason[:500]})
        changes.append("intel", "merge-undone", str(uid), {"canonical": made.canonical})
