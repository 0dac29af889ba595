"""One record of a Kaspersky data feed as indicators.

A record is judged by its fields, not by its feed: ``mask`` (or the lists ``urls``, ``hosts``, ``domains`` of the Exact variants, or
the masks in ``Details`` of Mobile Botnet), ``ip``, and ``MD5``/``SHA1``/``SHA256`` name the thing itself. Addresses that a name
resolved to (``IP``), files seen there (``files``), registration data (``whois``) and countries (``geo``) are its surroundings: they
go into ``details`` and are never looked for, because an address of a shared host would alarm for all its neighbours.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from tocsin.formats.canonical import Observable, address_observable, host_observable, mask_observable
from tocsin.formats.kaspersky.verdicts import Verdict, confidence_of, read_verdict
from tocsin.formats.outcome import Outcome
from tocsin.formats.times import day_first_time, shown
from tocsin.text import normal
from tocsin.vocab.observables import ObservableType
from tocsin.vocab.records import IndicatorRecord

Record = Mapping[str, Any]

_DOMAIN, _HOST = 1, 2
_HASH_COLUMNS = {"MD5": 32, "SHA1": 40, "SHA256": 64, "md5": 32, "sha1": 40, "sha256": 64, "hash": 0, "Hash": 0}
_NAMING = frozenset({"id", "mask", "ip", "first_seen", "threat_score", *_HASH_COLUMNS})
_LISTS_IN_TEXT = frozenset(
    {"IP", "geo", "ip_geo", "users_geo", "NS", "NS_ips", "MX", "MX_ips", "file_names", "domains"}
)
_EMPTY: tuple[Any, ...] = (None, "", [], {})
_DATES = frozenset({"last_seen", "created", "updated", "expires", "detection_date"})

#: Words inside ``category`` of IP Reputation -> RSIT; the first that fits counts, the worst come first.
_CATEGORIES = (
    (("c&c", "cnc", "botnet"), "malicious-code/c2-server"),
    (("ransom", "malware", "exploit kit"), "malicious-code/malware-distribution"),
    (("phish",), "fraud/phishing"),
    (("brute",), "intrusion-attempts/brute-force"),
    (("exploit", "attack", "intrusion"), "intrusion-attempts/ids-alert"),
    (("ddos",), "availability/ddos"),
    (("dos",), "availability/dos"),
    (("scan",), "information-gathering/scanner"),
    (("spam",), "abusive-content/spam"),
)


def read_record(record: Any, classify: Callable[[Record, Verdict | None], str | None]) -> Outcome:
    """The indicators of one decoded record; ``classify`` says the RSIT ``class/type`` of the feed for it."""
    if type(record) is not dict:
        return Outcome(problem="the record is not a JSON object")
    found: dict[Observable, str] = {}
    refused = []
    notes: dict[str, Any] = {}
    for given, read in _values(record, notes):
        try:
            found.setdefault(read(given), given)
        except ValueError as error:
            refused.append(f"{given[:120]!r}: {error}")
    if not found:
        return Outcome(problem="; ".join(refused) or "the record names no mask, URL, host, address or hash")
    return Outcome(_indicators(record, found, notes | ({"refused": refused} if refused else {}), classify))


def _indicators(
    record: Record,
    found: Mapping[Observable, str],
    notes: Mapping[str, Any],
    classify: Callable[[Record, Verdict | None], str | None],
) -> tuple[IndicatorRecord, ...]:
    name = _text(record.get("threat") or record.get("verdict") or record.get("AV Verdict"))
    verdict = read_verdict(name) if name else None
    since, is_dated = _since(record)
    details = {**_details(record, is_dated), **notes}
    identity = _text(record.get("id"))
    publication = _text(record.get("publication_name"))
    classification = classify(record, verdict)
    confidence = confidence_of(_number(record.get("threat_score")), _number(record.get("popularity")))
    tags = _tags(record, verdict)
    return tuple(
        IndicatorRecord(
            type=kind,
            value=value,
            given=None if given == value else given,
            classification=classification,
            malware=verdict.family if verdict else None,
            confidence=confidence,
            valid_from=since,
            external_id=identity,
            description=publication,
            tags=tags,
            details=details or None,
        )
        for (kind, value), given in found.items()
    )


# The thing itself ---------------------------------------------------------------------------------------------------

Value = tuple[str, Callable[[str], Observable]]


def _values(record: Record, notes: dict[str, Any]) -> Iterator[Value]:
    """Each naming text of the record with the function that reads it."""
    if mask := _text(record.get("mask")):
        yield mask, _mask_reader(_number(record.get("type")))
    elif _NAMING.isdisjoint(record.keys() - {"id", "first_seen", "mask"}):
        yield from _exact_values(record)
    yield from ((text, mask_observable) for key in ("Mask", "mask") for text in _column(record.get("Details"), key))
    if address := _text(record.get("ip")):
        yield address, address_observable
    yield from _hashes(record, notes)


def _mask_reader(kind: int | None) -> Callable[[str], Observable]:
    """How a mask of that ``type`` reads: 1 is a domain with everything below it, 2 a whole host, all others say it by their text.

    The meanings of 1, 2, 4 and 20 are known from the vendor's integrations; of 3, 19 and 21 only that they exist, so their
    text decides: ``*.x`` subdomains, ``x/*`` a prefix, no ``*`` exactly this URL.
    """
    return _domain_mask if kind == _DOMAIN else mask_observable


def _domain_mask(text: str) -> Observable:
    host = text.removesuffix("/*").removesuffix("/").removeprefix("*.")
    return mask_observable(text) if "/" in host or "*" in host else host_observable(host)


def _exact_values(record: Record) -> Iterator[Value]:
    """The lists of the Exact variants. Beside a hash or an address the same lists say where it was met, and are not asked for."""
    for key, inner, read in (
        ("urls", "url", mask_observable),
        ("hosts", "host", _whole_host),
        ("domains", "domain", _domain_mask),
    ):
        yield from ((text, read) for text in _column(record.get(key), inner))


def _whole_host(text: str) -> Observable:
    return ObservableType.URL, normal.url(text)


def _hashes(record: Record, notes: dict[str, Any]) -> Iterator[Value]:
    if _HASH_COLUMNS.keys().isdisjoint(record):
        return
    for column, length in _HASH_COLUMNS.items():
        if text := _text(record.get(column)):
            if length and len(text) != length and len(text) in _HASH_COLUMNS.values():
                notes["swapped_columns"] = True
            yield text, _hash


def _hash(text: str) -> Observable:
    return ObservableType.FILE, normal.file_hash(text)


def _column(rows: Any, key: str) -> Iterable[str]:
    if not isinstance(rows, list):
        return ()
    return [text for row in rows if isinstance(row, Mapping) and (text := _text(row.get(key)))]


# Its surroundings ---------------------------------------------------------------------------------------------------


def _since(record: Record) -> tuple[datetime | None, bool]:
    """When the vendor first saw it (or, in APT feeds, detected it), and whether that text was a date at all."""
    text = _text(record.get("first_seen") or record.get("detection_date"))
    try:
        return (day_first_time(text), True) if text else (None, True)
    except ValueError:
        return None, False


def _details(record: Record, is_dated: bool) -> dict[str, Any]:
    """Every other field under the feed's own name; lists inside texts become lists, dates ISO 8601."""
    details = {key: _detail(key, value) for key, value in record.items() if key not in _NAMING and value not in _EMPTY}
    if not is_dated:
        details["first_seen"] = record.get("first_seen")
    return details


def _detail(key: str, value: Any) -> Any:
    if type(value) is dict:
        return {inner: _detail(inner, content) for inner, content in value.items()}
    if type(value) is not str:
        return value
    if key in _LISTS_IN_TEXT:
        return [part for part in map(str.strip, value.split(",")) if part]
    return _iso_date(value) if key in _DATES else value


@lru_cache(maxsize=1 << 16)
def _iso_date(text: str) -> str:
    """A date of the vendor as ISO 8601, with its time if it has one; what is no date stays as it is."""
    try:
        moment = shown(day_first_time(text))
    except ValueError:
        return text
    return moment if ":" in text else moment[:10]


def _tags(record: Record, verdict: Verdict | None) -> tuple[str, ...]:
    category = _text(record.get("category")) or ""
    if not category and not (verdict and verdict.prefix):
        return ()
    tags = [part.strip().lower() for part in category.split(",") if part.strip()]
    if verdict and verdict.prefix and "not-a-virus" in verdict.prefix.lower():
        tags.append("not-a-virus")
    return tuple(tags)


def category_class(record: Record) -> str | None:
    """The RSIT ``class/type`` of the record's ``category`` (several, with commas, in IP Reputation)."""
    category = (_text(record.get("category")) or "").lower().replace("_", " ")
    return next((kind for words, kind in _CATEGORIES if any(word in category for word in words)), None)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if type(value) is str:
        return value.strip() or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Any) -> int | None:
    if value is None or type(value) is int:
        return value
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None
