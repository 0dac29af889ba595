"""Why an address or a name is whose: the winner, and one reason for each that was passed over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tocsin.constituency.rules.holdings import DomainFact, NetworkFact, Owner, Reason


class PassedOver(StrEnum):
    """Why a network or domain that covers the address or name did not win."""

    NOT_YET = "not yet valid then"
    NO_LONGER = "no longer valid then"
    WEAKER = "a weaker reason"
    SHORTER = "a shorter prefix"
    OLDER = "as long, but valid from an earlier time"
    LATER_NAME = "as long and as old; the lower name wins"
    SAME_OWNER = "the same organisation says it once more"


@dataclass(frozen=True, slots=True)
class Considered:
    """A network or domain that covers it, whose it is, and why it lost (``None``: it won)."""

    owner: str | None
    place: str
    valid_from: datetime | None
    valid_until: datetime | None
    reason: Reason
    label: str
    passed_over: PassedOver | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer for one address or name at one moment. ``owner`` is a slug, or ``None``: nobody's."""

    asked: str
    at: datetime
    owner: str | None
    reason: Reason
    considered: tuple[Considered, ...]

    @property
    def text(self) -> str:
        """The whole answer for a person, one line a step."""
        return "\n".join([self._verdict(), *(f"  - {_line(one)}" for one in self.considered if one.passed_over)])

    @property
    def winner(self) -> Considered | None:
        """What decided it, if anything covers it."""
        return next((one for one in self.considered if one.passed_over is None), None)

    def _verdict(self) -> str:
        when = f"{self.asked} at {_time(self.at)}"
        winner = self.winner
        if winner is None:
            return f"{when} is nobody's: no network, domain or registry block covered it then."
        if winner.owner is None:
            return (
                f"{when} is nobody's: {winner.label} is national space, and no organisation that we know held it then."
            )
        basis = "declared" if winner.reason is Reason.DECLARED else "is listed by the registry with"
        return f"{when} belongs to {winner.owner}, which {basis} {_named(winner)}{_validity(winner)}."


def explain(
    asked: str,
    at: datetime,
    owners: Sequence[Owner],
    facts: Sequence[NetworkFact] | Sequence[DomainFact],
    covering: Sequence[int],
    winning: int,
) -> Explanation:
    """An explanation from the facts that cover what was asked and the index of the winning one (-1: none)."""
    winner = facts[winning] if winning >= 0 else None
    considered = [
        Considered(
            owner=_slug(facts[index], owners),
            place=_place(facts[index]),
            valid_from=facts[index].valid_from,
            valid_until=facts[index].valid_until,
            reason=_reason(facts[index]),
            label=facts[index].label,
            passed_over=None if index == winning else _why_not(facts[index], winner, at),
        )
        for index in sorted(covering, key=lambda index: (index != winning, -_length(facts[index])))
    ]
    reason = _reason(winner) if winner else Reason.NOBODY
    return Explanation(asked, at, _slug(winner, owners) if winner else None, reason, tuple(considered))


def _why_not(fact: NetworkFact | DomainFact, winner: NetworkFact | DomainFact | None, at: datetime) -> PassedOver:
    if fact.valid_from is not None and at < fact.valid_from:
        return PassedOver.NOT_YET
    if winner is None or (fact.valid_until is not None and at >= fact.valid_until):
        return PassedOver.NO_LONGER
    if _reason(fact) < _reason(winner):
        return PassedOver.WEAKER
    if _length(fact) < _length(winner):
        return PassedOver.SHORTER
    if fact.owner == winner.owner:
        return PassedOver.SAME_OWNER
    return PassedOver.LATER_NAME if fact.valid_from == winner.valid_from else PassedOver.OLDER


def _slug(fact: NetworkFact | DomainFact, owners: Sequence[Owner]) -> str | None:
    return owners[fact.owner].slug if fact.owner >= 0 else None


def _reason(fact: NetworkFact | DomainFact) -> Reason:
    return fact.reason if isinstance(fact, NetworkFact) else Reason.DECLARED


def _place(fact: NetworkFact | DomainFact) -> str:
    return fact.cidr if isinstance(fact, NetworkFact) else fact.name


def _length(fact: NetworkFact | DomainFact) -> int:
    return fact.length if isinstance(fact, NetworkFact) else len(fact.name)


def _named(one: Considered) -> str:
    return one.place if one.label in {"", one.place} else f"{one.place} ({one.label})"


def _line(one: Considered) -> str:
    return f"{one.owner or 'national space'}: {_named(one)}{_validity(one)} – {one.passed_over}"


def _validity(one: Considered) -> str:
    since = f" from {_time(one.valid_from)}" if one.valid_from else ""
    until = f" until {_time(one.valid_until)}" if one.valid_until else ""
    return since + until


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%SZ")
