"""Syslog of either age: mail servers' ``client=name[address]``, ssh's ``from address port n``, or any address in the text.

RFC 5424 and rsyslog's ISO heads carry a zone and are used; RFC 3164's head has neither year nor zone and gives no time.
"""

import re

from tocsin.engine.facts import Endpoint, LineFacts, Reader, ReadLine, address, head_time, port

_OLD = re.compile(rb"(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ ")
_MAIL = re.compile(rb"\bclient=[^\[\s]*\[(?P<client>[^\]]+)\]")
_SSH = re.compile(rb"\bfrom (?P<client>[0-9A-Fa-f.:]+) port (?P<port>\d+)")


def read(line: bytes) -> LineFacts | None:
    """The client where a known phrase names it; the machine that wrote the line is the unnamed server."""
    at = head_time(line)
    if at is None and not _OLD.match(line):
        return None
    found = _MAIL.search(line) or _SSH.search(line)
    if not found:
        return LineFacts(at)
    return LineFacts(at, Endpoint(address(found["client"]), port(found.groupdict().get("port"))))


def recognise(head: bytes) -> ReadLine | None:
    """Line by line, after every more specific format."""
    return read


READER = Reader("syslog", recognise, order=90)
