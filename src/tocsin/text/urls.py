"""The canonical form of URLs: the one that Kaspersky feeds are built on, because masks match only where log URLs take it too.

From CyberTrace's help and the vendor's public ``normalize_url``. Four differences are meant:

- international names become punycode (the help says so, the tool does not do it);
- only ports 80 and 443 are dropped, so that an indicator on port 8080 does not match a whole site;
- ``%25``, ``%23``, control characters and bytes that are not UTF-8 stay encoded, in lower case: decoded they would make another
  URL of it the next time, and a canonical form has to be stable. For the same reason any number of ``www.`` is dropped;
- dots and slashes are taken out after decoding, so that ``%2e%2e`` cannot hide a path.
"""

import codecs
import re

from tocsin.text.addresses import address, any_ipv4, port
from tocsin.text.names import check_label, check_top_level, labels_of

_SCHEME = re.compile(r"(?:[a-z][a-z0-9+-]*:)?[/\\]{2,}|(?:https?|ftps?|wss?):[/\\]?", re.ASCII)
_AUTHORITY_END = re.compile(r"[/\\?#]")
_ESCAPE = re.compile(rb"%([0-9a-f]{2})")
_NUMERIC = re.compile(r"\d+|0x[0-9a-f]*", re.ASCII)
_SLASHES = re.compile(r"[/\\]+")
_WELL_KNOWN_PORTS = frozenset({80, 443})
_KEPT_ENCODED = frozenset(b"%#\x7f") | frozenset(range(1, 0x20))
_MOST_PASSES = 4


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are not UTF-8 go back to being percent-encoded."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(f"%{byte:02x}" for byte in error.object[error.start : error.end]), error.end


codecs.register_error("tocsin-percent", _escaped)


def url(text: str) -> str:
    """``https://www.example.com:443/?q=hello%20world#fragment`` is ``example.com/?q=hello world``.

    Without a path it is the host alone. ``*`` is allowed in host and path (masks). Raises ``ValueError`` without a usable host.
    """
    rest = text.lstrip().lower()
    scheme = _SCHEME.match(rest)
    if scheme:
        rest = rest[scheme.end() :].lstrip("/\\")
    end = _AUTHORITY_END.search(rest)
    authority, tail = (rest[: end.start()], rest[end.start() :]) if end else (rest.rstrip(), "")
    return _authority(authority.rpartition("@")[2]) + url_path(tail)


def url_mask(text: str) -> str:
    """A canonical URL whose stars the matcher can follow: ``*.host`` (subdomains) and a path ending in ``/*`` (all below it).

    Raises ``ValueError`` for a star anywhere else.
    """
    canonical = url(text)
    host, stroke, path = canonical.partition("/")
    name = host.removeprefix("*.")
    if "*" in name or ("." not in name and ":" not in name) or "*" in f"/{path}".removesuffix("/*"):
        raise ValueError(
            "not a usable URL mask: a star stands elsewhere than at the start of the host or the end of the path"
        )
    return host + stroke + path


def url_path(text: str) -> str:
    """The canonical path and query of a URL without a host: ``/gate.php?id=``. Empty for the root."""
    tail = _decoded(text.partition("#")[0])
    path, mark, query = tail.partition("?")
    path = _path(path)
    if not query:
        path = path.rstrip("/")
        return "" if path == "/*" else path
    return f"{path or '/'}{mark}{query}"


def _decoded(text: str) -> str:
    """Percent-decoded once; again only while that made new escapes, which is how the form is kept stable."""
    text = text.lower()
    if "%" not in text and (text.isascii() or text.isprintable()):
        return text
    for _ in range(_MOST_PASSES):
        try:
            # Undecodable bytes of a line come as lone surrogates and go out percent-encoded.
            raw = _ESCAPE.sub(_decoded_byte, text.encode("utf-8", "surrogateescape"))
        except UnicodeEncodeError:
            raise ValueError("not a usable URL: it is not UTF-8") from None
        text, before = raw.decode("utf-8", "tocsin-percent").lower(), text
        if text == before:
            return text
    raise ValueError("not a usable URL: it is percent-encoded over and over")


def _decoded_byte(found: re.Match[bytes]) -> bytes:
    byte = int(found[1], 16)
    if byte in _KEPT_ENCODED:
        return found[0]
    return bytes((byte,)) if byte else b""


def _path(path: str) -> str:
    """One slash between segments, dot segments resolved (RFC 3986 §5.2.4), a leading slash; a trailing one is kept."""
    if not path:
        return ""
    if path[0] != "/":
        path = f"/{path}"
    if "//" not in path and "\\" not in path and "/." not in path:
        return path
    kept: list[str] = []
    segments = _SLASHES.split(path)
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    trailing = "/" if kept and segments[-1] in ("", ".", "..") else ""
    return f"/{'/'.join(kept)}{trailing}" if kept else "/"


def _authority(text: str) -> str:
    if text[:1] == "[":
        host, _, rest = text[1:].partition("]")
        canonical = address(host)
        return (f"[{canonical}]" if ":" in canonical else canonical) + _port(rest)
    name, colon, number = text.partition(":")
    return _host(name) + (_port(colon + number) if colon else "")


def _port(text: str) -> str:
    """The port with its colon, or nothing where it says nothing."""
    if text in ("", ":"):
        return ""
    if text[0] != ":":
        raise ValueError("not a usable URL: something other than a port follows the host")
    number = port(text[1:].lstrip("0") or "0")
    return "" if number in _WELL_KNOWN_PORTS else f":{number}"


def _host(text: str) -> str:
    labels = [label for label in labels_of(text) if label]
    while len(labels) > 2 and labels[0] == "www":
        del labels[0]
    if not labels:
        raise ValueError("not a usable URL: it has no host")
    if _NUMERIC.fullmatch(labels[-1]):
        return any_ipv4(".".join(labels))
    for label in labels:
        check_label(label.replace("*", "x"))
    if len(labels) < 2:
        raise ValueError("not a usable URL: its host is neither an address nor a name with a dot")
    check_top_level(labels[-1])
    host = ".".join(labels)
    if len(host) > 253:
        raise ValueError("not a usable URL: its host is longer than 253 characters")
    return host
