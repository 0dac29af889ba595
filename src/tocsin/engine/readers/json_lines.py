"""JSON lines: Zeek's JSON logs, Suricata's EVE, and any other with the usual names for time and endpoints."""

from collections.abc import Mapping
from typing import Any

import orjson

from tocsin.engine.facts import Endpoint, LineFacts, Reader, ReadLine, address, moment, port

_TIMES = ("ts", "timestamp", "@timestamp", "time", "eventTime", "date")
_CLIENTS = ("id.orig_h", "src_ip", "source_ip", "src", "client_ip", "clientip", "c-ip", "sourceIPAddress", "source.ip")
_CLIENT_PORTS = ("id.orig_p", "src_port", "source_port", "spt", "source.port")
_SERVERS = ("id.resp_h", "dest_ip", "dst_ip", "destination_ip", "dst", "server_ip", "s-ip", "destination.ip")
_SERVER_PORTS = ("id.resp_p", "dest_port", "dst_port", "destination_port", "dpt", "destination.port")
_PROTOCOLS = ("proto", "protocol", "network.transport")


def _first(record: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        value = record.get(name)
        if value is None and "." in name:
            outer, _, inner = name.partition(".")
            nested = record.get(outer)
            value = nested.get(inner) if isinstance(nested, Mapping) else None
        if value not in (None, "", "-"):
            return value
    return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _time(value: Any) -> str | float | None:
    # Some writers give milliseconds: no log is from the year 2286 or later.
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value / 1000 if value > 10_000_000_000 else value
    return _text(value)


def read(line: bytes) -> LineFacts | None:
    """Facts of one JSON object; ``None`` if the line is none."""
    if line.lstrip()[:1] != b"{":
        return None
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    protocol = _text(_first(record, _PROTOCOLS))
    return LineFacts(
        moment(_time(_first(record, _TIMES))),
        Endpoint(address(_text(_first(record, _CLIENTS))), port(_first(record, _CLIENT_PORTS))),
        Endpoint(address(_text(_first(record, _SERVERS))), port(_first(record, _SERVER_PORTS))),
        protocol.lower() if protocol else None,
    )


def recognise(head: bytes) -> ReadLine | None:
    """Always: a line of JSON may stand in any log."""
    return read


READER = Reader("json-lines", recognise, order=20)
