"""Findings brought in line with what the lake supports: new ones opened, known ones counted anew, unsupported ones withdrawn."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import pyarrow as pa
from django.db import connection

from tocsin.constituency.access import Actor
from tocsin.constituency.models import Organisation
from tocsin.findings.models import Finding, FindingChange, FindingSource, Numbering
from tocsin.findings.rules import Severity, State, problem_code, severity_of, state_after_support
from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.references import reference

_CHUNK = 500
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Support:
    """What one feed of one source says, in one pair of names, about one asset of one organisation, over the whole lake."""

    organisation: str
    asset: str
    classification: str
    identifier: str | None
    source: str
    feed: str
    observations: int
    first_seen_at: datetime
    last_seen_at: datetime
    severities: list[str | None]
    tlps: list[str]
    paps: list[str]
    malware: str | None


@dataclass(slots=True)
class Changed:
    """How many findings were opened, counted anew, withdrawn."""

    new: int = 0
    updated: int = 0
    withdrawn: int = 0


#: Organisation's database key, problem code, asset.
Key = tuple[int, str, str]


@dataclass(slots=True)
class _Sum:
    """All support of one finding."""

    parts: list[Support] = field(default_factory=list)

    @property
    def observations(self) -> int:
        return sum(part.observations for part in self.parts)

    @property
    def first(self) -> datetime:
        return min(part.first_seen_at for part in self.parts)

    @property
    def last(self) -> datetime:
        return max(part.last_seen_at for part in self.parts)

    @property
    def severity(self) -> Severity:
        said = [word for part in self.parts for word in part.severities]
        return severity_of(self.parts[0].classification, said)

    @property
    def malware(self) -> str:
        """The name that most observations give, of equals the first in the alphabet; empty where none gives any."""
        return _commonest((part.malware, part.observations) for part in self.parts)

    @property
    def identifier(self) -> str:
        """As for the malware."""
        return _commonest((part.identifier, part.observations) for part in self.parts)


def _commonest(said: Iterable[tuple[str | None, int]]) -> str:
    votes: dict[str, int] = {}
    for name, observations in said:
        if name:
            votes[name] = votes.get(name, 0) + observations
    return min(votes, key=lambda name: (-votes[name], name), default="")


def sync(*, actor: Actor, keys: pa.Table, support: Sequence[Support], at: datetime) -> Changed:
    """Make the findings of the touched ``keys`` (organisation uid, asset) say what ``support`` says. In the caller's transaction."""
    organisations = _organisations({UUID(uid) for uid in keys["organisation"].unique().to_pylist()})
    sums = _by_finding(support, organisations)
    known = _known(keys, organisations)
    changed = Changed()
    history: list[FindingChange] = []
    supported = [known[key] for key in sums if key in known]
    updated = [row for row in supported if _update(row, sums[_key(row)], actor, at, history)]
    withdrawn = [known[key] for key in known if key not in sums and _withdraw(known[key], actor, at, history)]
    _save([*updated, *withdrawn])
    opened = _open([(key, sums[key]) for key in sums if key not in known], actor, at, history)
    _replace_sources(supported, opened, sums)
    FindingChange.objects.bulk_create(history, batch_size=_CHUNK)
    changed.new, changed.updated, changed.withdrawn = len(opened), len(supported), len(withdrawn)
    return changed


_UPDATED = [
    "classification",
    "identifier",
    "malware",
    "severity",
    "severity_rank",
    "state",
    "tlp",
    "pap",
    "observations",
    "first_seen_at",
    "last_seen_at",
    "changed_at",
]


def _key(row: Finding) -> Key:
    return row.organisation_id, row.problem, row.asset


def _said(row: Finding) -> tuple[object, ...]:
    """What a count may change."""
    return tuple(getattr(row, name) for name in _UPDATED if name != "changed_at")


def _save(rows: Sequence[Finding]) -> None:
    """One prepared statement for all rows: a correction may touch a hundred thousand, and ``bulk_update`` takes minutes for those."""
    fields = [field for field in Finding._meta.concrete_fields if field.name in _UPDATED]
    assignments = ", ".join(f"{field.column} = %s" for field in fields)
    statement = f"UPDATE {Finding._meta.db_table} SET {assignments} WHERE id = %s"  # noqa: S608 (names of our own columns)
    values = [
        [*(field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields), row.pk] for row in rows
    ]
    if values:
        with connection.cursor() as cursor:
            cursor.executemany(statement, values)


def _organisations(uids: set[UUID]) -> dict[str, int]:
    rows = Organisation.objects.filter(uid__in=uids) if len(uids) < _CHUNK else Organisation.objects.all()
    return {str(uid): key for uid, key in rows.values_list("uid", "pk")}


def _by_finding(support: Iterable[Support], organisations: dict[str, int]) -> dict[Key, _Sum]:
    sums: dict[Key, _Sum] = {}
    for part in support:
        organisation = organisations.get(part.organisation)
        if organisation is not None:
            key = (organisation, problem_code(part.classification, part.identifier), part.asset)
            sums.setdefault(key, _Sum()).parts.append(part)
    return sums


def _known(keys: pa.Table, organisations: dict[str, int]) -> dict[Key, Finding]:
    """The findings that the touched keys may concern."""
    pairs = zip(keys["organisation"].to_pylist(), keys["asset"].to_pylist(), strict=True)
    touched = {(organisations[uid], asset) for uid, asset in pairs if uid in organisations}
    holders = sorted({organisation for organisation, _ in touched})
    assets = sorted({asset for _, asset in touched})
    found: dict[Key, Finding] = {}
    for chunk in _chunks(assets):
        # locked: a person may judge one of them at this moment. The order of keys keeps two of us from waiting for each other.
        rows = Finding.objects.select_for_update().filter(organisation__in=holders, asset__in=chunk).order_by("pk")
        for row in rows:
            if (row.organisation_id, row.asset) in touched:
                found[row.organisation_id, row.problem, row.asset] = row
    return found


def _chunks(values: Sequence[_V]) -> Iterator[Sequence[_V]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def _fill(row: Finding, total: _Sum, at: datetime) -> Finding:
    severity = total.severity
    row.classification, row.identifier, row.malware = total.parts[0].classification, total.identifier, total.malware
    row.severity, row.severity_rank = severity.value, severity.rank
    row.tlp = Tlp.strictest(*(Tlp(word) for part in total.parts for word in part.tlps)).value
    row.pap = Pap.strictest(*(Pap(word) for part in total.parts for word in part.paps)).value
    row.observations, row.first_seen_at, row.last_seen_at = total.observations, total.first, total.last
    row.changed_at = at
    return row


def _update(row: Finding, total: _Sum, actor: Actor, at: datetime, history: list[FindingChange]) -> bool:
    """Fill the row anew; whether that says anything else than before."""
    before, changed_at = _said(row), row.changed_at
    is_seen_again = row.judged_at is not None and total.last > row.judged_at
    after = state_after_support(State(row.state), is_supported=True, is_seen_again=is_seen_again)
    if after != row.state:
        history.append(_change(row, after, actor, at, "observed again"))
        row.state = after.value
    is_changed = _said(_fill(row, total, at)) != before
    row.changed_at = at if is_changed else changed_at
    return is_changed


def _withdraw(row: Finding, actor: Actor, at: datetime, history: list[FindingChange]) -> bool:
    """Take the row back; whether it stood until now."""
    after = state_after_support(State(row.state), is_supported=False, is_seen_again=False)
    if after == row.state:
        return False
    history.append(_change(row, after, actor, at, "no observation is attributed to this constituent any longer"))
    row.state, row.observations, row.changed_at = after.value, 0, at
    return True


def _change(row: Finding, after: State, actor: Actor, at: datetime, reason: str) -> FindingChange:
    return FindingChange(finding=row, at=at, actor=actor.name, before=row.state, after=after.value, reason=reason)


def _open(found: Sequence[tuple[Key, _Sum]], actor: Actor, at: datetime, history: list[FindingChange]) -> list[Finding]:
    if not found:
        return []
    number = _take_numbers(at.year, len(found))
    rows = []
    for (organisation, problem, asset), total in sorted(found, key=lambda one: (one[1].first, one[0])):
        row = Finding(
            reference=reference("FND", at, number),
            organisation_id=organisation,
            problem=problem,
            asset=asset,
            state=State.NEW.value,
            opened_at=at,
        )
        rows.append(_fill(row, total, at))
        number += 1
    opened = Finding.objects.bulk_create(rows, batch_size=_CHUNK)
    history.extend(
        FindingChange(finding=row, at=at, actor=actor.name, after=State.NEW.value, reason="first observed")
        for row in opened
    )
    return opened


def _take_numbers(year: int, count: int) -> int:
    """The first of ``count`` fresh numbers; the row is locked until the caller's transaction ends."""
    Numbering.objects.get_or_create(year=year)
    row = Numbering.objects.select_for_update().get(year=year)
    first = row.last + 1
    row.last += count
    row.save(update_fields=["last"])
    return first


def _replace_sources(supported: Sequence[Finding], opened: Sequence[Finding], sums: dict[Key, _Sum]) -> None:
    """Write what the feeds say below each finding, where that is not what stands there already."""
    standing: dict[int, set[tuple[object, ...]]] = {}
    columns = ("source", "feed", "observations", "first_seen_at", "last_seen_at")
    for chunk in _chunks([row.pk for row in supported]):
        for key, *said in FindingSource.objects.filter(finding__in=chunk).values_list("finding", *columns):
            standing.setdefault(key, set()).add(tuple(said))
    wanted = {row.pk: _sources(row, sums[_key(row)]) for row in (*supported, *opened)}
    other = [
        key
        for key, sources in wanted.items()
        if {tuple(getattr(one, name) for name in columns) for one in sources} != standing.get(key, set())
    ]
    for chunk in _chunks([key for key in other if key in standing]):
        FindingSource.objects.filter(finding__in=chunk).delete()
    FindingSource.objects.bulk_create([one for key in other for one in wanted[key]], batch_size=_CHUNK)


def _sources(row: Finding, total: _Sum) -> list[FindingSource]:
    """One row a feed, its identifiers and names of malware taken together."""
    merged: dict[tuple[str, str], list[Support]] = {}
    for part in total.parts:
        merged.setdefault((part.source, part.feed), []).append(part)
    return [
        FindingSource(
            finding=row,
            source=source,
            feed=feed,
            observations=sum(part.observations for part in parts),
            first_seen_at=min(part.first_seen_at for part in parts),
            last_seen_at=max(part.last_seen_at for part in parts),
        )
        for (source, feed), parts in merged.items()
    ]
