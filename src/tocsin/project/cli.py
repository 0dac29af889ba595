"""The command line: ``tocsin COMMAND``. Each room brings its own commands; this table says where they are.

Only the room of the command that was asked for is imported, so that ``tocsin parse`` and ``tocsin match`` start fast and run
without a database.
"""

import os
import sys
import tempfile
import traceback
from importlib import import_module

import typer

from tocsin import __version__
from tocsin.vocab.errors import TocsinError

#: room -> its commands. Rooms above ``lake`` need Django.
COMMANDS: dict[str, tuple[str, ...]] = {
    "formats": ("parse",),
    "engine": ("compile", "match", "set"),
    "jobs": ("work", "backup", "restore", "check"),
    "constituency": ("constituency", "person", "token"),
    "intel": ("source", "ingest", "warning-list"),
    "detection": ("run",),
    "findings": ("findings",),
    "project": ("init", "serve", "settings", "api"),
}
WITHOUT_DATABASE = frozenset({"formats", "engine"})

_ABOUT = "Tocsin, the alarm bell a country shares: partner intelligence in, affected constituents and what to do about it out."


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit code. What is wrong with the input is one line on standard error, exit code 2."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        _application(words)(args=words, prog_name="tocsin")
    except TocsinError as error:
        print(f"tocsin: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        # The reader of our output has left (``tocsin parse … | head``): no fault, and nothing more to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as error:
        print(f"tocsin: {_fault(error)}", file=sys.stderr)
        sys.exit(70)


def _fault(error: Exception) -> str:
    """One sentence about what should not happen; the details go to a file that can be sent with a report."""
    if type(error).__name__ in {"OperationalError", "ProgrammingError"}:
        advice = "if it speaks of a missing table or column, run 'tocsin init'"
    else:
        advice = "this is a fault of Tocsin's; please report it"
    with tempfile.NamedTemporaryFile("w", prefix="tocsin-fault-", suffix=".txt", delete=False) as file:
        traceback.print_exception(error, file=file)
    first = str(error).partition("\n")[0] or type(error).__name__
    return f"{first}: {advice}; details are in {file.name}"


def _application(words: list[str]) -> typer.Typer:
    named = next((word for word in words if not word.startswith("-")), None)
    rooms = [room for room, commands in COMMANDS.items() if named in commands] or list(COMMANDS)
    if not WITHOUT_DATABASE.issuperset(rooms):
        _wake_django()
    application = typer.Typer(
        help=_ABOUT, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich"
    )
    application.callback()(_options)
    for room in rooms:
        application.add_typer(import_module(f"tocsin.{room}.commands").app)
    return application


def _say_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"tocsin {__version__}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(
        False, "--version", help="Say the version and leave.", is_eager=True, callback=_say_version
    ),
) -> None:
    """What may stand before the command."""


def _wake_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.project.settings")
    import_module("django").setup()
