"""The group that every command of this room belongs to."""

import sys

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer()
exchange = typer.Typer(help="Partners, collections, pulls, pushes and receipts.", no_args_is_help=True)
app.add_typer(exchange, name="exchange")

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)


def table(*columns: str) -> Table:
    """A plain table."""
    made = Table(box=None, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made
