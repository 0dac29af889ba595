"""Firewalls that write ``KEY=value``: Linux netfilter (``SRC= DST= SPT= DPT= PROTO=``), CEF and LEEF extensions, FortiGate.

The time is taken from an ISO 8601 or epoch value with a zone; the old syslog head (``Mar  6 04:07:28``) has neither year nor
zone and gives none.
"""

import re

from tocsin.engine.facts import Endpoint, LineFacts, Reader, ReadLine, address, head_time, moment, port

_PAIR = re.compile(
    rb"(?<![\w.])(SRC|DST|SPT|DPT|PROTO|src|dst|spt|dpt|proto|srcip|dstip|srcport|dstport|rt|start|end)=(\"[^\"]*\"|\S+)"
)
_CLIENT = ("SRC", "src", "srcip")
_SERVER = ("DST", "dst", "dstip")
_CLIENT_PORT = ("SPT", "spt", "srcport")
_SERVER_PORT = ("DPT", "dpt", "dstport")


def _first(pairs: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((pairs[name] for name in names if name in pairs), None)


def _device_time(pairs: dict[str, str]) -> str | float | None:
    given = _first(pairs, ("rt", "start", "end"))
    return int(given) / 1000 if given and given.isdigit() and len(given) == 13 else given


def read(line: bytes) -> LineFacts | None:
    """Facts of a line with at least a source and a destination."""
    pairs = {key.decode(): value.strip(b'"').decode("utf-8", "replace") for key, value in _PAIR.findall(line)}
    client, server = address(_first(pairs, _CLIENT)), address(_first(pairs, _SERVER))
    if client is None and server is None:
        return None
    protocol = _first(pairs, ("PROTO", "proto"))
    return LineFacts(
        moment(_device_time(pairs)) or head_time(line),
        Endpoint(client, port(_first(pairs, _CLIENT_PORT))),
        Endpoint(server, port(_first(pairs, _SERVER_PORT))),
        protocol.lower() if protocol and protocol.isalpha() else None,
    )


def recognise(head: bytes) -> ReadLine | None:
    """Line by line."""
    return read


READER = Reader("key-value", recognise, order=60)
