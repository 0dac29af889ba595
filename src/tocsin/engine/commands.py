"""``tocsin compile`` and ``tocsin match``: indicators into one file, and that file against logs."""

import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tocsin.engine.compiling import compile_stream
from tocsin.engine.sets import Hit, IndicatorSet
from tocsin.text.streams import Member, members
from tocsin.vocab.errors import InputError, TocsinError

app = typer.Typer(help="Match logs against indicators without a database.")


class OutputFormat(StrEnum):
    """How hits are written."""

    TSV = "tsv"
    JSONL = "jsonl"


@app.command(
    "compile",
    epilog="Example: printf 'domain-name\\tevil.example\\nipv4-addr\\t198.18.0.0/24\\n' | tocsin compile - -o today.set",
)
def compile_command(
    indicators: Annotated[
        str,
        typer.Argument(metavar="INDICATORS.tsv", help="Rows type<TAB>value, compressed or not; - for standard input."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="SET", help="The set to write; an older one is replaced at once.")
    ],
) -> None:
    """Compile indicators into a set that `tocsin match` uses.

    Types: domain-name, ipv4-addr and ipv6-addr (networks too), ip-port, url (masks with * too), file (a hash), x509-certificate,
    email-addr. Blank lines and lines that begin with # are passed over. Rows that cannot be matched are listed on standard error with
    their line, the rest is compiled. Exit code 0, or 2 where the indicators cannot be read or the set cannot be written.
    """
    found = members(indicators)
    with next(found).open() as stream:
        report = compile_stream(stream, output)
    if next(found, None) is not None:
        raise InputError(f"{indicators}: holds several files; compile one at a time")
    for row, reason in report.rejected:
        print(f"{indicators}, line {row + 1}: {reason}", file=sys.stderr)
    print(f"{output}: {report.compiled} indicators compiled, {len(report.rejected)} refused", file=sys.stderr)


@app.command(
    "match",
    epilog="Examples:\n\n  tocsin match today.set /var/log/squid/access.log*\n\n"
    "  zcat dns.log.gz | tocsin match today.set - --format jsonl",
)
def match_command(
    indicator_set: Annotated[Path, typer.Argument(metavar="SET", help="A set made by `tocsin compile`.")],
    logs: Annotated[
        list[str],
        typer.Argument(
            metavar="LOG...", help="Logs in any text format, compressed or not; folders; - for standard input."
        ),
    ],
    output_format: Annotated[OutputFormat, typer.Option("--format", help="How hits are written.")] = OutputFormat.TSV,
    defanged: Annotated[
        bool, typer.Option("--defanged", help="Also find values written hxxp://evil[.]example.")
    ] = False,
) -> None:
    """Find indicators in logs: one row a hit, `file, line, type, value`, ordered by file, line and row of the indicators.

    Lines are counted as in the decompressed text, from 1, headers too. In tsv a tab, a line end and a backslash are written \\t, \\n and
    \\\\. Exit code 0 if there was a hit, 1 if there was none, 2 if something could not be read (the rest is searched nevertheless).
    """
    write = {OutputFormat.TSV: _tsv_row, OutputFormat.JSONL: _json_row}[output_format]
    found_any, failed = False, False
    with IndicatorSet.open(indicator_set) as opened:
        for log in logs:
            try:
                for file, hits in _hits(opened, log, defanged=defanged):
                    found_any = True
                    sys.stdout.buffer.write(
                        b"".join(write(file, hit, *opened.entry_bytes(hit.indicator)) for hit in hits)
                    )
            except TocsinError as problem:
                failed = True
                print(f"tocsin: {problem}", file=sys.stderr)
    sys.stdout.buffer.flush()
    raise typer.Exit(2 if failed else 0 if found_any else 1)


def _hits(opened: IndicatorSet, log: str, *, defanged: bool) -> Iterator[tuple[str, list[Hit]]]:
    for member in members(log):
        file = _name(log, member)
        with member.open() as stream:
            for hits in opened.scan_batches(stream, defanged=defanged):
                yield file, hits


def _name(log: str, member: Member) -> str:
    """The file as given; a member of a folder or an archive has its path behind it."""
    return f"{log.rstrip('/')}/{member.name}" if member.is_inside else log


def _tsv_row(file: str, hit: Hit, kind: str, value: bytes) -> bytes:
    return b"%s\t%d\t%s\t%s\n" % (
        _escaped(file.encode("utf-8", "surrogateescape")),
        hit.line,
        kind.encode(),
        _escaped(value),
    )


def _escaped(text: bytes) -> bytes:
    return text.replace(b"\\", b"\\\\").replace(b"\t", b"\\t").replace(b"\n", b"\\n")


def _json_row(file: str, hit: Hit, kind: str, value: bytes) -> bytes:
    row = {"file": file, "line": hit.line, "type": kind, "value": value.decode("utf-8", "surrogateescape")}
    try:
        return json.dumps(row, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # bytes that are no UTF-8, kept as lone surrogates
        return json.dumps(row).encode() + b"\n"
