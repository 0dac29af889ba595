"""Canonical forms: the vendor's own cases, ours, and the promise that a second pass changes nothing."""

from collections.abc import Callable
from ipaddress import IPv6Address, ip_network
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.text import normal
from tocsin.text.suffixes import is_public_suffix
from tocsin.vocab.observables import ObservableType as Kind


def cases(file: Path) -> list[tuple[str, str]]:
    rows = [line.split("\t") for line in file.read_text("utf-8").splitlines() if line]
    return [(given, expected) for given, expected in rows]


@pytest.mark.real
def test_addresses_take_the_form_that_the_vendors_own_cases_ask_for(real_data: Path) -> None:
    found = cases(real_data / "feeds" / "kaspersky" / "normalize_ip_cases.tsv")
    assert len(found) == 6
    for text, expected in found:
        assert (normal.ipv6 if ":" in text else normal.any_ipv4)(text) == expected


@pytest.mark.real
def test_urls_take_the_form_that_the_vendors_own_cases_ask_for(real_data: Path) -> None:
    # All of them: our deviations (punycode, odd ports, stable escapes) are not in the vendor's table; see the tests below.
    found = cases(real_data / "feeds" / "kaspersky" / "normalize_url_cases.tsv")
    assert len(found) == 2
    for text, expected in found:
        assert normal.url(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  HTTP://Evil.Example/A/B", "evil.example/a/b"),
        ("hxxp://evil.example/a", "evil.example/a"),
        ("http:////evil.example", "evil.example"),
        ("//evil.example/a", "evil.example/a"),
        ("evil.example:443/a", "evil.example/a"),
        ("http://user:pa@ss@evil.example/@x", "evil.example/@x"),
        ("github.com@520966948", "31.13.83.36"),
        ("0xa40300b", "10.64.48.11"),
        ("http://0112.0175.0117.0150", "74.125.79.104"),
        ("30.31.8225", "30.31.32.33"),
        ("http://[2001:DB8:0::1]:8080/x", "[2001:db8::1]:8080/x"),
        ("http://..evil...example./x", "evil.example/x"),
        ("http://www.evil.example", "evil.example"),
        ("http://www.example", "www.example"),
        ("evil.example/a/./b/../c", "evil.example/a/c"),
        ("evil.example/a/%2e%2e/b", "evil.example/b"),
        ("evil.example\\a\\\\b//c/", "evil.example/a/b/c"),
        ("evil.example/a/", "evil.example/a"),
        ("evil.example/a/?q", "evil.example/a/?q"),
        ("evil.example?q", "evil.example/?q"),
        ("evil.example/?", "evil.example"),
        ("evil.example/a%20b+c%00d", "evil.example/a b+cd"),
        ("evil.example/100%/%zz", "evil.example/100%/%zz"),
        ("evil.example/a#b?c", "evil.example/a"),
        ("evil.example/*", "evil.example"),
        ("evil.example/kit/*", "evil.example/kit/*"),
        ("*.evil.example/kit/*", "*.evil.example/kit/*"),
        ("evil.example/x?u=http://other.example//y", "evil.example/x?u=http://other.example//y"),
    ],
)
def test_a_url_has_one_form(text: str, expected: str) -> None:
    assert normal.url(text) == expected


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        (
            "http://bücher.example/x",
            "xn--bcher-kva.example/x",
            "the vendor's help asks for punycode, its tool does not do it",
        ),
        ("http://evil.example:8080/x", "evil.example:8080/x", "an indicator on one port must not match a whole site"),
        ("evil.example/%2541", "evil.example/%2541", "decoded to %41 it would be another URL the next time"),
        ("evil.example/a%23b", "evil.example/a%23b", "decoded, the next pass would take it for a fragment"),
        ("evil.example/a%0Ab", "evil.example/a%0ab", "a line feed inside a value breaks every list of values"),
        ("evil.example/%FF", "evil.example/%ff", "the byte is no UTF-8 text"),
        ("http://www.www.evil.example", "evil.example", "dropped once, a second pass would drop the other"),
    ],
)
def test_a_url_differs_from_the_vendors_form_where_we_mean_it(text: str, expected: str, reason: str) -> None:
    assert normal.url(text) == expected, reason


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://",
        "/only/a/path",
        "localhost/x",
        "evil..",
        "http://a b.example/",
        "http://e.example:99999/",
        "1.2.3.4.5/x",
    ],
)
def test_a_url_without_a_usable_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        normal.url(text)


@pytest.mark.parametrize("text", ["a.example/*/b", "a.*.example/b", "a.example/b*", "a*.example"])
def test_a_mask_with_a_star_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="star"):
        normal.url_mask(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Evil.Example.", "evil.example"),
        ("пример.example", "xn--e1afmkfd.example"),
        ("evil。example", "evil.example"),
        ("_dmarc.evil.example", "_dmarc.evil.example"),
        ("xn--e1afmkfd.XN--P1AI", "xn--e1afmkfd.xn--p1ai"),
        ("i❤.example", "xn--i-7iq.example"),
    ],
)
def test_a_domain_has_one_form(text: str, expected: str) -> None:
    assert normal.domain(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("example", "no dot"),
        ("a..example", "empty"),
        ("a" * 64 + ".example", "63"),
        (".".join(["a" * 60] * 5) + ".example", "253"),
        ("198.18.0.1", "top-level"),
        ("a b.example", "character"),
        ("a/b.example", "character"),
        ("a\udcff.example", "UTF-8"),
    ],
)
def test_what_is_no_domain_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        normal.domain(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("198.18.0.77/24", "198.18.0.0/24"),
        ("198.18.0.77/32", "198.18.0.77"),
        ("2001:DB8::1/32", "2001:db8::/32"),
        ("::ffff:198.18.0.1", "198.18.0.1"),
        ("0.0.0.0/0", "0.0.0.0/0"),
    ],
)
def test_a_network_has_its_host_bits_cleared(text: str, expected: str) -> None:
    assert normal.network(text) == expected


@pytest.mark.parametrize(
    "text", ["010.0.0.1", "1.2.3", "256.1.1.1", "fe80::1%eth0", "1.2.3.4/33", "::/129", "1.2.3.4/-1", "1.2.3.4/٣"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        normal.network(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("198.18.0.1:080", "198.18.0.1:80"),
        ("[2001:DB8::1]:443", "[2001:db8::1]:443"),
        ("[::ffff:198.18.0.1]:1", "198.18.0.1:1"),
    ],
)
def test_an_address_with_a_port_has_one_form(text: str, expected: str) -> None:
    assert normal.ip_port(text) == expected


@pytest.mark.parametrize("text", ["198.18.0.1:0", "198.18.0.1:65536", "2001:db8::1:443", "198.18.0.1", "198.18.0.1:+1"])
def test_what_is_no_address_with_a_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        normal.ip_port(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hxxps://evil[.]example/x", "https://evil.example/x"),
        ("hXXp[:]//evil(dot)example", "http://evil.example"),
        ("evil[.]sub[.example", "evil.sub[.example"),
        ("phisher[at]evil{.}example", "phisher@evil.example"),
        ("198[.]18[.]0[.]1", "198.18.0.1"),
        ("evil[[.]]example", "evil.example"),
        ("hxxp[://]evil[,]example", "http://evil.example"),
        ("fxp://evil.example", "ftp://evil.example"),
        ("https://plain.example/[x]", "https://plain.example/[x]"),
    ],
)
def test_defanged_values_are_made_sharp_again(text: str, expected: str) -> None:
    assert normal.refang(text) == expected


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("evil.example", Kind.DOMAIN, "evil.example"),
        ("198.18.0.1", Kind.IPV4, "198.18.0.1"),
        ("198.18.0.0/15", Kind.IPV4, "198.18.0.0/15"),
        ("2001:db8::1", Kind.IPV6, "2001:db8::1"),
        ("2001:db8::/32", Kind.IPV6, "2001:db8::/32"),
        ("198.18.0.1:53", Kind.IP_PORT, "198.18.0.1:53"),
        ("evil.example:8080", Kind.URL, "evil.example:8080"),
        ("evil.example/x", Kind.URL, "evil.example/x"),
        ("http://198.18.0.1", Kind.URL, "198.18.0.1"),
        ("198.18.0.1/gate.php", Kind.URL, "198.18.0.1/gate.php"),
        ("a@evil.example", Kind.EMAIL, "a@evil.example"),
        ("/gate.php", Kind.URL_PATH, "/gate.php"),
        ("D41D8CD98F00B204E9800998ECF8427E", Kind.FILE, "d41d8cd98f00b204e9800998ecf8427e"),
    ],
)
def test_the_kind_of_a_bare_value_is_told_by_its_form(text: str, kind: Kind, value: str) -> None:
    assert normal.observable(text) == (kind, value)


def test_a_public_suffix_is_known_and_a_name_below_it_is_none() -> None:
    assert all(is_public_suffix(name) for name in ("pk", "com.pk", "co.uk", "com", "anything.ck", "xn--p1ai"))
    assert not any(is_public_suffix(name) for name in ("evil.com.pk", "www.ck", "evil.example", "duckdns.org"))


FORMS: list[Callable[[str], str]] = [
    normal.domain,
    normal.ipv4,
    normal.any_ipv4,
    normal.ipv6,
    normal.address,
    normal.network,
    normal.ip_port,
    normal.url,
    normal.url_mask,
    normal.url_path,
    normal.file_hash,
    normal.email,
    normal.refang,
]

PIECES = st.sampled_from(
    ["http://", "hxxp://", "www.", "evil", ".", "..", "example", "/", "//", "\\", "?", "#", "%", "%25", "%2e", "%23", "%41", "%00",
     "%c3", "%a9", "%ff", "é", "İ", "ẞ", "。", "*", ":", "80", "8080", "@", "[", "]", "::1", "1.2.3.4", "0x7f", "010", " ", "\t",
     "+", "_", "-", "xn--", "[.]", "(dot)", "\udcff", "A", "4", "2f", "3"]
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@given(text=st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=14).map("".join)))
@example(text="evil.example/%%3431")
@example(text="evil.example/%4%001")
@example(text="http://[::ffff:1.2.3.4]/")
def test_a_second_pass_changes_nothing(form: Callable[[str], str], text: str) -> None:
    try:
        once = form(text)
    except ValueError:
        return
    assert form(once) == once


@given(st.lists(PIECES, max_size=14).map("".join))
def test_a_typed_value_stays_what_it_is(text: str) -> None:
    try:
        found = normal.observable(text)
    except ValueError:
        return
    if found != (Kind.URL_PATH, "/"):
        assert normal.typed(*found) == found


@given(st.ip_addresses(v=6))
def test_every_ipv6_address_takes_the_form_of_rfc_5952(address: IPv6Address) -> None:
    found = normal.ipv6(address.exploded)
    assert IPv6Address(found) == address
    if address.ipv4_mapped is None:
        assert found == str(address)


@given(st.ip_addresses(), st.integers(0, 128))
def test_a_network_agrees_with_the_standard_library(address: object, prefix: int) -> None:
    longest = 128 if isinstance(address, IPv6Address) else 32
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return
    prefix %= longest
    assert normal.network(f"{address}/{prefix}") == str(ip_network(f"{address}/{prefix}", strict=False))
