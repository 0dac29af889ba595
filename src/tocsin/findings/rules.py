"""Decisions about findings: what counts as the same problem, how severe it is, which states follow which."""

from collections.abc import Iterable
from enum import StrEnum

#: The slug that stands for "no finer name is known".
ANY = "any"


class Severity(StrEnum):
    """How bad it is, as the source or the class says; not how urgent it is for us (that is priority)."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 is ``info``; a larger number is worse."""
        return list(Severity).index(self)


class State(StrEnum):
    """Where a finding stands. Later states (told, answered, fixed, verified) come with the notices that cause them."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    FALSE_POSITIVE = "false-positive"
    ACCEPTED_RISK = "accepted-risk"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"


OPEN = frozenset({State.NEW, State.ACKNOWLEDGED, State.REOPENED})

#: What a person may do from each state. ``withdrawn`` is the machine's own: nothing supports the finding any longer.
NEXT: dict[State, frozenset[State]] = {
    State.NEW: frozenset({State.ACKNOWLEDGED, State.FALSE_POSITIVE, State.ACCEPTED_RISK}),
    State.ACKNOWLEDGED: frozenset({State.FALSE_POSITIVE, State.ACCEPTED_RISK, State.REOPENED}),
    State.FALSE_POSITIVE: frozenset({State.REOPENED}),
    State.ACCEPTED_RISK: frozenset({State.REOPENED}),
    State.REOPENED: frozenset({State.ACKNOWLEDGED, State.FALSE_POSITIVE, State.ACCEPTED_RISK}),
    State.WITHDRAWN: frozenset(),
}

#: Classes whose identifier names a different thing to repair: an open telnet and a weak TLS of one machine are two problems.
#: Elsewhere it names the same illness in each source's own words (``mirai``, ``Mirai.B``, ``iot-botnet``), which is one problem.
_IDENTIFIED = frozenset({"vulnerable", "availability", "information-content-security"})


def problem_code(classification: str, identifier: str | None) -> str:
    """The problem of an observation: ``class/type`` or, where the identifier tells problems apart, ``class/type:identifier``."""
    return f"{classification}:{identifier or ANY}" if is_identified(classification) else classification


def is_identified(classification: str) -> bool:
    """Whether the identifier tells problems of this class apart."""
    return classification.partition("/")[0] in _IDENTIFIED


#: Severity where no source says one: by RSIT class, then by type where it differs.
_BY_TYPE = {
    "malicious-code/c2-server": Severity.CRITICAL,
    "malicious-code/infected-system": Severity.HIGH,
    "intrusions/system-compromise": Severity.CRITICAL,
    "intrusions/privileged-account-compromise": Severity.CRITICAL,
    "vulnerable/potentially-unwanted-accessible": Severity.LOW,
    "information-content-security/data-leak": Severity.HIGH,
}
_BY_CLASS = {
    "malicious-code": Severity.HIGH,
    "intrusions": Severity.HIGH,
    "intrusion-attempts": Severity.MEDIUM,
    "information-gathering": Severity.LOW,
    "availability": Severity.MEDIUM,
    "information-content-security": Severity.MEDIUM,
    "fraud": Severity.MEDIUM,
    "vulnerable": Severity.MEDIUM,
    "abusive-content": Severity.LOW,
}


def severity_of(classification: str, said: Iterable[str | None]) -> Severity:
    """The worst that any source says; where all are silent, what the class alone suggests (our own table, open to change)."""
    known = [Severity(word) for word in said if word in set(Severity)]
    if known:
        return max(known, key=lambda severity: severity.rank)
    return _BY_TYPE.get(classification) or _BY_CLASS.get(classification.partition("/")[0], Severity.INFO)


def may_follow(now: State, then: State) -> bool:
    """Whether a person may move a finding from one state to the other."""
    return then in NEXT[now]


def state_after_support(now: State, *, is_supported: bool, is_seen_again: bool) -> State:
    """The state after the observations below a finding were counted anew.

    Without any (the address belonged to somebody else after all) it is withdrawn; when they come back it is reopened, as is a
    false positive that is seen again later than the judgement. An accepted risk stays accepted: seeing it again is expected.
    """
    if not is_supported:
        return State.WITHDRAWN
    if now is State.WITHDRAWN or (now is State.FALSE_POSITIVE and is_seen_again):
        return State.REOPENED
    return now
