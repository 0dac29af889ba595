"""``tocsin ledger`` and those commands of ``tocsin agreement`` that need the database."""

import typer

app = typer.Typer(help="Stored agreements and the ledger.")
ledger = typer.Typer(help="What was let out or held, and why.", no_args_is_help=True)
app.add_typer(ledger, name="ledger")
# A command of ``tocsin agreement`` that needs the database is registered on ``documents.agreement``.
