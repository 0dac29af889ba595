"""Whether a value is known to be good: what an entry of a warning list covers, and a fast matcher over all lists.

An entry covers, by the list's type (MISP ``misp-warninglists``, field ``type``):

========== ============================================================================================================
string     the same text in any case; an entry that begins with a dot, the domain and everything below it
hostname   that host and everything below it, on whole labels
cidr       every address and every smaller network inside
substring  every text that holds it, in any case
regex      every text that it matches somewhere; matched by RE2, whose time grows with the text and not with the pattern
========== ============================================================================================================

Two rules narrow this:

- **A popular site is no promise for what lies below it.** Lists of popular sites (``POPULARITY``) cover the exact host only:
  attackers rent names below the most visited domains.
- **A URL with a path is never silenced by a host.** Only an entry that itself names a path can cover it. A URL without one is
  its host. An address with a port is its address.

A list speaks about the kinds of values in its ``matching_attributes`` only; without any, about all kinds.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.vocab.observables import ObservableType

KINDS = ("string", "hostname", "cidr", "substring", "regex")
AS_KIND, EXACT_HOST = "as-kind", "exact-host"

#: Names of lists that only say what is visited often (table by name, because MISP's format has no field for it).
POPULARITY = re.compile(
    r"tranco|umbrella|cisco|majestic|alexa|\bcrux\b|chrome user experience|cloudflare radar|\bmoz\b|dom(ain)?cop"
    r"|\btop[\s_-]*\d|\btop[\s_-]+(sites|domains|websites|hosts)\b|_top\d|most[\s-](used|visited|popular)",
    re.IGNORECASE,
)

#: No text longer than this is searched for substrings and patterns: longer ones are never covered by such lists.
LONGEST_TEXT = 8192
_LONGEST_PATTERN = 2048

_T = ObservableType
_ADDRESSES = frozenset({_T.IPV4, _T.IPV6, _T.IP_PORT})
#: MISP attribute types -> kinds of values. ``domain|ip`` is a pair that we store as two values; lists that mean either name the
#: single types too, and for the others it would widen the list beyond what it says.
_ATTRIBUTES: dict[str, frozenset[ObservableType]] = {
    "domain": frozenset({_T.DOMAIN}),
    "hostname": frozenset({_T.DOMAIN}),
    "hostname|port": frozenset({_T.DOMAIN}),
    "ip-src": _ADDRESSES,
    "ip-dst": _ADDRESSES,
    "ip-src|port": frozenset({_T.IP_PORT}),
    "ip-dst|port": frozenset({_T.IP_PORT}),
    "url": frozenset({_T.URL}),
    "uri": frozenset({_T.URL, _T.URL_PATH}),
    "link": frozenset({_T.URL}),
    **dict.fromkeys(
        (
            "email",
            "email-src",
            "email-dst",
            "target-email",
            "whois-registrant-email",
            "dns-soa-email",
            "email-reply-to",
        ),
        frozenset({_T.EMAIL}),
    ),
}
_HASHES = re.compile(
    r"(?:filename\|)?(?:md5|sha\d+(?:/\d+)?|ssdeep|imphash|tlsh|pehash|authentihash|impfuzzy|sha3-\d+)"
)
_CERTIFICATES = re.compile(r"x509-fingerprint-\w+")
_REGEX = re.compile(r"^/(?P<pattern>.*)/(?P<flags>[a-zA-Z]*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ListRule:
    """One list: its name, MISP type, scope (``AS_KIND`` or ``EXACT_HOST``), attribute types and entries as written."""

    name: str
    kind: str
    scope: str
    attributes: tuple[str, ...]
    values: Iterable[str]


@dataclass(frozen=True, slots=True)
class EntryProblem:
    """An entry that cannot be used, and why."""

    name: str
    value: str
    problem: str


def scope_of(name: str, kind: str) -> str:
    """How far the entries of a list of this name and type reach: ``EXACT_HOST`` for popularity lists, else ``AS_KIND``."""
    return EXACT_HOST if kind in ("string", "hostname", "substring") and POPULARITY.search(name) else AS_KIND


def kinds_of(attributes: Iterable[str]) -> frozenset[ObservableType]:
    """The kinds of values that MISP attribute types stand for; all kinds where there are no attribute types at all."""
    named = tuple(attributes)
    if not named:
        return frozenset(ObservableType)
    return frozenset().union(*map(_kinds_of_attribute, named))


def _kinds_of_attribute(attribute: str) -> frozenset[ObservableType]:
    if _HASHES.fullmatch(attribute):
        return frozenset({_T.FILE})
    if _CERTIFICATES.fullmatch(attribute):
        return frozenset({_T.CERTIFICATE})
    return _ATTRIBUTES.get(attribute, frozenset())


@dataclass(frozen=True, slots=True)
class _Subject:
    """A value taken apart. ``host`` is the host that it stands for, ``None`` where that may not speak for it."""

    kind: ObservableType
    text: str
    host: str | None
    has_path: bool


def _subject(kind: ObservableType, value: str) -> _Subject:
    text = value.lower()
    if kind is _T.URL:
        host, _, path = text.partition("://")[2].partition("/") if "://" in text else text.partition("/")
        if path or "?" in host or "#" in host:
            return _Subject(kind, text, None, True)
        host = host.rpartition("@")[2]
        name, colon, port = host.rpartition(":")
        return _Subject(kind, text, name if colon and port.isdigit() else host, False)
    if kind is _T.IP_PORT:
        return _Subject(kind, text, text.rpartition(":")[0].strip("[]"), False)
    if kind is _T.EMAIL:
        return _Subject(kind, text, text.rpartition("@")[2], False)
    if kind in (_T.DOMAIN, _T.IPV4, _T.IPV6):
        return _Subject(kind, text, text, False)
    return _Subject(kind, text, None, kind is _T.URL_PATH)


Found = dict[str, tuple[int, ...]]


class WarningMatcher:
    """All enabled lists as look-up tables: a value is looked up in a few dictionaries, whatever the number of entries."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._kinds: list[frozenset[ObservableType]] = []
        self._exact: Found = {}
        self._below: Found = {}
        self._networks: dict[tuple[int, int], dict[int, tuple[int, ...]]] = {}
        self._parts: Found = {}
        self._part_lengths: list[int] = []
        self._patterns: list[tuple[int, str, bool]] = []
        self.problems: list[EntryProblem] = []

    @classmethod
    def build(cls, lists: Iterable[ListRule]) -> "WarningMatcher":
        """The matcher over these lists. Entries that cannot be used are left out and told in ``problems``."""
        matcher = cls()
        for rule in lists:
            matcher._add_list(rule)
        matcher._part_lengths = sorted({len(part) for part in matcher._parts})
        return matcher

    def __len__(self) -> int:
        """The number of lists."""
        return len(self._names)

    def known_good(self, kind: ObservableType, value: str) -> tuple[str, ...]:
        """Names of the lists that cover a canonical value, sorted; empty if none does."""
        subject = _subject(kind, value)
        covering = {
            number
            for number in self._covering(subject)
            if subject.kind in self._kinds[number] or (subject.host and self._speaks_of_host(number, subject))
        }
        return tuple(sorted({self._names[number] for number in covering}))

    # --- building ---

    def _add_list(self, rule: ListRule) -> None:
        number = len(self._names)
        self._names.append(rule.name)
        self._kinds.append(kinds_of(rule.attributes))
        for value in rule.values:
            problem = self._add_entry(number, rule, value.strip())
            if problem:
                self.problems.append(EntryProblem(rule.name, value, problem))

    def _add_entry(self, number: int, rule: ListRule, value: str) -> str | None:
        if not value:
            return "the entry is empty"
        if rule.kind == "cidr":
            return self._add_network(number, value)
        if rule.kind == "regex":
            return self._add_pattern(number, value)
        text = _without_scheme(value.lower())
        if rule.scope == EXACT_HOST:
            _note(self._exact, text.strip("."), number)
        elif rule.kind == "substring":
            _note(self._parts, text, number)
        elif rule.kind == "hostname" or text.startswith("."):
            _note(self._below, text.strip("."), number)
        else:
            _note(self._exact, text, number)
        return None

    def _add_network(self, number: int, value: str) -> str | None:
        try:
            network = ip_network(value, strict=False)
        except ValueError as error:
            return f"not a network: {error}"
        table = self._networks.setdefault((network.version, network.prefixlen), {})
        key = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
        if number not in table.get(key, ()):
            table[key] = (*table.get(key, ()), number)
        return None

    def _add_pattern(self, number: int, value: str) -> str | None:
        wrapped = _REGEX.match(value)
        pattern, flags = (wrapped["pattern"], wrapped["flags"]) if wrapped else (value, "")
        if len(pattern) > _LONGEST_PATTERN:
            return f"the pattern is longer than {_LONGEST_PATTERN} characters"
        try:
            _search(pattern, "", True)
        except pa.ArrowInvalid as error:
            return f"not a pattern that is safe to run: {error}"
        self._patterns.append((number, pattern, "i" in flags))
        return None

    # --- asking ---

    def _speaks_of_host(self, number: int, subject: _Subject) -> bool:
        """Whether a list about hosts or addresses may speak for a value that is nothing but a host."""
        if subject.kind is not _T.URL:
            return False
        kinds = self._kinds[number]
        return bool(kinds & ({_T.DOMAIN} if not _is_address(subject.host or "") else {_T.IPV4, _T.IPV6}))

    def _covering(self, subject: _Subject) -> Iterator[int]:
        for text in {subject.text, subject.text.rstrip("/"), subject.host or subject.text}:
            if not subject.has_path or "/" in text:
                yield from self._exact.get(text, ())
        yield from self._substrings(subject)
        yield from self._matching_patterns(subject)
        if subject.host:
            yield from self._above(subject.host)
            yield from self._containing(subject.host)

    def _above(self, host: str) -> Iterator[int]:
        name = host
        while name:
            yield from self._below.get(name, ())
            name = name.partition(".")[2]

    def _containing(self, host: str) -> Iterator[int]:
        if not self._networks or not _is_address(host):
            return
        try:
            network = ip_network(host)
        except ValueError:
            return
        address = int(network.network_address)
        for (version, length), table in self._networks.items():
            if version == network.version and length <= network.prefixlen:
                yield from table.get(address >> (network.max_prefixlen - length), ())

    def _substrings(self, subject: _Subject) -> Iterator[int]:
        text = subject.text
        if not self._parts or len(text) > LONGEST_TEXT:
            return
        if len(text) * len(self._part_lengths) > len(self._parts):
            found: Iterable[str] = (part for part in self._parts if part in text)
        else:
            found = (text[at : at + n] for n in self._part_lengths for at in range(len(text) - n + 1))
        for part in found:
            if part in self._parts and (not subject.has_path or "/" in part):
                yield from self._parts[part]

    def _matching_patterns(self, subject: _Subject) -> Iterator[int]:
        if len(subject.text) > LONGEST_TEXT:
            return
        for number, pattern, ignores_case in self._patterns:
            if subject.kind not in self._kinds[number] or (subject.has_path and "/" not in pattern):
                continue
            if _search(pattern, subject.text, ignores_case):
                yield number


def _note(table: Found, key: str, number: int) -> None:
    known = table.get(key)
    if known is None:
        table[key] = (number,)
    elif number not in known:
        table[key] = (*known, number)


def _without_scheme(text: str) -> str:
    return text.partition("://")[2].rstrip("/") if "://" in text else text


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").replace("/", "").isdigit()


def _search(pattern: str, text: str, ignores_case: bool) -> bool:
    found = pc.match_substring_regex(pa.array([text], pa.string()), pattern=pattern, ignore_case=ignores_case)
    return bool(found[0].as_py())
