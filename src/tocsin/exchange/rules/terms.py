"""What a decision about a subject means for serving it: whether, since when, for how long, in which form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tocsin.agreements.rules.decision import Decision, Result
from tocsin.exchange.rules.renditions import Recipe, redacted_kinds

_HOUR_US = 3_600_000_000
_LONGEST_DAYS = 1 << 15

#: Decides about a subject as if it had been obtained, and were under embargo until, these moments.
Decide = Callable[[datetime | None, datetime | None], Decision]


@dataclass(frozen=True, slots=True)
class Terms:
    """How objects of one subject are served to one partner. ``result`` is the decision's own.

    ``delay_us``: how long after it was offered. ``days``: not where it was obtained as many days ago (``None``: for ever).
    ``waits_for_embargo``: not before its embargo is over.
    """

    result: Result
    clauses: tuple[str, ...] = ()
    delay_us: int = 0
    days: int | None = None
    waits_for_embargo: bool = False
    must_encrypt: bool = False
    recipe: Recipe = field(default_factory=Recipe)

    @property
    def is_open(self) -> bool:
        """Whether objects of this subject may go."""
        return self.result.lets_go

    def is_within(self, other: "Terms") -> bool:
        """Whether whatever goes under these terms goes under the other ones too, and no later."""
        return not self.is_open or (
            other.is_open
            and other.delay_us <= self.delay_us
            and (other.days is None or (self.days is not None and self.days <= other.days))
            and (self.waits_for_embargo or not other.waits_for_embargo)
        )


@dataclass(frozen=True, slots=True)
class Horizon:
    """What differs from object to object of one subject: how old it may be in days, and whether its embargo must be over."""

    days: int | None = None
    waits_for_embargo: bool = False


def horizon_of(decide: Decide, at: datetime) -> Horizon:
    """Found by asking the one function that decides, so no rule of it stands here a second time: it denies from a whole number of days
    on and never lets go again after it. Only for a subject that is let go at ``at``.
    """
    under_embargo = decide(at, at + timedelta(days=1))
    return Horizon(_days(decide, at), not under_embargo.result.lets_go)


def terms_of(decision: Decision, horizon: Horizon, circle: str) -> Terms:
    """The terms behind a decision. ``circle`` is the community in which the recipient sees pseudonyms, or empty."""
    if not decision.result.lets_go:
        return Terms(decision.result, decision.clauses)
    return Terms(
        result=decision.result,
        clauses=decision.clauses,
        delay_us=_delay_us(decision.obligations),
        days=horizon.days,
        waits_for_embargo=horizon.waits_for_embargo,
        must_encrypt="encrypt" in decision.obligations,
        recipe=Recipe(redacted_kinds(decision.obligations), _circle(decision.obligations, circle)),
    )


def _circle(obligations: Sequence[str], circle: str) -> str:
    """A credit line names the originator; ``no_credit`` hides it from everybody; else members of a circle see a pseudonym."""
    if "no_credit" in obligations:
        return circle or "no-credit"
    return "" if any(word.startswith("credit ") for word in obligations) else circle


def _delay_us(obligations: Sequence[str]) -> int:
    hours = [word.removeprefix("delay ").removesuffix("h") for word in obligations if word.startswith("delay ")]
    return max((int(word) for word in hours), default=0) * _HOUR_US


def _days(decide: Decide, at: datetime) -> int | None:
    """The fewest days ago at which the decision is another one, found by halving; ``None`` if there are none."""

    def is_over(days: int) -> bool:
        return not decide(at - timedelta(days=days), None).result.lets_go

    low, high = 0, _LONGEST_DAYS
    if not is_over(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_over(middle) else (middle, high)
    return high
