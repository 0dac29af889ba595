"""An indicator that its source withdraws stops counting: what a revoked STIX object means for what is looked for in logs."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tocsin.intel.actions.listing import touch
from tocsin.intel.models import Indicator, Provenance
from tocsin.intel.queries.compiled import REVISION
from tocsin.intel.rules.effective import Said, effective, is_news
from tocsin.jobs import changes
from tocsin.vocab.markings import Pap, Tlp

_CHUNK = 400


def withdraw(source: str, withdrawn: Sequence[tuple[str, UUID]], at: datetime, *, is_any_id: bool = False) -> int:
    """Revoke what ``source`` has said of these, (outside id, uid of the indicator), in the caller's transaction; gives how many fell.

    ``is_any_id``: under whatever outside id it said so.
    An indicator stands for as long as anybody vouches for it; one that falls is told in the change log, as by a delivery.
    """
    fallen: list[str] = []
    for start in range(0, len(withdrawn), _CHUNK):
        part = withdrawn[start : start + _CHUNK]
        rows = Provenance.objects.filter(
            feed__source__name=source,
            indicator__uid__in=[uid for _, uid in part],
            is_revoked=False,
        )
        if not is_any_id:
            rows = rows.filter(external_id__in=[stix_id for stix_id, _ in part])
        touched = set(rows.values_list("indicator_id", flat=True))
        if touched:
            Provenance.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(is_revoked=True)
            fallen += [uid for number in touched if (uid := _sum_anew(number))]
    if fallen:
        touch(REVISION, at)
        changes.append("intel", "indicators-retracted", fallen[0], {"count": len(fallen), "source": source})
    return len(fallen)


def _sum_anew(number: int) -> str | None:
    """Add up an indicator's provenances; its uid if it has fallen."""
    row = Indicator.objects.get(pk=number)
    before = Said(
        Tlp(row.tlp), Pap(row.pap), row.confidence, row.valid_from, row.valid_until, row.is_revoked, row.to_ids
    )
    after = effective(
        [
            Said(
                Tlp(one.statement.tlp),
                Pap(one.statement.pap),
                one.statement.confidence,
                one.valid_from,
                one.valid_until,
                one.is_revoked,
                one.statement.to_ids,
            )
            for one in row.provenances.select_related("statement")
        ]
    )
    row.tlp, row.pap, row.confidence = after.tlp.value, after.pap.value, after.confidence
    row.valid_from, row.valid_until = after.valid_from, after.valid_until
    row.is_revoked, row.to_ids = after.is_revoked, after.to_ids
    row.version += is_news(before, after)
    row.save()
    return str(row.uid) if after.is_revoked and not before.is_revoked else None
