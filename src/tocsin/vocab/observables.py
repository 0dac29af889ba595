"""Kinds of observables: things that can be seen on a network or a machine, and looked for."""

from enum import StrEnum


class ObservableType(StrEnum):
    """STIX 2.1 names where STIX has one. The first seven are the kinds that the engine compiles."""

    DOMAIN = "domain-name"
    IPV4 = "ipv4-addr"
    IPV6 = "ipv6-addr"
    IP_PORT = "ip-port"
    URL = "url"
    FILE = "file"
    EMAIL = "email-addr"
    CERTIFICATE = "x509-certificate"
    URL_PATH = "url-path"
    PATTERN = "pattern"
    VULNERABILITY = "vulnerability"
    OTHER = "other"

    @property
    def is_matchable(self) -> bool:
        """Whether the engine can look for it in a log. A certificate's fingerprint is looked for as a hash."""
        return self in _MATCHABLE


_MATCHABLE = frozenset(
    {
        ObservableType.DOMAIN,
        ObservableType.IPV4,
        ObservableType.IPV6,
        ObservableType.IP_PORT,
        ObservableType.URL,
        ObservableType.FILE,
        ObservableType.EMAIL,
        ObservableType.CERTIFICATE,
    }
)
