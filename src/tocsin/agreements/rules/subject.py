"""What matters about an object when its leaving is decided: read once from plain JSON, then frozen.

Nothing that stands in a request can raise here. A value that its key does not expect becomes :data:`UNKNOWN` (or, for a statement
that would widen, *no*), so that the decision can hold it for a person.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Final, Literal, TypeVar

from tocsin.agreements.rules.iep import Policy, read_policy, written_policy
from tocsin.agreements.rules.personal import FOUND_BY_PATTERN, found_kinds
from tocsin.agreements.rules.times import read_time, shown_time
from tocsin.vocab.markings import Pap, Tlp


class Unknown(Enum):
    """The one value of what was said and not understood."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN

_Unknown = Literal[Unknown.UNKNOWN]
#: Reads back as unknown under every key: what the canonical form writes for it.
_ODD: Final = [None]


@dataclass(frozen=True, slots=True)
class Subject:
    """What an agreement may ask about an object. ``None`` means missing; lists that were partly readable keep what was.

    Made by :meth:`of`; equal subjects have equal :meth:`canonical` bytes, whatever way they were written.
    """

    type: str | None = None
    category: str | None = None
    tlp: Tlp | _Unknown | None = None
    pap: Pap | _Unknown | None = None
    iep: Policy | _Unknown | None = None
    originator: str | _Unknown | None = None
    originator_consent: bool = False
    exclude: tuple[str, ...] = ()
    is_exclude_odd: bool = False
    tlp_of_record: Tlp | _Unknown | None = None
    derived_from_tlp: tuple[Tlp, ...] = ()
    is_derived_odd: bool = False
    text: str | _Unknown | None = None
    personal_data: tuple[str, ...] = ()
    is_personal_data_odd: bool = False
    attacker_controlled: bool = False
    recipient_is_victim: bool = False
    approval: bool | str = False
    owner_consent: bool | str = False
    case_id: bool | str = False
    cell_size: int | float | None = None
    state_attribution: bool = False
    purpose: str | _Unknown | None = None
    embargo_until: datetime | _Unknown | None = None
    obtained_at: datetime | _Unknown | None = None
    #: The strictest that it derives from: computed once, because every decision asks.
    derived: Tlp | None = field(default=None, init=False, compare=False, repr=False)
    _kinds: frozenset[str] | None = field(default=None, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.derived_from_tlp:
            object.__setattr__(self, "derived", Tlp.strictest(*self.derived_from_tlp))

    @property
    def is_tlp_unknown(self) -> bool:
        """Whether any of its labels was not understood: its own, the one of record, or one that it derives from."""
        return self.tlp is UNKNOWN or self.tlp_of_record is UNKNOWN or self.is_derived_odd

    @property
    def is_marked(self) -> bool:
        """Whether it carries any marking of its own, understood or not."""
        return not (self.tlp is None and self.pap is None and self.iep is None)

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of personal data in it: declared, or found in its text (looked through once, then remembered)."""
        if self._kinds is None:
            found = found_kinds(self.text, FOUND_BY_PATTERN) if isinstance(self.text, str) else ()
            object.__setattr__(self, "_kinds", frozenset(self.personal_data) | frozenset(found))
        assert self._kinds is not None  # noqa: S101 - said to the type checker only
        return self._kinds

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "Subject":
        """A subject from the JSON object of ``docs/why/decisions.md``. Keys that are not named there are not looked at."""
        said = {key: value[key] for key in _KEYS if value.get(key) is not None}
        exclude, is_exclude_odd = _texts(said.get("exclude"))
        personal_data, is_personal_data_odd = _texts(said.get("personal_data"))
        derived, is_derived_odd = _labels(said.get("derived_from_tlp"))
        return cls(
            type=_text(said.get("type")),
            category=_text(said.get("category")),
            tlp=_label(Tlp, said.get("tlp")),
            pap=_label(Pap, said.get("pap")),
            iep=_policy(said.get("iep")),
            originator=_said_text(said.get("originator")),
            originator_consent=_is_yes(said.get("originator_consent")),
            exclude=exclude,
            is_exclude_odd=is_exclude_odd,
            tlp_of_record=_label(Tlp, said.get("tlp_of_record")),
            derived_from_tlp=derived,
            is_derived_odd=is_derived_odd,
            text=_said_text(said.get("text")),
            personal_data=personal_data,
            is_personal_data_odd=is_personal_data_odd,
            attacker_controlled=_is_yes(said.get("attacker_controlled")),
            recipient_is_victim=_is_yes(said.get("recipient_is_victim")),
            approval=_evidence(said.get("approval")),
            owner_consent=_evidence(said.get("owner_consent")),
            case_id=_evidence(said.get("case_id")),
            cell_size=_number(said.get("cell_size")),
            state_attribution=not _is_no(said.get("state_attribution")),
            purpose=_said_text(said.get("purpose")),
            embargo_until=_time(said.get("embargo_until")),
            obtained_at=_time(said.get("obtained_at")),
        )

    def canonical(self) -> bytes:
        """Canonical JSON (sorted keys, ASCII): :meth:`of` reads it back to an equal subject. Ledger entries keep it."""
        written = {key: _written(getattr(self, key)) for key in _KEYS}
        for key, is_odd in (
            ("exclude", self.is_exclude_odd),
            ("personal_data", self.is_personal_data_odd),
            ("derived_from_tlp", self.is_derived_odd),
        ):
            written[key] = (written[key] or []) + (_ODD if is_odd else [])
        kept = {
            key: value for key, value in written.items() if value is not None and value is not False and value != []
        }
        return json.dumps(kept, sort_keys=True, separators=(",", ":")).encode("ascii")


_KEYS = (
    "type",
    "category",
    "tlp",
    "pap",
    "iep",
    "originator",
    "originator_consent",
    "exclude",
    "tlp_of_record",
    "derived_from_tlp",
    "text",
    "personal_data",
    "attacker_controlled",
    "recipient_is_victim",
    "approval",
    "owner_consent",
    "case_id",
    "cell_size",
    "state_attribution",
    "purpose",
    "embargo_until",
    "obtained_at",
)

_Marking = TypeVar("_Marking", Tlp, Pap)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _said_text(value: object) -> str | _Unknown | None:
    return value if value is None or isinstance(value, str) else UNKNOWN


def _label(marking: type[_Marking], value: object) -> _Marking | _Unknown | None:
    if value is None:
        return None
    try:
        return marking.read(value) if isinstance(value, str) else UNKNOWN
    except ValueError:
        return UNKNOWN


def _labels(value: object) -> tuple[tuple[Tlp, ...], bool]:
    """Labels in the order of their strictness, and whether any was not understood. A single label is a list of one."""
    if value is None:
        return (), False
    if not isinstance(value, list | tuple):
        value = [value]
    read = [_label(Tlp, one) for one in value]
    known = {label for label in read if isinstance(label, Tlp)}
    return tuple(sorted(known, key=lambda label: label.strictness)), any(not isinstance(one, Tlp) for one in read)


def _texts(value: object) -> tuple[tuple[str, ...], bool]:
    """Names, sorted, each once; and whether there was anything else. A single name is a list of one."""
    if value is None:
        return (), False
    if not isinstance(value, list | tuple):
        value = [value]
    known = {one for one in value if isinstance(one, str)}
    return tuple(sorted(known)), any(not isinstance(one, str) for one in value)


def _policy(value: object) -> Policy | _Unknown | None:
    """One policy of IEP 2.0, without what only names it."""
    if value is None:
        return None
    try:
        return read_policy(value).bare
    except ValueError:
        return UNKNOWN


def _is_yes(value: object) -> bool:
    """Only true and 1 widen; whatever else stands there is no."""
    return isinstance(value, bool | int | float) and value == 1


def _is_no(value: object) -> bool:
    """Only what is plainly no: anything else under a key that restricts is yes."""
    return value is None or (isinstance(value, bool | int | float) and value == 0)


def _evidence(value: object) -> bool | str:
    """Yes, or the words that prove it: a case number, the role that approved. A number other than 0 is a case number too."""
    if isinstance(value, str):
        return value.strip() or False
    return isinstance(value, bool | int | float) and bool(value)


def _number(value: object) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if value == int(value) else value


def _time(value: object) -> datetime | _Unknown | None:
    if value is None:
        return None
    try:
        return read_time(value)
    except ValueError:
        return UNKNOWN


def _written(value: Any) -> Any:
    if value is UNKNOWN:
        return _ODD
    if isinstance(value, datetime):
        return shown_time(value)
    if isinstance(value, Policy):
        return {key: said for key, said in written_policy(value).items() if said}
    return list(value) if isinstance(value, tuple) else value
