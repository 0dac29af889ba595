"""What a row of each abuse.ch export says, as indicators. Each reader raises ``ValueError`` for a row that names nothing."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tocsin.formats.canonical import Observable, address_observable, host_observable
from tocsin.formats.times import iso_time
from tocsin.text import normal
from tocsin.vocab.observables import ObservableType
from tocsin.vocab.records import IndicatorRecord

Cells = Mapping[str, str]

C2_SERVER = "malicious-code/c2-server"
DISTRIBUTION = "malicious-code/malware-distribution"


def feodo(cells: Cells) -> tuple[IndicatorRecord, ...]:
    """Feodo Tracker: a botnet's command server, address and port."""
    return (
        IndicatorRecord(
            *_address_and_port(cells),
            classification=C2_SERVER,
            malware=cells.get("malware"),
            valid_from=_time(cells, "first_seen_utc"),
            details=_rest(cells, "dst_ip", "dst_port", "malware", "first_seen_utc"),
        ),
    )


def urlhaus(cells: Cells) -> tuple[IndicatorRecord, ...]:
    """URLhaus: a URL that serves malware. Its tags mix families with file kinds, so no family is read from them."""
    given = _needed(cells, "url")
    value = normal.url(given)
    link = cells.get("urlhaus_link")
    return (
        IndicatorRecord(
            ObservableType.URL,
            value,
            given=None if value == given else given,
            classification=DISTRIBUTION,
            valid_from=_time(cells, "dateadded"),
            external_id=cells.get("id"),
            references=(link,) if link else (),
            tags=_parts(cells.get("tags")),
            details=_rest(cells, "url", "dateadded", "id", "urlhaus_link", "tags"),
        ),
    )


_THREATFOX_CLASSES = {
    "botnet_cc": C2_SERVER,
    "cc_skimming": C2_SERVER,
    "payload_delivery": DISTRIBUTION,
    "payload": DISTRIBUTION,
}
_THREATFOX_HASHES = frozenset({"md5_hash", "sha1_hash", "sha256_hash", "sha512_hash"})


def threatfox(cells: Cells) -> tuple[IndicatorRecord, ...]:
    """ThreatFox: one value of a named kind, with the family, the role and a confidence."""
    given = _needed(cells, "ioc_value")
    kind, value = _threatfox_observable(_needed(cells, "ioc_type").lower(), given)
    family = cells.get("malware_printable") or cells.get("fk_malware")
    reference = cells.get("reference")
    return (
        IndicatorRecord(
            kind,
            value,
            given=None if value == given else given,
            classification=_THREATFOX_CLASSES.get(cells.get("threat_type", "").lower()),
            malware=None if not family or family.lower().startswith("unknown") else family,
            confidence=_percent(cells.get("confidence_level")),
            valid_from=_time(cells, "first_seen_utc"),
            external_id=cells.get("ioc_id"),
            references=(reference,) if reference else (),
            tags=_parts(cells.get("tags")),
            details=_rest(
                cells,
                "ioc_value",
                "malware_printable",
                "confidence_level",
                "first_seen_utc",
                "ioc_id",
                "reference",
                "tags",
            ),
        ),
    )


def _threatfox_observable(kind: str, text: str) -> Observable:
    if kind == "ip:port":
        is_pair = "]:" in text or text.count(":") == 1
        return (ObservableType.IP_PORT, normal.ip_port(text)) if is_pair else address_observable(text)
    if kind == "domain":
        return host_observable(text)
    if kind == "url":
        return ObservableType.URL, normal.url(text)
    if kind in _THREATFOX_HASHES:
        return ObservableType.FILE, normal.file_hash(text)
    return normal.typed(ObservableType.OTHER, f"{kind}:{text}")


def sslbl(cells: Cells) -> tuple[IndicatorRecord, ...]:
    """SSL Blacklist: a certificate's SHA-1, an address and port, or a JA3 fingerprint (kept, not looked for)."""
    reason = cells.get("listingreason", "")
    family = re.sub(r"\s+(?:C&C|C2|malware distribution)\s*$", "", reason, flags=re.IGNORECASE)
    is_distribution = reason.lower().endswith("distribution")
    if "dst_ip" in cells:
        kind, value = _address_and_port(cells)
    elif "ja3_md5" in cells:
        kind, value = normal.typed(ObservableType.OTHER, f"ja3:{normal.file_hash(cells['ja3_md5'])}")
    else:
        kind, value = ObservableType.CERTIFICATE, normal.file_hash(_needed(cells, "sha1"))
    return (
        IndicatorRecord(
            kind,
            value,
            classification=DISTRIBUTION if is_distribution else C2_SERVER,
            malware=family or None,
            valid_from=_time(cells, "listingdate") or _time(cells, "firstseen"),
            description=reason or None,
            details=_rest(cells, "dst_ip", "dst_port", "sha1", "ja3_md5", "listingreason", "listingdate", "firstseen"),
        ),
    )


def malwarebazaar(cells: Cells) -> tuple[IndicatorRecord, ...]:
    """MalwareBazaar: a sample, by its SHA-256, SHA-1 and MD5."""
    digests = [cells[column] for column in ("sha256_hash", "sha1_hash", "md5_hash") if column in cells]
    if not digests:
        raise ValueError("the row names no hash")
    details = _rest(cells, "sha256_hash", "sha1_hash", "md5_hash", "signature", "first_seen_utc", "tags")
    return tuple(
        IndicatorRecord(
            ObservableType.FILE,
            normal.file_hash(digest),
            classification=DISTRIBUTION,
            malware=cells.get("signature"),
            valid_from=_time(cells, "first_seen_utc"),
            tags=_parts(cells.get("tags")),
            details=details,
        )
        for digest in digests
    )


# Cells --------------------------------------------------------------------------------------------------------------


def _needed(cells: Cells, column: str) -> str:
    if column not in cells:
        raise ValueError(f"the row has no {column}")
    return cells[column]


def _address_and_port(cells: Cells) -> Observable:
    address, number = _needed(cells, "dst_ip"), cells.get("dst_port")
    if number is None:
        return address_observable(address)
    return ObservableType.IP_PORT, normal.ip_port(f"[{address}]:{number}" if ":" in address else f"{address}:{number}")


def _time(cells: Cells, column: str) -> datetime | None:
    """The time in a column, UTC; ``None`` where there is none or it is no time (the indicator is not lost for that)."""
    try:
        return iso_time(cells[column]) if column in cells else None
    except ValueError:
        return None


def _rest(cells: Cells, *used: str) -> dict[str, Any] | None:
    return {column: text for column, text in cells.items() if column not in used} or None


def _parts(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip()))


def _percent(text: str | None) -> int | None:
    return min(int(text), 100) if text and text.isdecimal() else None
