"""Decisions about a hit: does it count, who is affected, what does it say about them. Plain values in, plain values out.

The reasons stand in ``docs/why/affected.md``.
"""

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tocsin.vocab.classification import UNDETERMINED


class Outcome(StrEnum):
    """What became of a hit. Every hit is kept and shown; only one that counts becomes an observation."""

    COUNTED = "counted"
    KNOWN_GOOD = "known-good"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    REVOKED = "revoked"


class Because(StrEnum):
    """Why this organisation is the affected one."""

    NETWORK_OWNER = "network-owner"
    LOG_OWNER_PRIVATE = "log-owner-private"
    LOG_OWNER_UNNAMED = "log-owner-unnamed"
    MATCHED_ADDRESS_OWNER = "matched-address-owner"
    NOBODYS = "nobodys"


@dataclass(frozen=True, slots=True)
class Affected:
    """One affected party of a hit: the organisation (``None`` is nobody's), the address if the line names it, and why."""

    organisation: int | None
    address: str | None
    because: Because


#: Who holds an address at the line's time: an organisation's key, or ``None``.
OwnerOf = Callable[[str], int | None]

#: What counts as internal to whoever wrote the log. Documentation and benchmark ranges are not: exercises route them.
_PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/4",
        "255.255.255.255/32",
        "::/127",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
    )
)


def is_private(address: str) -> bool:
    """Whether an address means nothing outside the network that wrote it (RFC 1918, 6598, 4193, loopback, link-local, multicast)."""
    found = ipaddress.ip_address(address)
    return any(found in network for network in _PRIVATE if network.version == found.version)


def outcome_of(
    at: datetime,
    valid_from: datetime | None,
    valid_until: datetime | None,
    *,
    is_revoked: bool,
    known_good: Sequence[str],
) -> Outcome:
    """Whether a hit at ``at`` counts. Validity is a half-open interval: ``valid_from <= at < valid_until`` (STIX 2.1 §4.7)."""
    if known_good:
        return Outcome.KNOWN_GOOD
    if is_revoked:
        return Outcome.REVOKED
    if valid_until is not None and at >= valid_until:
        return Outcome.EXPIRED
    if valid_from is not None and at < valid_from:
        return Outcome.NOT_YET_VALID
    return Outcome.COUNTED


def affected_by(
    endpoints: Sequence[str | None],
    is_matched: Callable[[str], bool],
    owner_of: OwnerOf,
    log_owner: int | None,
) -> tuple[Affected, ...]:
    """The parties that a hit concerns, the internal endpoint's first.

    ``endpoints`` are the line's addresses, the client first; ``None`` is an end that the format never names.
    The internal endpoint is the one that did not match: if it is public, its network's owner at that time; if it is private or
    absent, the log's owner; if it is public and nobody's, that is said. An address that matched is affected only if it is
    itself in the constituency, and then beside the internal one: a constituent's own machine is on a list.
    """
    matched = [address for address in endpoints if address and is_matched(address)]
    others = [address for address in endpoints if not (address and is_matched(address))] or [None]
    parties = [_internal(others, owner_of, log_owner)]
    for address in dict.fromkeys(matched):
        owner = None if is_private(address) else owner_of(address)
        if owner is not None:
            parties.append(Affected(owner, address, Because.MATCHED_ADDRESS_OWNER))
    return _without_repeats(parties)


def _internal(addresses: Sequence[str | None], owner_of: OwnerOf, log_owner: int | None) -> Affected:
    """The first end, the client's before the server's, that is private or owned; else an unnamed end; else nobody's.

    The client comes first because a resolver or proxy of the constituency only passes on what the client asked for.
    """
    named = [address for address in addresses if address]
    for address in named:
        if is_private(address):
            return Affected(log_owner, address, Because.NOBODYS if log_owner is None else Because.LOG_OWNER_PRIVATE)
        owner = owner_of(address)
        if owner is not None:
            return Affected(owner, address, Because.NETWORK_OWNER)
    if None in addresses:
        return Affected(log_owner, None, Because.NOBODYS if log_owner is None else Because.LOG_OWNER_UNNAMED)
    return Affected(None, named[0], Because.NOBODYS)


def _without_repeats(parties: list[Affected]) -> tuple[Affected, ...]:
    """One party an organisation and address; nobody's is dropped where somebody is affected."""
    unique = {(party.organisation, party.address): party for party in reversed(parties)}
    kept = [party for party in parties if unique.get((party.organisation, party.address)) is party]
    named = [party for party in kept if party.organisation is not None]
    return tuple(named or kept[:1])


#: What contact with a listed thing says about the one who had it. The rest keeps the indicator's own class.
_SAID_OF_THE_AFFECTED = {
    "malicious-code/c2-server": "malicious-code/infected-system",
    "malicious-code/malware-configuration": "malicious-code/infected-system",
    "other/undetermined": "other/undetermined",
}


def said_of_affected(classification: str | None, because: Because) -> str:
    """RSIT class of the observation that a counted hit becomes.

    A machine that talks to a C2 server is infected; a constituent's own address on a list is what the list says it is.
    """
    given = classification or UNDETERMINED
    return given if because is Because.MATCHED_ADDRESS_OWNER else _SAID_OF_THE_AFFECTED.get(given, given)
