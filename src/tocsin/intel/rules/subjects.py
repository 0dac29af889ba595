"""What an agreement must know of an object (``docs/why/decisions.md``, "What is asked"), without what is the object's alone."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from tocsin.formats.stix.marked import UNKNOWN, Marks
from tocsin.vocab.markings import Tlp

#: Cells of so many hosts and more are told as this: every agreement asks for less, and subjects stay few.
_LARGE_CELL = 1_000


def strictest(labels: Iterable[str | None]) -> str | None:
    """The strictest of TLP labels, ``unknown`` above all; ``None`` if there is none."""
    said = [label for label in labels if label]
    if not said:
        return None
    return UNKNOWN if UNKNOWN in said else Tlp.strictest(*map(Tlp, said)).value


def subject_of(
    *,
    kind: str,
    marks: Marks,
    originator: str | None,
    personal_data: Iterable[str] = (),
    cell_size: int | None = None,
    is_state_attribution: bool = False,
) -> dict[str, Any]:
    """The subject of an object as far as it says so itself; empty keys are left out."""
    told: dict[str, Any] = {
        "type": kind,
        "tlp": marks.tlp,
        "pap": marks.pap,
        "iep": _policy(marks),
        "originator": originator,
        "exclude": list(marks.exclude),
        "personal_data": sorted(personal_data),
        "state_attribution": is_state_attribution,
    }
    told = {key: value for key, value in told.items() if value not in (None, [], False)}
    if cell_size is not None:
        told["cell_size"] = min(cell_size, _LARGE_CELL)
    return told


def _policy(marks: Marks) -> Any:
    """The IEP policy; several at once are nothing that an agreement could read, so a person has to."""
    return marks.iep[0] if len(marks.iep) == 1 and marks.iep[0] is not None else UNKNOWN if marks.iep else None


def with_record(subject: Mapping[str, Any], record: str | None) -> dict[str, Any]:
    """The subject with the label that its originator last gave; nothing where that is the object's own."""
    told = {key: value for key, value in subject.items() if key != "tlp_of_record"}
    if record and record != subject.get("tlp"):
        told["tlp_of_record"] = record
    return told


def with_derived(
    subject: Mapping[str, Any], labels: Iterable[str | None], *, is_state_attribution: bool = False
) -> dict[str, Any]:
    """The subject with the strictest label of what it was made from; a state that is named there is named here too."""
    told = {key: value for key, value in subject.items() if key != "derived_from_tlp"}
    if (label := strictest(labels)) is not None:
        told["derived_from_tlp"] = [label]
    if is_state_attribution:
        told["state_attribution"] = True
    return told


def record_of(*, is_by_originator: bool, before: Mapping[str, Any] | None, own: str | None) -> str | None:
    """The TLP of record of a version: what its originator says now, else what was of record before (a relay lowers nothing)."""
    if is_by_originator:
        return own
    if before is None:
        return None
    record: str | None = before.get("tlp_of_record") or before.get("tlp")
    return record


def remarked(subject: Mapping[str, Any], marks: Marks) -> dict[str, Any]:
    """The subject with other marks of its own."""
    own = {"tlp": marks.tlp, "pap": marks.pap, "iep": _policy(marks), "exclude": list(marks.exclude)}
    told = {key: value for key, value in subject.items() if key not in own}
    return told | {key: value for key, value in own.items() if value not in (None, [])}


def read_subject(text: str) -> dict[str, Any]:
    """The subject of a stored canonical text. What was not understood is ``unknown`` among labels."""
    subject: dict[str, Any] = orjson.loads(text)
    for key in ("tlp", "pap", "tlp_of_record"):
        if isinstance(subject.get(key), list):
            subject[key] = UNKNOWN
    if None in subject.get("derived_from_tlp", ()):
        subject["derived_from_tlp"] = [UNKNOWN]
    return subject
