"""``tocsin findings``: bring them up to date, list them, judge one."""

import csv
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Literal

import orjson
import typer

from tocsin.constituency.access import OPERATOR
from tocsin.findings import actions, queries
from tocsin.findings.rules import State

app = typer.Typer()
findings = typer.Typer(no_args_is_help=True, help="Open problems of constituents: update, list, judge.")
app.add_typer(findings, name="findings")

_EXAMPLES = """
Examples:

  tocsin findings update

  tocsin findings list --sector banking --severity critical

  tocsin findings list --format jsonl | jq .asset

  tocsin findings judge FND-2026-0042 false-positive --reason "a honeypot of our own"
"""


@findings.command("update", epilog=_EXAMPLES)
def update() -> None:
    """Attribute new observations and bring the findings up to date; a running worker does the same by itself."""
    typer.echo(str(actions.absorb(actor=OPERATOR)))


@findings.command("list", epilog=_EXAMPLES)
def list_findings(
    organisation: Annotated[str, typer.Option(help="Only this organisation's (its short name).")] = "",
    sector: Annotated[str, typer.Option(help="Only this sector's (its short name).")] = "",
    severity: Annotated[str, typer.Option(help="Only critical, high, medium, low or info.")] = "",
    state: Annotated[str, typer.Option(help="Only those in this state.")] = "",
    text: Annotated[
        str, typer.Option("--search", help="Part of an asset, a malware name or a constituent's name.")
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    form: Annotated[Literal["table", "tsv", "jsonl"], typer.Option("--format", help="How to print them.")] = "table",
) -> None:
    """List findings, the worst and latest first."""
    search = queries.FindingSearch(
        text=text, organisation=organisation, sector=sector, severity=severity, state=state, only_open=not everything
    )
    found = _every(search)
    if form == "jsonl":
        for one in found:
            sys.stdout.write(orjson.dumps(asdict(one), option=orjson.OPT_UTC_Z).decode() + "\n")
    elif form == "tsv":
        writer = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
        writer.writerows(_cells(one) for one in found)
    else:
        for one in found:
            typer.echo("  ".join(_cells(one)))


def _every(search: queries.FindingSearch) -> Iterator[queries.FindingView]:
    page = 1
    while True:
        rows, _ = queries.findings(OPERATOR, search, page=page, size=1000)
        yield from rows
        if len(rows) < 1000:
            return
        page += 1


def _cells(one: queries.FindingView) -> list[str]:
    seen = one.last_seen_at.isoformat(timespec="seconds")
    return [
        one.reference,
        one.severity,
        one.state,
        one.organisation,
        one.problem,
        one.asset,
        str(one.observations),
        seen,
    ]


@findings.command("judge", epilog=_EXAMPLES)
def judge(
    reference: Annotated[str, typer.Argument(help="Reference number, such as FND-2026-0042.")],
    state: Annotated[State, typer.Argument(help="What it is from now on.")],
    reason: Annotated[str, typer.Option(help="Why, in a few words.")],
) -> None:
    """Move a finding to another state, with the reason written down."""
    actions.triage(actor=OPERATOR, reference=reference.upper(), state=state, reason=reason)
    typer.echo(f"{reference.upper()} is {state.value} now.")
