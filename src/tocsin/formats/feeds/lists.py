"""Plain lists: one value a line, as teams mail them to each other.

A line is a value; blank lines and lines that begin with ``#``, ``;`` or ``//`` are none. What follows a value after white space
and ``#``, ``;`` or ``//``, or in a further column, is its description. Values may be defanged (``hxxp://evil[.]example``).

    # seen 2026-11-23
    evil.example            # loader
    hxxps://evil[.]example/gate.php
    198.18.0.0/24 ; SBL0

Such a list says nothing else, so what the operator knows goes into arguments: ``classification`` (an RSIT ``class/type`` or a bare
type) and ``malware``.
"""

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address, summarize_address_range

from tocsin.formats.canonical import mask_observable
from tocsin.formats.feed import Feed, Options
from tocsin.formats.text_rows import shown, split_comment, text_lines
from tocsin.text import normal
from tocsin.text.streams import Member
from tocsin.text.suffixes import is_public_suffix
from tocsin.vocab.classification import UNDETERMINED, classification_of, is_classification
from tocsin.vocab.errors import InputError
from tocsin.vocab.observables import ObservableType
from tocsin.vocab.records import IndicatorRecord, Row

Observable = tuple[ObservableType, str]

_NOTES = ("#", ";", "//")
# Neither defanged nor commented nor anything but one value: most lines of long lists.
_SIMPLE = re.compile(r"(?![hHfF][xX])[A-Za-z0-9.:/_-]+", re.ASCII)
_HOSTS_FILE = re.compile(r"(?:0\.0\.0\.0|127\.0\.0\.1|::1?)[ \t]+(?=[\w*])")
_RANGE = re.compile(r"(\S+?)\s*-\s*(\S+)")
_WHITE = re.compile(r"\s")
_MOST_NETWORKS = 64


def _address(text: str) -> list[Observable]:
    value = normal.address(text)
    return [(ObservableType.IPV6 if ":" in value else ObservableType.IPV4, value)]


def _network(text: str) -> list[Observable]:
    """CIDR, a bare address, or a range ``first-last`` as the fewest networks that cover it."""
    found = _RANGE.fullmatch(text)
    values = _range(found[1], found[2]) if found else [text]
    return [normal.typed(ObservableType.IPV4, value) for value in values]


def _range(first: str, last: str) -> list[str]:
    low, high = ip_address(normal.address(first)), ip_address(normal.address(last))
    if low.version != high.version or low.packed > high.packed:
        raise ValueError("not a range: its first address does not come before its last")
    networks = [str(network) for network in summarize_address_range(low, high)]
    if len(networks) > _MOST_NETWORKS:
        raise ValueError(f"a range that takes more than {_MOST_NETWORKS} networks to write")
    return networks


def _domain(text: str) -> list[Observable]:
    """A domain; ``*.`` or a dot in front says no more than a domain does, which stands for its subdomains too."""
    value = normal.domain(text.removeprefix("*").removeprefix("."))
    if is_public_suffix(value):
        raise ValueError("a public suffix: as an indicator it would stand for every name registered below it")
    return [(ObservableType.DOMAIN, value)]


def _url(text: str) -> list[Observable]:
    return [mask_observable(text)]


def _hash(text: str) -> list[Observable]:
    return [(ObservableType.FILE, normal.file_hash(text))]


def _any(text: str) -> list[Observable]:
    if text.startswith(("*.", ".")) and "/" not in text:
        return _domain(text)
    if _RANGE.fullmatch(text) and text[0].isdigit() and text.count(".") == 6:
        return _network(text)
    kind, value = normal.observable(text)
    return _domain(text) if kind is ObservableType.DOMAIN else [(kind, value)]


def _parser(read: Callable[[str], list[Observable]]) -> Callable[[Member, Options], Iterator[Row]]:
    def parse(member: Member, options: Options) -> Iterator[Row]:
        classification, malware = _arguments(options)
        for number, line in text_lines(member):
            if line.startswith(_NOTES):
                continue
            given, description = line, None
            try:
                if _SIMPLE.fullmatch(line):
                    found = read(line)
                else:
                    given, description = split_comment(_HOSTS_FILE.sub("", line, count=1))
                    found = read(_whole(normal.refang(given)))
            except ValueError as error:
                yield Row(number, problem=str(error), raw=shown(line))
                continue
            records = [
                IndicatorRecord(
                    kind,
                    value,
                    None if value == given else shown(given),
                    classification,
                    malware,
                    description=description,
                )
                for kind, value in found
            ]
            yield Row(number, tuple(records))

    return parse


def _whole(text: str) -> str:
    if not text or (_WHITE.search(text) and not _RANGE.fullmatch(text)):
        raise ValueError("more than one value in a line: white space stands within it")
    return text


def _arguments(options: Options) -> tuple[str | None, str | None]:
    given = options.feed_arguments.get("classification")
    if given is None:
        return None, options.feed_arguments.get("malware")
    classification = given if is_classification(given) else classification_of(given)
    if classification is None:
        raise InputError(f"{given!r} is not an RSIT classification: write class/type, such as malicious-code/c2-server")
    return classification, options.feed_arguments.get("malware")


def _feed(name: str, about: str, read: Callable[[str], list[Observable]]) -> Feed:
    return Feed(f"plain/{name}", about, "indicators", UNDETERMINED, _parser(read))


FEEDS = (
    _feed("addresses", "IPv4 and IPv6 addresses, one a line.", _address),
    _feed("networks", "Networks in CIDR form, addresses, and ranges first-last.", _network),
    _feed("domains", "Domain names, also from a hosts file.", _domain),
    _feed("urls", "URLs with or without scheme, and masks: *.host, path/*.", _url),
    _feed("hashes", "MD5, SHA-1, SHA-256 and SHA-512 of files.", _hash),
    _feed("mixed", "Any of these, told apart by their form.", _any),
)
