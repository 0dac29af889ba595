"""``tocsin ledger verify|checkpoint|show|replay|key``, as the operator."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tocsin.agreements import actions, queries
from tocsin.agreements.rules.checkpoints import read_checkpoints, read_key
from tocsin.constituency.access import OPERATOR
from tocsin.vocab.errors import Unreadable

ledger = typer.Typer(help="What was let out or held, and why.", no_args_is_help=True)

_out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)
_err = Console(stderr=True, highlight=False, soft_wrap=True)
_LARGEST_FILE = 64 << 20


@ledger.command(
    "verify",
    epilog="Examples:\n\n  tocsin ledger verify\n\n"
    "  tocsin ledger verify --checkpoint from-partner.jsonl --public-key ours.pem",
)
def verify(
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            "--checkpoint",
            metavar="FILE",
            help="Checkpoints that somebody kept, one JSON object a line; may be repeated.",
        ),
    ] = None,
    public_key: Annotated[
        list[Path] | None,
        typer.Option(
            "--public-key", metavar="FILE", help="A public key (PEM) to believe beside our own; may be repeated."
        ),
    ] = None,
) -> None:
    """Go through the whole ledger and hold it against our checkpoints and those of the files.

    Exit code 0 where nothing is wrong, 1 with the first bad entry, 2 where a file cannot be used.
    """
    checkpoints = [one for file in checkpoint or () for one in read_checkpoints(_read(file).splitlines(), str(file))]
    keys = [read_key(_read(file), str(file)) for file in public_key or ()]
    with _bar("verifying", queries.ledger_size(OPERATOR)) as bar:
        task = bar.task_ids[0]
        found = queries.verify_ledger(OPERATOR, checkpoints, keys, lambda count: bar.advance(task, count))
    _out.print(found.said, markup=False)
    if not found.verdict.is_sound:
        raise typer.Exit(1)


@ledger.command("checkpoint", epilog="Example:\n\n  tocsin ledger checkpoint > checkpoint.json")
def checkpoint() -> None:
    """Sign what the last entry is and print it: one line of JSON for others to keep."""
    typer.echo(actions.make_checkpoint(actor=OPERATOR).written())


@ledger.command("key", epilog="Example:\n\n  tocsin ledger key > ours.pem")
def key() -> None:
    """Print the public key that our checkpoints are verified with. The pair is made at first use; its private half stays here."""
    typer.echo(actions.public_key(actor=OPERATOR), nl=False)


@ledger.command(
    "show",
    epilog="Examples:\n\n  tocsin ledger show --recipient kaspersky --size 20\n\n"
    "  tocsin ledger show 12 --json | tr -d '\\n' | sha256sum",
)
def show(
    number: Annotated[int | None, typer.Argument(metavar="[NUMBER]", help="One entry; the newest by default.")] = None,
    object_id: Annotated[str, typer.Option("--object", help="The id of an object.")] = "",
    recipient: Annotated[str, typer.Option("--recipient", help="A party or community.")] = "",
    agreement: Annotated[str, typer.Option("--agreement", help="The id of an agreement.")] = "",
    result: Annotated[str, typer.Option("--result", help="allow, transform, hold or out_of_scope.")] = "",
    size: Annotated[int, typer.Option("--size", help="How many entries at most.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="The very bytes that are hashed, one entry a line.")] = False,
) -> None:
    """Show entries, newest first."""
    search = queries.LedgerSearch(object_id=object_id, recipient=recipient, agreement=agreement, result=result)
    rows = (
        (queries.entry(OPERATOR, number),) if number is not None else queries.ledger(OPERATOR, search, size=size).rows
    )
    if as_json:
        for row in rows:
            sys.stdout.buffer.write(row.told + b"\n")
        return
    table = Table("entry", "recorded", "kind", "object", "to", "by", "result", "clauses and obligations", "actor")
    for row in rows:
        told = "; ".join((*row.clauses, *row.obligations))
        when = f"{row.recorded_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(
            str(row.number), when, row.kind, row.object_id, row.recipient, row.exit, row.result, told, row.actor
        )
    _out.print(table if table.row_count else "No entry fits.")


@ledger.command("replay", epilog="Examples:\n\n  tocsin ledger replay 12\n\n  tocsin ledger replay")
def replay(
    number: Annotated[
        int | None, typer.Argument(metavar="[NUMBER]", help="One entry; all decisions by default.")
    ] = None,
) -> None:
    """Decide again, with the revisions that the entries name. Exit code 1 where an answer is another, or cannot be had."""
    if number is not None:
        found = [queries.replay(OPERATOR, number)]
        count = 1
        wrong = [one for one in found if not one.is_same]
    else:
        count, wrong = _replay_all()
    for one in wrong:
        _out.print(one.problem, markup=False)
    _out.print(f"{count:,} decisions asked again, {count - len(wrong):,} the same.", markup=False)
    if wrong:
        raise typer.Exit(1)


_SHOWN_WRONG = 1000


def _replay_all() -> tuple[int, list[queries.Replayed]]:
    count, wrong = 0, []
    with _bar("asking again", queries.ledger_size(OPERATOR)) as bar:
        for one in queries.replay_all(OPERATOR):
            count += 1
            bar.update(bar.task_ids[0], completed=one.number)
            if not one.is_same:
                wrong.append(one)
                if len(wrong) >= _SHOWN_WRONG:
                    break
    return count, wrong


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            text = stream.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise Unreadable(f"{file}: cannot be read ({(error.strerror or str(error)).lower()}).") from error
    if len(text) > _LARGEST_FILE:
        raise Unreadable(f"{file} is larger than {_LARGEST_FILE >> 20} MB.")
    return text


def _bar(what: str, total: int) -> Progress:
    bar = Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=_err,
        transient=True,
    )
    bar.add_task(what, total=total)
    return bar
