"""IntelMQ: one JSON object a line in IntelMQ's harmonised field names, ready for its pipelines.

Observations keep every field of their row. An indicator is written as the observable under ``source`` (``malware.hash`` for files)
with its classification, so that IntelMQ can look it up or block it. Warning lists have no words in IntelMQ.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from tocsin.formats import harmonised
from tocsin.formats.exporter import Exporter
from tocsin.vocab.classification import UNDETERMINED
from tocsin.vocab.errors import InputError
from tocsin.vocab.observables import ObservableType
from tocsin.vocab.records import IndicatorRecord, ObservationRecord, Record

_HASH_FIELDS = {32: "malware.hash.md5", 40: "malware.hash.sha1", 64: "malware.hash.sha256"}
_OBSERVABLE_FIELDS = {
    ObservableType.DOMAIN: "source.fqdn",
    ObservableType.URL: "source.url",
    ObservableType.EMAIL: "source.account",
    ObservableType.VULNERABILITY: "product.vulnerabilities",
}


def intelmq_fields(record: Record) -> dict[str, Any]:
    """One record in IntelMQ's fields and JSON types. Raises ``InputError`` for an entry of a warning list."""
    if isinstance(record, ObservationRecord):
        fields = harmonised.fields_of(record)
    elif isinstance(record, IndicatorRecord):
        fields = _indicator_fields(record)
    else:
        raise InputError("IntelMQ has no words for warning lists: write this feed as jsonl")
    if record.tlp:
        fields.setdefault("tlp", "TLP:" + record.tlp.value.upper())
    return {name: _time(value) if isinstance(value, datetime) else value for name, value in fields.items()}


def _indicator_fields(record: IndicatorRecord) -> dict[str, Any]:
    group, _, kind = (record.classification or UNDETERMINED).partition("/")
    fields: dict[str, Any] = {"classification.taxonomy": group, "classification.type": kind}
    fields.update(_observable_fields(record))
    optional = {
        "malware.name": record.malware and record.malware.lower(),
        "time.source": record.valid_from,
        "event_description.text": record.description,
        "event_description.url": record.references[0] if record.references else None,
        "feed.accuracy": None if record.confidence is None else float(record.confidence),
        "extra.tags": list(record.tags) or None,
        "extra.external_id": record.external_id,
        "extra.valid_until": record.valid_until and _time(record.valid_until),
    }
    fields.update({name: value for name, value in optional.items() if value is not None})
    return fields


def _observable_fields(record: IndicatorRecord) -> dict[str, Any]:
    kind, value = record.type, record.value
    if kind in (ObservableType.IPV4, ObservableType.IPV6):
        return {"source.network" if "/" in value else "source.ip": value}
    if kind is ObservableType.IP_PORT:
        address, _, port = value.rpartition(":")
        return {"source.ip": address.strip("[]"), "source.port": int(port)}
    if kind in (ObservableType.FILE, ObservableType.CERTIFICATE):
        field = _HASH_FIELDS.get(len(value)) if kind is ObservableType.FILE else None
        return {field or f"extra.{kind.value.replace('-', '_')}": value}
    if kind is ObservableType.URL and "://" not in value:
        # Canonical URLs carry no scheme; what the source wrote does, most often.
        return {"source.url": record.given if record.given and "://" in record.given else f"http://{value}"}
    return {_OBSERVABLE_FIELDS.get(kind, f"extra.{kind.value.replace('-', '_')}"): value}


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def write(records: Iterable[Record]) -> Iterator[bytes]:
    """JSON lines, one for each record."""
    for record in records:
        yield orjson.dumps(intelmq_fields(record), option=orjson.OPT_APPEND_NEWLINE)


EXPORTER = Exporter("intelmq", "JSON lines in IntelMQ's harmonised field names.", "application/x-ndjson", write)
