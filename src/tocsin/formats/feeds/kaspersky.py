"""Kaspersky Threat Data Feeds as JSON: URLs and masks, addresses, file hashes.

Layout of 2024–2026. A file is one array of records (or one record a line); dates are ``DD.MM.YYYY HH:MM`` in UTC, lists stand
inside texts separated by a comma and a blank, hashes are upper-case hexadecimal. Fields, by feed:

- URL feeds (Botnet C&C, Malicious, Phishing, Ransomware, IoT, Mobile Botnet C&C): a number ``id``, the ``mask`` and its ``type``
  (1 a domain with all below it, 2 a host, 4 exactly this URL, 20 a prefix that ends in a stroke and a star), when first and last
  seen, ``popularity`` 0–5, the countries and addresses, ``whois``, ``files`` found there, and by feed ``threat``, ``category``,
  ``industry``, ``stolen_data_type``, ``targeted_organization``, ``attack_type``. The Exact variants list ``urls``, ``hosts`` or
  ``domains`` instead of a mask.
- IP Reputation: ``ip``, ``threat_score`` 0–100, one or more categories, when seen, countries of the address and of those it met.
- Hash feeds (Malicious, Mobile, ICS): ``MD5``, ``SHA1``, ``SHA256``, the verdict as ``threat``, name, size and kind of the file.
  Columns that stand swapped are read by the length of the hash, and the record says so.
- APT feeds: ``detection_date`` and the publication's name and number beside the hash, address or mask.

One record is one row and may give several indicators. Nothing expires by itself: the vendor's files say what is current.
``formats/kaspersky/`` holds what a record and a verdict mean.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial

from tocsin.formats.feed import Feed, Options
from tocsin.formats.json_values import JsonSlice, Path, decode, records
from tocsin.formats.kaspersky.records import Record, category_class, read_record
from tocsin.formats.kaspersky.verdicts import Verdict
from tocsin.formats.outcome import refused, row_of
from tocsin.text.streams import Member
from tocsin.vocab.records import Row

Classify = Callable[[Record, Verdict | None], str | None]


def _wanted(path: Path, first: bytes) -> bool:
    """Elements of the one array, and whatever stands alone; the elements of an array inside an object are no records."""
    return path == (None,) or (path == () and first == b"{")


def _parse(member: Member, _options: Options, *, classify: Classify) -> Iterator[Row]:
    for line, piece in enumerate(records(member, _wanted), 1):
        yield _row(line, piece, classify)


def _row(line: int, piece: JsonSlice, classify: Classify) -> Row:
    if piece.problem:
        return refused(line, piece.problem, piece.raw)
    try:
        return row_of(line, read_record(decode(piece.raw), classify), piece.raw)
    except ValueError as error:
        return refused(line, str(error), piece.raw)


def _by_verdict(_record: Record, verdict: Verdict | None) -> str | None:
    return verdict.classification if verdict else None


def _by_category(record: Record, _verdict: Verdict | None) -> str | None:
    return category_class(record)


def _by_feed(_record: Record, _verdict: Verdict | None) -> str | None:
    return None


#: Our name, the words in a file's name, what it is, the RSIT class, how a record may say otherwise. The most telling come first.
_KINDS: tuple[tuple[str, str, str, str, Classify], ...] = (
    (
        "apt-hash",
        r"APT_Hash",
        "Hashes of files used by advanced attackers",
        "malicious-code/malware-distribution",
        _by_feed,
    ),
    ("apt-ip", r"APT_IP", "Addresses used by advanced attackers", "malicious-code/c2-server", _by_feed),
    ("apt-url", r"APT_URL", "URL masks used by advanced attackers", "malicious-code/c2-server", _by_feed),
    (
        "mobile-botnet-url",
        r"Mobile_Botnet",
        "Command servers of mobile botnets, as URL masks and hashes",
        "malicious-code/c2-server",
        _by_feed,
    ),
    ("botnet-cnc-url", r"Botnet_C", "Command servers of botnets, as URL masks", "malicious-code/c2-server", _by_feed),
    (
        "phishing-url",
        r"Phishing_URL",
        "Phishing sites, as URL masks",
        "fraud/phishing",
        _by_feed,
    ),
    (
        "ransomware-url",
        r"Ransomware_URL",
        "Sites and servers of ransomware, as URL masks",
        "malicious-code/malware-distribution",
        _by_feed,
    ),
    (
        "iot-url",
        r"IoT_URL",
        "Sites that infect things of the Internet of Things, as URL masks",
        "malicious-code/malware-distribution",
        _by_feed,
    ),
    (
        "malicious-url",
        r"Malicious_URL",
        "Sites that spread malware, as URL masks",
        "malicious-code/malware-distribution",
        _by_category,
    ),
    (
        "mobile-malicious-hash",
        r"Mobile_Malicious_Hash",
        "Hashes of malware for telephones",
        "malicious-code/malware-distribution",
        _by_verdict,
    ),
    (
        "ics-hash",
        r"ICS_Hash",
        "Hashes of malware met in industrial control systems",
        "malicious-code/malware-distribution",
        _by_verdict,
    ),
    ("malicious-hash", r"Malicious_Hash", "Hashes of malware", "malicious-code/malware-distribution", _by_verdict),
    ("ip-reputation", r"IP_Reputation", "Addresses with a threat score", "other/undetermined", _by_category),
)

FEEDS = tuple(
    Feed(
        name=f"kaspersky/{name}",
        about=f"{about} (JSON).",
        gives="indicators",
        classification=classification,
        parse=partial(_parse, classify=classify),
    )
    for name, _, about, classification, classify in _KINDS
)

_FILE_NAMES = tuple((re.compile(words, re.IGNORECASE), name) for name, words, *_ in _KINDS)


def feed_for_member(name: str) -> str | None:
    """The feed of a file such as ``2026-01-14T182632.Phishing_URL_Data_Feed_140126_1826.json``; ``None`` if the name tells none."""
    return next((feed for pattern, feed in _FILE_NAMES if pattern.search(name)), None)


def feed_named(name: str) -> str | None:
    """Our name of the Exact and demonstration variants, whose records have the same fields."""
    plain = name.removeprefix("demo-").removesuffix("-exact").replace("_", "-").lower()
    return plain if any(plain == known for known, *_ in _KINDS) else None
