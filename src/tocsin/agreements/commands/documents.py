"""``tocsin agreement check|diff|decide|iep``: agreements as files, without Django, a database or a storage folder."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tocsin.agreements.rules.changes import Change, differences
from tocsin.agreements.rules.document import Reading, read_agreement
from tocsin.agreements.rules.iep import Policy
from tocsin.agreements.rules.iep_files import policy_of, read_policies, written_policies
from tocsin.agreements.rules.requests import LONGEST_LINE, answered
from tocsin.agreements.rules.terms import SCHEMA, Agreement
from tocsin.agreements.rules.times import shown_time
from tocsin.agreements.rules.tree import LARGEST_BYTES
from tocsin.vocab.errors import InputError, Unreadable

app = typer.Typer(help="Agreements as files.")
#: Commands that need the database are registered here too, by ``agreements.commands.database``.
agreement = typer.Typer(help="Agreements as data: check, compare, decide, import.", no_args_is_help=True)
app.add_typer(agreement, name="agreement")


class DiffFormat(StrEnum):
    """How differences are written."""

    TEXT = "text"
    JSONL = "jsonl"


class PolicyFormat(StrEnum):
    """How policies are written."""

    TEXT = "text"
    IEPJ = "iepj"


Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Agreements in YAML.", show_default=False)]


@agreement.command("check", epilog="Example:\n\n  tocsin agreement check agreements/*.yaml")
def check(files: Files) -> None:
    """Read agreements and say everything that is wrong with them, each with file, line, column and path.

    Exit code 0 where all can be used (warnings may be left: a TODO keeps an agreement from going live), 2 where one cannot.
    """
    readings = [_read(file) for file in files]
    for reading in readings:
        _print_problems(reading, sys.stdout)
        if reading.agreement is not None:
            typer.echo(f"{reading.name}: {_about(reading)}", err=True)
    if any(reading.agreement is None for reading in readings):
        raise typer.Exit(2)


def _about(reading: Reading) -> str:
    found = reading.agreement
    if found is None:
        return "cannot be used"
    readiness = "ready" if found.is_ready else "not ready to go live"
    return f"{found.id} revision {found.revision}, {found.status.value}, {readiness}, {len(reading.problems)} warnings"


def _read(file: Path) -> Reading:
    return read_agreement(_bytes_of(file, LARGEST_BYTES), str(file))


def _bytes_of(file: Path, largest: int) -> bytes:
    """Up to one byte more than the largest that is read: enough to tell that it is too large."""
    try:
        with file.open("rb") as stream:
            return stream.read(largest + 1)
    except OSError as error:
        raise Unreadable(f"{file}: cannot be read ({(error.strerror or str(error)).lower()})") from error


def _print_problems(reading: Reading, stream: object) -> None:
    for problem in reading.problems:
        message = problem.message if problem.level == "error" else f"warning: {problem.message}"
        place = f"{reading.name}:{problem.line}:{problem.column}: {f'{problem.path}: ' if problem.path else ''}"
        typer.echo(_printable(place + message), err=stream is sys.stderr)


def _printable(line: str) -> str:
    """Control characters of somebody's file never reach the terminal as they are."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in line)


def _usable(file: Path) -> Agreement:
    reading = _read(file)
    if reading.agreement is None:
        _print_problems(reading, sys.stderr)
        raise InputError(f"{file}: this agreement cannot be used; its problems stand above")
    return reading.agreement


@agreement.command(
    "diff",
    epilog="Examples:\n\n  tocsin agreement diff revision-3.yaml revision-4.yaml\n\n"
    "  tocsin agreement diff old.yaml new.yaml --format jsonl",
)
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="One revision.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The other.")],
    diff_format: Annotated[
        DiffFormat, typer.Option("--format", help="A line a clause for people, or a JSON object a clause.")
    ] = DiffFormat.TEXT,
) -> None:
    """Compare two revisions clause by clause: path, old and new value, lines, and whether the change widens what may leave.

    Layout, comments and the order within lists are no difference. Exit code 0 same, 1 different, 2 where a file cannot be used.
    """
    before, after = _read(old), _read(new)
    for reading in (before, after):
        if reading.agreement is None:
            _print_problems(reading, sys.stderr)
            raise InputError(f"{reading.name}: this agreement cannot be used; its problems stand above")
    changes = differences(before, after)
    for change in changes:
        typer.echo(json.dumps(asdict(change)) if diff_format is DiffFormat.JSONL else _printable(_change_line(change)))
    if changes:
        raise typer.Exit(1)


def _change_line(change: Change) -> str:
    sign = {"widens": "+", "narrows": "-"}.get(change.effect.value, " ")
    lines = f"{change.old_line or '·'} → {change.new_line or '·'}"
    return f"{sign} {change.path}: {change.old or 'not there'} → {change.new or 'not there'} (line {lines}, {change.effect})"


@agreement.command(
    "decide",
    epilog="Examples:\n\n  tocsin agreement decide agreement.yaml < requests.jsonl\n\n"
    '  echo \'{"object": {"type": "indicator", "category": "indicators", "tlp": "GREEN"}, "from": "us", "to": "partner", '
    '"at": "2026-11-24T12:00:00Z"}\' | tocsin agreement decide agreement.yaml',
)
def decide(files: Files) -> None:
    """Decide requests from standard input under the agreements given: one JSON object a line in, one decision a line out, in order.

    A request is {"object", "from", "to", "at"} and, where it is known, "exit"; a decision {"result", "clauses", "obligations"}. A line
    that is no request is held (`ambiguity:request`), named on standard error, and makes the exit code 2; the others are decided
    nevertheless. Blank lines are passed over. Without any agreement file nothing may leave, so at least one is needed.
    """
    agreements = [_usable(file) for file in files]
    is_sound = True
    for number, line in _lines():
        decision, problem = answered(line, agreements)
        if problem is not None:
            is_sound = False
            typer.echo(_printable(f"line {number}: {problem}: held"), err=True)
        written = {
            "result": decision.result.value,
            "clauses": decision.clauses,
            "obligations": decision.obligations,
        }
        sys.stdout.write(json.dumps(written) + "\n")
    sys.stdout.flush()
    if not is_sound:
        raise typer.Exit(2)


def _lines() -> Iterator[tuple[int, bytes]]:
    """The lines of standard input that hold anything, numbered from 1; of one that is too long, its beginning."""
    number = 0
    while line := sys.stdin.buffer.readline(LONGEST_LINE + 1):
        number += 1
        rest = line
        while not rest.endswith(b"\n") and (rest := sys.stdin.buffer.readline(LONGEST_LINE)):
            pass
        if line.strip():
            yield number, line


@agreement.command(
    "iep",
    epilog="Examples:\n\n  tocsin agreement iep partner.iepj\n\n  tocsin agreement iep old-policy.json --to iepj > policy.iepj\n\n"
    "  tocsin agreement iep agreement.yaml --to iepj",
)
def iep(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="Policies of IEP 2.0 or 1.0 (JSON), or agreements, whose defaults are taken."
        ),
    ],
    to: Annotated[PolicyFormat, typer.Option("--to", help="text for people, or iepj: a policy file of IEP 2.0.")] = (
        PolicyFormat.TEXT
    ),
) -> None:
    """Read policies of FIRST's Information Exchange Policy and write them as IEP 2.0.

    What IEP 2.0 has no word for is kept as a restriction; AMBER+STRICT is written red, never amber. Exit code 2 where a policy cannot
    be read; the others are written nevertheless.
    """
    policies: list[Policy] = []
    is_sound = True
    for file in files:
        for name, policy, problem in _policies(file):
            if policy is None:
                is_sound = False
                typer.echo(_printable(f"{name}: {problem}"), err=True)
                continue
            policies.append(policy)
            if to is PolicyFormat.TEXT:
                typer.echo(_printable(f"{name}: {_policy_line(policy)}"))
    if to is PolicyFormat.IEPJ:
        sys.stdout.buffer.write(written_policies(policies))
        sys.stdout.buffer.flush()
    if not is_sound:
        raise typer.Exit(2)


def _policies(file: Path) -> Iterator[tuple[str, Policy | None, str | None]]:
    data = _bytes_of(file, LARGEST_BYTES)
    if SCHEMA.encode() in data:
        yield str(file), policy_of(_usable(file)), None
        return
    try:
        found = read_policies(data)
    except ValueError as error:
        yield str(file), None, str(error)
        return
    for one in found:
        yield f"{file}, policy {one.number}", one.policy, one.problem


def _policy_line(policy: Policy) -> str:
    words = [
        f"{key} {getattr(policy, key)}"
        for key in (
            "encrypt_in_transit",
            "permitted_actions",
            "affected_party_notifications",
            "attribution",
            "unmodified_resale",
        )
        if getattr(policy, key) is not None
    ]
    if policy.tlp is not None:
        words.insert(0, policy.tlp.shown)
    if policy.start_date is not None:
        words.append(f"from {shown_time(policy.start_date)}")
    if policy.end_date is not None:
        words.append(f"until {shown_time(policy.end_date)}")
    return f"{policy.name or policy.id or 'a policy'}: {', '.join([*words, *policy.restrictions])}"
