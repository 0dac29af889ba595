"""What later objects change about the markings of earlier ones, in the caller's transaction.

A marking definition may come after what it marks, a cited object after the report, an old version after a new one. The labels of what
an object was made from only ever rise by themselves: who wants a report to be wider writes a new version of it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from tocsin.formats.stix.marked import UNKNOWN, marking_refs, marks_of
from tocsin.intel.actions.subjects import SubjectRows, stored_definitions, told
from tocsin.intel.models import Dependence, ObjectProvenance, StixObject
from tocsin.intel.rules.subjects import record_of, remarked, strictest, with_derived, with_record

_CHUNK = 400


def settle(changed: set[str], restated: set[str], made: set[str]) -> list[int]:
    """Bring everything up to date that hangs on these objects: ``changed`` are new, of ``restated`` the label of record may differ,
    ``made`` are now known to be made from something.

    Gives the database ids of the versions whose subject changed, in order.
    """
    work = _Settling()
    for part in _chunks(restated):
        work.restate(part)
    made = made | _dependents_among(changed)
    for part in _chunks(made):
        work.derive(part)
    queue = changed | restated | made
    while queue:  # a label rises a few times at most, so this ends, around circles too
        queue = work.spread(queue)
    return sorted(work.ids)


class _Settling:
    """Collects which versions got another subject."""

    def __init__(self) -> None:
        self.ids: set[int] = set()

    def restate(self, stix_ids: Sequence[str]) -> None:
        """Work out anew which label is of record in each version, from the oldest on."""
        rows = _versions(stix_ids)
        by_originator = _given_by_originator(rows)
        before: dict[str, Mapping[str, Any]] = {}
        news = []
        for row in rows:
            subject = told(row.subject)
            record = record_of(
                is_by_originator=row.pk in by_originator, before=before.get(row.stix_id), own=row.marking or None
            )
            fresh = before[row.stix_id] = with_record(subject, record)
            if fresh != subject:
                news.append((row, fresh))
        self._write(news)

    def derive(self, stix_ids: Sequence[str]) -> set[str]:
        """Work out anew the label of everything that these were made from; gives those where it changed."""
        direct: dict[str, list[str]] = {}
        for dependent, needed in Dependence.objects.filter(dependent__in=stix_ids).values_list("dependent", "needed"):
            direct.setdefault(dependent, []).append(needed)
        said = _contributions({needed for all_of in direct.values() for needed in all_of})
        wanted = {}
        for dependent, all_of in direct.items():
            parts = [said[needed] for needed in all_of if needed in said]
            wanted[dependent] = (strictest(label for label, _ in parts), any(is_state for _, is_state in parts))
        return self._set_derived(wanted)

    def spread(self, stix_ids: set[str]) -> set[str]:
        """Tell those that were made from these, or marked by these; gives those that others may have to be told of."""
        reached: set[str] = set()
        for part in _chunks(stix_ids):
            pairs = list(Dependence.objects.filter(needed__in=part).values_list("needed", "dependent"))
            marked = {dependent for needed, dependent in pairs if needed.startswith("marking-definition--")}
            for some in _chunks(marked):
                reached |= self._mark(some)
            made = [(needed, dependent) for needed, dependent in pairs if dependent not in marked]
            reached |= self._raise(made)
        return reached

    def _raise(self, pairs: Sequence[tuple[str, str]]) -> set[str]:
        """Raise the labels of what was made (needed, dependent)."""
        said = _contributions({needed for needed, _ in pairs})
        raised: dict[str, tuple[str | None, bool]] = {}
        for needed, dependent in pairs:
            if needed in said:
                label, is_state = said[needed]
                old, was_state = raised.get(dependent, (None, False))
                raised[dependent] = (strictest([old, label]), was_state or is_state)
        reached: set[str] = set()
        for part in _chunks(raised):
            unclear = set(
                StixObject.objects.filter(stix_id__in=part, derived_marking=UNKNOWN).values_list("stix_id", flat=True)
            )
            if unclear:
                reached |= self.derive(sorted(unclear))
            reached |= self._set_derived({name: raised[name] for name in part if name not in unclear}, is_rise=True)
        return reached

    def _set_derived(self, wanted: Mapping[str, tuple[str | None, bool]], *, is_rise: bool = False) -> set[str]:
        rows = _versions(list(wanted))
        floors = _floors([row for row in rows if not row.marking])
        news, reached = [], set()
        for row in rows:
            label, is_state = wanted[row.stix_id]
            label = strictest([label, row.derived_marking]) if is_rise else label
            subject = told(row.subject)
            fresh = with_derived(subject, [label, floors.get(row.pk)], is_state_attribution=is_state)
            if fresh != subject or (label or "") != row.derived_marking:
                row.derived_marking = label or ""
                news.append((row, fresh))
                reached.add(row.stix_id)
        self._write(news)
        return reached

    def _mark(self, stix_ids: Sequence[str]) -> set[str]:
        """Read the markings of these again: a definition that was missing may be known now."""
        rows = [row for row in _versions(stix_ids, with_raw=True) if row.marking == UNKNOWN]
        found = {row.pk: orjson.loads(bytes(row.raw)) for row in rows}
        known = stored_definitions(ref for one in found.values() for ref in marking_refs(one))
        news, reached = [], set()
        for row in rows:
            subject = told(row.subject)
            fresh = remarked(subject, marks_of(found[row.pk], known.get))
            if fresh != subject:
                row.marking = fresh.get("tlp", "")
                news.append((row, fresh))
                reached.add(row.stix_id)
        self._write(news)
        if reached:
            self.restate(sorted(reached))
            self.derive(sorted(reached))
        return reached

    def _write(self, news: Sequence[tuple[StixObject, Mapping[str, Any]]]) -> None:
        if not news:
            return
        subjects = SubjectRows([subject for _, subject in news])
        alike: dict[tuple[int, str, str], list[int]] = {}
        for row, subject in news:
            alike.setdefault((subjects.id_of(subject), row.marking, row.derived_marking), []).append(row.pk)
        for (subject_id, marking, derived), numbers in alike.items():
            for part in _chunks(numbers):
                StixObject.objects.filter(id__in=part).update(
                    subject_id=subject_id, marking=marking, derived_marking=derived
                )
        self.ids |= {row.pk for row, _ in news}


def _versions(stix_ids: Sequence[str], *, with_raw: bool = False) -> list[StixObject]:
    """All versions of these, the oldest of each first, with their subjects."""
    rows = StixObject.objects.filter(stix_id__in=stix_ids).select_related("subject").order_by("stix_id", "version_us")
    return list(rows if with_raw else rows.defer("raw"))


def _contributions(stix_ids: Iterable[str]) -> dict[str, tuple[str | None, bool]]:
    """What each of these gives to whatever is made from it: the strictest label of its newest version, and whether it names a state."""
    said: dict[str, tuple[str | None, bool]] = {}
    for part in _chunks(stix_ids):
        for row in _versions(part):
            if row.type != "marking-definition":
                subject = told(row.subject)
                label = strictest([row.marking, row.derived_marking, subject.get("tlp_of_record")])
                said[row.stix_id] = (label, subject.get("state_attribution") is True)
    return said


def _dependents_among(stix_ids: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for part in _chunks(stix_ids):
        found.update(Dependence.objects.filter(dependent__in=part).values_list("dependent", flat=True))
    return found


def _given_by_originator(rows: Sequence[StixObject]) -> set[int]:
    """The versions that their own originator has given."""
    originators = {row.pk: told(row.subject).get("originator") for row in rows}
    found: set[int] = set()
    for part in _chunks(originators):
        givers = ObjectProvenance.objects.filter(object_id__in=part).values_list("object_id", "source__name")
        found |= {number for number, name in givers if originators[number] == name}
    return found


def _floors(rows: Sequence[StixObject]) -> dict[int, str]:
    """The label of the source that gave an unmarked version first, where that is a source of ours."""
    floors: dict[int, str] = {}
    for part in _chunks([row.pk for row in rows]):
        givers = ObjectProvenance.objects.filter(object_id__in=part).order_by("-id")
        for number, label in givers.values_list("object_id", "source__source__tlp"):
            floors[number] = label
    return {number: label for number, label in floors.items() if label}


def _chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    every = sorted(values)
    for start in range(0, len(every), _CHUNK):
        yield every[start : start + _CHUNK]
