"""What kept objects say about others, as rows: sightings, reports of false positives, retractions. In the caller's transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from tocsin.formats.canonical import Observable
from tocsin.formats.stix.values import values_of
from tocsin.intel.actions.listing import touch
from tocsin.intel.actions.originators import own_party
from tocsin.intel.actions.withdrawing import withdraw
from tocsin.intel.models import FalsePositiveReport, Indicator, ObjectSource, Retraction, Sighting, StixObject
from tocsin.intel.queries.warning_lists import REVISION as WARNING_LISTS
from tocsin.intel.rules.objects import Prepared, Remark
from tocsin.intel.rules.packing import sound
from tocsin.jobs import changes
from tocsin.vocab.identity import indicator_id
from tocsin.vocab.observables import ObservableType

_CHUNK = 500
_COMMON = ["object", "source", "is_ours", "is_revoked", "said_at", "said_by"]


@dataclass(frozen=True, slots=True)
class Said:
    """An object that says something of others, as it is stored."""

    one: Prepared
    object_id: int


def note_remarks(giver: ObjectSource, said: Sequence[Said], at: datetime, said_by: str = "") -> None:
    """Note what these say. Of several versions of one object hand in the newest last."""
    noting = _Noting(giver, at, said_by or giver.name)
    noting.sightings([(each, remark) for each in said if (remark := each.one.remark) and remark.kind == "sighting"])
    noting.false_positives(
        [(each, remark) for each in said if (remark := each.one.remark) and remark.kind == "false-positive"]
    )
    noting.retractions(said)


class _Noting:
    def __init__(self, giver: ObjectSource, at: datetime, said_by: str) -> None:
        self._giver, self._at, self._said_by = giver, at, said_by[:200]
        self._is_ours = giver.name == own_party()

    def _common(self, each: Said, about: str) -> dict[str, Any]:
        return {
            "stix_id": each.one.stix_id,
            "about": about,
            "object_id": each.object_id,
            "source": self._giver,
            "is_ours": self._is_ours,
            "is_revoked": each.one.is_revoked,
            "said_at": self._at,
            "said_by": self._said_by,
        }

    def sightings(self, said: Sequence[tuple[Said, Remark]]) -> None:
        """One row a sighting object: its newest version counts."""
        found = {
            (each.one.stix_id, about): Sighting(
                **self._common(each, about),
                count=remark.count,
                hosts=remark.hosts,
                first_seen_at=remark.first_seen_at,
                last_seen_at=remark.last_seen_at,
            )
            for each, remark in said
            for about in remark.about
        }
        _upsert(Sighting, found.values(), [*_COMMON, "count", "hosts", "first_seen_at", "last_seen_at"])

    def false_positives(self, said: Sequence[tuple[Said, Remark]]) -> None:
        """One row for each object that is called a false positive."""
        values = _values({about for _, remark in said for about in remark.about})
        found = {
            (each.one.stix_id, about): FalsePositiveReport(
                **self._common(each, about), reason=remark.reason, **_columns(values.get(about))
            )
            for each, remark in said
            for about in remark.about
        }
        if not found:
            return
        _upsert(FalsePositiveReport, found.values(), [*_COMMON, "reason", "key", "type", "value"])
        for (_, about), row in found.items():
            changes.append("intel", "false-positive-reported", about, {"source": self._giver.name, "by": row.stix_id})
        if self._is_ours:
            touch(WARNING_LISTS, self._at)

    def retractions(self, said: Sequence[Said]) -> None:
        """One row for each object that its maker has revoked, or that an opinion says should be."""
        found: dict[tuple[str, str], Retraction] = {}
        for each in said:
            remark = each.one.remark
            if remark and remark.kind == "retraction":
                for about in remark.about:
                    row = Retraction(**self._common(each, about), reason=remark.reason)
                    found[each.one.stix_id, about] = row
            if each.one.is_revoked:
                common = self._common(each, each.one.stix_id) | {"is_revoked": False}
                found[each.one.stix_id, each.one.stix_id] = Retraction(**common, reason="")
        _upsert(Retraction, found.values(), _COMMON)
        revoked = [each.one for each in said if each.one.is_revoked]
        withdraw(self._giver.name, [(one.stix_id, UUID(bytes=key)) for one in revoked for key in one.keys], self._at)
        for _, about in found:
            changes.append("intel", "object-retracted", about, {"source": self._giver.name})


def _columns(value: Observable | None) -> dict[str, Any]:
    if value is None:
        return {"key": None, "type": "", "value": ""}
    return {"key": indicator_id(value[0].value, value[1]), "type": value[0].value, "value": sound(value[1])}


def _upsert(model: Any, rows: Iterable[Any], columns: Sequence[str]) -> None:
    model.objects.bulk_create(
        list(rows),
        update_conflicts=True,
        unique_fields=["stix_id", "about"],
        update_fields=list(columns),
        batch_size=_CHUNK,
    )


def _values(abouts: Iterable[str]) -> dict[str, Observable]:
    """The value of each object that speaks of one alone. ``indicator--UID`` with the uid of an indicator of ours is that one."""
    wanted = sorted(set(abouts))
    found: dict[str, Observable] = {}
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        uids = {uid: about for about in part if (uid := _uid_of(about))}
        for uid, kind, value in Indicator.objects.filter(uid__in=list(uids)).values_list("uid", "type", "value"):
            found[uids[uid]] = ObservableType(kind), value
        rows = StixObject.objects.filter(stix_id__in=part).order_by("version_us").values_list("stix_id", "raw")
        for stix_id, raw in rows:
            values = values_of(orjson.loads(bytes(raw)))
            if len(values) == 1:
                found[stix_id] = values[0]
    return found


def _uid_of(stix_id: str) -> UUID | None:
    kind, _, rest = stix_id.partition("--")
    try:
        return UUID(rest) if kind == "indicator" else None
    except ValueError:
        return None
