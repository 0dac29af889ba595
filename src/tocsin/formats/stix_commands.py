"""``tocsin stix``: objects checked against the specification, patterns checked and matched. No database."""

import gc
import sys
from collections.abc import Iterable
from typing import Annotated, cast, get_args

import orjson
import typer

from tocsin.formats.stix.check import Rules, check_document
from tocsin.formats.stix.check.rules import Version
from tocsin.text.streams import members
from tocsin.vocab.errors import Unreadable

app = typer.Typer()
stix = typer.Typer(help="STIX 2.1: check objects, check and match patterns.", no_args_is_help=True)
app.add_typer(stix, name="stix")

_EXAMPLES = """
Examples:

  tocsin stix check bundle.json

  zcat objects.jsonl.gz | tocsin stix check - | jq -c 'select(.valid | not)'

  tocsin stix check --interop --disable relationship-types,extref-hashes partner/
"""


@stix.command("check", epilog=_EXAMPLES)
def check(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Files, folders or - for standard input: bundles, single objects, arrays, JSON lines; compressed or in archives.",
        ),
    ],
    version: Annotated[
        str,
        typer.Option(
            "--version",
            metavar="2.1|2.0",
            help="2.1 also reads objects of 2.0, which have no spec_version; 2.0 reads nothing else.",
        ),
    ] = "2.1",
    interop: Annotated[
        bool, typer.Option("--interop", help="Ask also for what the interoperability profile asks: who created it.")
    ] = False,
    disable: Annotated[
        list[str] | None,
        typer.Option("--disable", "-d", metavar="CHECK,...", help="Recommendations that nobody need be told of."),
    ] = None,
    enable: Annotated[
        list[str] | None,
        typer.Option("--enable", "-e", metavar="CHECK,...", help="Recommendations to tell of that usually are not."),
    ] = None,
    strict_types: Annotated[
        bool, typer.Option("--strict-types", help="Warn of types that the specification does not have.")
    ] = False,
    strict_properties: Annotated[
        bool, typer.Option("--strict-properties", help="Warn of properties that the specification does not have.")
    ] = False,
) -> None:
    """Check STIX objects: one JSON line an object, with id, type, valid, errors and warnings.

    An object that breaks a MUST of STIX 2.1 is not valid and says where and why in errors; what breaks a SHOULD is a warning. A bundle
    has a line of its own, behind its objects, only if something is wrong with itself. Exit code 0 if all objects are valid, 1 if one is
    not, 2 if a file cannot be read to its end.
    """
    enabled = _names(enable)
    enabled |= {"strict-types"} if strict_types else set()
    enabled |= {"strict-properties"} if strict_properties else set()
    rules = Rules(_version(version), interop, frozenset(_names(disable)), frozenset(enabled))
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    raise typer.Exit(_check_all(files, rules))


def _version(text: str) -> Version:
    if text not in get_args(Version):
        raise typer.BadParameter("write 2.1 or 2.0", param_hint="--version")
    return cast("Version", text)


def _names(lists: Iterable[str] | None) -> set[str]:
    return {name.strip() for listed in lists or () for name in listed.split(",") if name.strip()}


def _check_all(files: list[str], rules: Rules) -> int:
    """Check every file; one that cannot be read keeps no other from being checked. Returns the exit code."""
    code = 0
    write = sys.stdout.buffer.write
    for file in files:
        try:
            for member in members(file):
                for checked in check_document(member, rules):
                    write(orjson.dumps(checked.as_json(), option=orjson.OPT_APPEND_NEWLINE))
                    if not checked.valid:
                        code = max(code, 1)
        except Unreadable as error:
            sys.stdout.buffer.flush()
            print(f"tocsin: {error}", file=sys.stderr)
            code = 2
    sys.stdout.buffer.flush()
    return code
