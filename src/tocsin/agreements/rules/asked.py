"""One question about one exit of one object, and what came of it."""

from dataclasses import dataclass, replace
from uuid import UUID

from tocsin.agreements.rules.decision import Decision, Exit
from tocsin.agreements.rules.subject import Subject


@dataclass(frozen=True, slots=True)
class Asked:
    """May this object go from ``sender`` to ``recipient`` (keys of parties or communities) by this exit?

    ``object_hash`` is the hex SHA-256 of the bytes that would leave: a decision of a person holds for these bytes and no others.
    """

    subject: Subject
    object_id: str
    object_hash: str
    sender: str
    recipient: str
    exit: Exit


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision, the number of its ledger entry (``None`` for a denial: nothing left) and the hold that waits or was decided."""

    decision: Decision
    ledger_number: int | None
    hold_uid: UUID | None


def without_text(subject: Subject) -> Subject:
    """The subject with the kinds of personal data that its words hold in place of the words: decided alike.

    What is kept for ever must not itself be a store of personal data.
    """
    if not isinstance(subject.text, str):
        return subject
    return replace(subject, text=None, personal_data=tuple(sorted(subject.kinds)))
