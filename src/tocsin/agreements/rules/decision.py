"""The one decision about every exit: ``allow | transform | hold | deny | out_of_scope``, with clauses and obligations.

The law is ``docs/why/decisions.md``; the steps under one agreement stand in ``steps``. Pure: same input and revision, same answer, on
every machine, for ever.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from tocsin.agreements.rules.answers import Answer, Decision, Duties, Exit, Result
from tocsin.agreements.rules.steps import Case, answer_of
from tocsin.agreements.rules.subject import Subject
from tocsin.agreements.rules.terms import Agreement

__all__ = ["Decision", "Exit", "Result", "Subject", "decide"]


def decide(
    subject: Subject,
    sender: str,
    recipient: str,
    agreements: Sequence[Agreement],
    at: datetime,
    exit: Exit | None = None,
) -> Decision:
    """Whether ``subject`` may go from ``sender`` to ``recipient`` (keys of parties or communities) at the time ``at`` (aware).

    All agreements given are asked and the strictest wins; none at all denies. Without ``exit`` the steps about it are not looked at.
    """
    if len(agreements) == 1:
        return answer_of(Case(agreements[0], subject, sender, recipient, at, exit)).decision
    if not agreements:
        return Decision(Result.DENY, ("agreements",))
    return _composed([answer_of(Case(one, subject, sender, recipient, at, exit)) for one in agreements])


def _composed(answers: Sequence[Answer]) -> Decision:
    result = min((answer.result for answer in answers), key=lambda found: found.place)
    giving = [answer.clauses for answer in answers if answer.result is result]
    clauses = giving[0] if len(giving) == 1 else _each_once(clause for one in giving for clause in one)
    if result not in (Result.TRANSFORM, Result.ALLOW):
        return Decision(result, clauses)
    duties = _joined([answer.duties for answer in answers if answer.duties is not None])
    if duties.lines and duties.no_credit:
        return Decision(Result.HOLD, ("object.iep.attribution",))
    return Decision(result, clauses, duties.written())


def _joined(all_duties: Sequence[Duties]) -> Duties:
    redacting = [duties.redact for duties in all_duties if duties.redact]
    return Duties(
        redact=redacting[0] if len(redacting) == 1 else _each_once(kind for one in redacting for kind in one),
        delay_hours=max(duties.delay_hours for duties in all_duties),
        embargo=max((duties.embargo for duties in all_duties if duties.embargo is not None), default=None),
        encrypt=any(duties.encrypt for duties in all_duties),
        delete_after=min((d.delete_after for d in all_duties if d.delete_after is not None), default=None),
        lines=_each_once(line for duties in all_duties for line in duties.lines),
        no_credit=any(duties.no_credit for duties in all_duties),
    )


def _each_once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words)))
