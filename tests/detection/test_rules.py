"""Who is affected by a hit, and does it count: the decisions as tables."""

from datetime import UTC, datetime, timedelta

import pytest

from tocsin.detection.rules import Affected, Because, Outcome, affected_by, is_private, outcome_of, said_of_affected

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BANK, CARRIER, LOG_OWNER = 1, 2, 9
OWNERS = {"198.18.1.10": BANK, "198.18.2.20": CARRIER, "2001:db8:1::5": BANK}


def _parties(
    client: str | None, server: str | None, matched: str | None = None, owner: int | None = LOG_OWNER
) -> list[tuple[int | None, str | None, str]]:
    found = affected_by([client, server], lambda address: address == matched, OWNERS.get, owner)
    return [(one.organisation, one.address, one.because.value) for one in found]


@pytest.mark.parametrize(
    ("client", "server", "matched", "expected"),
    [
        pytest.param(
            "10.1.1.1",
            "243.7.0.1",
            "243.7.0.1",
            [(LOG_OWNER, "10.1.1.1", "log-owner-private")],
            id="a private client talks to a listed address",
        ),
        pytest.param(
            "198.18.1.10",
            "243.7.0.1",
            "243.7.0.1",
            [(BANK, "198.18.1.10", "network-owner")],
            id="a public client's network has an owner",
        ),
        pytest.param(
            "2001:db8:1::5", "243.7.0.1", "243.7.0.1", [(BANK, "2001:db8:1::5", "network-owner")], id="in IPv6 too"
        ),
        pytest.param(
            "243.7.0.1",
            "198.18.1.10",
            "243.7.0.1",
            [(BANK, "198.18.1.10", "network-owner")],
            id="a listed address comes in: the target is affected",
        ),
        pytest.param(
            "243.7.0.1",
            None,
            "243.7.0.1",
            [(LOG_OWNER, None, "log-owner-unnamed")],
            id="a listed client of a server that the log never names",
        ),
        pytest.param(
            "241.1.1.1",
            "243.7.0.1",
            "243.7.0.1",
            [(None, "241.1.1.1", "nobodys")],
            id="a stranger talks to a listed address",
        ),
        pytest.param(
            "10.1.1.1",
            "198.18.2.20",
            None,
            [(LOG_OWNER, "10.1.1.1", "log-owner-private")],
            id="a name was asked of a carrier's resolver: the client is affected",
        ),
        pytest.param(
            "241.1.1.1",
            "198.18.2.20",
            None,
            [(CARRIER, "198.18.2.20", "network-owner")],
            id="a stranger brings a listed name to an owned server",
        ),
        pytest.param(None, None, None, [(LOG_OWNER, None, "log-owner-unnamed")], id="a line without addresses"),
        pytest.param("241.1.1.1", "242.1.1.1", None, [(None, "241.1.1.1", "nobodys")], id="two strangers"),
        pytest.param(
            "10.1.1.1",
            "198.18.2.20",
            "198.18.2.20",
            [(LOG_OWNER, "10.1.1.1", "log-owner-private"), (CARRIER, "198.18.2.20", "matched-address-owner")],
            id="the listed address is itself a constituent's: both are told",
        ),
        pytest.param(
            "241.1.1.1",
            "198.18.2.20",
            "198.18.2.20",
            [(CARRIER, "198.18.2.20", "matched-address-owner")],
            id="a stranger talks to a constituent's listed address",
        ),
        pytest.param(
            "10.5.5.5",
            None,
            "10.5.5.5",
            [(LOG_OWNER, None, "log-owner-unnamed")],
            id="a private address on a list is nobody's in particular",
        ),
    ],
)
def test_the_internal_endpoint_is_affected(
    client: str | None, server: str | None, matched: str | None, expected: list[object]
) -> None:
    assert _parties(client, server, matched) == expected


def test_without_a_log_owner_a_private_client_is_nobodys() -> None:
    assert _parties("10.1.1.1", "243.7.0.1", "243.7.0.1", owner=None) == [(None, "10.1.1.1", "nobodys")]


def test_the_same_party_is_named_once() -> None:
    found = affected_by(["198.18.1.10", "198.18.1.10"], lambda _: True, OWNERS.get, None)
    assert found == (Affected(BANK, "198.18.1.10", Because.MATCHED_ADDRESS_OWNER),)


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.1.1",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "0.0.0.1",
    ],
)
def test_addresses_that_mean_nothing_outside_are_private(address: str) -> None:
    assert is_private(address)


@pytest.mark.parametrize(
    "address", ["198.18.0.1", "240.0.0.1", "203.0.113.1", "2001:db8::1", "172.32.0.1", "100.128.0.1"]
)
def test_addresses_that_exercises_route_are_public(address: str) -> None:
    assert not is_private(address)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "is_revoked", "known_good", "expected"),
    [
        (None, None, False, (), Outcome.COUNTED),
        (NOON, NOON + HOUR, False, (), Outcome.COUNTED),
        (None, NOON, False, (), Outcome.EXPIRED),
        (NOON + HOUR, None, False, (), Outcome.NOT_YET_VALID),
        (None, None, True, (), Outcome.REVOKED),
        (None, None, False, ("Top sites",), Outcome.KNOWN_GOOD),
        (None, NOON - HOUR, True, ("Top sites",), Outcome.KNOWN_GOOD),
    ],
)
def test_a_hit_counts_only_while_its_indicator_stands(
    valid_from: datetime | None,
    valid_until: datetime | None,
    is_revoked: bool,
    known_good: tuple[str, ...],
    expected: Outcome,
) -> None:
    assert outcome_of(NOON, valid_from, valid_until, is_revoked=is_revoked, known_good=known_good) is expected


def test_who_talks_to_a_command_server_is_infected_and_who_is_listed_as_one_is_one() -> None:
    assert said_of_affected("malicious-code/c2-server", Because.NETWORK_OWNER) == "malicious-code/infected-system"
    assert said_of_affected("malicious-code/c2-server", Because.MATCHED_ADDRESS_OWNER) == "malicious-code/c2-server"
    assert said_of_affected("fraud/phishing", Because.LOG_OWNER_PRIVATE) == "fraud/phishing"
    assert said_of_affected(None, Because.NETWORK_OWNER) == "other/undetermined"
