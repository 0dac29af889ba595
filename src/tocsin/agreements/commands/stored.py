"""Commands about stored agreements: ``tocsin agreement import|list|show|suspend|resume|terminate|what-if|approver``, as the operator."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tocsin.agreements import actions, queries
from tocsin.agreements.commands.documents import agreement
from tocsin.agreements.rules.tree import LARGEST_BYTES
from tocsin.constituency.access import OPERATOR
from tocsin.vocab.errors import Unreadable

_approver = typer.Typer(help="Who speaks for the roles that agreements name as approvers.", no_args_is_help=True)
agreement.add_typer(_approver, name="approver")

_out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)
_err = Console(stderr=True, highlight=False, soft_wrap=True)


class WhatIfFormat(StrEnum):
    """How a what-if is told."""

    TEXT = "text"
    JSONL = "jsonl"


Name = Annotated[
    str, typer.Argument(metavar="AGREEMENT", help="The agreement's id, as 'tocsin agreement list' shows it.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is written down for good.")]
Role = Annotated[str, typer.Argument(metavar="ROLE", help="A role that an agreement names, such as role--pkcert-dg.")]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.")]


@agreement.command(
    "import",
    epilog="Examples:\n\n  tocsin agreement import agreement.yaml\n\n  tocsin agreement import agreement.example.yaml --demo",
)
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An agreement in YAML; see docs/use/agreements.md.")],
    demo: Annotated[
        bool, typer.Option("--demo", help="Let contacts be placeholders (TODO): never for real use.")
    ] = False,
) -> None:
    """Store a revision, byte for byte; from then on it decides. A stored revision is never changed: a new text needs a new number.

    Exit code 0 where it is stored (the same bytes again change nothing), 2 where it cannot be used or does not follow what is stored.
    """
    done = actions.import_agreement(actor=OPERATOR, text=_bytes_of(file), name=str(file), is_demo=demo)
    for problem in done.warnings:
        _err.print(f"{file}:{problem.line}:{problem.column}: {problem.path}: warning: {problem.message}", markup=False)
    how = "stored" if done.is_stored else "is stored already; nothing changed"
    _out.print(f"{done.agreement} revision {done.revision} ({done.status.value}): {how}", markup=False)


def _bytes_of(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"{file}: cannot be read ({(error.strerror or str(error)).lower()}).") from error


@agreement.command("list", epilog="Example:\n\n  tocsin agreement list")
def list_agreements() -> None:
    """List the stored agreements: newest revision, where it stands, and when it is to be looked at again."""
    table = Table("agreement", "revision", "status", "parties", "until", "review")
    for one in queries.agreements(OPERATOR):
        table.add_row(
            one.id,
            f"{one.revision} (demo)" if one.is_demo else str(one.revision),
            one.status,
            ", ".join(party.key for party in one.parties),
            f"{one.effective_until:%Y-%m-%d}" if one.effective_until else "no end",
            str(one.review_on or ""),
        )
    _out.print(
        table if table.row_count else "No agreement yet: nothing leaves. Store one with 'tocsin agreement import'."
    )


@agreement.command(
    "show",
    epilog="Examples:\n\n  tocsin agreement show agr--pkcert-kaspersky-2026\n\n"
    "  tocsin agreement show agr--pkcert-kaspersky-2026 --revision 3 --text > revision-3.yaml",
)
def show(
    name: Name,
    revision: Annotated[int | None, typer.Option("--revision", help="A revision; the newest by default.")] = None,
    text: Annotated[bool, typer.Option("--text", help="The stored bytes and nothing else.")] = False,
) -> None:
    """Show an agreement clause by clause, with its history."""
    detail = queries.agreement(OPERATOR, name, revision)
    if text:
        sys.stdout.buffer.write(detail.text)
        return
    shown = detail.revision
    _out.print(f"{name} revision {shown.revision}, SHA-256 {shown.sha256}, by {shown.imported_by}", markup=False)
    _out.print(f"It stands: {detail.agreement.status} (revision {detail.agreement.revision})", markup=False)
    for change in detail.statuses:
        _out.print(f"{change.at:%Y-%m-%d %H:%M}Z {change.kind} by {change.by}: {change.reason}", markup=False)
    for clause in detail.clauses:
        _out.print(f"{clause.line:>5}  {clause.path}: {clause.value}", markup=False)


@agreement.command(
    "suspend",
    epilog="Example:\n\n  tocsin agreement suspend agr--pkcert-kaspersky-2026 --reason 'a leak is looked into'",
)
def suspend(name: Name, reason: Reason) -> None:
    """Stop everything that it governs, at once, until it is resumed."""
    actions.suspend_agreement(actor=OPERATOR, agreement=name, reason=reason)
    _out.print(f"{name} is suspended: nothing leaves under it from now on.", markup=False)


@agreement.command(
    "resume", epilog="Example:\n\n  tocsin agreement resume agr--pkcert-kaspersky-2026 --reason 'no leak'"
)
def resume(name: Name, reason: Reason) -> None:
    """Let what its newest revision says hold again."""
    actions.resume_agreement(actor=OPERATOR, agreement=name, reason=reason)
    _out.print(f"{name} is resumed.", markup=False)


@agreement.command(
    "terminate",
    epilog="Example:\n\n  tocsin agreement terminate agr--pkcert-kaspersky-2026 --reason 'notice of 2026-08-01'",
)
def terminate(name: Name, reason: Reason) -> None:
    """End it, for good: what is agreed anew gets an id of its own."""
    actions.terminate_agreement(actor=OPERATOR, agreement=name, reason=reason)
    _out.print(f"{name} is terminated.", markup=False)


@agreement.command(
    "what-if",
    epilog="Examples:\n\n  tocsin agreement what-if revision-5.yaml --days 90\n\n"
    "  tocsin agreement what-if revision-5.yaml --format jsonl > shifts.jsonl",
)
def what_if(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The text that might be: an agreement in YAML.")],
    days: Annotated[int, typer.Option("--days", help="How many days to look back.")] = 30,
    what_if_format: Annotated[
        WhatIfFormat,
        typer.Option("--format", help="Counts with examples for people, or a JSON object an exit that shifts."),
    ] = WhatIfFormat.TEXT,
) -> None:
    """Ask the exits of the last days again with another text: what would have left, stayed, or been held. Nothing is changed.

    Exit code 0 where everything would be as it is, 1 where something would not, 2 where the text or the question cannot be used.
    """
    if what_if_format is WhatIfFormat.JSONL:
        _print_rows(queries.what_if_rows(OPERATOR, _bytes_of(file), days, name=str(file)))
        return
    with Progress(
        TextColumn("asking"), TextColumn("{task.completed:,} exits"), TimeElapsedColumn(), console=_err, transient=True
    ) as bar:
        task = bar.add_task("asking", total=None)
        found = queries.what_if(
            OPERATOR, _bytes_of(file), days, name=str(file), advance=lambda count: bar.advance(task, count)
        )
    _out.print(f"{found.agreement}: {found.asked:,} exits since {found.since:%Y-%m-%d %H:%M}Z", markup=False)
    for outcome, words in _OUTCOMES.items():
        _out.print(f"{found.count(outcome):>10,} {words}", markup=False)
    for shift in found.shifts:
        if shift.outcome is not queries.Outcome.SAME:
            _print_shift(shift)
    if found.asked > found.count(queries.Outcome.SAME):
        raise typer.Exit(1)


def _print_rows(rows: Iterable[queries.ShiftedRow]) -> None:
    is_same = True
    for row in rows:
        is_same = False
        sys.stdout.write(json.dumps(asdict(row) | {"at": row.at.isoformat()}) + "\n")
    sys.stdout.flush()
    if not is_same:
        raise typer.Exit(1)


_OUTCOMES = {
    queries.Outcome.LEAVES: "would have left and did not",
    queries.Outcome.STAYS: "would have stayed",
    queries.Outcome.HELD: "would have been held",
    queries.Outcome.DUTIES: "would have left with other obligations",
    queries.Outcome.SAME: "would be as they are",
}


def _print_shift(shift: queries.Shift) -> None:
    before, after = shift.before, shift.after
    _out.print(
        f"{shift.count:,} to {shift.recipient}: {before.result.value} ({', '.join(before.clauses)})"
        f" → {after.result.value} ({', '.join((*after.clauses, *after.obligations))})",
        markup=False,
    )
    for example in shift.examples:
        _out.print(f"    {example.object_id}", markup=False)


@_approver.command("add", epilog="Example:\n\n  tocsin agreement approver add role--pkcert-dg luqman@team.example")
def add_approver(role: Role, email: Email) -> None:
    """Let a person decide the holds for which agreements name the role."""
    actions.appoint_approver(actor=OPERATOR, role=role, person=email)
    _out.print(f"{email} speaks for {role}.", markup=False)


@_approver.command(
    "remove", epilog="Example:\n\n  tocsin agreement approver remove role--pkcert-dg luqman@team.example"
)
def remove_approver(role: Role, email: Email) -> None:
    """End that."""
    actions.dismiss_approver(actor=OPERATOR, role=role, person=email)
    _out.print(f"{email} speaks for {role} no longer.", markup=False)


@_approver.command("list", epilog="Example:\n\n  tocsin agreement approver list")
def list_approvers() -> None:
    """List who speaks for which role."""
    table = Table("role", "email", "since")
    for one in queries.approvers(OPERATOR):
        table.add_row(one.role, one.email, f"{one.appointed_at:%Y-%m-%d}")
    _out.print(table if table.row_count else "Nobody yet.")
