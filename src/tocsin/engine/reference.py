"""The reference matcher: what a hit is, said slowly in plain Python. It shares no code with the native core.

The native core must report exactly what this module reports; ``tests/engine`` compares the two on adversarial lines. Speed does not
matter here (some thousand lines a second), clarity does. A line is looked at in two forms: **V1**, lower-cased with JSON escapes undone
(and defanged text mended on request), in which URLs are found; and **V2**, V1 with percent escapes undone once, in which everything
else is found. A URL is decoded by its own normal form, and decoding it twice would invent hits.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import BinaryIO, NamedTuple

from tocsin.engine import spelling
from tocsin.engine.spelling import Address, Url

_ADDRESS4_RUN = re.compile(r"[a-z0-9.]+")
_ADDRESS6_RUN = re.compile(r"[a-z0-9.:]+")
_HASH = re.compile(r"(?<![a-z0-9])(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})(?![a-z0-9])")
_PORT = re.compile(r":(0|[1-9][0-9]{0,4})(?![a-z0-9])")
_LETTER_AND_SLASH = re.compile(r"[a-z]/\Z")
_URL_START = re.compile(rb"(?<=[a-z0-9+.-])://")
_URL_END = re.compile(rb"[\x00-\x20\x7f\"<>|`]")
_TRAILING = b".,;:!?)]}'"
_LOCAL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+/=?^_`{|}~.-")
_LOCAL_HARD = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._+-")
_JSON_VALUE = rb'"%s"[ \t]*:[ \t]*"((?:[^"\\]|\\.)*)"'
_JSON_HOST = re.compile(_JSON_VALUE % b"host", re.DOTALL)
_JSON_URI = re.compile(_JSON_VALUE % b"uri", re.DOTALL)
#: A stretch without a space holds at most this many URLs; otherwise a line of "://" costs the square of its length.
MOST_URLS_IN_A_STRETCH = 32


class ReferenceHit(NamedTuple):
    """``line`` counts from 1, ``indicator`` is the row's number from 0."""

    line: int
    indicator: int


@dataclass
class _Zeek:
    """Where ``host`` and ``uri`` stand in a Zeek TSV log; ``#fields`` names them."""

    host: int = -1
    uri: int = -1

    def read_header(self, line: bytes) -> None:
        if line.startswith((b"#fields\t", b"#separator", b"#close")):
            names = line.rstrip(b"\r").split(b"\t")[1:] if line.startswith(b"#fields\t") else []
            self.host = names.index(b"host") if b"host" in names else -1
            self.uri = names.index(b"uri") if b"uri" in names else -1

    def read_row(self, line: bytes) -> tuple[bytes, bytes] | None:
        columns = line.rstrip(b"\r").split(b"\t")
        if min(self.host, self.uri) < 0 or max(self.host, self.uri) >= len(columns):
            return None
        host, uri = columns[self.host], columns[self.uri]
        return None if host in (b"", b"-", b"(empty)") else (host, b"" if uri in (b"-", b"(empty)") else uri)


@dataclass
class ReferenceSet:
    """Indicators in dictionaries. ``rejected`` lists (row number from 0, reason)."""

    rejected: list[tuple[int, str]] = field(default_factory=list)
    _exact: dict[tuple[str, object], list[int]] = field(default_factory=lambda: defaultdict(list))
    _networks: list[tuple[int, int, int, int]] = field(default_factory=list)
    _urls: dict[bytes, list[tuple[int, Url]]] = field(default_factory=lambda: defaultdict(list))
    _wide_urls: dict[bytes, list[tuple[int, Url]]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def compile(cls, rows: Iterable[tuple[str, str]]) -> "ReferenceSet":
        """Read (type, value) rows; a bad row is listed in ``rejected`` and the rest goes on."""
        made = cls()
        for number, (kind, value) in enumerate(rows):
            try:
                made._add(number, kind, value)
            except ValueError as problem:
                made.rejected.append((number, str(problem)))
        return made

    def _add(self, number: int, kind: str, value: str) -> None:
        read = spelling.read_indicator(kind, value)
        if isinstance(read, Url):
            (self._wide_urls if read.is_wide else self._urls)[read.host].append((number, read))
        elif isinstance(read, Address) and read.prefix < read.width:
            self._networks.append((number, read.width, read.prefix, read.number >> (read.width - read.prefix)))
        elif isinstance(read, Address):
            self._exact["address", (read.width, read.number, read.port)].append(number)
        else:
            self._exact[kind.replace("x509-certificate", "file"), read].append(number)

    def scan(self, stream: BinaryIO, json: bool | None = None, *, defanged: bool = False) -> Iterator[ReferenceHit]:
        """Hits of a whole log, ordered by line and row. ``json`` None: told by each line's first character."""
        zeek = _Zeek()
        for line_number, line in enumerate(stream, 1):
            for indicator in sorted(self.match_line(line.rstrip(b"\n"), json, defanged=defanged, zeek=zeek)):
                yield ReferenceHit(line_number, indicator)

    def match_line(
        self, line: bytes, json: bool | None = None, *, defanged: bool = False, zeek: _Zeek | None = None
    ) -> set[int]:
        """The rows that one line hits. ``line`` has no line end."""
        found: set[int] = set()
        is_json = spelling.looks_like_json(line) if json is None else json
        form1 = spelling.lower(spelling.undo_json(line) if is_json else line)
        if defanged:
            form1 = spelling.refang(form1)
        self._match_urls(form1, found)
        self._match_joined(line, zeek or _Zeek(), json, found)
        form2 = spelling.undo_percent(form1).decode("utf-8", "surrogateescape")
        for start, end in spelling.word_runs(form2):
            self._match_domain(form2[start:end], found)
        self._match_addresses(form2, found)
        for run in _HASH.findall(form2):
            found.update(self._exact.get(("file", bytes.fromhex(run)), ()))
        for at in re.finditer("@", form2):
            self._match_email(form2, at.start(), found)
        return found

    def _match_domain(self, token: str, found: set[int]) -> None:
        for name in spelling.domain_candidates(token):
            found.update(self._exact.get(("domain-name", name), ()))

    def _match_addresses(self, text: str, found: set[int]) -> None:
        inside6: set[int] = set()
        for run in _ADDRESS6_RUN.finditer(text):
            parsed = spelling.address6_in(run[0])
            if parsed is None:
                continue
            start, end, number = run.start() + parsed[0], run.start() + parsed[1], parsed[2]
            inside6.update(range(start, end))
            is_bracketed = text[start - 1 : start] == "[" and text[end : end + 1] == "]"
            port = _PORT.match(text, end + 1) if is_bracketed else None
            self._match_address(128, number, port, found)
            mapped = IPv6Address(number).ipv4_mapped
            if mapped is not None:
                self._match_address(32, int(mapped), port, found)
        for run in _ADDRESS4_RUN.finditer(text):
            start = run.start() + len(run[0]) - len(run[0].lstrip("."))
            dotted = run[0].strip(".")
            if start in inside6 or not spelling.is_dotted_quad(dotted):
                continue
            if dotted.endswith(".0.0.0") and _LETTER_AND_SLASH.search(text[max(0, start - 2) : start]):
                continue
            port = _PORT.match(text, start + len(dotted))
            self._match_address(32, int(IPv4Address(dotted)), port, found)

    def _match_address(self, width: int, number: int, port: re.Match[str] | None, found: set[int]) -> None:
        found.update(self._exact.get(("address", (width, number, None)), ()))
        if port and int(port[1]) <= 65535:
            found.update(self._exact.get(("address", (width, number, int(port[1]))), ()))
        for row, net_width, prefix, top in self._networks:
            if net_width == width and number >> (width - prefix) == top:
                found.add(row)

    def _match_email(self, text: str, at: int, found: set[int]) -> None:
        domain = spelling.to_ascii(spelling.leading_word(text[at + 1 : at + 513]).rstrip("-_."))
        if domain is None:
            return
        start = at
        while start > 0 and at - start < 64 and text[start - 1] in _LOCAL:
            start -= 1
        for place in range(start, at):
            before = text[place - 1] if place else "\n"
            if before in _LOCAL_HARD or spelling.is_word(before):
                continue
            local = text[place:at]
            for spelt in {local, local.lstrip("-_.")}:
                found.update(self._exact.get(("email-addr", f"{spelt}@{domain}"), ()))

    def _match_urls(self, text: bytes, found: set[int]) -> None:
        stretch_end, starts = -1, 0
        for mark in _URL_START.finditer(text):
            if mark.start() >= stretch_end:
                ending = _URL_END.search(text, mark.end())
                stretch_end, starts = ending.start() if ending else len(text), 0
            starts += 1
            if starts > MOST_URLS_IN_A_STRETCH or text.endswith((b"hxxp", b"hxxps"), 0, mark.start()):
                continue
            body = text[mark.end() : stretch_end]
            port = spelling.default_port(text[: mark.start()])
            for spelt in {body, body.rstrip(_TRAILING)}:
                self._match_url(spelt, port, found)

    def _match_joined(self, line: bytes, zeek: _Zeek, json: bool | None, found: set[int]) -> None:
        pairs = []
        if json is not False and (host := _JSON_HOST.search(line)) and (uri := _JSON_URI.search(line)):
            pairs.append((spelling.undo_json(host[1]), spelling.undo_json(uri[1])))
        zeek.read_header(line)
        if not line.startswith(b"#") and (pair := zeek.read_row(line)):
            pairs.append(pair)
        for host_text, uri_text in pairs:
            host_text, uri_text = spelling.lower(host_text), spelling.lower(uri_text)
            before, mark, after = uri_text.partition(b"://")
            if mark and re.fullmatch(rb"[a-z][a-z0-9+.-]*", before):
                self._match_url(after, spelling.default_port(before), found)
            elif host_text:
                slash = b"" if uri_text.startswith(b"/") else b"/"
                self._match_url(host_text + slash + uri_text, 80, found)

    def _match_url(self, body: bytes, port: int, found: set[int]) -> None:
        seen = spelling.read_url(body, port)
        if seen is None:
            return
        found.update(row for row, mask in self._urls.get(seen.host, ()) if mask.covers(seen))
        labels = seen.host.split(b".")
        for i in range(1, len(labels)):
            wide = self._wide_urls.get(b".".join(labels[i:]), ())
            found.update(row for row, mask in wide if mask.covers(seen))
