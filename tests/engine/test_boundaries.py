"""What a hit is: every sentence about boundaries as a test, each asked of the core (on every instruction set) and of the reference."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tocsin.engine.compiling import compile_set
from tocsin.engine.reference import ReferenceSet
from tocsin.engine.sets import IndicatorSet, Scanner

Row = tuple[str, str]
#: (rows, line, json, defanged) -> values that hit, in row order.
Matcher = Callable[..., list[str]]

SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
MD5 = "d41d8cd98f00b204e9800998ecf8427e"


@pytest.fixture(params=["reference", "avx512", "avx2", "sse2", "portable"])
def hits(request: pytest.FixtureRequest, tmp_path: Path) -> Matcher:
    """The matcher under test."""

    def by_core(
        rows: Sequence[Row], line: str | bytes, *, json: bool | None = None, defanged: bool = False
    ) -> list[str]:
        report = compile_set(rows, tmp_path / "set")
        assert report.rejected == []
        with IndicatorSet.open(tmp_path / "set") as opened:
            try:
                scanner = Scanner(opened, json, defanged=defanged, instructions=request.param)
            except Exception as problem:
                pytest.skip(str(problem))
            with scanner:
                return [
                    rows[hit.indicator][1] for hit in scanner.scan(line.encode() if isinstance(line, str) else line)
                ]

    def by_reference(
        rows: Sequence[Row], line: str | bytes, *, json: bool | None = None, defanged: bool = False
    ) -> list[str]:
        reference = ReferenceSet.compile(rows)
        assert reference.rejected == []
        data = line.encode() if isinstance(line, str) else line
        return [rows[row][1] for row in sorted(reference.match_line(data, json, defanged=defanged))]

    return by_reference if request.param == "reference" else by_core


def domain(*names: str) -> list[Row]:
    return [("domain-name", name) for name in names]


def ipv4(*values: str) -> list[Row]:
    return [("ipv4-addr", value) for value in values]


def ipv6(*values: str) -> list[Row]:
    return [("ipv6-addr", value) for value in values]


def url(*values: str) -> list[Row]:
    return [("url", value) for value in values]


@pytest.mark.parametrize(
    "line",
    [
        "evil.example",
        "www.evil.example",
        "a.b.c.evil.example",
        "EVIL.Example",
        "evil.example.",
        "query: evil.example. IN A",
        "user@evil.example",
        "<user@mail.evil.example>",
        "http://evil.example/",
        "http://good.example/redirect/evil.example/x",
        "http://good.example/?u=evil.example&v=1",
        "evil.example:443",
        '"evil.example"',
        "(evil.example)",
        "host=evil.example;",
        "_dmarc.evil.example",
    ],
)
def test_a_domain_matches_itself_and_its_subdomains_in_any_case_with_a_trailing_dot_after_an_at_sign_and_inside_urls(
    hits: Matcher, line: str
) -> None:
    assert hits(domain("evil.example"), line) == ["evil.example"]


@pytest.mark.parametrize(
    "line",
    [
        "notevil.example",
        "evil.example.com",
        "x-evil.example",
        "evil.examples",
        "evil-example",
        "evil..example",
        "evil.example-x",
    ],
)
def test_a_name_that_only_contains_the_domain_does_not_match(hits: Matcher, line: str) -> None:
    assert hits(domain("evil.example"), line) == []


@pytest.mark.parametrize(
    "line",
    [
        "11.2.3.4",
        "1.2.3.45",
        "1.2.3.4.7",
        "01.2.3.4",
        "1.2.3.04",
        "1.2.3.4a",
        "a1.2.3.4",
        "1.2.3.4.example",
        "1.2.3",
        "1.2.3.256",
    ],
)
def test_an_address_does_not_match_inside_a_longer_one_and_octets_have_no_leading_zeros(
    hits: Matcher, line: str
) -> None:
    assert hits(ipv4("1.2.3.4"), line) == []


@pytest.mark.parametrize(
    "line",
    [
        "1.2.3.4",
        "1.2.3.4-1.2.3.9",
        "1.2.3.0-1.2.3.4",
        "1.2.3.4:80",
        "TCP_MISS/200 HIER_DIRECT/1.2.3.4 text/html",
        "outside:1.2.3.4/443",
        "[1.2.3.4]",
        "from 1.2.3.4.",
        "SRC=1.2.3.4",
        "1.2.3.4,5.6.7.8",
    ],
)
def test_an_address_matches_in_ranges_before_ports_and_after_labels(hits: Matcher, line: str) -> None:
    assert hits(ipv4("1.2.3.4"), line) == ["1.2.3.4"]


def test_only_letters_slash_n_0_0_0_is_taken_for_a_browser_version(hits: Matcher) -> None:
    rows = ipv4("120.0.0.0", "120.0.0.1")
    assert hits(rows, "Mozilla/5.0 Chrome/120.0.0.0 Safari/537.36") == []
    assert hits(rows, "Chrome/120.0.0.1") == ["120.0.0.1"]
    assert hits(rows, "dst 120.0.0.0/24") == ["120.0.0.0"]
    assert hits(rows, "10/120.0.0.0") == ["120.0.0.0"]
    assert hits(rows, "HIER_DIRECT/120.0.0.1") == ["120.0.0.1"]


@pytest.mark.parametrize(
    "spelling",
    [
        "2001:db8::1",
        "2001:DB8::1",
        "2001:0db8:0000:0000:0000:0000:0000:0001",
        "2001:db8:0:0:0:0:0:1",
        "2001:db8::0:1",
        "src:2001:db8::1",
        "2001:db8::1/64",
        "[2001:db8::1]",
        "[2001:db8::1]:443",
        "2001:db8::0.0.0.1",
        "ends with 2001:db8::1.",
        "2001:db8::1: port scan",
        "2001:db8::1-2001:db8::5",
        "fe80::1%eth0,2001:db8::1",
    ],
)
def test_ipv6_matches_in_any_spelling_after_a_label_before_a_prefix_length_with_and_without_brackets(
    hits: Matcher, spelling: str
) -> None:
    assert hits(ipv6("2001:db8::1"), f"x {spelling} y") == ["2001:db8::1"]


@pytest.mark.parametrize(
    "line",
    [
        "2001:db8::11",
        "12001:db8::1",
        "2001:db8::1:1",
        "12:34:56",
        "aa:bb:cc:dd:ee:ff",
        "2001:db8:1",
        "g2001:db8::1x",
        "2001:db8::1::",
    ],
)
def test_what_is_no_or_another_ipv6_address_does_not_match(hits: Matcher, line: str) -> None:
    assert hits(ipv6("2001:db8::1"), line) == []


@pytest.mark.parametrize("line", ["::ffff:1.2.3.4", "::FFFF:102:304", "[::ffff:1.2.3.4]:80", "0:0:0:0:0:ffff:1.2.3.4"])
def test_a_mapped_address_matches_the_ipv4_address(hits: Matcher, line: str) -> None:
    assert hits(ipv4("1.2.3.4", "1.2.0.0/16"), line) == ["1.2.3.4", "1.2.0.0/16"]


def test_the_tail_of_another_ipv6_address_is_no_ipv4_address(hits: Matcher) -> None:
    assert hits(ipv4("1.2.3.4"), "64:ff9b::1.2.3.4") == []


def test_address_and_port_need_both(hits: Matcher) -> None:
    rows = [("ip-port", "1.2.3.4:80"), ("ip-port", "[2001:db8::1]:443")]
    assert hits(rows, "1.2.3.4:80") == ["1.2.3.4:80"]
    assert hits(rows, "to 1.2.3.4:80, 200") == ["1.2.3.4:80"]
    assert hits(rows, "[2001:DB8:0::1]:443") == ["[2001:db8::1]:443"]
    assert hits(rows, "::ffff:1.2.3.4:80") == ["1.2.3.4:80"]
    for line in [
        "1.2.3.4",
        "1.2.3.4:8080",
        "1.2.3.4:8",
        "11.2.3.4:80",
        "1.2.3.4 80",
        "1.2.3.4:080",
        "2001:db8::1:443",
        "[2001:db8::1]",
        "[2001:db8::1]:4433",
        "1.2.3.4/80",
    ]:
        assert hits(rows, line) == [], line


@pytest.mark.parametrize(
    "line",
    [
        SHA256,
        SHA256.upper(),
        f"{SHA256}.exe",
        f"/quarantine/{SHA256}_sample",
        f"sha256:{SHA256}",
        f"-{SHA256}-",
        f"“{SHA256}”",
    ],
)
def test_a_hash_is_bounded_by_letters_and_digits_only_in_either_case(hits: Matcher, line: str) -> None:
    assert hits([("file", SHA256.upper())], line) == [SHA256.upper()]


@pytest.mark.parametrize("line", [f"a{SHA256}", f"{SHA256}0", f"{SHA256}z", f"g{SHA256}", SHA256[:-1], f"{MD5}{MD5}"])
def test_a_hash_inside_a_longer_word_does_not_match(hits: Matcher, line: str) -> None:
    assert hits([("file", SHA256), ("file", MD5)], line) == []


def test_md5_sha1_sha256_and_sha512_are_told_by_their_length(hits: Matcher) -> None:
    rows = [("file", "ab" * size) for size in (16, 20, 32, 64)]
    for kind, value in rows:
        assert hits(rows, f"{kind} {value}") == [value]


def test_a_mail_address_is_bounded(hits: Matcher) -> None:
    rows = [("email-addr", "user@x.example")]
    for line in [
        "user@x.example",
        "<User@X.Example>",
        "mailto:user@x.example",
        "to=user@x.example,",
        "user@x.example.",
        "“user@x.example”",
    ]:
        assert hits(rows, line) == ["user@x.example"], line
    for line in [
        "a.user@x.example",
        "user@mail.x.example",
        "user@x.example.com",
        "xuser@x.example",
        "+user@x.example",
        "useruser@x.example",
        "éuser@x.example",
    ]:
        assert hits(rows, line) == [], line


def test_an_unmasked_url_matches_exactly_after_both_sides_are_normalised(hits: Matcher) -> None:
    rows = url("http://evil.example/a/b?q=1")
    for line in [
        "http://evil.example/a/b?q=1",
        "HTTPS://WWW.EVIL.EXAMPLE:443/a/b?q=1#top",
        "ftp://user:password@evil.example//a/./c/../b?q=1",
        "http://evil.example/%61/b?q=%31",
        "http://evil.example\\a\\b?q=1",
        "http://evil..example./a/b?q=1",
    ]:
        assert hits(rows, line) == ["http://evil.example/a/b?q=1"], line
    for line in [
        "http://evil.example/a/b",
        "http://evil.example/a/b?q=12",
        "http://x.evil.example/a/b?q=1",
        "http://evil.example/a/b/?q=1",
        "evil.example/a/b?q=1",
    ]:
        assert hits(rows, line) == [], line


def test_slashes_dots_and_nul_in_paths_are_made_plain(hits: Matcher) -> None:
    assert hits(url("evil.example/a/?q=1"), "http://evil.example/a/.?q=1") == ["evil.example/a/?q=1"]
    assert hits(url("evil.example/a/?q=1"), "http://evil.example/a/b/..?q=1") == ["evil.example/a/?q=1"]
    assert hits(url("evil.example/a?q=1"), "http://evil.example/a/.?q=1") == []
    assert hits(url("evil.example/ab"), "http://evil.example/a%00b") == ["evil.example/ab"]


def test_a_mask_for_subdomains_with_a_path_is_a_prefix_at_a_slash(hits: Matcher) -> None:
    rows = url("*.evil.example/a/*")
    assert hits(rows, "http://x.evil.example/a/b") == hits(rows, "http://x.evil.example/a") == ["*.evil.example/a/*"]
    assert hits(rows, "http://x.evil.example/ab") == hits(rows, "http://evil.example/a/b") == []


def test_hosts_are_written_as_addresses_in_many_ways(hits: Matcher) -> None:
    for given in [
        "http://31.13.83.36/",
        "http://github.example@520966948/",
        "http://0x1f0d5324",
        "http://31.13.21284/",
    ]:
        assert hits(url(given), "GET http://31.13.83.36/x") == [given]
    assert hits(url("10.64.48.11/x"), "http://0xa40300b/x") == ["10.64.48.11/x"]
    assert hits(url("74.125.79.104/x"), "http://0112.0175.0117.0150/x") == ["74.125.79.104/x"]
    assert hits(url("http://[2001:db8:0::1]/x"), "http://[2001:DB8::1]:80/x") == ["http://[2001:db8:0::1]/x"]


def test_a_url_with_an_empty_path_matches_its_whole_host(hits: Matcher) -> None:
    for given in ["http://evil.example", "evil.example/", "http://www.evil.example/*", "evil.example/#x"]:
        for line in ["http://evil.example", "http://evil.example/any/path?x", "https://www.evil.example:8443/?q"]:
            assert hits(url(given), line) == [given], (given, line)
        assert hits(url(given), "http://sub.evil.example/") == []
        assert hits(url(given), "query evil.example A") == []


def test_a_mask_with_a_slash_and_a_star_is_a_prefix_at_a_slash(hits: Matcher) -> None:
    rows = url("evil.example/a/*")
    for line in [
        "http://evil.example/a/b",
        "http://evil.example/a/",
        "http://evil.example/a",
        "http://evil.example/a/?q=1",
        "http://evil.example/a/b/c",
    ]:
        assert hits(rows, line) == ["evil.example/a/*"], line
    for line in [
        "http://evil.example/ab",
        "http://evil.example/",
        "http://evil.example/a.html",
        "http://evil.example/b/a/",
    ]:
        assert hits(rows, line) == [], line


def test_a_mask_with_a_star_dot_matches_subdomains(hits: Matcher) -> None:
    rows = url("*.evil.example", "*.evil.example/a/*")
    assert hits(rows, "http://x.evil.example/b") == ["*.evil.example"]
    assert hits(rows, "http://y.x.evil.example/a/b") == ["*.evil.example", "*.evil.example/a/*"]
    assert hits(rows, "http://evil.example/a/b") == []
    assert hits(rows, "http://notevil.example/a/b") == []


def test_a_star_elsewhere_in_the_path_stands_for_anything(hits: Matcher) -> None:
    rows = url("evil.example/a*", "evil.example/x/*/z", "evil.example/q?id=*")
    assert hits(rows, "http://evil.example/abc") == ["evil.example/a*"]
    assert hits(rows, "http://evil.example/x/y/z") == ["evil.example/x/*/z"]
    assert hits(rows, "http://evil.example/q?id=7") == ["evil.example/q?id=*"]
    assert hits(rows, "http://evil.example/b") == []


def test_a_port_in_the_indicator_must_match_and_without_one_any_port_does(hits: Matcher) -> None:
    rows = url("http://evil.example:8080/x", "http://evil.example/x")
    assert hits(rows, "http://evil.example:8080/x") == ["http://evil.example:8080/x", "http://evil.example/x"]
    assert hits(rows, "http://evil.example:81/x") == ["http://evil.example/x"]
    assert hits(rows, "http://evil.example/x") == ["http://evil.example/x"]
    assert hits(url("http://evil.example:443/x"), "https://evil.example/x") == ["http://evil.example:443/x"]


@pytest.mark.parametrize(
    "end", [" ", "\t", "\x01", '"', "<", ">", "|", "`", ".", ",", ";", ":", "!", "?", ")", "]", "}", "'", ").", ""]
)
def test_in_text_a_url_ends_at_white_space_control_characters_quotes_and_loses_trailing_punctuation(
    hits: Matcher, end: str
) -> None:
    assert hits(url("evil.example/a"), f"see http://evil.example/a{end}") == ["evil.example/a"]


def test_in_text_a_url_begins_at_a_scheme_and_at_hxxp_on_request(hits: Matcher) -> None:
    rows = url("evil.example/a")
    assert hits(rows, "evil.example/a") == []
    assert hits(rows, "see:http://evil.example/a") == ["evil.example/a"]
    assert hits(rows, "http://good.example/?u=http://evil.example/a") == ["evil.example/a"]
    assert hits(rows, "hxxp://evil.example/a") == []
    assert hits(rows, "hxxps://evil.example/a", defanged=True) == ["evil.example/a"]


def test_host_and_path_in_separate_fields_are_joined(hits: Matcher) -> None:
    rows = url("evil.example/a/b")
    zeek = "#fields\tts\thost\tuid\turi\n1\tevil.example\tC\t/a/b\n1\t-\tC\t/a/b\n1\tEvil.example:80\tC\thttp://evil.example/a/b\n"
    assert hits(rows, '{"ts":1,"host":"www.evil.example","uri":"\\/a\\/b"}') == ["evil.example/a/b"]
    assert hits(rows, '{"uri" : "/a/b", "x":{"host": "evil.example"}}') == ["evil.example/a/b"]
    assert hits(rows, '{"host":"good.example","uri":"/a/b"}') == []
    assert hits(url("evil.example:80/a/b"), '{"host":"evil.example","uri":"/a/b"}') == ["evil.example:80/a/b"]
    if hits.__name__ == "by_core":
        assert hits(rows, zeek) == ["evil.example/a/b"] * 2
        assert hits(url("evil.example/-"), "#fields\thost\turi\nevil.example\t-") == []
        for header in ("#fields\t", "#fields\t\r", "#close", "#separator \\x09", "#fields\tts"):
            assert hits(rows, f"#fields\thost\turi\n{header}\nevil.example\t/a/b") == [], header


def test_percent_escapes_are_undone(hits: Matcher) -> None:
    assert hits(domain("evil.example"), "GET /?u=http%3A%2F%2Fevil.example%2Fx") == ["evil.example"]
    assert hits(domain("evil.example"), "x%2Fevil.example") == ["evil.example"]
    assert hits(domain("evil.example"), "evil%2Eexample") == ["evil.example"]
    assert hits(ipv4("1.2.3.4", "201.2.3.4"), "q=%201.2.3.4") == ["1.2.3.4"]
    assert hits(domain("bücher.example"), "b%C3%BCcher.example") == ["bücher.example"]
    assert hits(domain("evil.example"), "evil%252Eexample") == []


def test_json_escapes_are_undone_before_matching_json_lines(hits: Matcher) -> None:
    rows = domain("evil.example")
    assert hits(rows, '{"m":"\\nevil.example"}') == ["evil.example"]
    assert hits(rows, '{"m":"evil\\u002eexample"}') == ["evil.example"]
    assert hits(rows, ' [{"m":"\\tevil.example"}]') == ["evil.example"]
    assert hits(url("evil.example/a"), '{"m":"http:\\/\\/evil.example\\/a"}') == ["evil.example/a"]
    assert hits(rows, "C:\\nevil.example") == []
    assert hits(rows, "C:\\nevil.example", json=True) == ["evil.example"]
    assert hits(rows, '{"m":"\\nevil.example"}', json=False) == []
    assert hits(rows, '{"m":"C:\\\\nevil.example"}') == []
    assert hits(domain("почта.рф"), '{"m":"\\u043f\\u043e\\u0447\\u0442\\u0430.\\u0440\\u0444"}') == ["почта.рф"]


@pytest.mark.parametrize(
    "line", ["-evil.example-", "_evil.example_", "..evil.example..", "-._evil.example_.-", "wait...evil.example"]
)
def test_leading_and_trailing_hyphens_underscores_and_dots_are_stripped(hits: Matcher, line: str) -> None:
    assert hits(domain("evil.example"), line) == ["evil.example"]


@pytest.mark.parametrize("given", ["bücher.example", "xn--bcher-kva.example", "BÜCHER.Example"])
@pytest.mark.parametrize(
    "line",
    [
        "bücher.example",
        "xn--bcher-kva.example",
        "www.BÜCHER.EXAMPLE.",
        "“bücher.example”",
        "bücher。example",
        "ｂücher.example",
    ],
)
def test_international_names_match_in_utf8_and_in_punycode(hits: Matcher, given: str, line: str) -> None:
    assert hits(domain(given), line) == [given]
    assert hits(domain("ücher.example", "cher.example"), line) == []


def test_dots_behind_the_longest_name_do_not_hide_it(hits: Matcher) -> None:
    name = ".".join(["b" * 61, "c" * 63, "d" * 63, "e" * 55, "example"])
    assert len(name) == 253
    assert hits(domain(name), f"a.{name}。" + "." * 60) == [name]
    assert hits(domain(name), f"é {name}...。。。.") == [name]


def test_an_ascii_name_matches_between_characters_that_cannot_stand_in_names(hits: Matcher) -> None:
    assert hits(domain("evil.example"), "“evil.example”") == ["evil.example"]
    assert hits(domain("evil.example"), b"\xff\xfeevil.example\x80") == ["evil.example"]
    assert hits(domain("evil.example"), "وevil.example") == []
    assert hits(domain("evil.example"), "و.evil.example") == ["evil.example"]


@pytest.mark.parametrize(
    "line",
    [
        "evil[.]example",
        "evil(.)example",
        "hxxp://evil[.]example/",
        "evil[dot]example",
        "user[@]evil[.]example",
        "hxxps[://]evil.example",
    ],
)
def test_defanged_values_match_when_asked_to(hits: Matcher, line: str) -> None:
    assert hits(domain("evil.example"), line, defanged=True) == ["evil.example"]
    if "[.]" in line or "dot" in line:
        assert hits(domain("evil.example"), line) == []


def test_parent_and_child_overlapping_networks_and_a_url_with_its_host_each_report(hits: Matcher) -> None:
    rows = [
        *domain("evil.example", "a.evil.example"),
        *ipv4("198.18.0.0/15", "198.18.7.0/24", "198.18.7.9"),
        *url("a.evil.example/x", "a.evil.example"),
    ]
    assert hits(rows, "198.18.7.9 http://a.evil.example/x") == [value for _, value in rows]


def test_networks_match_the_addresses_inside_them(hits: Matcher) -> None:
    rows = [*ipv4("198.18.4.0/23", "240.0.0.0/8", "198.18.9.128/25"), *ipv6("2001:db8:1::/48", "2001:db8::8000:0/97")]
    assert hits(rows, "198.18.4.0 198.18.5.255") == ["198.18.4.0/23"]
    assert hits(rows, "198.18.3.255 198.18.6.0 198.18.9.127") == []
    assert hits(rows, "240.255.255.255 198.18.9.128") == ["240.0.0.0/8", "198.18.9.128/25"]
    assert hits(rows, "2001:db8:1:ffff::1 2001:db8::ffff:ffff") == ["2001:db8:1::/48", "2001:db8::8000:0/97"]
    assert hits(rows, "2001:db8:2::1 2001:db8::7fff:ffff") == []


def test_the_same_line_and_indicator_report_once(hits: Matcher) -> None:
    assert hits(domain("evil.example"), "evil.example a.evil.example http://evil.example/evil.example") == [
        "evil.example"
    ]


def test_two_rows_that_normalise_alike_both_report(hits: Matcher) -> None:
    rows = [
        *domain("evil.example", "EVIL.example."),
        *ipv4("198.18.0.1/32", "198.18.0.1"),
        *url("evil.example/x", "http://www.evil.example/x#y"),
    ]
    assert hits(rows, "198.18.0.1 http://evil.example/x") == [value for _, value in rows]


REFUSED = [
    ("ipv4-addr", "10.0.0.0/7"),
    ("ipv6-addr", "2001::/15"),
    ("domain-name", "example"),
    ("domain-name", "evil example.example"),
    ("domain-name", "1.2.3.4"),
    ("domain-name", "*.evil.example"),
    ("ipv4-addr", "1.2.3.400"),
    ("ipv4-addr", "01.2.3.4"),
    ("ipv4-addr", "2001:db8::1"),
    ("ipv6-addr", "1.2.3.4"),
    ("ip-port", "1.2.3.4:65536"),
    ("url", "http://evil.*.example/"),
    ("url", "*.example"),
    ("url", "http://"),
    ("file", "abc"),
    ("email-addr", "user@"),
    ("mutex", "x"),
]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: "-".join(row))
def test_a_network_that_is_too_wide_and_every_bad_row_is_refused_with_a_reason(row: Row, tmp_path: Path) -> None:
    rows = [("domain-name", "good.example"), row]
    report = compile_set(rows, tmp_path / "set")
    assert report.compiled == 1
    assert [(number, row[1] in reason, len(reason) > len(row[1]) + 10) for number, reason in report.rejected] == [
        (1, True, True)
    ]
    assert [number for number, _ in ReferenceSet.compile(rows).rejected] == [1]
