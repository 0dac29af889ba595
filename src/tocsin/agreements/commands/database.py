"""``tocsin ledger``, ``tocsin holds`` and those commands of ``tocsin agreement`` that need the database."""

import typer

from tocsin.agreements.commands import holds, ledger, stored

#: Importing ``stored`` registers its commands on ``documents.agreement``: one group, whether there is a database or not.
__all__ = ["app", "holds", "ledger", "stored"]

app = typer.Typer(help="Stored agreements and the ledger.")
app.add_typer(ledger.ledger, name="ledger")
app.add_typer(holds.holds, name="holds")
