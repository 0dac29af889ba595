"""Observations as columns: the schema of the lake's central table, and how records become batches of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv6Address
from itertools import islice
from typing import Any

import orjson
import pyarrow as pa

from tocsin.vocab.assets import asset_of
from tocsin.vocab.identity import observation_id
from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.records import ObservationRecord

#: One row is one observation. ``uid`` is its identity; ``ip_key`` the address as 16 big-endian bytes (IPv4 mapped into
#: ::ffff:0:0/96), which sort and join like numbers; ``asset`` what is affected (``vocab.assets``); ``member`` and
#: ``line`` where in the delivery it stands; ``details`` all other fields, a JSON object under IntelMQ's harmonised
#: names.
OBSERVATION_SCHEMA = pa.schema(
    [
        pa.field("uid", pa.binary(16), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("feed", pa.string(), nullable=False),
        pa.field("delivery", pa.string(), nullable=False),
        pa.field("observed_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("time_is_assumed", pa.bool_(), nullable=False),
        pa.field("received_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("asset", pa.string()),
        pa.field("ip", pa.string()),
        pa.field("ip_key", pa.binary(16)),
        pa.field("network", pa.string()),
        pa.field("port", pa.int32()),
        pa.field("protocol", pa.string()),
        pa.field("host", pa.string()),
        pa.field("url", pa.string()),
        pa.field("classification", pa.string(), nullable=False),
        pa.field("identifier", pa.string()),
        pa.field("malware", pa.string()),
        pa.field("severity", pa.string()),
        pa.field("confidence", pa.int16()),
        pa.field("tlp", pa.string(), nullable=False),
        pa.field("pap", pa.string(), nullable=False),
        pa.field("member", pa.string()),
        pa.field("line", pa.int64()),
        pa.field("details", pa.string()),
    ]
)

BATCH_ROWS = 20_000
_MAPPED = b"\x00" * 10 + b"\xff\xff"

#: One observation and its place: member of the delivery, physical line in it, record.
PlacedObservation = tuple[str, int, ObservationRecord]


@dataclass(frozen=True, slots=True)
class ObservationContext:
    """What a whole delivery says about each of its observations. Times are aware; markings and confidence fill what a
    record leaves open."""

    source: str
    feed: str
    delivery: str
    received_at: datetime
    tlp: Tlp = Tlp.AMBER
    pap: Pap = Pap.AMBER
    confidence: int | None = None


def ip_key(ip: str | None) -> bytes | None:
    """A canonical address as 16 bytes that sort like numbers, IPv4 mapped into ``::ffff:0:0/96``; ``None`` for
    ``None``.

    Raises ``ValueError`` if the text is no address.
    """
    if ip is None:
        return None
    try:
        if ":" in ip:
            return IPv6Address(ip).packed
        octets = ip.split(".")
        if len(octets) == 4 and ip.isascii() and "".join(octets).isdigit():
            return _MAPPED + bytes(map(int, octets))
    except ValueError:
        pass
    raise ValueError(f"{ip!r} is not an IP address")


def asset_of_record(record: ObservationRecord) -> str | None:
    """The asset a record names (``vocab.assets``)."""
    return asset_of(record.classification, record.ip, record.protocol, record.port, record.host, record.network)


def observation_uid(record: ObservationRecord, context: ObservationContext) -> bytes:
    """The 16-byte identity: source, feed, time, asset, port, protocol, class, identifier, malware
    (``docs/why/identities.md``)."""
    observed_at = (record.observed_at or context.received_at).astimezone(UTC)
    return observation_id(
        context.source,
        context.feed,
        observed_at.isoformat(),
        asset_of_record(record),
        record.port,
        record.protocol,
        record.classification,
        record.identifier,
        record.malware,
    )


def batches(
    rows: Iterable[PlacedObservation], context: ObservationContext, size: int = BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """Batches of :data:`OBSERVATION_SCHEMA`, at most ``size`` rows each, in the order of ``rows`` and in flat
    memory."""
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield observation_batch(chunk, context)


def observation_batch(rows: Sequence[PlacedObservation], context: ObservationContext) -> pa.RecordBatch:
    """One batch of :data:`OBSERVATION_SCHEMA`. Raises ``ValueError`` if a record's ``ip`` is no address."""
    records = [record for _, _, record in rows]
    times = [(record.observed_at or context.received_at).astimezone(UTC) for record in records]
    assets = [asset_of_record(record) for record in records]
    count, tlp, pap = len(records), context.tlp.value, context.pap.value
    columns: dict[str, Any] = {
        "uid": _uids(records, times, assets, context),
        "source": pa.repeat(context.source, count),
        "feed": pa.repeat(context.feed, count),
        "delivery": pa.repeat(context.delivery, count),
        "observed_at": times,
        "time_is_assumed": [record.observed_at is None for record in records],
        "received_at": [context.received_at] * count,
        "asset": assets,
        "ip": [record.ip for record in records],
        "ip_key": [ip_key(record.ip) for record in records],
        "network": [record.network for record in records],
        "port": [record.port for record in records],
        "protocol": [record.protocol for record in records],
        "host": [record.host for record in records],
        "url": [record.url for record in records],
        "classification": [record.classification for record in records],
        "identifier": [record.identifier for record in records],
        "malware": [record.malware for record in records],
        "severity": [record.severity for record in records],
        "confidence": [context.confidence] * count,
        "tlp": [tlp if record.tlp is None else record.tlp.value for record in records],
        "pap": [pap if record.pap is None else record.pap.value for record in records],
        "member": [member for member, _, _ in rows],
        "line": [line for _, line, _ in rows],
        "details": [_details(record) for record in records],
    }
    arrays = [_column(columns[field.name], field.type) for field in OBSERVATION_SCHEMA]
    return pa.RecordBatch.from_arrays(arrays, schema=OBSERVATION_SCHEMA)


def _column(values: Any, kind: pa.DataType) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values, type=kind)


def _details(record: ObservationRecord) -> str | None:
    # keys in their given order: it is the column order of the source, which people know
    return orjson.dumps(record.details, default=str).decode() if record.details else None


def _uids(
    records: Sequence[ObservationRecord],
    times: Sequence[datetime],
    assets: Sequence[str | None],
    context: ObservationContext,
) -> list[bytes]:
    """What :func:`observation_uid` gives for each, sharing the hash of source and feed between all rows."""
    head = blake2b(digest_size=16)
    for text in (context.source, context.feed):
        head.update(_framed(text))
    found = []
    for record, time, asset in zip(records, times, assets, strict=True):
        hasher = head.copy()
        port = None if record.port is None else str(record.port)
        often = (port, record.protocol, record.classification, record.identifier, record.malware)
        hasher.update(_framed(time.isoformat()) + _framed(asset) + b"".join(map(_framed_often, often)))
        found.append(hasher.digest())
    return found


def _framed(text: str | None) -> bytes:
    """A part as ``vocab.identity.observation_id`` frames it: its length in 4 bytes, then its bytes."""
    encoded = b"" if text is None else text.encode("utf-8", "surrogatepass")
    return len(encoded).to_bytes(4, "big") + encoded


_framed_often = lru_cache(4096)(_framed)
