"""Commands of the exchange room."""

import typer

app = typer.Typer()
exchange = typer.Typer(help="Partners, collections, pulls, pushes and receipts.", no_args_is_help=True)
app.add_typer(exchange, name="exchange")
