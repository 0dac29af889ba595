"""``tocsin misp``: events to STIX objects and back, without a database. What did not come along is said, line by line."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, BinaryIO

import orjson
import typer

from tocsin.formats.misp.documents import MAX_BYTES, events_to_stix, stix_to_event
from tocsin.formats.misp.losses import Converted, condensed
from tocsin.formats.misp.naming import derived
from tocsin.text.streams import Limits, members
from tocsin.vocab.errors import InputError, Unreadable

app = typer.Typer()
misp = typer.Typer(help="MISP events to STIX objects and back.", no_args_is_help=True)
app.add_typer(misp, name="misp")

_TO_EXAMPLES = """
Examples:

  tocsin misp to-stix event.json -o bundle.json

  tocsin misp to-stix feed/ --losses losses.jsonl > bundle.json
"""
_FROM_EXAMPLES = """
Examples:

  tocsin misp from-stix bundle.json -o event.json

  tocsin misp from-stix partner/*.json --losses losses.jsonl > events.jsonl
"""

_Files = Annotated[
    list[str],
    typer.Argument(metavar="FILE...", help="Files, folders or - for standard input; compressed or in archives."),
]
_Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here instead of to standard output.")
]
_Losses = Annotated[
    Path | None,
    typer.Option("--losses", metavar="FILE", help="Write every loss here, one JSON line each, instead of a summary."),
]


@misp.command("to-stix", epilog=_TO_EXAMPLES)
def to_stix(files: _Files, output: _Output = None, losses: _Losses = None) -> None:
    """Write MISP events as one STIX 2.1 bundle.

    Every field is carried or named: what STIX has no property for goes into x_misp_ properties, and what cannot be carried at all is
    a line on standard error. So is what had to be marked stricter than it said itself. Exit code 0 if everything could be converted,
    whatever the losses; 2 if a file is no MISP event.
    """
    with ExitStack() as stack:
        out, report = _outputs(stack, output, losses)
        _write_bundle(out, _events(files, report))


@misp.command("from-stix", epilog=_FROM_EXAMPLES)
def from_stix(files: _Files, output: _Output = None, losses: _Losses = None) -> None:
    """Write the STIX objects of each file as one MISP event, one JSON line a file.

    What came out of MISP becomes what it was; anything else becomes attributes, objects, clusters and reports. Every property that
    MISP has no place for is named on standard error. Exit code 0 if everything could be converted, whatever the losses; 2 if a file
    holds no STIX objects.
    """
    with ExitStack() as stack:
        out, report = _outputs(stack, output, losses)
        for name, raw in _documents(files):
            converted = stix_to_event(raw, name)
            report(name, converted)
            out.write(orjson.dumps({"Event": converted.event}, option=orjson.OPT_APPEND_NEWLINE))


# Input and output ---------------------------------------------------------------------------------------------------


class _Report:
    """Says what was lost: every loss into a file, or the equal ones together on standard error."""

    def __init__(self, file: BinaryIO | None) -> None:
        self._file = file

    def __call__(self, name: str, converted: Converted) -> None:
        if self._file is not None:
            for kind, parts in (("loss", converted.losses), ("tightened", converted.tightened)):
                for loss in parts:
                    row = {"file": name, "kind": kind, **loss.as_json()}
                    self._file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            return
        for line in condensed(converted.losses):
            print(f"{name}: not carried: {printable(line)}", file=sys.stderr)
        for line in condensed(converted.tightened):
            print(f"{name}: marked stricter: {printable(line)}", file=sys.stderr)


def _outputs(stack: ExitStack, output: Path | None, losses: Path | None) -> tuple[BinaryIO, _Report]:
    out = sys.stdout.buffer if output is None else stack.enter_context(_created(output))
    return out, _Report(None if losses is None else stack.enter_context(_created(losses)))


def _created(path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except OSError as error:
        raise InputError(f"{path} cannot be written ({(error.strerror or str(error)).lower()})") from error


def _documents(files: list[str]) -> Iterator[tuple[str, bytes]]:
    found = False
    for file in files:
        for member in members(file, Limits()):
            found = True
            raw = member.open().read(MAX_BYTES + 1)
            yield member.name, raw
    if not found:
        raise Unreadable(f"{', '.join(files)}: there is no file to convert")


def _events(files: list[str], report: _Report) -> Iterator[dict[str, object]]:
    for name, raw in _documents(files):
        if Path(name).name in ("manifest.json", "hashes.csv"):
            continue
        for converted in events_to_stix(raw, name):
            report(name, converted)
            yield from converted.objects


def _write_bundle(out: BinaryIO, objects: Iterable[dict[str, object]]) -> None:
    """A bundle, object by object; what several events share (their author, a marking) is written once."""
    seen: set[str] = set()
    opening = b'{"type":"bundle","id":"bundle--%s","objects":[\n'
    for one in objects:
        raw = orjson.dumps(one)
        key = derived("version", one.get("id"), one.get("modified"))
        if key in seen:
            continue
        out.write(b",\n" if seen else opening % derived("bundle", raw).encode())
        seen.add(key)
        out.write(raw)
    # STIX 2.1 §8: a bundle without objects has no list of them either.
    out.write(b"\n]}\n" if seen else b'{"type":"bundle","id":"bundle--%s"}\n' % derived("bundle").encode())


def printable(text: str) -> str:
    """Control characters as escapes: what is shown comes from strangers."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
