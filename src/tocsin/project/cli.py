"""The command line: ``tocsin COMMAND``. Each room brings its own commands; this table says where they are.

Only the module of the command that was asked for is imported, so that ``tocsin parse`` and ``tocsin match`` start fast and run
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

#: module -> its commands. Two words name one subcommand of a group that several modules share: who asks for exactly that wakes
#: its module alone; who asks for anything else of the group wakes all of them.
COMMANDS: dict[str, tuple[str, ...]] = {
    "formats.commands": ("parse",),
    "formats.stix_commands": ("stix",),
    "formats.misp_commands": ("misp",),
    "engine.commands": ("compile", "match", "set"),
    "jobs.commands": ("work", "backup", "restore", "check"),
    "constituency.commands": ("constituency", "person", "token"),
    "agreements.commands.documents": ("agreement check", "agreement diff", "agreement decide", "agreement iep"),
    "agreements.commands.database": ("agreement", "ledger", "holds"),
    "intel.commands": ("source", "ingest", "warning-list"),
    "detection.commands": ("run",),
    "findings.commands": ("findings",),
    "exchange.commands": ("exchange",),
    "project.commands": ("init", "serve", "settings", "api"),
}
#: Modules that start without Django, a database and a storage folder.
WITHOUT_DATABASE = frozenset(
    {
        "formats.commands",
        "formats.stix_commands",
        "formats.misp_commands",
        "engine.commands",
        "agreements.commands.documents",
    }
)

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
    modules = _modules([word for word in words if not word.startswith("-")])
    if not WITHOUT_DATABASE.issuperset(modules):
        _wake_django()
    application = typer.Typer(
        help=_ABOUT, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich"
    )
    application.callback()(_options)
    for module in modules:
        application.add_typer(import_module(f"tocsin.{module}").app)
    return application


def _modules(words: list[str]) -> list[str]:
    """The modules that the asked command needs: that of its two words, else all that share its first; all if nothing is asked."""
    exactly = [module for module, names in COMMANDS.items() if " ".join(words[:2]) in names]
    sharing = [
        module for module, names in COMMANDS.items() if words[:1] and words[0] in {name.split()[0] for name in names}
    ]
    return exactly if len(words) > 1 and exactly else sharing or list(COMMANDS)


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
