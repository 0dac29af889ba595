"""FIRST Information Exchange Policy 2.0: what a policy states, as a value and as JSON.

Sources: FIRST "IEP 2.0 Framework Definition" and "IEP 2.0 JSON Specification" (6 November 2019); for 1.0 the archived definition.
A statement that is missing is ``None``: the policy is silent there. What cannot be read raises ``ValueError`` with a reason; nothing
is guessed, so an unknown word is never read as a wider one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from tocsin.agreements.rules.times import read_time, shown_time
from tocsin.vocab.markings import Tlp

VERSION = "2.0"
#: Where a policy file cannot say AMBER+STRICT, this key of ours does, beside the stricter word that every reader knows.
STRICT_KEY = "x_tocsin_tlp"
#: Statements of IEP 1.0 that 2.0 lacks: kept as restrictions where they restrict.
RESTRICTIONS_KEY = "x_tocsin_restrictions"


class Actions(StrEnum):
    """What a recipient may do with it, from the strictest to the widest."""

    NONE = "none"
    CONTACT = "contact-for-instruction"
    INTERNAL = "internally-visible-actions"
    INDIRECT = "externally-visible-indirect-actions"
    DIRECT = "externally-visible-direct-actions"

    @property
    def width(self) -> int:
        """0 allows nothing; a larger number allows more."""
        return _WIDTHS[self]


_WIDTHS = {action: width for width, action in enumerate(Actions)}


class Must(StrEnum):
    """``must`` binds the recipient, ``may`` leaves it free."""

    MAY = "may"
    MUST = "must"


class MustNot(StrEnum):
    """``must-not`` binds the recipient, ``may`` leaves it free."""

    MAY = "may"
    MUST_NOT = "must-not"


class Attribution(StrEnum):
    """Whether the provider is named when the information is passed on."""

    MAY = "may"
    MUST = "must"
    MUST_NOT = "must-not"


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy. Times are aware UTC; ``restrictions`` are statements of IEP 1.0 that 2.0 has no word for."""

    encrypt_in_transit: Must | None = None
    permitted_actions: Actions | None = None
    affected_party_notifications: MustNot | None = None
    tlp: Tlp | None = None
    attribution: Attribution | None = None
    unmodified_resale: MustNot | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    restrictions: tuple[str, ...] = ()
    id: str | None = None
    name: str | None = None
    description: str | None = None
    external_references: tuple[str, ...] = ()

    @property
    def bare(self) -> "Policy":
        """Its statements alone, without what only names it: equal for policies that mean the same."""
        return replace(self, id=None, name=None, description=None, external_references=())


_STATEMENTS: dict[str, type[StrEnum]] = {
    "encrypt_in_transit": Must,
    "permitted_actions": Actions,
    "affected_party_notifications": MustNot,
    "attribution": Attribution,
    "unmodified_resale": MustNot,
}
_TEXTS = ("id", "name", "description")
#: What a policy may say: for those who must name an unknown key, such as the reader of agreements.
KEYS = frozenset(
    {*_STATEMENTS, *_TEXTS, "tlp", "start_date", "end_date", "external_references", "iep_version", STRICT_KEY}
)


def read_statement(key: str, value: object) -> StrEnum:
    """The word of one statement. Raises ``ValueError`` naming the words that may stand there."""
    words = _STATEMENTS[key]
    if isinstance(value, str):
        try:
            return words(value)
        except ValueError:
            pass
    raise ValueError(f"{key} is one of {', '.join(words)}, not {str(value)[:40]!r}")


def _read_tlp(value: object, strict: object) -> Tlp:
    if not isinstance(value, str):
        raise ValueError("tlp is red, amber, green or white")
    try:
        read = Tlp.read(value)
    except ValueError as error:
        raise ValueError(f"tlp is red, amber, green or white, not {value[:40]!r}") from error
    return Tlp.AMBER_STRICT if read is Tlp.RED and strict == Tlp.AMBER_STRICT.value else read


def is_version_2(value: object) -> bool:
    """FIRST's example has the number 2.0, MISP the text "2.0", CACAO the integer 2: all are the same version."""
    return not isinstance(value, bool) and (value in (2, 2.0) or value in ("2.0", "2"))


def read_policy(value: object) -> Policy:
    """A policy object of IEP 2.0; what it does not say is ``None``.

    Raises ``ValueError`` with a reason: another version, an unknown word, a reference in place of a policy, a policy without any statement.
    """
    if not isinstance(value, Mapping):
        raise ValueError("a policy is a JSON object")
    if "id_ref" in value:
        raise ValueError("this refers to a policy and is none")
    if "iep_version" in value and not is_version_2(value["iep_version"]):
        raise ValueError(f"iep_version is 2.0, not {str(value['iep_version'])[:40]!r}")
    said: dict[str, Any] = {key: read_statement(key, value[key]) for key in _STATEMENTS if value.get(key) is not None}
    if value.get("tlp") is not None:
        said["tlp"] = _read_tlp(value["tlp"], value.get(STRICT_KEY))
    for key in ("start_date", "end_date"):
        if value.get(key) is not None:
            said[key] = read_time(value[key])
    said |= {key: value[key] for key in _TEXTS if isinstance(value.get(key), str)}
    restrictions = _words(value.get(RESTRICTIONS_KEY))
    if said.keys() <= {*_TEXTS, "start_date", "end_date"} and not restrictions:
        raise ValueError("the policy states nothing")
    return Policy(**said, restrictions=restrictions, external_references=_words(value.get("external_references")))


def _words(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise ValueError("external references and restrictions are lists of texts")
    return tuple(value)


def written_policy(policy: Policy) -> dict[str, Any]:
    """A policy as IEP 2.0 writes it, all keys there; silent statements are ``None``.

    AMBER+STRICT has no word in IEP: it is written ``red``, never ``amber``, with our own key beside it.
    """
    tlp = policy.tlp
    written: dict[str, Any] = {
        "id": policy.id,
        "name": policy.name,
        "description": policy.description,
        "iep_version": VERSION,
        "start_date": shown_time(policy.start_date) if policy.start_date else None,
        "end_date": shown_time(policy.end_date) if policy.end_date else None,
        **{key: getattr(policy, key) and getattr(policy, key).value for key in _STATEMENTS},
        "tlp": None if tlp is None else {Tlp.CLEAR: "white", Tlp.AMBER_STRICT: "red"}.get(tlp, tlp.value),
        "external_references": list(policy.external_references),
    }
    if tlp is Tlp.AMBER_STRICT:
        written[STRICT_KEY] = tlp.value
    if policy.restrictions:
        written[RESTRICTIONS_KEY] = list(policy.restrictions)
    return written


_OF_FIRST = {
    "01bc4353-4829-4d55-8d52-0ab7e0790df9": Tlp.AMBER,
    "3903ce63-674c-4b70-9457-8c5527dd9115": Tlp.GREEN,
    "5e607e88-ab70-4977-8c1b-ee3a16b0f68c": Tlp.RED,
    "0d783790-b221-40c1-840a-5787330612c1": Tlp.CLEAR,
}


def _standard(id_: str, tlp: Tlp) -> Policy:
    """FIRST's own policy of a TLP level. Only AMBER's text was at hand; where another's was not, the strictest word stands."""
    is_known = tlp is Tlp.AMBER
    return Policy(
        id=id_,
        name=f"FIRST IEP-SIG TLP-{'WHITE' if tlp is Tlp.CLEAR else tlp.value.upper()}",
        start_date=read_time("2017-01-01T00:00:00Z"),
        encrypt_in_transit=Must.MAY if is_known else Must.MUST,
        permitted_actions=Actions.DIRECT if is_known else Actions.NONE,
        affected_party_notifications=MustNot.MAY if is_known else MustNot.MUST_NOT,
        tlp=tlp,
        attribution=Attribution.MUST_NOT,
        unmodified_resale=MustNot.MUST_NOT,
        external_references=("https://www.first.org/tlp", "https://www.first.org/iep"),
    )


#: FIRST's standard policies by id.
STANDARD_POLICIES = {id_: _standard(id_, tlp) for id_, tlp in _OF_FIRST.items()}


def referred_policy(id_: object) -> Policy:
    """The policy that a reference names. Raises ``ValueError`` where it is not at hand: nothing is fetched, nothing assumed."""
    policy = STANDARD_POLICIES.get(id_.lower()) if isinstance(id_, str) else None
    if policy is None:
        raise ValueError(f"the policy that is referred to, {str(id_)[:60]!r}, is not at hand")
    return policy
