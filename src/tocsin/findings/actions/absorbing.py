"""From observations to findings: attribute every new part, then count anew what the touched findings rest on.

A finding's numbers are never added up; they are counted from the lake for every key that new rows touch. So the same delivery
twice, a killed worker or a corrected constituency can neither double nor lose anything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from django.db import transaction

from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.constituency.queries import attributor
from tocsin.constituency.rules.attribution import Attributor
from tocsin.detection import queries as detection
from tocsin.findings.actions.attributing import ATTRIBUTION_SCHEMA, attribute_part
from tocsin.findings.actions.counting import Support, sync
from tocsin.findings.models import AttributedPart
from tocsin.intel import queries as intel
from tocsin.jobs import changes
from tocsin.jobs.holdings import committed, forget, the_lake
from tocsin.jobs.holdings import record as record_part
from tocsin.lake.store import Lake, Part
from tocsin.vocab.clock import now

CURSOR = "findings"

_KEYS = "SELECT DISTINCT organisation, asset FROM touched WHERE organisation IS NOT NULL"
_SUPPORT = """
SELECT a.organisation, a.asset, a.classification, a.identifier, a.source, a.feed,
       count(DISTINCT a.uid) AS observations, min(a.observed_at) AS first_seen_at, max(a.observed_at) AS last_seen_at,
       list(DISTINCT a.severity) AS severities, list(DISTINCT a.tlp) AS tlps, list(DISTINCT a.pap) AS paps, a.malware
FROM attribution a SEMI JOIN keys k ON a.organisation = k.organisation AND a.asset = k.asset
GROUP BY ALL
ORDER BY ALL
"""


@dataclass(frozen=True, slots=True)
class Absorbed:
    """What an absorption did. ``observations`` are the attributed rows, ``owned`` those of them that are somebody's."""

    parts: int = 0
    observations: int = 0
    owned: int = 0
    new: int = 0
    updated: int = 0
    withdrawn: int = 0

    def __str__(self) -> str:
        return (
            f"{self.parts} part{'' if self.parts == 1 else 's'}: observations {self.observations} = owned {self.owned} + nobody's "
            f"{self.observations - self.owned}; findings: {self.new} new, {self.updated} counted anew, {self.withdrawn} withdrawn"
        )


@dataclass(frozen=True, slots=True)
class _Answered:
    part: str
    origin: str
    attributed: Part
    owned: int
    replaced: str | None


def absorb(*, actor: Actor, wait_seconds: float = 60.0) -> Absorbed:
    """Attribute what is new or attributed under an older revision of the constituency, and bring the findings up to date.

    Raises ``Conflict`` if the lake's one writer is busy for longer than ``wait_seconds``.
    """
    require(actor, Permission.FINDINGS_TRIAGE)
    lake = the_lake()
    with lake.writing(wait_seconds):
        lake.sweep(committed().parts)
        position = changes.latest()
        answers = attributor(actor)
        answered = [_answer(lake, answers, *one) for one in _unanswered(actor, answers.revision)]
        with transaction.atomic():
            done = _commit(actor, lake, answers, answered) if answered else Absorbed()
            changes.advance(CURSOR, position)
        if any(one.replaced for one in answered):
            lake.sweep(committed().parts)
    return done


def is_anything_new() -> bool:
    """Whether any room said something since the last absorption."""
    return bool(changes.since(CURSOR, limit=1))


def _unanswered(actor: Actor, revision: int) -> Iterable[tuple[str, str, str | None]]:
    """Parts whose attribution is missing or of another revision: path, origin, path of the attribution to replace."""
    known = {row.part: row for row in AttributedPart.objects.all()}
    origins = (("delivery", intel.committed_parts(actor)), ("run", detection.committed_parts(actor)))
    for origin, paths in origins:
        for path in paths:
            row = known.get(path)
            if row is None or row.revision != revision:
                yield path, origin, row.path if row else None


def _answer(lake: Lake, answers: Attributor, path: str, origin: str, replaced: str | None) -> _Answered:
    part, owned = attribute_part(lake, answers, path)
    return _Answered(path, origin, part, owned, replaced)


def _commit(actor: Actor, lake: Lake, answers: Attributor, answered: Sequence[_Answered]) -> Absorbed:
    at = now()
    for one in answered:
        record_part(one.attributed)
        AttributedPart.objects.update_or_create(
            part=one.part,
            defaults={
                "path": one.attributed.path,
                "origin": one.origin,
                "revision": answers.revision,
                "rows": one.attributed.rows,
                "owned": one.owned,
                "attributed_at": at,
            },
        )
        if one.replaced and one.replaced != one.attributed.path:
            forget(one.replaced)
    keys = _touched_keys(lake, answered)
    changed = sync(actor=actor, keys=keys, support=_support(lake, keys), at=at)
    done = Absorbed(
        len(answered),
        sum(one.attributed.rows for one in answered),
        sum(one.owned for one in answered),
        changed.new,
        changed.updated,
        changed.withdrawn,
    )
    record(actor, AuditAction.FINDINGS_UPDATED, f"revision {answers.revision}", {"summary": str(done)})
    return done


def _touched_keys(lake: Lake, answered: Sequence[_Answered]) -> pa.Table:
    """Organisation and asset of every row that is new or was attributed before: only their findings can have changed."""
    paths = [path for one in answered for path in (one.attributed.path, one.replaced) if path]
    return lake.query(_KEYS, {"touched": list(dict.fromkeys(paths))}, schemas={"touched": ATTRIBUTION_SCHEMA})


def _support(lake: Lake, keys: pa.Table) -> list[Support]:
    paths = list(AttributedPart.objects.order_by("pk").values_list("path", flat=True))
    found = lake.query(
        _SUPPORT, {"attribution": paths}, tables={"keys": keys}, schemas={"attribution": ATTRIBUTION_SCHEMA}
    )
    rows: list[dict[str, Any]] = found.to_pylist()
    return [Support(**row) for row in rows]
