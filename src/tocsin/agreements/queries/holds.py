"""What waits for a person, and what was decided."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from tocsin.agreements.models import Approver, Hold, HoldState
from tocsin.agreements.queries.entries import LARGEST_PAGE, page_mark
from tocsin.agreements.queries.standing import standing
from tocsin.agreements.rules.chain import Basis, read_basis
from tocsin.agreements.rules.decision import Decision, Exit, decide
from tocsin.agreements.rules.lifting import answerable, approvers
from tocsin.agreements.rules.subject import Subject
from tocsin.constituency.access import Permission, Viewer, may, require
from tocsin.vocab import clock
from tocsin.vocab.errors import NotFound


@dataclass(frozen=True, slots=True)
class HoldView:
    """A hold: what may not leave by which exit to whom, for which clauses, and what a person said. Entries are numbers of the ledger."""

    uid: UUID
    state: str
    object_id: str
    object_hash: str
    sender: str
    recipient: str
    exit: str
    subject: dict[str, Any]
    agreements: tuple[Basis, ...]
    clauses: tuple[str, ...]
    entry: int
    asked_at: datetime
    asked_by: str
    decided_at: datetime | None
    decided_by: str
    reason: str
    said: dict[str, Any]
    decision_entry: int | None


@dataclass(frozen=True, slots=True)
class HoldDetail:
    """A hold as it stands now. ``now`` is what the agreements say today, ``answers`` the keys of the subject that an approver may say,
    ``approvers`` whom they name (one of the roles of each set is needed; none: anybody who may decide), ``may_decide`` whether the viewer
    is one.
    """

    hold: HoldView
    now: Decision
    answers: tuple[str, ...]
    approvers: tuple[tuple[str, ...], ...]
    may_decide: bool


@dataclass(frozen=True, slots=True)
class HoldPage:
    """Some holds in the order asked for; hand ``next`` in as ``after`` for those that follow."""

    rows: tuple[HoldView, ...]
    next: str | None


def holds(
    viewer: Viewer,
    *,
    state: str = "",
    recipient: str = "",
    after: str | None = None,
    size: int = 50,
    is_oldest_first: bool = False,
) -> HoldPage:
    """A page of holds, of one state and recipient or of all; a queue wants those first that have waited longest."""
    require(viewer, Permission.LEDGER_READ)
    rows = Hold.objects.select_related("basis").order_by("pk" if is_oldest_first else "-pk")
    if state:
        rows = rows.filter(state=state)
    if recipient:
        rows = rows.filter(recipient=recipient)
    if after is not None:
        mark = page_mark(after)
        rows = rows.filter(pk__gt=mark) if is_oldest_first else rows.filter(pk__lt=mark)
    size = min(max(size, 1), LARGEST_PAGE)
    found = list(rows[: size + 1])
    return HoldPage(tuple(map(_view, found[:size])), str(found[size - 1].pk) if len(found) > size else None)


def open_holds(viewer: Viewer) -> int:
    """How many wait."""
    require(viewer, Permission.LEDGER_READ)
    return Hold.objects.filter(state=HoldState.OPEN).count()


def hold(viewer: Viewer, uid: UUID) -> HoldDetail:
    """One hold, with what may be said about it. Raises :class:`NotFound`."""
    require(viewer, Permission.LEDGER_READ)
    row = Hold.objects.select_related("basis").filter(uid=uid).first()
    if row is None:
        raise NotFound("There is no such hold.")
    governing = standing().governing(row.sender, row.recipient)
    subject = Subject.of(orjson.loads(row.subject))
    now = decide(subject, row.sender, row.recipient, governing, clock.now(), Exit(row.exit))
    named = approvers(governing, now.clauses)
    own = frozenset(Approver.objects.filter(person_id=viewer.person_id or 0).values_list("role", flat=True))
    is_named = viewer.person_id is not None and all(own & roles for roles in named)
    return HoldDetail(
        _view(row),
        now,
        answerable(now.clauses),
        tuple(tuple(sorted(roles)) for roles in named),
        is_named and may(viewer, Permission.HOLDS_DECIDE),
    )


def _view(row: Hold) -> HoldView:
    return HoldView(
        row.uid,
        row.state,
        row.object_id,
        row.object_hash,
        row.sender,
        row.recipient,
        row.exit,
        orjson.loads(row.subject),
        read_basis(row.basis.text),
        tuple(orjson.loads(row.clauses)),
        row.entry_id,
        row.asked_at,
        row.asked_by,
        row.decided_at,
        row.decided_by,
        row.reason,
        orjson.loads(row.said),
        row.decision_entry_id,
    )
