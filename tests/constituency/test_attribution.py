"""Whose address, whose name: tables of cases, and a naive oracle that shares no code with the attributor."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.constituency.rules.attribution import Attributor, address_key, address_keys
from tocsin.constituency.rules.explanation import PassedOver
from tocsin.constituency.rules.holdings import (
    DomainFact,
    NetworkFact,
    Owner,
    Reason,
    cidr_key,
    cidr_text,
    cidrs_of_range,
    microseconds,
    network_fact,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
OWNERS = tuple(Owner(slug, UUID(int=index), index) for index, slug in enumerate(("alpha", "bravo", "charlie", "delta")))
ALPHA, BRAVO, CHARLIE, DELTA = range(4)
NATIONAL = -1


def _national(cidr: str, owner: int = NATIONAL, reason: Reason = Reason.NATIONAL) -> NetworkFact:
    first, length = cidr_key(cidr)
    return NetworkFact(owner, first, length, reason=reason, label=f"test lists {cidr}")


def _owner(attributor: Attributor, address: str, at: datetime = NOON) -> str | None:
    columns = attributor.attribute_addresses(
        address_keys([address]), np.array([at.replace(tzinfo=None)], "datetime64[us]")
    )
    index = int(columns.owner[0])
    return attributor.owners[index].slug if index >= 0 else None


@pytest.mark.parametrize(
    ("networks", "address", "expected"),
    [
        ([], "198.18.0.1", None),
        ([network_fact(ALPHA, "198.18.0.0/16")], "198.18.255.255", "alpha"),
        ([network_fact(ALPHA, "198.18.0.0/16")], "198.19.0.0", None),
        ([network_fact(ALPHA, "198.18.0.0/16"), network_fact(BRAVO, "198.18.7.0/24")], "198.18.7.1", "bravo"),
        ([network_fact(ALPHA, "198.18.0.0/16"), network_fact(BRAVO, "198.18.7.0/24")], "198.18.8.0", "alpha"),
        ([network_fact(ALPHA, "198.18.0.1/32")], "198.18.0.1", "alpha"),
        ([network_fact(ALPHA, "0.0.0.0/0")], "255.255.255.255", "alpha"),
        ([network_fact(ALPHA, "0.0.0.0/0")], "2001:db8::1", None),
        ([network_fact(ALPHA, "::/0")], "198.18.0.1", None),
        (
            [network_fact(ALPHA, "2001:db8::/32"), network_fact(BRAVO, "2001:db8:0:1::/64")],
            "2001:db8:0:1:ffff::",
            "bravo",
        ),
        ([network_fact(ALPHA, "2001:db8::/32"), network_fact(BRAVO, "2001:db8::8/125")], "2001:db8::f", "bravo"),
        ([network_fact(ALPHA, "2001:db8::/32"), network_fact(BRAVO, "2001:db8::8/125")], "2001:db8::7", "alpha"),
        ([network_fact(BRAVO, "198.18.0.0/24"), network_fact(ALPHA, "198.18.0.0/24")], "198.18.0.9", "alpha"),
        ([_national("198.18.0.0/15")], "198.18.0.9", None),
        (
            [_national("198.18.0.0/24", BRAVO, Reason.REGISTRY), network_fact(ALPHA, "198.18.0.0/16")],
            "198.18.0.9",
            "alpha",
        ),
        ([_national("198.18.0.0/24", BRAVO, Reason.REGISTRY), _national("198.18.0.0/25")], "198.18.0.9", "bravo"),
    ],
)
def test_the_longest_prefix_of_the_strongest_reason_wins(
    networks: list[NetworkFact], address: str, expected: str | None
) -> None:
    assert _owner(Attributor.build(OWNERS, networks), address) == expected
    assert _owner(Attributor.build(OWNERS, networks[::-1]), address) == expected
    assert Attributor.build(OWNERS, networks).explain_address(address, NOON).owner == expected


def test_ownership_is_as_of_the_observations_time_to_the_microsecond() -> None:
    networks = [
        network_fact(ALPHA, "198.18.0.0/24", valid_until=NOON),
        network_fact(BRAVO, "198.18.0.0/24", valid_from=NOON),
    ]
    attributor = Attributor.build(OWNERS, networks)
    assert _owner(attributor, "198.18.0.1", NOON - timedelta(microseconds=1)) == "alpha"
    assert _owner(attributor, "198.18.0.1", NOON) == "bravo"


def test_at_equal_length_the_later_beginning_wins_and_the_older_comes_back_when_it_ends() -> None:
    networks = [
        network_fact(ALPHA, "198.18.0.0/24", valid_from=NOON - timedelta(days=9)),
        network_fact(BRAVO, "198.18.0.0/24", valid_from=NOON, valid_until=NOON + timedelta(days=1)),
    ]
    attributor = Attributor.build(OWNERS, networks)
    assert [_owner(attributor, "198.18.0.1", NOON + timedelta(days=days)) for days in (-10, -1, 0, 1)] == [
        None,
        "alpha",
        "bravo",
        "alpha",
    ]


def test_a_longer_prefix_that_is_not_valid_then_leaves_the_shorter_one() -> None:
    networks = [network_fact(ALPHA, "198.18.0.0/16"), network_fact(BRAVO, "198.18.7.0/24", valid_from=NOON)]
    attributor = Attributor.build(OWNERS, networks)
    assert _owner(attributor, "198.18.7.7", NOON - timedelta(seconds=1)) == "alpha"
    explanation = attributor.explain_address("198.18.7.7", NOON - timedelta(seconds=1))
    assert [one.passed_over for one in explanation.considered] == [None, PassedOver.NOT_YET]
    assert "belongs to alpha" in explanation.text
    assert "not yet valid then" in explanation.text


def test_ties_and_overlaps_are_explained() -> None:
    networks = [
        network_fact(ALPHA, "198.18.0.0/24"),
        network_fact(BRAVO, "198.18.0.0/24"),
        network_fact(CHARLIE, "198.18.0.0/16"),
        network_fact(DELTA, "198.18.0.0/24", valid_until=NOON),
        _national("198.18.0.0/15"),
    ]
    explanation = Attributor.build(OWNERS, networks).explain_address("198.18.0.1", NOON)
    assert explanation.owner == "alpha"
    assert {one.owner: one.passed_over for one in explanation.considered} == {
        "alpha": None,
        "bravo": PassedOver.LATER_NAME,
        "charlie": PassedOver.SHORTER,
        "delta": PassedOver.NO_LONGER,
        None: PassedOver.WEAKER,
    }


def test_nobodys_says_whether_it_is_national_space() -> None:
    attributor = Attributor.build(OWNERS, [_national("198.18.0.0/15")])
    assert "national space" in attributor.explain_address("198.18.0.1", NOON).text
    assert "no network" in attributor.explain_address("240.0.0.1", NOON).text
    columns = attributor.attribute_addresses(address_keys(["198.18.0.1", "240.0.0.1"]), np.datetime64("2026-11-23"))
    assert columns.owner.tolist() == [-1, -1]
    assert columns.reason.tolist() == [Reason.NATIONAL, Reason.NOBODY]


def test_names_follow_the_longest_domain_that_was_valid() -> None:
    domains = [
        DomainFact(ALPHA, "alpha.example"),
        DomainFact(BRAVO, "shop.alpha.example", valid_from=NOON),
    ]
    attributor = Attributor.build(OWNERS, [], domains)
    names = [
        "alpha.example",
        "www.alpha.example",
        "shop.alpha.example",
        "a.shop.alpha.example",
        "notalpha.example",
        "example",
    ]
    after = attributor.attribute_names(names, np.datetime64("2026-11-23T12:00"))
    assert after.owner.tolist() == [ALPHA, ALPHA, BRAVO, BRAVO, -1, -1]
    before = attributor.attribute_names(names, np.datetime64("2026-11-23T11:59"))
    assert before.owner.tolist() == [ALPHA, ALPHA, ALPHA, ALPHA, -1, -1]
    assert attributor.explain_name("a.shop.alpha.example", NOON).owner == "bravo"
    assert attributor.domains[after.fact[3]].name == "shop.alpha.example"


def test_columns_of_both_widths_and_one_time_for_all_agree() -> None:
    attributor = Attributor.build(OWNERS, [network_fact(ALPHA, "198.18.0.0/24"), network_fact(BRAVO, "2001:db8::/48")])
    numbers = np.array([int(ip_address("198.18.0.7")), 0, 2**32 - 1], np.uint32)
    mapped = address_keys(["198.18.0.7", "0.0.0.0", "255.255.255.255"])  # noqa: S104 (the lowest address)
    at = np.datetime64("2026-11-23T12:00", "us")
    assert attributor.attribute_addresses(numbers, at).owner.tolist() == [ALPHA, -1, -1]
    assert attributor.attribute_addresses(mapped, np.array([at] * 3)).owner.tolist() == [ALPHA, -1, -1]
    mixed = address_keys(["2001:db8::", "198.18.0.7", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"])
    assert attributor.attribute_addresses(mixed, at).owner.tolist() == [BRAVO, ALPHA, -1, -1]
    assert len(attributor.attribute_addresses(mixed[:0], at)) == 0
    with pytest.raises(ValueError, match="one for all"):
        attributor.attribute_addresses(mixed, np.array([at, at]))
    with pytest.raises(TypeError, match="S16"):
        attributor.attribute_addresses(np.array([1, 2]), at)


@pytest.mark.parametrize("bad", ["198.18.0.256", "", "example", "198.18.0.0/24"])
def test_what_is_no_address_has_no_key(bad: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        address_key(bad)


@given(st.integers(0, 2**32), st.integers(1, 5000))
def test_a_range_becomes_the_fewest_networks_that_cover_it_exactly(first: int, count: int) -> None:
    keys = cidrs_of_range(first, first + count - 1)
    covered = [address for start, length in keys for address in range(start, start + (1 << (128 - length)))]
    assert covered == list(range(first, first + count))
    assert len(keys) <= 2 * count.bit_length()


@given(st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_a_network_reads_back_as_it_was_written(address: int, length: int) -> None:
    text = str(ip_network((address >> (32 - length) << (32 - length), length)))
    assert cidr_text(*cidr_key(text)) == text


# A small world in which everything collides: 16 addresses a family, 6 moments, 4 organisations.
_MOMENTS = [NOON + timedelta(hours=hour) for hour in range(6)]
_BASES = {4: int(ip_address("198.18.0.0")), 6: int(ip_address("2001:db8:0:1:ffff:ffff:ffff:fff8"))}


@st.composite
def _facts(draw: st.DrawFn) -> NetworkFact:
    version = draw(st.sampled_from([4, 6]))
    width = 32 if version == 4 else 128
    bits = draw(st.integers(0, 4))
    base = (_BASES[version] + draw(st.integers(0, 15))) >> bits << bits
    first, length = cidr_key(str(ip_network((base if version == 4 else base.to_bytes(16, "big"), width - bits))))
    begins = draw(st.none() | st.sampled_from(_MOMENTS))
    ends = draw(st.none() | st.sampled_from(_MOMENTS))
    reason = draw(st.sampled_from([Reason.DECLARED, Reason.DECLARED, Reason.REGISTRY, Reason.NATIONAL]))
    owner = -1 if reason is Reason.NATIONAL else draw(st.integers(0, 3))
    return NetworkFact(owner, first, length, begins, ends, reason)


def _oracle(facts: list[NetworkFact], key: int, at: datetime) -> tuple[int, Reason]:
    """Every rule read aloud, one fact after the other."""
    best: tuple[tuple[int, int, float, str], int, Reason] | None = None
    for fact in facts:
        covers = key >> (128 - fact.length) == fact.first >> (128 - fact.length)
        begun = fact.valid_from is None or fact.valid_from <= at
        ended = fact.valid_until is not None and fact.valid_until <= at
        if not covers or not begun or ended:
            continue
        since = fact.valid_from.timestamp() if fact.valid_from else float("-inf")
        slug = OWNERS[fact.owner].slug if fact.owner >= 0 else ""
        rank = (-fact.reason, -fact.length, -since, slug)
        if best is None or rank < best[0]:
            best = (rank, fact.owner, fact.reason)
    return (best[1], best[2]) if best else (-1, Reason.NOBODY)


@settings(max_examples=300, deadline=None)
@given(st.lists(_facts(), max_size=12), st.randoms())
def test_columns_agree_with_the_naive_oracle_in_any_order_of_the_facts(
    facts: list[NetworkFact], random: object
) -> None:
    texts = [str(ip_address(_BASES[4] + offset)) for offset in range(-1, 17)]
    texts += [str(ip_address(_BASES[6] + offset)) for offset in range(-1, 17)]
    questions = [
        (text, at) for text in texts for at in (*_MOMENTS, NOON - timedelta(days=1), NOON + timedelta(minutes=90))
    ]
    keys = address_keys(text for text, _ in questions)
    times = np.array([microseconds(at) for _, at in questions], np.int64).view("datetime64[us]")
    expected = [_oracle(facts, int.from_bytes(address_key(text), "big"), at) for text, at in questions]
    random.shuffle(facts)  # type: ignore[attr-defined]
    columns = Attributor.build(OWNERS, facts).attribute_addresses(keys, times)
    assert list(zip(columns.owner.tolist(), columns.reason.tolist(), strict=True)) == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(_facts(), min_size=1, max_size=8), st.sampled_from(_MOMENTS), st.integers(0, 15))
def test_the_explanation_names_the_same_winner_and_leaves_nothing_out(
    facts: list[NetworkFact], at: datetime, offset: int
) -> None:
    address = str(ip_address(_BASES[4] + offset))
    attributor = Attributor.build(OWNERS, facts)
    explanation = attributor.explain_address(address, at)
    assert (explanation.owner, explanation.reason) == (_owner(attributor, address, at), explanation.reason)
    covering = [
        fact for fact in attributor.networks if fact.first <= int.from_bytes(address_key(address), "big") <= fact.last
    ]
    assert len(explanation.considered) == len(covering)
    assert sum(one.passed_over is None for one in explanation.considered) <= 1
    assert (explanation.reason is Reason.NOBODY) == (explanation.winner is None)


_NAMES = ["example", "a.example", "b.a.example", "c.b.a.example", "d.example", "xa.example"]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.builds(
            DomainFact,
            st.integers(0, 3),
            st.sampled_from(_NAMES),
            st.none() | st.sampled_from(_MOMENTS),
            st.none() | st.sampled_from(_MOMENTS),
        ),
        max_size=8,
    )
)
def test_names_agree_with_a_naive_oracle(domains: list[DomainFact]) -> None:
    def oracle(name: str, at: datetime) -> int:
        def key(fact: DomainFact) -> tuple[int, float, str]:
            since = fact.valid_from.timestamp() if fact.valid_from else float("-inf")
            return -fact.name.count("."), -since, OWNERS[fact.owner].slug

        valid = [
            fact
            for fact in domains
            if ("." + name).endswith("." + fact.name)
            and (fact.valid_from is None or fact.valid_from <= at)
            and (fact.valid_until is None or at < fact.valid_until)
        ]
        return min(valid, key=key).owner if valid else -1

    questions = [(name, at) for name in _NAMES for at in _MOMENTS]
    times = np.array([microseconds(at) for _, at in questions], np.int64).view("datetime64[us]")
    columns = Attributor.build(OWNERS, [], domains).attribute_names([name for name, _ in questions], times)
    assert columns.owner.tolist() == [oracle(name, at) for name, at in questions]
