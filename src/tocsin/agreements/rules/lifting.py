"""Lifting a hold: what a person may add to what is known of an object, so that the one decision can be asked again.

A hold is not overruled; it is answered. What was unknown is said, what was required is given, and the decision is asked anew.
So a released object still meets every other clause, and the ledger can replay the release like any other decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from tocsin.agreements.rules.decision import Decision, Exit, Result, decide
from tocsin.agreements.rules.subject import Subject
from tocsin.agreements.rules.terms import Agreement, PersonalKind, Requirement
from tocsin.agreements.rules.times import shown_time

_PERSONAL = "personal_data.outbound:"
_APPROVAL, _TO_STATE = f".requires.{Requirement.APPROVAL}", "actor_attribution.to_state"
_SKEW = "transport.clock_skew_max_s"

#: Clause (or its end) -> keys of the subject that a person may say to answer it.
_ANSWERED_BY = {
    "ambiguity:tlp": ("tlp", "tlp_of_record", "derived_from_tlp"),
    "ambiguity:pap": ("pap",),
    "ambiguity:iep": ("iep",),
    "ambiguity:category": ("category",),
    "ambiguity:type": ("type", "category"),
    "ambiguity:purpose": ("purpose",),
    "ambiguity:exclude": ("exclude",),
    "ambiguity:cell_size": ("cell_size",),
    "ambiguity:embargo": ("embargo_until",),
    "ambiguity:obtained_at": ("obtained_at",),
    "ambiguity:text": ("text", "personal_data"),
    "ambiguity:personal_data": ("personal_data",),
    "third_party.default": ("originator_consent", "originator"),
    _SKEW: ("obtained_at",),
    "object.iep.start_date": ("iep",),
    "object.iep.end_date": ("iep",),
    "object.iep.attribution": ("iep",),
    f".requires.{Requirement.OWNER_CONSENT}": ("owner_consent",),
    f".requires.{Requirement.CASE_ID}": ("case_id",),
    _TO_STATE: ("state_attribution",),
}
#: More than any object can be held for, one after the other.
_MOST_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Approval:
    """Who lifts a hold: a name, and the roles of agreements that this person was appointed to."""

    name: str
    roles: frozenset[str] = frozenset()


def answerable(clauses: Sequence[str]) -> tuple[str, ...]:
    """The keys of the subject that a person may say about a hold for these clauses."""
    keys: list[str] = []
    for clause in clauses:
        if clause.startswith(_PERSONAL):
            keys += ("personal_data", "attacker_controlled")
        for end, answers in _ANSWERED_BY.items():
            if clause == end or (end.startswith(".") and clause.endswith(end)):
                keys += answers
    return tuple(dict.fromkeys(keys))


def approvers(agreements: Sequence[Agreement], clauses: Sequence[str]) -> tuple[frozenset[str], ...]:
    """Whom these clauses name: one set of roles a clause and agreement, of each of which the approver needs one. Empty: anybody."""
    named = [roles for one in agreements for clause in clauses if (roles := _named(one, clause))]
    return tuple(dict.fromkeys(named))


def _named(agreement: Agreement, clause: str) -> frozenset[str]:
    if clause == _TO_STATE:
        return frozenset(agreement.actor_attribution.approver)
    if clause.startswith("categories.") and clause.endswith(_APPROVAL):
        category = agreement.categories.get(clause.removeprefix("categories.").removesuffix(_APPROVAL))
        return frozenset() if category is None else frozenset(dict(category.requires).get(Requirement.APPROVAL, ()))
    return frozenset()


@dataclass(frozen=True, slots=True)
class Lifted:
    """What the decision is with what was said: ``subject`` is what was asked with."""

    subject: Subject
    decision: Decision


def lift(
    subject: Subject,
    said: Mapping[str, Any],
    approval: Approval,
    sender: str,
    recipient: str,
    agreements: Sequence[Agreement],
    at: datetime,
    exit: Exit,
) -> Lifted:
    """Ask again with what the approver says, and with what approving itself says, for as long as that answers what it is held for."""
    subject = amended(subject, said)
    decision = decide(subject, sender, recipient, agreements, at, exit)
    for _round in range(_MOST_ROUNDS):
        meant = {} if decision.result is not Result.HOLD else _meant(subject, decision, agreements, approval, at)
        if not meant:
            break
        subject = amended(subject, meant)
        decision = decide(subject, sender, recipient, agreements, at, exit)
    return Lifted(subject, decision)


def amended(subject: Subject, said: Mapping[str, Any]) -> Subject:
    """The subject with other values under some of its keys; ``None`` takes a key away."""
    return Subject.of({**orjson.loads(subject.canonical()), **said}) if said else subject


def _meant(
    subject: Subject, decision: Decision, agreements: Sequence[Agreement], approval: Approval, at: datetime
) -> dict[str, Any]:
    """What saying yes says by itself. Personal data that a pattern finds is redacted, not waved through: only what no pattern finds is."""
    meant: dict[str, Any] = {}
    for clause in decision.clauses:
        roles = approvers(agreements, [clause])
        if any(not approval.roles & named for named in roles):
            continue
        if clause == _TO_STATE and subject.state_attribution:
            meant["state_attribution"] = False
        elif clause.endswith(_APPROVAL) and not subject.approval:
            # where several agreements name different roles, one approval cannot speak for all: it stays held
            meant["approval"] = (
                min(frozenset.intersection(approval.roles, *roles), default="") if roles else approval.name
            )
        elif clause == _SKEW:
            meant["obtained_at"] = shown_time(at)
        elif clause.startswith(_PERSONAL):
            kept = [kind for kind in subject.personal_data if _has_pattern(kind)]
            if len(kept) < len(subject.personal_data):
                meant["personal_data"] = kept
    return meant


def _has_pattern(kind: str) -> bool:
    return kind in set(PersonalKind) and PersonalKind(kind).has_pattern
