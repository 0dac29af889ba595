"""IntelMQ's harmonised fields: what JSON type each has, and how they lie in an :class:`ObservationRecord`.

A report of any provider is a flat mapping of these names (``source.ip``, ``time.source``, ``extra.tag``). Twelve of them are
attributes of a record; all others are its ``details`` under their own name. ``observation`` and ``fields_of`` are each other's
inverse, so what a parser read is what the exporter writes.

Types and spellings follow IntelMQ's data format (its documentation, "Harmonization of events"). A value that its field cannot
hold raises ``ValueError`` with a reason; the caller decides whether the row is lost or the text is kept elsewhere.
"""

import math
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import orjson

from tocsin.text import normal
from tocsin.vocab.classification import UNDETERMINED, classification_of, is_classification
from tocsin.vocab.records import ObservationRecord

_PARTY_FIELDS = (
    "account asn as_name abuse_contact allocated domain_suffix fqdn geolocation.cc geolocation.city geolocation.country "
    "geolocation.latitude geolocation.longitude geolocation.region geolocation.state ip local_hostname local_ip network port "
    "registry reverse_dns tor_node url urlpath"
)
_OTHER_FIELDS = (
    "classification.identifier classification.taxonomy classification.type comment event_description.target "
    "event_description.text event_description.url malware.hash malware.hash.md5 malware.hash.sha1 malware.hash.sha256 malware.name "
    "malware.version product.full_name product.name product.vendor product.version product.vulnerabilities "
    "protocol.application protocol.transport screenshot_url severity status time.source tlp"
)
#: The fields that a parser may fill; ``extra.`` with any name behind it comes on top.
FIELDS: Final = frozenset(
    f"{party}.{name}" for party in ("source", "destination") for name in _PARTY_FIELDS.split()
) | set(_OTHER_FIELDS.split())
#: Values of ``classification.type`` that IntelMQ has besides RSIT's, and the RSIT classification each is filed under.
INTELMQ_TYPES: Final = {
    "blacklist": "other/other",
    "dga-domain": "other/other",
    "malware": "other/other",
    "proxy": "other/other",
    "tor": "other/other",
    "dns-server": "other/other",
}

Convert = Callable[[str], Any]

#: What IntelMQ reads as "no value" in every field.
NO_VALUE: Final = frozenset({"", "-", "N/A"})

#: field -> attribute of the record
RECORD_FIELDS: Final = {
    "time.source": "observed_at",
    "classification.identifier": "identifier",
    "source.ip": "ip",
    "source.network": "network",
    "source.port": "port",
    "protocol.transport": "protocol",
    "source.fqdn": "host",
    "source.url": "url",
    "malware.name": "malware",
    "severity": "severity",
}

_LARGEST_INTEGER = (1 << 63) - 1  # what every JSON reader and every column store can hold
_BOOLEANS = {
    **dict.fromkeys(("y", "yes", "true", "enabled", "1"), True),
    **dict.fromkeys(("n", "no", "false", "disabled", "0"), False),
}
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
_COUNTRY = re.compile(r"[A-Za-z]{2}", re.ASCII)
_HOST = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+", re.ASCII)
_FOUR_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+){3}", re.ASCII)
_PRINTABLE = re.compile(r"[ -~]+")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}


def time(text: str) -> datetime:
    """An ISO 8601 time as aware UTC; without a zone it is UTC."""
    return _utc(datetime.fromisoformat(text))


def _utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{moment.isoformat()} is not a time in UTC") from error


def date(text: str) -> str:
    """An HTTP or ISO date, written as IntelMQ writes times: ``2018-04-19T00:02:28+00:00``."""
    return _moment(text).isoformat()


def _moment(text: str) -> datetime:
    if text[3:5] == ", " and text.endswith(" GMT") and len(text) == 29:  # RFC 9110 §5.6.7, nearly all there are
        year, month, day = int(text[12:16]), _MONTHS.get(text[8:11], 0), int(text[5:7])
        return datetime(year, month, day, int(text[17:19]), int(text[20:22]), int(text[23:25]), tzinfo=UTC)
    try:
        return time(text)
    except ValueError:
        pass
    try:
        return _utc(parsedate_to_datetime(text))
    except (TypeError, IndexError, OverflowError) as error:
        raise ValueError(f"{text[:40]!r} is not a date") from error


def integer(text: str) -> int:
    """A whole number that fits in 64 bits."""
    if text.isdecimal() and len(text) < 19:
        return int(text)
    if not _INTEGER.fullmatch(text) or abs(found := int(text)) > _LARGEST_INTEGER:
        raise ValueError(f"{text[:40]!r} is not a whole number")
    return found


def nonzero(text: str) -> int | None:
    """A number of a register (ASN, NAICS) in which 0 stands for unknown."""
    return integer(text) or None


def number(text: str) -> float:
    """A finite decimal number."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]!r} is not a finite number")
    return value


def boolean(text: str) -> bool:
    """Y, yes, true, enabled, 1 and their opposites, in any case."""
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise ValueError(f"{text[:40]!r} is neither yes nor no") from None


def port(text: str) -> int:
    """0–65535."""
    value = integer(text)
    if not 0 <= value <= 65535:
        raise ValueError(f"{text[:40]!r} is not a port")
    return value


def country(text: str) -> str:
    """Two letters of ISO 3166, upper case."""
    if not _COUNTRY.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a country code")
    return text.upper()


def hostname(text: str) -> str | None:
    """A name with at least one dot, lower case, without the dot at its end; ``None`` if nothing is left."""
    name = text.rstrip(".").lower()
    if not name:
        return None
    if _HOST.fullmatch(name) and len(name) < 254:
        if _FOUR_NUMBERS.fullmatch(name):
            raise ValueError(f"{text[:80]!r} is an address, not a host name")
        return name
    return normal.domain(name)


def url(text: str) -> str:
    """A whole URL as the report gives it: scheme, host and the rest."""
    scheme, mark, rest = text.partition("://")
    if not mark or not scheme.isascii() or not scheme.isalnum() or not rest.strip("/") or " " in rest.partition("/")[0]:
        raise ValueError(f"{text[:80]!r} is not a URL")
    return text


def lower(text: str) -> str:
    """Printable ASCII in lower case: names of malware and protocols."""
    if not _PRINTABLE.fullmatch(text):
        raise ValueError(f"{text[:80]!r} has signs that a name does not have")
    return text.strip().lower()


def base64(text: str) -> str:
    """Base64; what is not yet so is encoded."""
    try:
        b64decode(text, validate=True)
    except ValueError:
        return b64encode(text.encode()).decode()
    return text


def json(text: str) -> Any:
    """Any JSON value."""
    try:
        return orjson.loads(text)
    except ValueError as error:
        raise ValueError(f"{text[:40]!r} is not JSON") from error


def text(text: str) -> str:
    """As it is."""
    return text


#: kind -> conversion, for tables and column maps that name a kind
KINDS: Final[Mapping[str, Convert]] = {
    "text": text,
    "integer": integer,
    "nonzero": nonzero,
    "number": number,
    "boolean": boolean,
    "date": date,
    "time": time,
    "base64": base64,
    "json": json,
    "host": hostname,
    "url": url,
    "address": normal.address,
    "network": normal.network,
    "port": port,
    "country": country,
    "lower": lower,
}

_FIELD_KINDS: Final = {
    "time.source": "time",
    "source.network": "network",
    "destination.network": "network",
    "protocol.transport": "lower",
    "protocol.application": "lower",
    "malware.name": "lower",
    "severity": "lower",
    "extra.relay.ip": "address",
}
_PARTY_KINDS: Final = {
    "ip": "address",
    "port": "port",
    "asn": "nonzero",
    "fqdn": "host",
    "reverse_dns": "host",
    "url": "url",
    "geolocation.cc": "country",
}


_NAME = re.compile(r"[^a-z0-9_]+", re.ASCII)


def extra_name(column: str) -> str:
    """A column's name as it may stand behind ``extra.``."""
    return _NAME.sub("_", column.strip().lower()).strip("_") or "column"


def date_text(value: Any) -> Any:
    """A value as details keep it: times as text."""
    return value.isoformat() if isinstance(value, datetime) else value


def rsit(text: str | None) -> str | None:
    """The RSIT ``class/type`` of a type or of a full classification; ``None`` of nothing. Raises ``ValueError``."""
    if not text or is_classification(text):
        return text or None
    found = classification_of(text) or INTELMQ_TYPES.get(text)
    if found is None:
        raise ValueError(f"{text[:80]!r} is no classification")
    return found


def kind_of(field: str) -> str:
    """The kind of a harmonised field; ``text`` for all whose type is a string, ``extra`` included."""
    party, _, rest = field.partition(".")
    if party in ("source", "destination") and rest in _PARTY_KINDS:
        return _PARTY_KINDS[rest]
    return _FIELD_KINDS.get(field, "text")


def observation(fields: dict[str, Any], classification: str | None = None) -> ObservationRecord:
    """The record of a row that was read as harmonised fields; ``fields`` is emptied of what became an attribute.

    ``classification`` is the RSIT ``class/type`` where the fields do not say one. IntelMQ's own types (``blacklist``,
    ``dga-domain``), which RSIT does not have, stay in the details beside the RSIT classification.
    """
    own = fields.get("classification.type")
    if own in INTELMQ_TYPES:
        classification = INTELMQ_TYPES[own]
    elif own is not None:
        classification = classification_of(own) or UNDETERMINED
        if classification != UNDETERMINED:
            del fields["classification.type"]
            fields.pop("classification.taxonomy", None)
    attributes = {attribute: fields.pop(field) for field, attribute in RECORD_FIELDS.items() if field in fields}
    attributes.setdefault("observed_at", None)
    return ObservationRecord(classification=classification or UNDETERMINED, **attributes, details=fields or None)


def fields_of(record: ObservationRecord) -> dict[str, Any]:
    """A record as harmonised fields, times as aware datetimes. What the details say of a field counts.

    Where the details name a ``source.ip`` of their own (reports whose subject is the destination, such as the victim of an
    attack), the record's address, port, names and URL are that subject's and stand under ``destination`` already.
    """
    details = record.details or {}
    group, _, kind = record.classification.partition("/")
    fields: dict[str, Any] = {"classification.taxonomy": group, "classification.type": kind}
    has_other_source = "source.ip" in details
    for field, attribute in RECORD_FIELDS.items():
        value = getattr(record, attribute)
        if value is not None and not (has_other_source and field.startswith("source.")):
            fields[field] = value
    fields.update(details)
    return fields
