"""How values are spelt in indicators and in logs, for the reference matcher: plain Python, no code shared with the native core.

Text is handled as ``str`` where letters matter (names) and as ``bytes`` where they do not (URLs). Letter case: only A–Z is folded in
general; in names every letter is folded, one character at a time, to ``NFKC(lower(NFKC(c)))``.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NamedTuple

_LOWER = bytes(byte + 32 if 65 <= byte <= 90 else byte for byte in range(256))
_JOINERS = "\u200c\u200d"  # legal inside Persian, Urdu and Indic names (RFC 5892 appendix A)
_DOTS = "\u3002\uff0e\uff61"  # IDNA treats them as full stops (RFC 3490 section 3.1)
_ASCII_WORD = re.compile(r"[a-z0-9._-]+")
_QUAD = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_JSON_ESCAPE = re.compile(rb"\\(?:([\"\\/bfnrt])|u([0-9a-fA-F]{4}))")
_PERCENT_RUN = re.compile(rb"(?:%[0-9a-fA-F]{2})+")
_REFANG = re.compile(
    rb"hxxp(?=s?[:\[])|\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)|\{dot\}|\[:\]|\[://\]|\[@\]|\[at\]|\(at\)|\[/\]"
)
_REFANGED = {b"h": b"http", b".": b".", b"d": b".", b":": b":", b"@": b"@", b"a": b"@", b"/": b"/"}
_EMAIL_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}", re.ASCII)
#: Shortest prefixes taken; a shorter one would alarm on a good part of the address space.
SHORTEST_PREFIX = {32: 8, 128: 16}
MOST_URL_BYTES = 4096


class Address(NamedTuple):
    """An address or network of ``width`` 32 or 128 bits; ``number`` has its host bits cleared."""

    width: int
    number: int
    prefix: int
    port: int | None = None


@dataclass(frozen=True)
class Url:
    """A URL in normal form, or the mask of an indicator.

    ``port`` of an indicator: required, or ``None``; of a log's URL: explicit, else the scheme's own, else 0. ``tail`` is path and
    query. ``is_wide``: any subdomain of ``host``, not ``host`` itself.
    """

    host: bytes
    tail: bytes
    port: int | None = None
    is_wide: bool = False

    def covers(self, seen: "Url") -> bool:
        """Whether this indicator, whose host is known to fit, covers the URL that was seen."""
        if self.port is not None and self.port != seen.port:
            return False
        if self.tail == b"":
            return True
        if self.tail.endswith(b"/*") and self.tail.count(b"*") == 1:
            base = self.tail[:-2]
            return seen.tail == base or seen.tail.startswith(base + b"/")
        pattern = b".*".join(re.escape(piece) for piece in self.tail.split(b"*"))
        return re.fullmatch(pattern, seen.tail, re.DOTALL) is not None


def lower(text: bytes) -> bytes:
    """A–Z to a–z, all other bytes as they are."""
    return text.translate(_LOWER)


def looks_like_json(line: bytes) -> bool:
    """Whether a line begins as a JSON object, or as an array of objects, strings or arrays."""
    start = line.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r")
    return start[:1] == b"{" or (start[:1] == b"[" and start[1:].lstrip(b" \t\r")[:1] in (b"{", b"[", b'"'))


def undo_json(text: bytes) -> bytes:
    """JSON's escapes as the characters they mean, a line end as another control character; unknown escapes stay."""
    pieces, place = [], 0
    while match := _JSON_ESCAPE.search(text, place):
        pieces.append(text[place : match.start()])
        place = match.end()
        if match[1]:
            pieces.append({b"b": b"\b", b"f": b"\f", b"n": b"\x01", b"r": b"\r", b"t": b"\t"}.get(match[1], match[1]))
            continue
        point = int(match[2], 16)
        low = re.compile(rb"\\u([dD][c-fC-F][0-9a-fA-F]{2})").match(text, place)
        if 0xD800 <= point < 0xDC00 and low:
            point = 0x10000 + ((point - 0xD800) << 10) + int(low[1], 16) - 0xDC00
            place = low.end()
        elif 0xD800 <= point < 0xE000:
            point = 0xFFFD
        pieces.append(b"\x01" if point == 10 else chr(point).encode())
    return b"".join([*pieces, text[place:]])


def refang(text: bytes) -> bytes:
    """Defanged text mended, in one pass from the left; ``text`` is lower case."""

    def mended(match: re.Match[bytes]) -> bytes:
        if match[0] == b"[://]":
            return b"://"
        return _REFANGED[match[0][:1] if match[0][:1] == b"h" else match[0][1:2]]

    return _REFANG.sub(mended, text)


def undo_percent(text: bytes) -> bytes:
    """Percent escapes undone once: ASCII, and well-formed UTF-8 that is escaped whole; anything else stays as it is."""

    def undone(match: re.Match[bytes]) -> bytes:
        given, out, place = bytes.fromhex(match[0].replace(b"%", b"").decode()), b"", 0
        while place < len(given):
            size = next((n for n in (1, 2, 3, 4) if _is_one_character(given[place : place + n], n)), 0)
            out += given[place : place + size] if size else match[0][place * 3 : place * 3 + 3]
            place += size or 1
        return lower(out).replace(b"\n", b"\x01")

    return _PERCENT_RUN.sub(undone, text)


def _is_one_character(given: bytes, size: int) -> bool:
    try:
        return len(given) == size and len(given.decode()) == 1
    except UnicodeDecodeError:
        return False


@cache
def is_word(character: str) -> bool:
    """Whether a non-ASCII character can stand in a name: a letter, a digit, a mark, a joiner."""
    return ord(character) >= 128 and (
        character.isalnum() or unicodedata.category(character)[0] == "M" or character in _JOINERS
    )


def _is_token(character: str) -> bool:
    return (character in "abcdefghijklmnopqrstuvwxyz0123456789._-") or is_word(character) or character in _DOTS


def word_runs(text: str) -> list[tuple[int, int]]:
    """Start and end of every maximal run of name characters."""
    if text.isascii():
        return [run.span() for run in _ASCII_WORD.finditer(text)]
    runs, start = [], -1
    for place, character in enumerate(text):
        if _is_token(character):
            start = place if start < 0 else start
        elif start >= 0:
            runs.append((start, place))
            start = -1
    return [*runs, (start, len(text))] if start >= 0 else runs


def leading_word(text: str) -> str:
    """The run of name characters with which ``text`` begins."""
    return next((text[:end] for start, end in word_runs(text) if start == 0), "")


@cache
def fold(character: str) -> str:
    """One character of a name in its folded form."""
    if character in _DOTS:
        return "."
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", character).lower())


@lru_cache(maxsize=100_000)
def label_to_ascii(label: str) -> str | None:
    """One folded label in punycode (RFC 3492), as it is if it is ASCII; ``None`` if it would be longer than 63 characters."""
    if label.isascii():
        return label
    if len(label) > 59:
        return None
    try:
        written = "xn--" + label.encode("punycode").decode()
    except UnicodeError:
        return None
    return written if len(written) <= 63 else None


def to_ascii(name: str) -> str | None:
    """A name in folded, ASCII form; ``None`` where a label cannot be written so."""
    labels = [label_to_ascii(label) for label in "".join(map(fold, name)).split(".")]
    return None if None in labels else ".".join(map(str, labels))


def domain_candidates(token: str) -> set[str]:
    """Every name that a token mentions: itself without edges of ``-_.`` and each suffix at a label's start."""
    folded = (token if token.isascii() else "".join(map(fold, token))).rstrip("-_.")
    found: set[str] = set()
    for text in (folded, folded.lstrip("-_.")):
        labels = [label_to_ascii(label) for label in text.split(".")]
        first = max((i + 1 for i, label in enumerate(labels) if label is None), default=0)
        found.update(".".join(map(str, labels[i:])) for i in range(first, len(labels)))
    return found


def is_dotted_quad(text: str) -> bool:
    """Four octets 0–255 without leading zeros."""
    return _QUAD.fullmatch(text) is not None


def address6_in(run: str) -> tuple[int, int, int] | None:
    """The IPv6 address in a maximal run of ``[a-z0-9.:]``: start and end in the run and the number, or ``None``.

    Labels before it (``src:``) are passed over as long as they are not themselves groups of an address; one colon too many at either
    end and full stops around it are punctuation.
    """
    start = len(run) - len(run.lstrip("."))
    end = len(run.rstrip("."))
    if run.count(":") < 2:
        return None
    while (colon := run.find(":", start, end)) > start and not re.fullmatch("[0-9a-f]{1,4}", run[start:colon]):
        start = colon + 1
    if run.startswith(":", start) and not run.startswith("::", start):
        start += 1
    tail = run[start:end]
    if tail.endswith(":::") or (tail.endswith(":") and not tail.endswith("::")):
        end -= 1
    text = run[start:end]
    if text.count(":") < 2:
        return None
    try:
        return start, end, int(IPv6Address(text))
    except AddressValueError:
        return None


def default_port(scheme: bytes) -> int:
    """The port that a URL without one means, told by how the text before ``://`` ends; 0 where unknown."""
    for names, port in (((b"https", b"wss"), 443), ((b"http", b"ws"), 80), ((b"ftp",), 21)):
        if scheme.endswith(names):
            return port
    return 0


def read_url(body: bytes, port: int | None) -> Url | None:
    """The normal form (CyberTrace's rules) of a lower-case URL without its scheme; ``None`` where it has no usable host."""
    body = body.lstrip(b"/\\")
    end = next((i for i, byte in enumerate(body) if byte in b"/\\?#"), len(body))
    authority, rest = body[:end].rpartition(b"@")[2], body[end:].partition(b"#")[0]
    if authority.startswith(b"["):
        inside, _, after = authority[1:].partition(b"]")
        try:
            host = b"[" + IPv6Address(inside.decode("ascii")).packed.hex().encode() + b"]"
        except (AddressValueError, UnicodeDecodeError):
            return None
        if b"%" in inside or not (after == b"" or after.startswith(b":")):
            return None
        port_text = after[1:]
    else:
        name, _, port_text = authority.partition(b":")
        read = _read_host(name)
        if read is None:
            return None
        host = read
    if port_text:
        if not re.fullmatch(rb"[0-9]{1,5}", port_text) or int(port_text) > 65535:
            return None
        port = int(port_text)
    return Url(host, _read_tail(rest), port)


def _read_host(name: bytes) -> bytes | None:
    if name.startswith(b"www.") and len(name) > 4:
        name = name[4:]
    try:
        ascii_name = to_ascii(name.decode())
    except UnicodeDecodeError:
        return None
    ascii_name = re.sub(r"\.+", ".", ascii_name or "").strip(".")
    if not ascii_name:
        return None
    number = _any_ipv4(ascii_name)
    return ascii_name.encode() if number is None else str(IPv4Address(number)).encode()


def _any_ipv4(name: str) -> int | None:
    """``inet_aton``'s forms: one to four parts, each decimal, octal or hexadecimal; the last fills what is left."""
    parts = name.split(".")
    numbers = []
    for part in parts:
        if re.fullmatch("0x[0-9a-f]+", part):
            numbers.append(int(part, 16))
        elif re.fullmatch("0[0-7]*", part):
            numbers.append(int(part, 8))
        elif re.fullmatch("[1-9][0-9]*", part):
            numbers.append(int(part) if len(part) < 20 else 1 << 64)
        else:
            return None
    *heads, last = numbers
    if len(parts) > 4 or any(head > 255 for head in heads) or last >= 256 ** (5 - len(parts)):
        return None
    return sum(head << (24 - 8 * i) for i, head in enumerate(heads)) + last


def _read_tail(rest: bytes) -> bytes:
    raw_path, _, raw_query = rest.partition(b"?")
    path, query = _decode_once(raw_path).replace(b"\\", b"/"), _decode_once(raw_query)
    segments: list[bytes] = []
    pieces = [piece for piece in path.split(b"/") if piece]
    ends_with_slash = path.endswith(b"/") or bool(pieces and pieces[-1] in (b".", b".."))
    for piece in pieces:
        if piece == b"..":
            del segments[-1:]
        elif piece != b".":
            segments.append(piece)
    clean = b"".join(b"/" + segment for segment in segments)
    if query:
        return clean + (b"/" if ends_with_slash or not segments else b"") + b"?" + query
    return b"" if clean == b"/*" else clean


def _decode_once(text: bytes) -> bytes:
    decoded = re.sub(rb"%([0-9a-fA-F]{2})", lambda match: bytes.fromhex(match[1].decode()), text)
    return lower(decoded.replace(b"\0", b""))


def read_indicator(kind: str, value: str) -> str | bytes | Address | Url:
    """The canonical form of one row's value. Raises ``ValueError`` with a reason."""
    text = value.strip(" \t\r")
    match kind:
        case "domain-name":
            return _read_domain(text)
        case "ipv4-addr" | "ipv6-addr":
            return _read_network(text, 32 if kind == "ipv4-addr" else 128)
        case "ip-port":
            return _read_ip_port(text)
        case "url":
            return _read_mask(lower(text.encode("utf-8", "surrogateescape")))
        case "file" | "x509-certificate":
            if not re.fullmatch("[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{128}", text):
                raise ValueError("not a hash of 32, 40, 64 or 128 hexadecimal digits")
            return bytes.fromhex(text)
        case "email-addr":
            return _read_email(text)
    raise ValueError("not a type that can be matched")


def _read_domain(text: str) -> str:
    name = to_ascii(text)
    name = name.removesuffix(".") if name else ""
    labels = name.split(".")
    if len(labels) < 2 or len(name) > 253 or labels[-1].isdigit() or labels[-1].endswith("_"):
        raise ValueError("not a domain name")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("not a domain name")
    return name


def _read_number(text: str, width: int) -> int:
    if width == 32:
        if not is_dotted_quad(text):
            raise ValueError("not an IPv4 address")
        return int(IPv4Address(text))
    if "%" in text:
        raise ValueError("not an IPv6 address")
    return int(IPv6Address(text))


def _read_network(text: str, width: int) -> Address:
    address, slash, prefix_text = text.partition("/")
    number = _read_number(address, width)
    prefix = width
    if slash:
        if not re.fullmatch("0|[1-9][0-9]{0,2}", prefix_text) or int(prefix_text) > width:
            raise ValueError("not a prefix length")
        prefix = int(prefix_text)
        if prefix < SHORTEST_PREFIX[width]:
            raise ValueError("a network this wide would match too much")
    return Address(width, number >> (width - prefix) << (width - prefix), prefix)


def _read_ip_port(text: str) -> Address:
    address, _, port = text.rpartition(":")
    if not re.fullmatch("0|[1-9][0-9]{0,4}", port) or int(port) > 65535:
        raise ValueError("not a port")
    if address.startswith("[") and address.endswith("]"):
        return Address(128, _read_number(address[1:-1], 128), 128, int(port))
    return Address(32, _read_number(address, 32), 32, int(port))


def _read_email(text: str) -> str:
    local, _, domain = text.rpartition("@")
    local = "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in local)
    if not _EMAIL_LOCAL.fullmatch(local):
        raise ValueError("not a mail address")
    return f"{local}@{_read_domain(domain)}"


def _read_mask(text: bytes) -> Url:
    body = re.sub(rb"\A[a-z][a-z0-9+.-]*://", b"", text).lstrip(b"/\\")
    end = next((i for i, byte in enumerate(body) if byte in b"/\\?#"), len(body))
    if len(body) > MOST_URL_BYTES or re.search(rb"[\x00-\x20\x7f\"<>|`]", body[:end]):
        raise ValueError("not a URL")
    user = body[:end].rfind(b"@") + 1
    is_wide = body.startswith(b"*.", user)
    if is_wide:
        body = body[:user] + body[user + 2 :]
    read = read_url(body, None)
    if read is None or not re.fullmatch(rb"(?:[a-z0-9_-]+\.)*[a-z0-9_-]+|\[[0-9a-f]{32}\]", read.host):
        raise ValueError("not a URL: its host cannot be read")
    if is_wide and b"." not in read.host:
        raise ValueError("a mask for a whole top-level domain would match too much")
    tail = b"" if read.tail == b"/*" else read.tail
    return Url(read.host, tail, read.port, is_wide)
