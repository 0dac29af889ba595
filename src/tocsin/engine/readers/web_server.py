"""Web servers' common and combined logs (Apache, nginx): the client first; the server itself is never named."""

import re
from datetime import UTC, datetime

from tocsin.engine.facts import Endpoint, LineFacts, Reader, ReadLine, address

_LINE = re.compile(
    rb'(?:\S+:\d+ )?(?P<client>[0-9A-Fa-f.:]+) \S+ .*?\[(?P<time>\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "'
)


def read(line: bytes) -> LineFacts | None:
    """The client as given; the time with its zone."""
    found = _LINE.match(line)
    if not found:
        return None
    try:
        at = datetime.strptime(found["time"].decode(), "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC)
    except ValueError:
        at = None
    return LineFacts(at, Endpoint(address(found["client"])), protocol="tcp")


def recognise(head: bytes) -> ReadLine | None:
    """Line by line."""
    return read


READER = Reader("web-server", recognise)
