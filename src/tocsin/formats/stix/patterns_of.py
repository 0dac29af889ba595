"""Our indicators as STIX patterns: what ``alternatives`` reads back as the same observable."""

from tocsin.formats.stix.grammar import read_pattern
from tocsin.vocab.observables import ObservableType

_HASHES = {32: "MD5", 40: "'SHA-1'", 64: "'SHA-256'", 128: "'SHA-512'"}


def pattern_of(kind: ObservableType, value: str) -> str | None:
    """The pattern of a canonical value; ``None`` if STIX has no words for it."""
    if kind is ObservableType.URL:
        return _of_url(value)
    if kind is ObservableType.IP_PORT:
        address, _, port = value.rpartition(":")
        return (
            f"[network-traffic:dst_ref.value = {_text(address.strip('[]'))} AND network-traffic:dst_port = {int(port)}]"
        )
    if kind in (ObservableType.FILE, ObservableType.CERTIFICATE):
        of = "file" if kind is ObservableType.FILE else "x509-certificate"
        return f"[{of}:hashes.{_HASHES[len(value)]} = {_text(value)}]" if len(value) in _HASHES else None
    if kind in (ObservableType.IPV4, ObservableType.IPV6):
        return f"[{kind.value}:value {'ISSUBSET' if '/' in value else '='} {_text(value)}]"
    if kind in (ObservableType.DOMAIN, ObservableType.EMAIL):
        return f"[{kind.value}:value = {_text(value)}]"
    return _of_pattern(value) if kind is ObservableType.PATTERN else None


def _of_url(value: str) -> str:
    """Canonical URLs name no scheme: both are meant. A star at an end is STIX's ``%``."""
    if "*" in value:
        return f"[url:value LIKE {_text(value.replace('*', '%'))}]"
    if "://" in value:
        return f"[url:value = {_text(value)}]"
    return f"[url:value = {_text('http://' + value)} OR url:value = {_text('https://' + value)}]"


def _of_pattern(value: str) -> str | None:
    """A pattern that was kept as it is, if it is one of STIX's."""
    try:
        read_pattern(value)
    except ValueError:
        return None
    return value


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
