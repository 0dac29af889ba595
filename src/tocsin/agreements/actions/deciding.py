"""The one door of every exit: decided, written down, and held where a person has to look."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from tocsin.agreements.actions.chain import Chain, Draft, check_names, texts
from tocsin.agreements.actions.tallying import tally
from tocsin.agreements.models import Hold, HoldState
from tocsin.agreements.queries.deciding import (
    Answer,
    Deciding,
    HoldKey,
    answered_with,
    hold_key,
    holds_about,
)
from tocsin.agreements.queries.standing import standing
from tocsin.agreements.rules.asked import Asked, Decided
from tocsin.agreements.rules.chain import Kind
from tocsin.agreements.rules.decision import Result
from tocsin.constituency.access import Actor
from tocsin.jobs.durability import durable
from tocsin.vocab import clock


def decide_exits(*, actor: Actor, asked: Sequence[Asked], at: datetime | None = None) -> list[Decided]:
    """Decide these exits as agreements stand, in the order asked, in one transaction that a power cut cannot take back.

    Whatever may go or is held is in the ledger afterwards; what is denied is counted by day. Held objects wait for a person, once for the
    same bytes, recipient and exit: asked again while they wait, or after a person refused them, they are held by the same hold and
    leave no other entry. What a person has released goes, as far as the agreements still let it.

    ``at`` is now unless given. Inside a transaction of the caller's that one has to be ``jobs.durability.durable()``, and nothing else
    may be locked in it before. No permission is asked: the door that asks has its own, and an answer gives nothing away but itself.
    """
    if not asked:
        return []
    for one in asked:
        check_names(
            [
                ("object id", one.object_id),
                ("object hash", one.object_hash),
                ("sender", one.sender),
                ("recipient", one.recipient),
            ]
        )
    with durable():
        return _Round(actor, asked, at or clock.now()).decided()


class _Round:
    """One batch of exits."""

    def __init__(self, actor: Actor, asked: Sequence[Asked], at: datetime) -> None:
        self._actor, self._asked, self._at = actor, asked, at
        self._chain = Chain(actor.name)
        self._deciding = Deciding(standing(), at)
        self._holds: dict[HoldKey, Hold] = {}
        self._opened: list[Hold] = []
        self._changed: list[Hold] = []
        self._denied: list[tuple[Asked, Answer]] = []

    def decided(self) -> list[Decided]:
        answers = [self._deciding.answer(one) for one in self._asked]
        pairs = list(zip(self._asked, answers, strict=True))
        self._holds = holds_about([one for one, answer in pairs if answer.decision.result is Result.HOLD])
        found = [self._decided(one, answer) for one, answer in pairs]
        self._chain.write()
        for hold in self._changed:
            hold.save()
        Hold.objects.bulk_create(self._opened, batch_size=500)
        tally(self._denied, self._at)
        return found

    def _decided(self, asked: Asked, answer: Answer) -> Decided:
        if answer.decision.result is not Result.HOLD:
            return self._settled(asked, answer, None)
        hold = self._holds.get(hold_key(asked))
        lifted = answered_with(hold, self._deciding, asked, answer)
        if lifted.decision.result is not Result.HOLD:
            return self._settled(asked, lifted, hold)
        return self._held(asked, answer, hold)

    def _settled(self, asked: Asked, answer: Answer, hold: Hold | None) -> Decided:
        uid = None if hold is None else hold.uid
        if answer.decision.result is Result.DENY:
            self._denied.append((asked, answer))
            return Decided(answer.decision, None, uid)
        return Decided(answer.decision, self._entered(asked, answer, "" if uid is None else str(uid)), uid)

    def _held(self, asked: Asked, answer: Answer, hold: Hold | None) -> Decided:
        is_same = hold is not None and hold.subject == answer.text
        if hold is not None and hold.state == HoldState.OPEN:
            if not (is_same and hold.basis.text == answer.basis):
                self._ask_anew(hold, asked, answer)
            return Decided(answer.decision, hold.entry_id, hold.uid)
        if hold is not None and hold.state == HoldState.REFUSED and is_same:
            return Decided(answer.decision, hold.decision_entry_id, hold.uid)
        return self._opened_for(asked, answer)

    def _opened_for(self, asked: Asked, answer: Answer) -> Decided:
        uid = uuid4()
        number = self._entered(asked, answer, str(uid))
        hold = Hold(
            uid=uid,
            object_id=asked.object_id,
            object_hash=asked.object_hash,
            sender=asked.sender,
            recipient=asked.recipient,
            exit=asked.exit.value,
            subject=answer.text,
            basis_id=self._chain.basis(answer.basis),
            clauses=texts(answer.decision.clauses),
            entry_id=number,
            asked_at=self._at,
            asked_by=self._actor.name[:200],
        )
        self._opened.append(hold)
        self._holds[hold_key(asked)] = hold
        return Decided(answer.decision, number, uid)

    def _ask_anew(self, hold: Hold, asked: Asked, answer: Answer) -> None:
        """What is known, or what is agreed, is no longer what the hold was opened for."""
        hold.entry_id = self._entered(asked, answer, str(hold.uid))
        hold.subject, hold.clauses = answer.text, texts(answer.decision.clauses)
        hold.basis_id = self._chain.basis(answer.basis)
        if hold.pk is not None:
            self._changed.append(hold)

    def _entered(self, asked: Asked, answer: Answer, hold: str) -> int:
        decision = answer.decision
        return self._chain.add(
            Draft(
                kind=Kind.EXIT,
                at=self._at,
                object_id=asked.object_id,
                object_hash=asked.object_hash,
                basis=answer.basis,
                sender=asked.sender,
                recipient=asked.recipient,
                exit=asked.exit.value,
                subject=answer.text,
                result=decision.result.value,
                clauses=texts(decision.clauses),
                obligations=texts(decision.obligations),
                hold=hold,
            )
        )
