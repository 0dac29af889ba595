"""``tocsin constituency``, ``tocsin person`` and ``tocsin token``: the constituency room from the command line, as the operator."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from django.conf import settings
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from tocsin.constituency import actions, queries
from tocsin.constituency.access import OPERATOR
from tocsin.constituency.forms.fields import moment
from tocsin.constituency.rules.declaration import Kind
from tocsin.vocab.errors import InputError


def _examples(*commands: str) -> str:
    """The end of a command's help."""
    return "\n\n".join(["Example:" if len(commands) == 1 else "Examples:", *(f"  {command}" for command in commands)])


app = typer.Typer()
_constituency = typer.Typer(
    help="Whom we serve: load it, look at it, ask whose an address or a domain is.", no_args_is_help=True
)
_person = typer.Typer(help="The people of the team and their sign-in links.", no_args_is_help=True)
_token = typer.Typer(help="Tokens for programs that use the API.", no_args_is_help=True)
app.add_typer(_constituency, name="constituency")
app.add_typer(_person, name="person")
app.add_typer(_token, name="token")

#: In a pipe a table is as wide as it needs to be, so that no name is broken.
_out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)
_err = Console(stderr=True, highlight=False, soft_wrap=True)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's e-mail address.")]


@_constituency.command(
    "load",
    epilog=_examples(
        "tocsin constituency load --dry-run nation.yaml",
        "tocsin constituency load nation.yaml networks.csv",
        "tocsin constituency load --replace folder/",
    ),
)
def load(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="YAML or CSV files, or folders of them; see docs/how/constituency.md."),
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="What the files leave out ends now (it is never removed).")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change and change nothing.")] = False,
) -> None:
    """Load organisations, sectors, contacts, networks and domains: all of it or nothing; the same files twice change nothing."""
    with Progress(
        TextColumn("storing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=_err, transient=True
    ) as bar:
        task = bar.add_task("storing", total=None)
        report = actions.load(
            actor=OPERATOR,
            paths=files,
            replaces=replace,
            dry_run=dry_run,
            on_progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    found = report.difference
    if dry_run:
        for change in (*found.added, *found.changed):
            _out.print(str(change), markup=False)
        for change in found.ended:
            _out.print(f"- {change.after} ends", markup=False)
    else:
        _print_counts(report)
    verb = "would be" if dry_run else "were"
    number = f"; revision {report.revision}" if report.revision else ("" if dry_run else "; no new revision")
    _out.print(f"Entries {verb}: {found}{number}.")


def _print_counts(report: actions.LoadReport) -> None:
    table = Table("", "added", "changed", "ended")
    for kind in Kind:
        counts = report.difference.count(kind)
        if any(counts):
            table.add_row(kind.value, *(f"{count:,}" for count in counts))
    if table.row_count:
        _out.print(table)


@_constituency.command(
    "registry", epilog=_examples("tocsin constituency registry delegated-apnic-extended-latest --country PK")
)
def registry(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A delegated-statistics file, plain or extended, compressed or not.")
    ],
    country: Annotated[
        str, typer.Option("--country", help="ISO 3166 code, such as PK; the nation's own by default.")
    ] = "",
) -> None:
    """Load a country's address space and AS numbers from a registry's delegated-statistics file."""
    with Progress(
        TextColumn("reading"), BarColumn(), DownloadColumn(), TaskProgressColumn(), console=_err, transient=True
    ) as bar:
        task = bar.add_task("reading", total=file.stat().st_size if file.is_file() else None)
        report = actions.load_registry(
            actor=OPERATOR,
            path=file,
            country=(country or settings.TOCSIN.nation.country).upper(),
            on_read=lambda done: bar.update(task, completed=done),
        )
    for problem in report.file.accounts.problems:
        _err.print(problem, markup=False)
    kept = ", ".join(f"{count:,} {kind}" for kind, count in sorted(report.file.accounts.kept.items()))
    _out.print(f"{report.file.registry}, {report.file.published_on}: {report.file.accounts}", markup=False)
    _out.print(
        f"Kept: {kept}. {report.added} blocks were added, {report.changed} changed, {report.ended} ended.", markup=False
    )
    _out.print(f"Revision {report.revision}." if report.revision else "Nothing changed; no new revision.")


@_constituency.command(
    "whose",
    epilog=_examples(
        "tocsin constituency whose 198.18.0.1", "tocsin constituency whose mail.bank.example --at 2026-11-23T12:00:00Z"
    ),
)
def whose(
    subject: Annotated[str, typer.Argument(metavar="ADDRESS|DOMAIN", help="An IPv4 or IPv6 address, or a domain.")],
    at: Annotated[
        str, typer.Option("--at", help="A time such as 2026-11-23T12:00:00Z, or a day; now by default.")
    ] = "",
) -> None:
    """Say whose an address or a domain is, or was, and why nobody else's."""
    _out.print(queries.whose(OPERATOR, subject, _moment(at)).text, markup=False)


def _moment(text: str) -> datetime | None:
    try:
        return moment(text) if text else None
    except ValueError as error:
        raise InputError(f"--at: {error}.") from error


@_constituency.command(
    "list", epilog=_examples("tocsin constituency list --sector energy", "tocsin constituency list --search 198.18.0.1")
)
def list_organisations(
    search: Annotated[str, typer.Option("--search", help="Part of a name, or an address or domain.")] = "",
    sector: Annotated[str, typer.Option("--sector", help="The slug of a sector.")] = "",
) -> None:
    """List the organisations by slug, the name that other commands take."""
    table = Table("organisation", "name", "sector", "province")
    offset: int | None = 0
    while offset is not None:
        page = queries.organisations(OPERATOR, search=search, sector=sector, offset=offset, limit=1000)
        for row in page.rows:
            table.add_row(
                row.slug, row.name_en, row.sector.slug if row.sector else "", row.province.slug if row.province else ""
            )
        offset = page.next_offset
    _out.print(table if table.row_count else "No organisation fits.")


@_person.command(
    "add", epilog=_examples("tocsin person add ayesha@team.example --name Ayesha --role analyst --language ur")
)
def add(
    email: Email,
    name: Annotated[str, typer.Option("--name", help="How the person is called.")],
    role: Annotated[
        list[str],
        typer.Option("--role", help="analyst, lead, partner-liaison, auditor or administrator; may be repeated."),
    ],
    language: Annotated[str, typer.Option("--language", help="en or ur.")] = "en",
) -> None:
    """Take somebody into the team."""
    address = actions.add_person(actor=OPERATOR, email=email, name=name, roles=role, language=language)
    _out.print(f"{address} was added. Sign them in with: tocsin person link {address}", markup=False)


@_person.command(
    "change",
    epilog=_examples(
        "tocsin person change ayesha@team.example --role analyst --role lead",
        "tocsin person change ayesha@team.example --left",
    ),
)
def change(
    email: Email,
    name: Annotated[str | None, typer.Option("--name", help="A new name.")] = None,
    role: Annotated[list[str] | None, typer.Option("--role", help="The roles from now on; may be repeated.")] = None,
    language: Annotated[str | None, typer.Option("--language", help="en or ur.")] = None,
    active: Annotated[bool | None, typer.Option("--active/--left", help="Whether the person is in the team.")] = None,
) -> None:
    """Change somebody's name, roles or language, or say that they have left."""
    actions.change_person(
        actor=OPERATOR, email=email, name=name, roles=role or None, language=language, is_active=active
    )
    _out.print(f"{email} was changed.", markup=False)


@_person.command("link", epilog=_examples("tocsin person link ayesha@team.example"))
def link(email: Email) -> None:
    """Print a link that signs the person in once."""
    path = actions.make_sign_in_link(actor=OPERATOR, person=email)
    server = settings.TOCSIN.server
    base = server.public_url.rstrip("/") or f"http://{server.host}:{server.port}"
    _err.print(f"This link works once, within {server.sign_in_minutes} minutes:")
    _out.print(f"{base}{path}", markup=False)


@_person.command("list", epilog=_examples("tocsin person list"))
def list_people() -> None:
    """List everybody, those who have left too."""
    table = Table("email", "name", "roles", "language", "in the team", "last signed in")
    offset: int | None = 0
    while offset is not None:
        page = queries.people(OPERATOR, offset=offset, limit=1000)
        for row in page.rows:
            last = f"{row.last_login:%Y-%m-%d %H:%MZ}" if row.last_login else "never"
            table.add_row(
                row.email, row.name, ", ".join(row.roles), row.language, "yes" if row.is_active else "no", last
            )
        offset = page.next_offset
    _out.print(table if table.row_count else "Nobody yet; add somebody with 'tocsin person add'.")


@_token.command(
    "make", epilog=_examples("tocsin token make ayesha@team.example --scope intel:read --scope findings:read --days 30")
)
def make(
    email: Email,
    scope: Annotated[list[str], typer.Option("--scope", help="A permission such as intel:read; may be repeated.")],
    days: Annotated[int, typer.Option("--days", help="For how many days it is good.")] = 30,
    name: Annotated[str, typer.Option("--name", help="Which program uses it.")] = "made on the command line",
) -> None:
    """Make an API token for a person and print it, once."""
    made = actions.make_token(actor=OPERATOR, person=email, name=name, scopes=scope, days=days)
    _err.print(f"This is the only time that the token is shown. It is good until {made.expires_at:%Y-%m-%d %H:%MZ}.")
    _out.print(made.text, markup=False)
