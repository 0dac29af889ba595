"""``tocsin set``: look into compiled sets, change them under running readers, compare them."""

import json
import sys
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tocsin.engine.compiling import opened_rows
from tocsin.engine.deltas import ChangeReport, add_rows, remove_rows
from tocsin.engine.describing import Difference, SetInfo, describe, differences
from tocsin.engine.files import delta_of
from tocsin.engine.output import json_line, text_of
from tocsin.engine.sets import IndicatorSet

app = typer.Typer(
    help="Look into compiled sets, change them under running readers, compare them.", no_args_is_help=True
)

Set = Annotated[Path, typer.Argument(metavar="SET", help="A set made by `tocsin compile`.")]


class InfoFormat(StrEnum):
    """How a description is written."""

    TEXT = "text"
    JSON = "json"


class DiffFormat(StrEnum):
    """How differences are written."""

    TSV = "tsv"
    JSONL = "jsonl"


@app.command("info", epilog="Example: tocsin set info today.set --format json")
def info_command(
    indicator_set: Set,
    output_format: Annotated[InfoFormat, typer.Option("--format", help="How it is written.")] = InfoFormat.TEXT,
) -> None:
    """Say what a set holds: rows by type, refused, removed and expired ones, when it was made, its size, its delta.

    Exit code 0, or 2 where the set cannot be read.
    """
    info = describe(indicator_set)
    if output_format is InfoFormat.JSON:
        told = {"set": str(indicator_set), "indicators": info.indicators, **asdict(info)}
        print(json.dumps(told, default=datetime.isoformat))
    else:
        print("\n".join(f"{name:<18}{text}" for name, text in _told(indicator_set, info)))


def _told(path: Path, info: SetInfo) -> list[tuple[str, str]]:
    size = f"{info.bytes:,} bytes"
    if info.indicators:
        size += f", {info.bytes / info.indicators:.1f} an indicator"
    lines = [
        ("set", str(path)),
        ("made", f"{info.made_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("size", size),
        ("indicators", f"{info.indicators:,}, of which {info.expired:,} have expired"),
        *((f"  {name}", f"{count:,}") for name, count in info.types.items()),
        ("refused or blank", f"{info.refused:,}"),
        ("removed", f"{info.removed:,}"),
    ]
    if info.delta:
        made = f"{info.delta.made_at:%Y-%m-%d %H:%M:%S} UTC"
        lines.append(("delta", f"{info.delta.rows:,} rows, {info.delta.bytes:,} bytes, made {made}"))
    if info.is_delta_strange:
        lines.append(("delta", f"{delta_of(path).name} belongs to another set and is passed over"))
    return lines


@app.command("verify", epilog="Example: tocsin set verify today.set && echo sound")
def verify_command(indicator_set: Set) -> None:
    """Check all of a set and of its delta: every checksum, every record, and that filter, table and index find each row.

    Exit code 0 where it is sound; 2, with one sentence, where it is not.
    """
    with IndicatorSet.open(indicator_set) as opened:
        opened.verify()
        print(f"{indicator_set}: sound, {len(opened)} indicators in {opened.rows} rows")


Changes = Annotated[
    str,
    typer.Argument(metavar="INDICATORS.tsv", help="Rows type<TAB>value, compressed or not; - for standard input."),
]


@app.command("add", epilog="Example: printf 'domain-name\\tevil.example\\t2026-12-31\\n' | tocsin set add today.set -")
def add_command(indicator_set: Set, indicators: Changes) -> None:
    """Add indicators to a set without compiling it anew. Searches that run go on with what they opened, later ones find the new rows.

    A third column may say until when a row is valid. What was removed before comes back; what is there already is counted and left.
    The rows go into a file beside the set, SET.delta: whoever copies a set copies both. Exit code 0, or 2 where the set or the
    indicators cannot be read, or another process is changing the set.
    """
    with opened_rows(indicators) as stream:
        report = add_rows(indicator_set, stream)
    _account(indicator_set, indicators, report, "added", "already there")
    if report.is_large:
        print(
            f"{indicator_set}: so much was added that searching slows down; compile it anew: "
            f"tocsin set rows {indicator_set} | tocsin compile - -o {indicator_set}",
            file=sys.stderr,
        )


@app.command("remove", epilog="Example: printf 'domain-name\\tevil.example\\n' | tocsin set remove today.set -")
def remove_command(indicator_set: Set, indicators: Changes) -> None:
    """Remove indicators from a set without compiling it anew, in whatever spelling they are there.

    A third column may stand there and plays no part. Searches that run go on with what they opened, later ones do not find the rows.
    Exit code 0, or 2 where the set or the indicators cannot be read, or another process is changing the set.
    """
    with opened_rows(indicators) as stream:
        report = remove_rows(indicator_set, stream)
    _account(indicator_set, indicators, report, "removed", "not there")


def _account(path: Path, indicators: str, report: ChangeReport, changed: str, unchanged: str) -> None:
    for row, reason in report.rejected:
        print(f"{indicators}, line {row + 1}: {reason}", file=sys.stderr)
    print(
        f"{path}: {report.received} received = {report.changed} {changed} + {report.unchanged} {unchanged} "
        f"+ {len(report.rejected)} rejected",
        file=sys.stderr,
    )


@app.command("rows", epilog="Example: tocsin set rows today.set | tocsin compile - -o tomorrow.set")
def rows_command(indicator_set: Set) -> None:
    """Write the rows of a set as `tocsin compile` reads them: type, value and, where there is one, the time until which it is valid.

    Refused and removed rows are left out, expired ones are not. Exit code 0, or 2 where the set cannot be read.
    """
    with IndicatorSet.open(indicator_set) as opened:
        for lines in opened.listed():
            sys.stdout.buffer.write(lines)
    sys.stdout.buffer.flush()


@app.command("diff", epilog="Example: tocsin set diff yesterday.set today.set")
def diff_command(
    first: Annotated[Path, typer.Argument(metavar="A", help="A set made by `tocsin compile`.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="The set to compare it with.")],
    output_format: Annotated[DiffFormat, typer.Option("--format", help="How rows are written.")] = DiffFormat.TSV,
) -> None:
    """Write what only A holds (-) and what only B holds (+): sign, type, value and the time until which the row is valid.

    Two spellings of one indicator are no difference, another time is one. Exit code 0 where both hold the same, 1 where they differ,
    2 where one cannot be read.
    """
    write = {DiffFormat.TSV: _tsv_row, DiffFormat.JSONL: _json_row}[output_format]
    out, do_differ = sys.stdout.buffer, False
    with IndicatorSet.open(first) as one, IndicatorSet.open(second) as other:
        for difference in differences(one, other):
            do_differ = True
            out.write(write(difference))
    out.flush()
    raise typer.Exit(1 if do_differ else 0)


def _tsv_row(row: Difference) -> bytes:
    sign = b"+" if row.is_added else b"-"
    return b"%s\t%s\t%s\t%s\n" % (sign, row.type.encode(), row.value, row.until.encode())


def _json_row(row: Difference) -> bytes:
    told = {
        "change": "added" if row.is_added else "removed",
        "type": row.type,
        "value": text_of(row.value),
        "valid_until": row.until or None,
    }
    return json_line(told)
