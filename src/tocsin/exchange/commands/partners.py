"""``tocsin exchange partner|client|collection``: who may come to our doors, with which keys, and what stands open to them."""

from datetime import timedelta
from typing import Annotated

import typer

from tocsin.constituency.access import OPERATOR
from tocsin.exchange import actions, queries
from tocsin.exchange.commands.group import exchange, out, table
from tocsin.vocab.clock import now

_partner = typer.Typer(help="Partners: whom agreements name, each with an API root of its own.", no_args_is_help=True)
_client = typer.Typer(help="Clients: programs of partners, with their credentials.", no_args_is_help=True)
_collection = typer.Typer(help="Collections: what a partner collects from and gives to.", no_args_is_help=True)
exchange.add_typer(_partner, name="partner")
exchange.add_typer(_client, name="client")
exchange.add_typer(_collection, name="collection")

_Slug = Annotated[str, typer.Argument(metavar="PARTNER", help="As 'tocsin exchange partner list' shows it.")]


@_partner.command("add", epilog="Example: tocsin exchange partner add khyber --party khyber --title 'Khyber Security'")
def add_partner(
    slug: Annotated[str, typer.Argument(metavar="PARTNER", help="A short name; it stands in the address.")],
    title: Annotated[str, typer.Option("--title", help="Its name for people.")],
    party: Annotated[
        str,
        typer.Option("--party", help="Its key among parties or communities of agreements; the short name if left out."),
    ] = "",
    circle: Annotated[
        str, typer.Option("--circle", help="The community whose members it sees under pseudonyms only.")
    ] = "",
    pseudonym: Annotated[
        str, typer.Option("--pseudonym", help="What members of circles see instead of its name.")
    ] = "",
    description: Annotated[str, typer.Option("--description", help="What it should know about its API root.")] = "",
) -> None:
    """Enter a partner: an API root, a feed of everything in three collections, and an inbox."""
    actions.add_partner(
        actor=OPERATOR,
        slug=slug,
        party=party or slug,
        title=title,
        circle=circle,
        pseudonym=pseudonym,
        description=description,
    )
    typer.echo(f"{slug}: entered; give it a client with: tocsin exchange client add {slug} NAME")


@_partner.command("list", epilog="Example: tocsin exchange partner list")
def list_partners() -> None:
    """All partners, and when each last collected anything."""
    shown = table("partner", "party", "title", "circle", "clients", "last collected", "state")
    for row in queries.partners(OPERATOR):
        last = f"{row.last_receipt_at:%Y-%m-%d %H:%M}" if row.last_receipt_at else "never"
        state = "on" if row.is_enabled else "off"
        shown.add_row(row.slug, row.party, row.title, row.circle, str(row.clients), last, state)
    out.print(shown)


@_partner.command("show", epilog="Example: tocsin exchange partner show khyber")
def show_partner(slug: _Slug) -> None:
    """How what we know stands with a partner: subjects by state and decision."""
    for state, count in sorted(queries.standing_counts(OPERATOR, slug).items()):
        typer.echo(f"{state}: {count:,} subjects")


@_partner.command("off", epilog="Example: tocsin exchange partner off khyber")
def partner_off(slug: _Slug) -> None:
    """Shut a partner out from its next request on."""
    actions.change_partner(actor=OPERATOR, slug=slug, is_enabled=False)
    typer.echo(f"{slug}: off")


@_partner.command("on", epilog="Example: tocsin exchange partner on khyber")
def partner_on(slug: _Slug) -> None:
    """Let a partner in again."""
    actions.change_partner(actor=OPERATOR, slug=slug, is_enabled=True)
    typer.echo(f"{slug}: on")


@_client.command("add", epilog="Example: tocsin exchange client add khyber khyber-collector --days 365")
def add_client(
    partner: _Slug,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, and its user name in HTTP Basic.")],
    password: Annotated[bool, typer.Option("--password/--no-password", help="Make a password for HTTP Basic.")] = True,
    token: Annotated[bool, typer.Option("--token", help="Make a bearer token.")] = False,
    fingerprint: Annotated[
        str, typer.Option("--fingerprint", metavar="HEX", help="SHA-256 fingerprint of its client certificate.")
    ] = "",
    subject: Annotated[
        str, typer.Option("--subject", metavar="DN", help="Subject of its client certificate, as RFC 4514 writes it.")
    ] = "",
    collection: Annotated[
        list[str] | None,
        typer.Option("--collection", help="Only this collection (id or alias); may be given again. Default: all."),
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, help="For how long it is good.")] = 366,
) -> None:
    """Make a client and show its secrets, once. It reads what is offered, and reads and writes the inbox."""
    made = actions.add_client(
        actor=OPERATOR,
        partner=partner,
        name=name,
        with_password=password,
        with_token=token,
        fingerprint=fingerprint,
        subject=subject,
        collections=collection or (),
        expires_at=now() + timedelta(days=days),
    )
    _tell(made)


@_client.command("renew", epilog="Example: tocsin exchange client renew khyber-collector")
def renew_client(name: Annotated[str, typer.Argument(metavar="NAME", help="The client.")]) -> None:
    """Make a new password; the old one is void at once."""
    _tell(actions.renew_password(actor=OPERATOR, name=name))


@_client.command("off", epilog="Example: tocsin exchange client off khyber-collector")
def client_off(name: Annotated[str, typer.Argument(metavar="NAME", help="The client.")]) -> None:
    """Shut a client out from its next request on."""
    actions.enable_client(actor=OPERATOR, name=name, is_enabled=False)
    typer.echo(f"{name}: off")


@_client.command("on", epilog="Example: tocsin exchange client on khyber-collector")
def client_on(name: Annotated[str, typer.Argument(metavar="NAME", help="The client.")]) -> None:
    """Let a client in again."""
    actions.enable_client(actor=OPERATOR, name=name, is_enabled=True)
    typer.echo(f"{name}: on")


@_client.command("list", epilog="Example: tocsin exchange client list --partner khyber")
def list_clients(
    partner: Annotated[str | None, typer.Option("--partner", help="Of this partner only.")] = None,
) -> None:
    """Clients with the kinds of their credentials, never the credentials."""
    shown = table("client", "partner", "credentials", "good until", "last used", "state")
    for row in queries.clients(OPERATOR, partner):
        until = f"{row.expires_at:%Y-%m-%d}" if row.expires_at else "no end"
        used = f"{row.last_used_at:%Y-%m-%d %H:%M}" if row.last_used_at else "never"
        state = "on" if row.is_enabled else "off"
        shown.add_row(row.name, row.partner, ", ".join(row.kinds), until, used, state)
    out.print(shown)


@_collection.command("add", epilog="Example: tocsin exchange collection add khyber --feed phishing --source openphish")
def add_collection(
    partner: _Slug,
    feed: Annotated[str, typer.Option("--feed", metavar="NAME", help="Name of the new feed.")],
    title: Annotated[str, typer.Option("--title", help="Its name for people; the name if left out.")] = "",
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Objects of this source only; may be given again.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--type", help="Objects of this STIX type only; may be given again.")
    ] = None,
) -> None:
    """Make a feed of these sources and types, in three collections: all objects, indicators only, high confidence."""
    actions.add_feed(
        actor=OPERATOR, partner=partner, name=feed, title=title or feed, sources=source or (), types=kind or ()
    )
    typer.echo(f"{feed}: made; clients see its collections when they are granted: tocsin exchange collection grant")


@_collection.command("list", epilog="Example: tocsin exchange collection list --partner khyber")
def list_collections(
    partner: Annotated[str | None, typer.Option("--partner", help="Of this partner only.")] = None,
) -> None:
    """Collections with who may read and who may write them."""
    shown = table("id", "partner", "alias", "feed", "shape", "title", "readers", "writers")
    for row in queries.collections(OPERATOR, partner):
        rights = (", ".join(row.readers), ", ".join(row.writers))
        shown.add_row(str(row.uid), row.partner, row.alias, row.feed, row.shape, row.title, *rights)
    out.print(shown)


@_collection.command("grant", epilog="Example: tocsin exchange collection grant khyber-collector phishing-all --read")
def grant(
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="The client.")],
    collection: Annotated[
        str, typer.Argument(metavar="COLLECTION", help="Id or alias of a collection of its partner.")
    ],
    read: Annotated[bool, typer.Option("--read/--no-read", help="May read it.")] = True,
    write: Annotated[bool, typer.Option("--write/--no-write", help="May write to it; inboxes only.")] = False,
) -> None:
    """Say what a client may do with a collection; with neither it does not exist for it."""
    actions.grant(actor=OPERATOR, client=client, collection=collection, can_read=read, can_write=write)
    rights = " and ".join(word for word, is_given in (("read", read), ("write", write)) if is_given) or "nothing"
    typer.echo(f"{client}: {rights} {collection}")


def _tell(made: actions.MadeClient) -> None:
    typer.echo(f"client: {made.name}")
    for word, secret in (("password", made.password), ("token", made.token)):
        if secret:
            typer.echo(f"{word}: {secret}")
    typer.echo("Keep what is shown: it is not stored and cannot be shown again.", err=True)
