"""``tocsin stix``."""

import typer

app = typer.Typer()
stix = typer.Typer(help="STIX 2.1: check objects, check and match patterns.", no_args_is_help=True)
app.add_typer(stix, name="stix")
