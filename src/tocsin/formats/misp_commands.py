"""``tocsin misp``."""

import typer

app = typer.Typer()
misp = typer.Typer(help="MISP events to STIX objects and back.", no_args_is_help=True)
app.add_typer(misp, name="misp")
