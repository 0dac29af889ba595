"""What programs may ask of the agreements room, and the one thing they may say: what a named person decides about a hold."""

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import AwareDatetime, ConfigDict, Field

from tocsin.agreements import actions, queries
from tocsin.agreements.queries import Outcome
from tocsin.agreements.rules.asked import Asked
from tocsin.agreements.rules.decision import Exit
from tocsin.agreements.rules.subject import Subject
from tocsin.agreements.rules.tree import LARGEST_BYTES
from tocsin.constituency.access import Permission, needs, viewer_of
from tocsin.vocab import clock
from tocsin.vocab.errors import NotFound

router = Router(tags=["agreements"])

Size = Annotated[int, Query(ge=1, le=1000, description="How many rows to give at most.")]
After = Annotated[
    str | None, Query(max_length=18, pattern=r"^[0-9]+$", description="The `next` of the page before this one.")
]
Word = Annotated[str, Query(max_length=400, pattern=r"^[^\x00]*$")]
Key = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Kind = Literal["", "exit", "released", "refused", "imported", "suspended", "resumed", "terminated"]
Result = Literal["", "allow", "transform", "hold", "out_of_scope"]
State = Literal["", "open", "released", "refused"]


class _Frozen(Schema):
    """An answer; nobody changes it on its way out."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class AgreementPartyOut(_Frozen):
    """A party of an agreement; `country` is an ISO 3166 code or `INT`."""

    key: str
    name: str
    kind: str | None
    country: str
    clearance_tlp: str


class AgreementOut(_Frozen):
    """An agreement as it stands; `status` is in_force, draft, suspended or terminated."""

    id: str
    revision: int
    status: str
    parties: list[AgreementPartyOut]
    communities: list[str]
    categories: list[str]
    effective_from: AwareDatetime
    effective_until: AwareDatetime | None
    is_demo: bool
    sha256: str
    imported_at: AwareDatetime
    imported_by: str


class RevisionOut(_Frozen):
    """A stored revision; `status` is what its own text says."""

    revision: int
    status: str
    sha256: str
    is_demo: bool
    imported_at: AwareDatetime
    imported_by: str


class StatusOut(_Frozen):
    """A suspension, resumption or termination."""

    kind: str
    at: AwareDatetime
    by: str
    reason: str


class ClauseOut(_Frozen):
    """A clause by its path, with its line in the file."""

    path: str
    value: str
    line: int


class AgreementDetailOut(_Frozen):
    """An agreement clause by clause, with its history, newest first."""

    agreement: AgreementOut
    revision: RevisionOut
    clauses: list[ClauseOut]
    revisions: list[RevisionOut]
    statuses: list[StatusOut]


class BasisOut(_Frozen):
    """An agreement as a decision found it."""

    id: str
    revision: int
    sha256: str
    status: str


class EntryOut(_Frozen):
    """An entry of the ledger; `subject` is what was known of the object, `hash` covers everything else and `previous`."""

    number: int
    at: AwareDatetime
    recorded_at: AwareDatetime
    kind: str
    object_id: str
    object_hash: str
    agreements: list[BasisOut]
    engine: str
    subject: dict[str, Any]
    sender: str
    recipient: str
    exit: str
    result: str
    clauses: list[str]
    obligations: list[str]
    actor: str
    hold: str
    previous: str
    hash: str


class CheckpointOut(_Frozen):
    """A signed sentence about an entry: Ed25519 over canonical JSON, see docs/use/ledger.md."""

    node: str
    entry: int
    hash: str
    at: AwareDatetime
    key: str
    signature: str


class HoldOut(_Frozen):
    """What waits for a person, or what the person said. Entries are numbers of the ledger."""

    uid: UUID
    state: str
    object_id: str
    object_hash: str
    sender: str
    recipient: str
    exit: str
    subject: dict[str, Any]
    agreements: list[BasisOut]
    clauses: list[str]
    entry: int
    asked_at: AwareDatetime
    asked_by: str
    decided_at: AwareDatetime | None
    decided_by: str
    reason: str
    said: dict[str, Any]
    decision_entry: int | None


class DecisionOut(_Frozen):
    """A decision with its clauses and obligations."""

    result: str
    clauses: list[str]
    obligations: list[str]


class HoldDetailOut(_Frozen):
    """A hold, what the agreements say today, what an approver may say (`answers`) and whom the agreements name."""

    hold: HoldOut
    now: DecisionOut
    answers: list[str]
    approvers: list[list[str]]
    may_decide: bool


class DecidedOut(_Frozen):
    """What came of a person's decision: the agreements' answer with what was said, and its entry in the ledger."""

    decision: DecisionOut
    ledger_number: int
    hold_uid: UUID


class _PageOut(_Frozen):
    """Some rows; hand `next` in as `after` for those that follow, null at the end."""

    next: str | None


class LedgerOut(_PageOut):
    """A page of the ledger."""

    rows: list[EntryOut]


class HoldsOut(_PageOut):
    """A page of holds."""

    rows: list[HoldOut]


class HoldDecisionIn(Schema):
    """What a named person decides. `said` answers what the object is held for, by key of its subject."""

    decision: Literal["release", "refuse"]
    reason: str = Field(max_length=2000, pattern=r"^[^\x00]*$", description="Why, in a few words.")
    said: dict[str, Any] = Field(default_factory=dict, description='For example {"tlp": "GREEN"}.')


class CheckpointsOut(_PageOut):
    """A page of checkpoints."""

    rows: list[CheckpointOut]


class QuestionIn(Schema):
    """May this object go? ``object`` has the keys of docs/why/decisions.md; with ``object_hash`` what a person released counts."""

    object: dict[str, Any]
    sender: Key = Field(alias="from")
    recipient: Key = Field(alias="to")
    exit: Exit
    object_hash: str = Field("", max_length=128, pattern=r"^[^\x00]*$", description="Hex SHA-256 of its bytes.")


class QuestionsIn(Schema):
    """Questions that are answered as agreements stand now; ``at`` is the moment that they are about."""

    questions: list[QuestionIn] = Field(max_length=1000)
    at: AwareDatetime | None = None


class ExampleOut(_Frozen):
    """One object that it would have concerned."""

    object_id: str
    at: AwareDatetime


class ShiftOut(_Frozen):
    """Exits to one recipient that were decided alike and would be decided alike."""

    outcome: Outcome
    recipient: str
    before: DecisionOut
    after: DecisionOut
    count: int
    examples: list[ExampleOut]


class WhatIfIn(Schema):
    """A text that might be, and how many days to look back."""

    text: str = Field(max_length=LARGEST_BYTES)
    days: int = Field(30, ge=1, le=queries.LONGEST_DAYS)


class WhatIfOut(_Frozen):
    """What it would have done: those that let more out first."""

    agreement: str
    since: AwareDatetime
    asked: int
    shifts: list[ShiftOut]


@router.get("/agreements", response=list[AgreementOut], summary="Agreements by id")
@needs(Permission.AGREEMENTS_READ)
def agreements(request: HttpRequest) -> Any:
    """As they stand, those that have ended too."""
    return list(queries.agreements(viewer_of(request)))


@router.get("/agreements/{name}", response=AgreementDetailOut, summary="One agreement clause by clause")
@needs(Permission.AGREEMENTS_READ)
def agreement(
    request: HttpRequest, name: str, revision: Annotated[int | None, Query(ge=1, le=999_999_999)] = None
) -> Any:
    """Its newest revision, or the one asked for."""
    return queries.agreement(viewer_of(request), name, revision)


@router.post("/decisions", response=list[DecisionOut], summary="Ask without consequence")
@needs(Permission.AGREEMENTS_READ)
def decisions(request: HttpRequest, asked: QuestionsIn) -> Any:
    """What would be decided, in the order asked. Nothing leaves, and nothing is written down."""
    questions = [
        Asked(Subject.of(one.object), "", one.object_hash, one.sender, one.recipient, one.exit)
        for one in asked.questions
    ]
    return queries.decisions(viewer_of(request), questions, asked.at or clock.now())


@router.post("/what-if", response=WhatIfOut, summary="What another text would have done")
@needs(Permission.LEDGER_READ)
def what_if(request: HttpRequest, asked: WhatIfIn) -> Any:
    """The exits of the last days, asked again with another text. Nothing is changed."""
    return queries.what_if(viewer_of(request), asked.text.encode("utf-8", "replace"), asked.days)


@router.get("/ledger", response=LedgerOut, summary="The ledger, newest first")
@needs(Permission.LEDGER_READ)
def ledger(
    request: HttpRequest,
    object_id: Word = "",
    recipient: Word = "",
    agreement: Word = "",
    kind: Kind = "",
    result: Result = "",
    after: After = None,
    size: Size = 50,
) -> Any:
    """What left or was held, with its clauses."""
    search = queries.LedgerSearch(
        object_id=object_id, recipient=recipient, agreement=agreement, kind=kind, result=result
    )
    return queries.ledger(viewer_of(request), search, after=after, size=size)


@router.get("/ledger/checkpoints", response=CheckpointsOut, summary="Checkpoints, newest first")
@needs(Permission.LEDGER_READ)
def checkpoints(request: HttpRequest, after: After = None, size: Size = 50) -> Any:
    """Those that were made here."""
    return queries.checkpoints(viewer_of(request), after=after, size=size)


@router.get("/ledger/checkpoint", response=CheckpointOut, summary="The newest checkpoint")
@needs(Permission.LEDGER_READ)
def checkpoint(request: HttpRequest) -> Any:
    """To be kept elsewhere: with it an edit of the ledger is found. 404 while there is none."""
    found = queries.last_checkpoint(viewer_of(request))
    if found is None:
        raise NotFound("There is no checkpoint yet.")
    return found


@router.get("/ledger/{int:number}", response=EntryOut, summary="One entry of the ledger")
@needs(Permission.LEDGER_READ)
def entry(request: HttpRequest, number: Annotated[int, Field(ge=0, lt=1 << 63)]) -> Any:
    """With everything that its hash covers."""
    return queries.entry(viewer_of(request), number)


@router.get("/holds", response=HoldsOut, summary="Holds, newest first")
@needs(Permission.LEDGER_READ)
def holds(request: HttpRequest, state: State = "", recipient: Word = "", after: After = None, size: Size = 50) -> Any:
    """What waits for a person, or did."""
    return queries.holds(viewer_of(request), state=state, recipient=recipient, after=after, size=size)


@router.get("/holds/{uuid:uid}", response=HoldDetailOut, summary="One hold")
@needs(Permission.LEDGER_READ)
def hold(request: HttpRequest, uid: UUID) -> Any:
    """With what may be said about it, and by whom."""
    return queries.hold(viewer_of(request), uid)


@router.post("/holds/{uuid:uid}/decision", response=DecidedOut, summary="Decide a hold")
@needs(Permission.HOLDS_DECIDE)
def decide_hold(request: HttpRequest, uid: UUID, decision: HoldDecisionIn) -> Any:
    """Release it or refuse it; 409 where the agreements deny it or name other approvers, 400 without a reason."""
    viewer = viewer_of(request)
    if decision.decision == "release":
        return actions.approve_hold(actor=viewer, uid=uid, reason=decision.reason, said=decision.said)
    return actions.refuse_hold(actor=viewer, uid=uid, reason=decision.reason)
