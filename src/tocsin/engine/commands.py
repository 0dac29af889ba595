"""``tocsin compile`` and ``tocsin match``: indicators into one file, and that file against logs."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from tocsin.engine import set_commands
from tocsin.engine.compiling import compile_stream, opened_rows
from tocsin.engine.context import Span
from tocsin.engine.output import CountBy, OutputFormat
from tocsin.engine.searching import HIT, Asked, answer

#: What a shell says of a program whose reader has left (SIGPIPE).
_READER_LEFT = 141

app = typer.Typer(help="Match logs against indicators without a database.")
app.add_typer(set_commands.app, name="set")


@app.command(
    "compile",
    epilog="Example: printf 'domain-name\\tevil.example\\nipv4-addr\\t198.18.0.0/24\\n' | tocsin compile - -o today.set",
)
def compile_command(
    indicators: Annotated[
        str,
        typer.Argument(
            metavar="INDICATORS.tsv",
            help="Rows type<TAB>value[<TAB>valid until], compressed or not; - for standard input.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="SET", help="The set to write; an older one is replaced at once.")
    ],
) -> None:
    """Compile indicators into a set that `tocsin match` uses.

    Types: domain-name, ipv4-addr and ipv6-addr (networks too), ip-port, url (masks with * too), file (a hash), x509-certificate,
    email-addr. A third column, where it is not empty, says until when a row is valid: 2026-01-31 (to its end, UTC) or
    2026-01-31T12:00:00Z. Blank lines and lines that begin with # are passed over. Rows that cannot be matched are listed on standard
    error with their line, the rest is compiled. What `tocsin set add` and `remove` did to an older set is forgotten. Exit code 0, or 2
    where the indicators cannot be read or the set cannot be written.
    """
    with opened_rows(indicators) as stream:
        report = compile_stream(stream, output)
    for row, reason in report.rejected:
        print(f"{indicators}, line {row + 1}: {reason}", file=sys.stderr)
    print(f"{output}: {report.compiled} indicators compiled, {len(report.rejected)} refused", file=sys.stderr)


@app.command(
    "match",
    epilog="Examples:\n\n  tocsin match today.set /var/log/squid/access.log*\n\n"
    "  zcat dns.log.gz | tocsin match today.set - --format jsonl\n\n"
    "  tocsin match today.set /var/log/ --count-by indicator\n\n"
    "  tocsin match today.set mail.log --context 2\n\n"
    "  tocsin match today.set --follow /var/log/squid/access.log --output hits.tsv",
)
def match_command(
    indicator_set: Annotated[Path, typer.Argument(metavar="SET", help="A set made by `tocsin compile`.")],
    logs: Annotated[
        list[str],
        typer.Argument(
            metavar="LOG...", help="Logs in any text format, compressed or not; folders; - for standard input."
        ),
    ],
    output_format: Annotated[
        OutputFormat | None,
        typer.Option("--format", help="How hits are written: tsv, or text with --context, if not said."),
    ] = None,
    context: Annotated[
        int | None,
        typer.Option("--context", "-C", min=0, help="Show so many lines around each hit; 0: its line alone."),
    ] = None,
    before: Annotated[
        int | None, typer.Option("--before", "-B", min=0, help="Show so many lines before each hit.")
    ] = None,
    after: Annotated[
        int | None, typer.Option("--after", "-A", min=0, help="Show so many lines after each hit.")
    ] = None,
    only_matching: Annotated[
        bool, typer.Option("--only-matching", "-o", help="Write the indicator's value alone, once a hit.")
    ] = False,
    count_by: Annotated[
        CountBy | None, typer.Option("--count-by", help="Write counts of hits instead of hits, the most first.")
    ] = None,
    defanged: Annotated[
        bool, typer.Option("--defanged", help="Also find values written hxxp://evil[.]example.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-O", metavar="FILE", help="Write hits to this file; --follow appends.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what the logs grow by, through rotations, until stopped.")
    ] = False,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where --follow keeps its place between runs; OUTPUT.state with --output."),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=0, help="Threads that match side by side; 0 for all cores.")
    ] = 0,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Write nothing and stop at the first hit: the exit code tells.")
    ] = False,
    progress: Annotated[bool, typer.Option(help="Show how far it is, on a terminal.")] = True,
    account: Annotated[bool, typer.Option(help="Say at the end what was searched, on standard error.")] = True,
) -> None:
    """Find indicators in logs: one row a hit, `file, line, type, value`, ordered by file, line and row of the indicators.

    Lines are counted as in the decompressed text, from 1, headers too. In tsv a tab, a line end and a backslash are written \\t, \\n and
    \\\\. Exit code 0 if there was a hit, 1 if there was none, 2 if something could not be read (the rest is searched nevertheless).
    """
    asked = Asked(
        indicator_set=indicator_set,
        logs=logs,
        output_format=output_format,
        context=_span(context, before, after),
        only_matching=only_matching,
        count_by=count_by,
        defanged=defanged,
        output=output,
        follow=follow,
        state=state,
        jobs=jobs,
        quiet=quiet,
        progress=progress,
        account=account,
    )
    try:
        code = answer(asked)
    except BrokenPipeError:  # typer would leave with 1, which says that there is no hit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(_READER_LEFT) from None
    if quiet and code == HIT:
        _leave_at_once(code)
    raise typer.Exit(code)


def _span(context: int | None, before: int | None, after: int | None) -> Span | None:
    if context is None and before is None and after is None:
        return None
    both = context or 0
    return Span(both if before is None else before, both if after is None else after)


def _leave_at_once(code: int) -> None:
    """Leave although a thread may still wait for standard input, which the interpreter would wait for."""
    sys.stderr.flush()
    os._exit(code)
