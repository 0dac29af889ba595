"""What an entry of a warning list covers."""

import json
import time
from pathlib import Path

import pytest

from tocsin.intel.rules.warning import AS_KIND, EXACT_HOST, ListRule, WarningMatcher, kinds_of, scope_of
from tocsin.vocab.observables import ObservableType as T

WEB = ("domain", "hostname", "url", "domain|ip")
NETWORKS = ("ip-src", "ip-dst", "domain|ip", "ip-src|port", "ip-dst|port")


def covers(kind: str, entry: str, value_kind: T, value: str, *attributes: str, scope: str = AS_KIND) -> bool:
    matcher = WarningMatcher.build([ListRule("list", kind, scope, attributes, [entry])])
    return matcher.known_good(value_kind, value) == ("list",)


@pytest.mark.parametrize(
    ("kind", "entry", "value_kind", "value", "expected"),
    [
        # string: exact, in any case
        ("string", "Good.Example", T.DOMAIN, "good.example", True),
        ("string", "good.example", T.DOMAIN, "www.good.example", False),
        ("string", ".good.example", T.DOMAIN, "www.good.example", True),
        ("string", ".good.example", T.DOMAIN, "good.example", True),
        ("string", "AAAABBBBCCCCDDDDAAAABBBBCCCCDDDD", T.FILE, "aaaabbbbccccddddaaaabbbbccccdddd", True),
        # hostname: that host and what lies below, on whole labels
        ("hostname", "good.example", T.DOMAIN, "good.example", True),
        ("hostname", "good.example", T.DOMAIN, "a.b.good.example", True),
        ("hostname", ".good.example", T.DOMAIN, "a.good.example", True),
        ("hostname", "good.example", T.DOMAIN, "notgood.example", False),
        ("hostname", "good.example", T.DOMAIN, "good.example.evil.example", False),
        ("hostname", "www.good.example", T.DOMAIN, "good.example", False),
        # a URL with a path is never silenced by a host; one without is its host
        ("hostname", "good.example", T.URL, "good.example", True),
        ("hostname", "good.example", T.URL, "www.good.example:8080", True),
        ("hostname", "good.example", T.URL, "www.good.example/", True),
        ("hostname", "good.example", T.URL, "good.example/evil", False),
        ("hostname", "good.example", T.URL, "good.example?evil", False),
        ("hostname", "good.example", T.URL, "evil.example/good.example", False),
        ("string", "good.example", T.URL, "good.example/x", False),
        ("substring", "good.example", T.URL, "good.example/x", False),
        ("regex", r"/good\.example/", T.URL, "good.example/x", False),
        ("cidr", "198.18.0.0/15", T.URL, "198.18.0.1/x", False),
        ("cidr", "198.18.0.0/15", T.URL, "198.18.0.1", True),
        # only an entry that itself names a path speaks for a URL with one
        ("string", "https://good.example/x", T.URL, "good.example/x", True),
        ("substring", "good.example/updates/", T.URL, "cdn.good.example/updates/a.cab", True),
        ("regex", r"/^good\.example\/x$/i", T.URL, "good.example/X", True),
        # cidr: what lies inside
        ("cidr", "198.18.0.0/15", T.IPV4, "198.19.255.255", True),
        ("cidr", "198.18.0.0/15", T.IPV4, "198.20.0.0", False),
        ("cidr", "198.18.0.0/15", T.IPV4, "198.18.4.0/24", True),
        ("cidr", "198.18.4.0/24", T.IPV4, "198.18.0.0/15", False),
        ("cidr", "198.18.0.7", T.IPV4, "198.18.0.7", True),
        ("cidr", "198.18.0.7/24", T.IPV4, "198.18.0.1", True),
        ("cidr", "198.18.0.0/15", T.IP_PORT, "198.18.0.1:443", True),
        ("cidr", "2001:DB8::/32", T.IPV6, "2001:db8:1::1", True),
        ("cidr", "2001:db8::/32", T.IP_PORT, "[2001:db8::1]:443", True),
        ("cidr", "0.0.0.0/0", T.IPV6, "2001:db8::1", False),
        ("cidr", "0.0.0.0/0", T.IPV4, "240.0.0.1", True),
        # substring and regex
        ("substring", "GOOD", T.DOMAIN, "verygoodsite.example", True),
        ("substring", "good", T.DOMAIN, "bad.example", False),
        ("substring", "throwaway.example", T.EMAIL, "a@throwaway.example", True),
        ("regex", r"/^(noc|abuse)\@.*\..*$/i", T.EMAIL, "NOC@good.example", True),
        ("regex", r"/^(noc|abuse)\@.*\..*$/", T.EMAIL, "sales@good.example", False),
        ("regex", r"^good", T.DOMAIN, "good.example", True),
    ],
)
def test_an_entry_covers_what_its_type_says(kind: str, entry: str, value_kind: T, value: str, expected: bool) -> None:
    assert covers(kind, entry, value_kind, value) is expected


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("good.example", T.DOMAIN, True),
        ("www.good.example", T.DOMAIN, False),
        ("good.example", T.URL, True),
        ("good.example/evil", T.URL, False),
    ],
)
def test_a_popularity_list_covers_the_exact_host_only(value: str, kind: T, expected: bool) -> None:
    assert covers("hostname", "good.example", kind, value, *WEB, scope=EXACT_HOST) is expected


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("Top 10K most-used sites from Tranco", "hostname", EXACT_HOST),
        ("Top 10 000 websites from Cisco Umbrella", "string", EXACT_HOST),
        ("cisco_top1000", "hostname", EXACT_HOST),
        ("Top 1,000,000 most-used sites from Majestic Million", "hostname", EXACT_HOST),
        ("Alexa top 1000", "hostname", EXACT_HOST),
        ("List of known google domains", "string", AS_KIND),
        ("List of known bank domains", "hostname", AS_KIND),
        ("TLDs as known by IANA", "string", AS_KIND),
        ("Cisco address ranges", "cidr", AS_KIND),
    ],
)
def test_a_lists_name_tells_how_far_it_reaches(name: str, kind: str, expected: str) -> None:
    assert scope_of(name, kind) == expected


def test_a_list_speaks_only_about_the_kinds_it_names() -> None:
    assert not covers("cidr", "198.18.0.0/15", T.IPV4, "198.18.0.1", "domain")
    assert covers("cidr", "198.18.0.0/15", T.IPV4, "198.18.0.1", *NETWORKS)
    assert not covers("string", "a" * 32, T.FILE, "a" * 32, "domain", "hostname")
    assert covers("string", "a" * 32, T.FILE, "a" * 32, "filename|md5")
    assert not covers("substring", "example", T.DOMAIN, "good.example", "email-src", "domain|ip")
    assert covers("hostname", "good.example", T.URL, "good.example", "domain", "hostname")
    assert not covers("regex", "/1/", T.DOMAIN, "1.example", "phone-number")
    assert kinds_of(()) == frozenset(T)


def test_every_list_that_covers_is_named_once_and_in_order() -> None:
    matcher = WarningMatcher.build(
        [
            ListRule("zebra", "hostname", AS_KIND, (), ["good.example", "www.good.example"]),
            ListRule("antelope", "string", AS_KIND, (), ["www.good.example"]),
            ListRule("camel", "hostname", AS_KIND, (), ["bad.example"]),
        ]
    )
    assert matcher.known_good(T.DOMAIN, "www.good.example") == ("antelope", "zebra")
    assert matcher.known_good(T.DOMAIN, "unknown.example") == ()


def test_an_entry_that_cannot_be_used_is_told_and_the_rest_works() -> None:
    matcher = WarningMatcher.build(
        [
            ListRule("networks", "cidr", AS_KIND, (), ["no network", "198.18.0.0/15"]),
            ListRule("patterns", "regex", AS_KIND, (), [r"/(?=ahead)/", r"/good/"]),
        ]
    )
    assert [problem.value for problem in matcher.problems] == ["no network", "/(?=ahead)/"]
    assert matcher.known_good(T.IPV4, "198.18.0.1") == ("networks",)
    assert matcher.known_good(T.DOMAIN, "good.example") == ("patterns",)


def test_no_pattern_can_take_the_machine_hostage() -> None:
    matcher = WarningMatcher.build([ListRule("bomb", "regex", AS_KIND, (), [r"/^(a+)+$/"])])
    started = time.process_time()
    assert matcher.known_good(T.DOMAIN, "a" * 8000 + "!") == ()
    assert time.process_time() - started < 1


@pytest.fixture(scope="module")
def real_matcher(request: pytest.FixtureRequest) -> WarningMatcher:
    """All real lists, as their files say."""
    folder: Path = request.getfixturevalue("real_data") / "warninglists"
    rules = []
    for file in sorted(folder.glob("*.json")):
        told = json.loads(file.read_bytes())
        scope = scope_of(told["name"], told["type"])
        rules.append(ListRule(file.stem, told["type"], scope, tuple(told.get("matching_attributes", ())), told["list"]))
    return WarningMatcher.build(rules)


@pytest.mark.real
@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (T.IPV4, "10.1.2.3", {"rfc1918", "rfc5735"}),
        (T.DOMAIN, "whatismyipaddress.com", {"whats-my-ip"}),
        (T.DOMAIN, "mail.google.com", {"google"}),
        (T.URL, "drive.google.com/uc?id=evil", set()),
        (T.FILE, "d41d8cd98f00b204e9800998ecf8427e", {"empty-hashes"}),
        (T.EMAIL, "abuse@any.example", {"common-contact-emails"}),
        (T.IPV6, "2001:db8::5", {"rfc3849"}),
        (T.DOMAIN, "c2.evil-name.example", set()),
    ],
)
def test_real_lists_know_what_is_good(real_matcher: WarningMatcher, kind: T, value: str, expected: set[str]) -> None:
    found = set(real_matcher.known_good(kind, value))
    assert found >= expected
    assert bool(found) == bool(expected), found


@pytest.mark.real
def test_all_real_lists_load_and_answer_fast(real_matcher: WarningMatcher) -> None:
    assert len(real_matcher) >= 43
    assert real_matcher.problems == []
    values = [f"host{number}.some-name-{number % 97}.example" for number in range(20_000)]
    started = time.process_time()
    for value in values:
        real_matcher.known_good(T.DOMAIN, value)
    assert time.process_time() - started < 4, "two hundred microseconds a value"
