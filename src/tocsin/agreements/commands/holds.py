"""``tocsin holds list|show|release|refuse``: what waits for a person, and what a named person decides."""

import json
import sys
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer
from django.db import transaction
from rich.console import Console
from rich.table import Table

from tocsin.agreements import actions, queries
from tocsin.agreements.rules.asked import Decided
from tocsin.constituency.access import OPERATOR, Actor, Permission, may, viewer_of_person
from tocsin.constituency.actions.people import person_of
from tocsin.vocab.errors import Conflict, InputError

holds = typer.Typer(help="What waits for a person, and what the person decides.", no_args_is_help=True)

_out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)


class State(StrEnum):
    """Which holds."""

    OPEN = "open"
    RELEASED = "released"
    REFUSED = "refused"
    ALL = "all"


Hold = Annotated[UUID, typer.Argument(metavar="HOLD", help="The hold's id, as 'tocsin holds list' shows it.")]
By = Annotated[
    str, typer.Option("--by", metavar="EMAIL", help="Who decides: a person who may, and whom the agreement names.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is written down for good.")]


@holds.command(
    "list",
    epilog="Examples:\n\n  tocsin holds list\n\n  tocsin holds list --state all --recipient beacon --size 200",
)
def list_holds(
    state: Annotated[State, typer.Option("--state", help="Which of them.")] = State.OPEN,
    recipient: Annotated[str, typer.Option("--recipient", help="Of one party or community.")] = "",
    size: Annotated[int, typer.Option("--size", min=1, max=1000, help="How many at most.")] = 50,
) -> None:
    """List holds, newest first."""
    sought = "" if state is State.ALL else state.value
    table = Table("hold", "since", "state", "object", "to", "by", "because", "decided by", "reason")
    page = queries.holds(OPERATOR, state=sought, recipient=recipient, size=size)
    for one in page.rows:
        since = f"{one.asked_at:%Y-%m-%d %H:%M}"
        table.add_row(
            str(one.uid),
            since,
            one.state,
            one.object_id,
            one.recipient,
            one.exit,
            "; ".join(one.clauses),
            one.decided_by,
            one.reason,
        )
    _out.print(table if table.row_count else "Nothing waits." if state is State.OPEN else "No hold fits.")
    if page.next is not None:
        _out.print(f"There are more than {size:,}; --size shows up to 1,000.", markup=False)


@holds.command("show", epilog="Example:\n\n  tocsin holds show 8f14e45f-ceea-467a-9575-6b7c2f7a9f01")
def show(hold: Hold) -> None:
    """Show one hold: what is known of the object, what the agreements say today, what answers it and who may answer."""
    detail = queries.hold(OPERATOR, hold)
    one = detail.hold
    for name, told in (
        ("object", f"{one.object_id} (SHA-256 {one.object_hash})"),
        ("exit", f"{one.sender} to {one.recipient} by {one.exit}"),
        ("known", json.dumps(one.subject, ensure_ascii=False)),
        ("held for", "; ".join(one.clauses)),
        ("since", f"{one.asked_at:%Y-%m-%d %H:%M}Z by {one.asked_by} (entry {one.entry} of the ledger)"),
        ("state", _state(one)),
        ("today", f"{detail.now.result.value} ({'; '.join(detail.now.clauses)})"),
        ("answer", ", ".join(detail.answers) or "nothing can be said about it but yes or no"),
        (
            "approvers",
            "; and ".join(" or ".join(roles) for roles in detail.approvers) or "anybody who may decide holds",
        ),
    ):
        _out.print(f"{name + ':':<11}{told}", markup=False)


def _state(one: queries.HoldView) -> str:
    if one.decided_at is None:
        return one.state
    said = f", saying {json.dumps(one.said, ensure_ascii=False)}" if one.said else ""
    when = f"{one.decided_at:%Y-%m-%d %H:%M}Z by {one.decided_by}"
    return f"{one.state} on {when}{said}: {one.reason} (entry {one.decision_entry} of the ledger)"


@holds.command(
    "release",
    epilog="Examples:\n\n"
    "  tocsin holds release 8f14e45f-ceea-467a-9575-6b7c2f7a9f01 --by luqman@team.example --reason 'the owner agreed'\n\n"
    "  tocsin holds release 8f14e45f-ceea-467a-9575-6b7c2f7a9f01 --by luqman@team.example --reason 'a slip' --say tlp=AMBER",
)
def release(
    hold: Hold,
    by: By,
    reason: Reason,
    say: Annotated[
        list[str] | None,
        typer.Option(
            "--say", metavar="KEY=VALUE", help="What answers the hold; VALUE is JSON or plain words. May be repeated."
        ),
    ] = None,
) -> None:
    """Let exactly these bytes go to that recipient by that exit, as far as the agreements let them go with what is said.

    Exit code 0 where it may go now, 2 where it may not, and nothing was changed.
    """
    decided = actions.approve_hold(actor=_person(by), uid=hold, reason=reason, said=dict(map(_said, say or ())))
    told = "; ".join((*decided.decision.clauses, *decided.decision.obligations))
    _print("released", decided, f": {decided.decision.result.value} ({told})")


@holds.command(
    "refuse",
    epilog="Example:\n\n  tocsin holds refuse 8f14e45f-ceea-467a-9575-6b7c2f7a9f01 --by luqman@team.example --reason 'names a victim'",
)
def refuse(hold: Hold, by: By, reason: Reason) -> None:
    """Keep it here: asked again, these bytes stay held. Exit code 0 where that is written down, 2 where it cannot be."""
    _print("refused", actions.refuse_hold(actor=_person(by), uid=hold, reason=reason), "")


def _print(what: str, decided: Decided, more: str) -> None:
    _out.print(f"{decided.hold_uid} is {what}, entry {decided.ledger_number} of the ledger{more}", markup=False)


def _person(email: str) -> Actor:
    """The named person, as the operator enters it: the ledger says so, since nobody signed in."""
    with transaction.atomic():
        person = viewer_of_person(person_of(email))
    if not may(person, Permission.HOLDS_DECIDE):
        raise Conflict(f"{email} may not decide holds: that takes the role 'lead' (tocsin person change).")
    return replace(person, name=f"{person.name} (entered by the operator)")


def _said(word: str) -> tuple[str, Any]:
    key, sign, value = word.partition("=")
    if not sign or not key:
        raise InputError(f"{word[:40]!r} says nothing: write KEY=VALUE, such as tlp=GREEN.")
    try:
        return key, json.loads(value)
    except (ValueError, RecursionError):
        return key, value
