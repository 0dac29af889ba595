"""Squid's native access log: ``time elapsed client code/status bytes method url user hierarchy/peer type``."""

import re

from tocsin.engine.facts import Endpoint, LineFacts, Reader, ReadLine, address, moment

_LINE = re.compile(
    rb"(?P<time>\d{9,11}\.\d{3})\s+-?\d+ (?P<client>\S+) \w+(?:/\d+)? \d+ \S+ \S+ \S+ \w+/(?P<peer>\S+)",
)


def read(line: bytes) -> LineFacts | None:
    """The client asked; the peer (``HIER_DIRECT/198.18.0.1``) is the server."""
    found = _LINE.match(line)
    if not found:
        return None
    return LineFacts(
        moment(found["time"].decode()), Endpoint(address(found["client"])), Endpoint(address(found["peer"])), "tcp"
    )


def recognise(head: bytes) -> ReadLine | None:
    """Line by line: proxies' logs often arrive through a syslog server, mixed with others."""
    return read


READER = Reader("squid", recognise)
