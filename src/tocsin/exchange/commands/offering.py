"""``tocsin exchange offer`` and ``receipts``: what stands ready for partners, and what has left."""

from typing import Annotated

import typer

from tocsin.constituency.access import OPERATOR
from tocsin.exchange import actions, queries
from tocsin.exchange.commands.group import exchange, out, table
from tocsin.exchange.rules.resources import version_text


@exchange.command("offer", epilog="Example: tocsin exchange offer")
def offer() -> None:
    """Bring the feeds of every partner up to date now; the worker does so every few seconds."""
    typer.echo(str(actions.offer(actor=OPERATOR)))


@exchange.command(
    "receipts",
    epilog="Examples:\n\n  tocsin exchange receipts --partner khyber\n\n  tocsin exchange receipts --object indicator--…",
)
def receipts(
    partner: Annotated[str | None, typer.Option("--partner", help="Of this partner only.")] = None,
    stix_id: Annotated[
        str | None, typer.Option("--object", metavar="STIX-ID", help="Who has collected this object, in which version.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Most receipts shown.")] = 50,
) -> None:
    """What was served to whom, newest first; or, exactly, who has collected an object."""
    if stix_id is not None:
        shown = table("partner", "version", "first", "last", "times", "first receipt")
        for seen in queries.collected_by(OPERATOR, stix_id):
            first, last = (f"{at:%Y-%m-%d %H:%M:%S}" for at in (seen.first_at, seen.last_at))
            shown.add_row(
                seen.partner, version_text(seen.version_us), first, last, str(seen.times), str(seen.first_receipt)
            )
        out.print(shown)
        return
    shown = table("receipt", "partner", "client", "at", "objects", "clauses", "ledger")
    for row in queries.receipts(OPERATOR, partner=partner, limit=limit):
        clauses = ", ".join(f"{name} ×{count}" for name, count in sorted(row.clauses.items()))
        at = f"{row.at:%Y-%m-%d %H:%M:%S}"
        shown.add_row(str(row.uid), row.partner, row.client, at, str(row.count), clauses, str(row.ledger_number or ""))
    out.print(shown)
