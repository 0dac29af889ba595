"""``tocsin agreement check|diff|decide|iep``: agreements as files, without Django, a database or a storage folder."""

import typer

app = typer.Typer(help="Agreements as files.")
#: Commands that need the database are registered here too, by ``agreements.commands.database``.
agreement = typer.Typer(help="Agreements as data: check, compare, decide, import.", no_args_is_help=True)
app.add_typer(agreement, name="agreement")
