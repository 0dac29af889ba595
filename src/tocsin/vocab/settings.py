"""The settings as typed values. Each key's description is its manual: ``tocsin settings`` and ``docs/run/settings.md``
are generated from here. Reading the file and the environment is ``tocsin.project.config``'s work."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field


class _Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the settings file. An unknown key is an error."""


class Storage(_Section, frozen=True):
    """[storage] Where Tocsin keeps what it knows."""

    folder: Annotated[
        str,
        Meta(
            description="Folder of the lake, the raw deliveries, the compiled sets and, by default, the SQLite database."
        ),
    ] = "var"
    database: Annotated[
        str,
        Meta(description="Empty for SQLite inside the folder, or postgresql://user:password@host:port/name."),
    ] = ""


class Nation(_Section, frozen=True):
    """[nation] Whom this Tocsin serves."""

    name: Annotated[str, Meta(description="The name of the team or country shown at the head of every page.")] = (
        "Tocsin"
    )
    country: Annotated[
        str,
        Meta(description="ISO 3166 code of the country whose address space counts as national.", pattern="^[A-Z]{2}$"),
    ] = "PK"
    party: Annotated[
        str,
        Meta(
            description="Our own name among the parties of agreements: the key under ``parties`` that stands for us.",
            pattern="^[a-z0-9][a-z0-9_-]{0,62}$",
        ),
    ] = "national-cert"
    language: Annotated[
        Literal["en", "ur"], Meta(description="Language of pages for people who have not chosen one.")
    ] = "en"
    time_zone: Annotated[str, Meta(description="IANA time zone in which times are shown; UTC is what is stored.")] = (
        "UTC"
    )


class Server(_Section, frozen=True):
    """[server] The console and the API."""

    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(description="TCP port to listen on.", ge=1, le=65535)] = 8765
    processes: Annotated[int, Meta(description="Web server processes.", ge=1, le=64)] = 1
    public_url: Annotated[
        str, Meta(description="The address people type, if a proxy stands in front; empty for http://host:port.")
    ] = ""
    secret_key: Annotated[
        str,
        Meta(description="Key that signs sessions. Empty: one is made at first start and kept in the storage folder."),
    ] = ""
    session_hours: Annotated[
        int, Meta(description="Hours until a signed-in person has to sign in again.", ge=1, le=720)
    ] = 12
    sign_in_minutes: Annotated[
        int, Meta(description="Minutes for which a one-time sign-in link works.", ge=1, le=1440)
    ] = 15


class Intake(_Section, frozen=True):
    """[intake] Bounds on untrusted bytes."""

    max_line_bytes: Annotated[int, Meta(description="Longest line of a feed file, in bytes.", ge=1024)] = 1 << 20
    max_expansion: Annotated[
        int, Meta(description="Largest ratio of decompressed to compressed bytes; beyond it a file is a bomb.", ge=10)
    ] = 200
    max_members: Annotated[int, Meta(description="Most files in one archive or folder.", ge=1)] = 100_000
    max_member_bytes: Annotated[int, Meta(description="Largest decompressed file, in bytes.", ge=1 << 20)] = 64 << 30


class Outgoing(_Section, frozen=True):
    """[outgoing] Connections that Tocsin itself opens."""

    timeout_seconds: Annotated[int, Meta(description="Seconds until a silent server is given up.", ge=1, le=600)] = 30
    max_bytes: Annotated[int, Meta(description="Largest answer, in bytes.", ge=1 << 10)] = 4 << 30
    proxy: Annotated[str, Meta(description="Address of an HTTP proxy, or empty.")] = ""
    allow_private: Annotated[
        bool, Meta(description="Whether private and loopback addresses may be called (no, unless partners sit there).")
    ] = False


class Exchange(_Section, frozen=True):
    """[exchange] The doors that partners use."""

    title: Annotated[str, Meta(description="What the TAXII server calls itself; empty for the name of the nation.")] = (
        ""
    )
    description: Annotated[str, Meta(description="What partners should know about the TAXII server.")] = ""
    contact: Annotated[str, Meta(description="Whom partners write to about it: an address or a telephone number.")] = ""
    public_url: Annotated[
        str,
        Meta(
            description="The address partners use, such as https://taxii.cert.example; empty: addresses are relative."
        ),
    ] = ""
    max_content_length: Annotated[
        int, Meta(description="Longest body that a partner may send, in bytes.", ge=1 << 10, le=1 << 30)
    ] = 16 << 20
    largest_page: Annotated[
        int, Meta(description="Most objects of one answer, whatever a partner asks for.", ge=1, le=10_000)
    ] = 1_000
    proxy_socket: Annotated[
        str,
        Meta(
            description="Path of a Unix socket for the TLS proxy alone: what it says of client certificates and HTTPS is "
            "believed there and nowhere else."
        ),
    ] = ""
    certificate_header: Annotated[
        str, Meta(description="Header in which the proxy names the client certificate that it has verified.")
    ] = "Client-Cert"
    keep_status_days: Annotated[
        int, Meta(description="Days for which a partner may ask what became of what it sent.", ge=1, le=3650)
    ] = 30


class Settings(_Section, frozen=True):
    """The whole of ``tocsin.toml``."""

    storage: Storage = field(default_factory=Storage)
    nation: Nation = field(default_factory=Nation)
    server: Server = field(default_factory=Server)
    intake: Intake = field(default_factory=Intake)
    outgoing: Outgoing = field(default_factory=Outgoing)
    exchange: Exchange = field(default_factory=Exchange)
