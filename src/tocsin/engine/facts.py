"""Facts of a log line, and the shelf of readers that find them."""

import ipaddress
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import import_module

from tocsin.engine import readers as shelf


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of what a line tells. ``address`` is canonical, or ``None`` where the format never names this end."""

    address: str | None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class LineFacts:
    """When (aware UTC, or ``None`` where the line has no usable time or zone) and between whom, the client first."""

    observed_at: datetime | None = None
    client: Endpoint = Endpoint(None)
    server: Endpoint = Endpoint(None)
    protocol: str | None = None

    @property
    def endpoints(self) -> tuple[Endpoint, Endpoint]:
        """Client, then server."""
        return self.client, self.server


#: From the first bytes of a log to a function that reads one of its lines; ``None`` says "not my format".
Recognise = Callable[[bytes], "ReadLine | None"]
ReadLine = Callable[[bytes], "LineFacts | None"]
#: Like :data:`ReadLine`, for a whole log: every line has facts, if only empty ones.
ReadLog = Callable[[bytes], "LineFacts"]


@dataclass(frozen=True, slots=True)
class Reader:
    """A log format. ``recognise`` looks at a log's first bytes; the function it gives answers ``None`` to a line of another
    format, because one file may mix several (a syslog server's usually does)."""

    name: str
    recognise: Recognise
    order: int = 50


@cache
def all_readers() -> tuple[Reader, ...]:
    """Every reader on the shelf, the most specific first."""
    found = [import_module(f"{shelf.__name__}.{module.name}").READER for module in pkgutil.iter_modules(shelf.__path__)]
    return tuple(sorted(found, key=lambda reader: (reader.order, reader.name)))


def reader_of(head: bytes) -> ReadLog:
    """A function that reads any line of the log that begins with ``head`` (a few kilobytes, for formats with a header).

    It asks each recognised format in turn; a line that none of them knows has no facts but is still a hit.
    """
    asked = [read for reader in all_readers() if (read := reader.recognise(head)) is not None]

    def read_line(line: bytes) -> LineFacts:
        for read in asked:
            facts = read(line)
            if facts is not None:
                return facts
        return LineFacts()

    return read_line


def address(text: str | bytes | None) -> str | None:
    """A canonical address, or ``None``. Brackets and zones (``fe80::1%eth0``) are taken off; mapped IPv4 becomes IPv4."""
    if not text:
        return None
    plain = (text.decode("ascii", "replace") if isinstance(text, bytes) else text).strip("[]").partition("%")[0]
    try:
        found = ipaddress.ip_address(plain)
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def port(text: object) -> int | None:
    """A port number 1–65535, or ``None``."""
    try:
        number = int(text.decode("ascii") if isinstance(text, bytes) else str(text))
    except ValueError:
        return None
    return number if 0 < number < 65536 else None


def moment(text: str | float | None) -> datetime | None:
    """An aware UTC time from seconds since 1970 or from ISO 8601 *with a zone*; ``None`` from anything else.

    A time without a zone is not guessed: the caller takes the delivery's time and marks it so.
    """
    if text is None or text == "":
        return None
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError):
        pass
    try:
        read = datetime.fromisoformat(str(text).strip())
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo else None


_ISO_HEAD = re.compile(rb"(?:<\d{1,3}>\d? ?)?(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))")


def head_time(line: bytes) -> datetime | None:
    """The time at the head of a syslog line (RFC 5424, rsyslog) if it names its zone; RFC 3164's names neither year nor zone."""
    found = _ISO_HEAD.match(line)
    return moment(found["time"].decode()) if found else None
