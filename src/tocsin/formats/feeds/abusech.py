"""abuse.ch: Feodo Tracker, URLhaus, ThreatFox, SSL Blacklist and MalwareBazaar.

Layouts of 2026, and those since 2020 that are still passed on. All times are UTC. CSV files begin with a frame of comment lines
whose last names the columns; ``None`` and ``n/a`` mean nothing. JSON has the same facts under nearly the same names.

- Feodo Tracker: when first seen, address, port, whether it answers, the last day it did, the family. JSON adds host name, AS, country.
- URLhaus: number, when added, the URL, whether it is online and when last, the threat, tags, a link, the reporter. Eight columns
  until 2022 (no last time online).
- ThreatFox: when first seen, number, value, kind of value, role, Malpedia's name of the family, other names, printable name, when
  last seen, confidence in per cent, whether the host is a victim itself (since 2024), reference, tags, anonymous or not, reporter.
- SSL Blacklist: day, SHA-1 of the certificate, reason; or first seen, address, port; or JA3, first and last seen, reason.
- MalwareBazaar: first seen, SHA-256, MD5, SHA-1, reporter, file name, kinds of file, the family ("signature"), ClamAV, VirusTotal's
  share, and three fuzzy hashes. One row gives three hashes.

``formats/abusech/`` holds the layouts and what the columns mean.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from tocsin.formats.abusech import meanings
from tocsin.formats.abusech.layouts import Layout, rows
from tocsin.formats.feed import Feed, Options
from tocsin.formats.outcome import refused
from tocsin.text.streams import Member
from tocsin.vocab.records import IndicatorRecord, Row

Read = Callable[[Mapping[str, str]], tuple[IndicatorRecord, ...]]

_FEODO = Layout(
    columns=(
        ("first_seen_utc", "dst_ip", "dst_port", "c2_status", "last_online", "malware"),
        ("first_seen_utc", "dst_ip", "dst_port", "last_online", "malware"),
    ),
    names={
        "ip_address": "dst_ip",
        "port": "dst_port",
        "status": "c2_status",
        "first_seen": "first_seen_utc",
        "firstseen": "first_seen_utc",
        "dstip": "dst_ip",
        "dstport": "dst_port",
    },
)
_URLHAUS = Layout(
    columns=(
        ("id", "dateadded", "url", "url_status", "last_online", "threat", "tags", "urlhaus_link", "reporter"),
        ("id", "dateadded", "url", "url_status", "threat", "tags", "urlhaus_link", "reporter"),
    ),
    names={"date_added": "dateadded", "urlhaus_reference": "urlhaus_link"},
    id_column="id",
)
_THREATFOX_COLUMNS = (
    *(
        "first_seen_utc",
        "ioc_id",
        "ioc_value",
        "ioc_type",
        "threat_type",
        "fk_malware",
        "malware_alias",
        "malware_printable",
    ),
    *("last_seen_utc", "confidence_level", "is_compromised", "reference", "tags", "anonymous", "reporter"),
)
_THREATFOX = Layout(
    columns=(_THREATFOX_COLUMNS, tuple(column for column in _THREATFOX_COLUMNS if column != "is_compromised")),
    names={
        "id": "ioc_id",
        "ioc": "ioc_value",
        "malware": "fk_malware",
        "first_seen": "first_seen_utc",
        "last_seen": "last_seen_utc",
    },
    id_column="ioc_id",
)
_SSLBL = Layout(
    columns=(
        ("listingdate", "sha1", "listingreason"),
        ("firstseen", "dst_ip", "dst_port"),
        ("ja3_md5", "firstseen", "lastseen", "listingreason"),
    ),
    names={"dstip": "dst_ip", "dstport": "dst_port"},
)
_MALWAREBAZAAR = Layout(
    columns=(
        (
            *(
                "first_seen_utc",
                "sha256_hash",
                "md5_hash",
                "sha1_hash",
                "reporter",
                "file_name",
                "file_type_guess",
                "mime_type",
            ),
            *("signature", "clamav", "vtpercent", "imphash", "ssdeep", "tlsh"),
        ),
    ),
    names={"first_seen": "first_seen_utc", "file_type": "file_type_guess", "file_type_mime": "mime_type"},
)


def _parse(member: Member, _options: Options, *, layout: Layout, read: Read) -> Iterator[Row]:
    for row in rows(member, layout):
        problem = row.problem
        if problem is None:
            try:
                yield Row(row.line, read(row.cells))
                continue
            except ValueError as error:
                problem = str(error)
        yield refused(row.line, problem, row.raw)


def _feed(name: str, about: str, classification: str, layout: Layout, read: Read) -> Feed:
    return Feed(
        name=f"abusech/{name}",
        about=about,
        gives="indicators",
        classification=classification,
        parse=partial(_parse, layout=layout, read=read),
    )


FEEDS = (
    _feed("feodo", "Feodo Tracker: botnet command servers (CSV, JSON).", meanings.C2_SERVER, _FEODO, meanings.feodo),
    _feed(
        "urlhaus", "URLhaus: URLs that serve malware (CSV, JSON).", meanings.DISTRIBUTION, _URLHAUS, meanings.urlhaus
    ),
    _feed(
        "threatfox",
        "ThreatFox: indicators of named malware (CSV, JSON).",
        meanings.DISTRIBUTION,
        _THREATFOX,
        meanings.threatfox,
    ),
    _feed(
        "sslbl",
        "SSL Blacklist: certificates, addresses and JA3 of command servers (CSV).",
        meanings.C2_SERVER,
        _SSLBL,
        meanings.sslbl,
    ),
    _feed(
        "malwarebazaar",
        "MalwareBazaar: hashes of malware samples (CSV, JSON).",
        meanings.DISTRIBUTION,
        _MALWAREBAZAAR,
        meanings.malwarebazaar,
    ),
)
