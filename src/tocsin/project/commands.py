"""Commands about Tocsin itself: make it ready, serve it, show its settings and its API."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated, get_args, get_type_hints

import msgspec
import orjson
import typer
from django.conf import settings
from django.core.management import call_command

from tocsin.project import config
from tocsin.vocab.settings import Settings
from tocsin.web.storage import collect

app = typer.Typer()


@app.command("init", epilog="Example:\n\n  tocsin init")
def init() -> None:
    """Make the database ready or bring it up to date, and gather the console's static files. Run it after each upgrade."""
    call_command("migrate", interactive=False, verbosity=0)
    collect()
    typer.echo(f"ready: {settings.STORAGE}")


@app.command("serve", epilog="Examples:\n\n  tocsin serve\n\n  tocsin serve --no-work")
def serve(
    work: Annotated[
        bool, typer.Option("--work/--no-work", help="Run one worker for background tasks beside the server.")
    ] = True,
) -> None:
    """Serve the console and the API until interrupted."""
    collect()
    server = config.settings().server
    worker = subprocess.Popen([sys.executable, "-m", "tocsin", "work"]) if work else None
    here = ["--host", server.host, "--port", str(server.port), "--workers", str(server.processes)]
    servers = [_granian(*here)]
    if socket := config.settings().exchange.proxy_socket:
        # a socket of its own, for the proxy alone: the doors believe what it says of certificates, and nobody else
        _make_way(Path(socket))
        servers.append(_granian("--uds", socket, "--uds-permissions", "0o660", "--workers", str(server.processes)))
    typer.echo(f"serving http://{server.host}:{server.port}/ — Ctrl-C ends it", err=True)
    _until_ended(servers, worker)


def _make_way(socket: Path) -> None:
    """Remove what a server that was killed has left at the place of the socket; anything else there stays, and is in the way."""
    if socket.is_socket():
        socket.unlink()


def _granian(*arguments: str) -> subprocess.Popen[bytes]:
    fixed = ["--blocking-threads", "4", "--no-ws", "--log-level", "warning", "tocsin.project.wsgi:application"]
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", *arguments, *fixed]
    return subprocess.Popen(command)  # noqa: S603 (our own program)


def _until_ended(servers: list[subprocess.Popen[bytes]], worker: subprocess.Popen[bytes] | None) -> None:
    """Wait for the first server; whatever ends it ends the others too, and each is given time to finish what it does."""
    web, others = servers[0], [*servers[1:], *([worker] if worker else [])]

    def end(*_: object) -> None:
        web.terminate()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    try:
        code = web.wait()
    finally:
        for other in others:
            other.terminate()
        for other in others:
            _end(other)
    raise typer.Exit(0 if code in (0, -signal.SIGTERM, -signal.SIGINT) else code)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait until it has finished what it does, a minute at most."""
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@app.command("settings", epilog="Examples:\n\n  tocsin settings\n\n  tocsin settings --markdown > docs/run/settings.md")
def show_settings(
    markdown: Annotated[bool, typer.Option("--markdown", help="As the manual page.")] = False,
) -> None:
    """Every key of tocsin.toml with its meaning, its default and how the environment names it."""
    typer.echo(_manual() if markdown else _example(), nl=False)


def _keys() -> list[tuple[str, str, str, object]]:
    """Table, key, description and default of every setting."""
    found = []
    for section in msgspec.structs.fields(Settings):
        for key, hint in get_type_hints(section.type, include_extras=True).items():
            meta = next(extra for extra in get_args(hint)[1:] if isinstance(extra, msgspec.Meta))
            default = getattr(section.type(), key)
            found.append((section.name, key, meta.description or "", default))
    return found


def _example() -> str:
    lines, last = [], ""
    for table, key, description, default in _keys():
        if table != last:
            lines.append(f"{'' if not last else chr(10)}[{table}]")
            last = table
        lines += [f"# {description}  (TOCSIN_{table.upper()}_{key.upper()})", f"# {key} = {_toml(default)}"]
    return "\n".join(lines) + "\n"


def _manual() -> str:
    lines = [
        "# Settings",
        "",
        "Made by `tocsin settings --markdown`; do not edit. Tocsin reads `tocsin.toml` from the working folder (or the file that",
        "`TOCSIN_SETTINGS` names), then the environment on top. A key that is not in this table refuses to start.",
        "",
        "| table | key | default | meaning | environment |",
        "|---|---|---|---|---|",
    ]
    for table, key, description, default in _keys():
        lines.append(
            f"| `[{table}]` | `{key}` | `{_toml(default)}` | {description} | `TOCSIN_{table.upper()}_{key.upper()}` |"
        )
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else orjson.dumps(value).decode()


@app.command("api", epilog="Example:\n\n  tocsin api > openapi.json")
def show_api() -> None:
    """The description of the REST API as OpenAPI JSON."""
    # the API imports every room: only this command waits for that
    from tocsin.project.reference import description

    typer.echo(orjson.dumps(description(), option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())
