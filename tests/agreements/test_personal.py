"""Personal data in free text: found however it is written, taken out once and for all, in a bounded time."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.agreements.rules.personal import FOUND_BY_PATTERN, found_kinds, redact
from tocsin.agreements.rules.terms import PersonalKind

FOUND: list[tuple[str, str]] = [
    ("cnic", "victim CNIC 35202-1234567-1"),
    ("cnic", "3520212345671"),
    ("cnic", "35202 1234567 1"),
    ("cnic", "35202-123\n4567-1"),
    ("cnic", "35202-\r\n   1234567-1"),
    ("cnic", "3520\n21234567-\n1"),
    ("cnic", "۳۵۲۰۲-۱۲۳۴۵۶۷-۱"),
    ("cnic", "٣٥٢٠٢-١٢٣٤٥٦٧-١"),
    ("cnic", "３５２０２－１２３４５６７－１"),
    ("cnic", "35202\u20111234567\u20131"),
    ("cnic", "35202\u22121234567\u00ad-1"),
    ("cnic", "\u200f35202\u200e-12345\u200b67-1\u202c"),
    ("cnic", "شناختی کارڈ ۳۵۲۰۲۱۲۳۴۵۶۷۱ ہے"),
    ("cnic", "35202\u00a01234567\u2009-\u20091"),
    ("pk_mobile", "0300-1234567"),
    ("pk_mobile", "+92 300 1234567"),
    ("pk_mobile", "+92 (0)300-123 4567"),
    ("pk_mobile", "0092-300-1234567"),
    ("pk_mobile", "923001234567"),
    ("pk_mobile", "۰۳۰۰ ۱۲۳۴۵۶۷"),
    ("pk_mobile", "0300\n1234567"),
    ("pk_iban", "PK36SCBL0000001123456702"),
    ("pk_iban", "pk36 scbl 0000 0011 2345 6702"),
    ("pk_iban", "PK36-SCBL-0000-0011-2345-6702"),
    ("pk_iban", "РК36SCBL0000001123456702"),
    ("pk_iban", "PK۳۶SCBL۰۰۰۰۰۰۱۱۲۳۴۵۶۷۰۲"),
    ("email_local_part", "someone@victim.example"),
    ("email_local_part", "some.one+x@victim.example"),
    ("email_local_part", "someone[at]victim[.]example"),
    ("email_local_part", "someone (at) victim (dot) example"),
    ("email_local_part", "someone@victim[.]example"),
    ("email_local_part", "someone@\nvictim.example"),
    ("email_local_part", "someone＠victim.example"),
    ("email_local_part", "کوئی@victim.example"),
    ("passport_pk", "passport AB1234567"),
    ("passport_pk", "AB 1234567"),
    ("passport_pk", "АВ1234567"),
    ("passport_pk", "ab1234567"),
]  # fmt: skip
NOT_FOUND = [
    "beacon to 198.18.7.9 port 443 at 2026-11-24T12:00:00Z",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "indicator--6f3c1a52-0f0e-4d4b-9a37-7c1e5b8a2f10",
    "fa3520212345671bcdef0123456789abcdef",
    "CVE-2026-12345 and T1059.001",
    "12345678901234567890",
    "@handle and @name.surname",
    "PK is a country, PK12 a bus",
    "a@b",
    "",
]


@pytest.mark.parametrize(("kind", "text"), FOUND)
def test_a_kind_is_found_and_taken_out(kind: str, text: str) -> None:
    assert kind in found_kinds(text)
    clean = redact(text)
    assert found_kinds(clean) == ()
    assert f"[redacted {kind}]" in clean
    assert redact(clean) == clean


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_is_nobodys_stays(text: str) -> None:
    assert found_kinds(text) == ()
    assert redact(text) == text


def test_only_the_local_part_of_an_address_goes() -> None:
    assert redact("to someone@victim.example, soon") == "to [redacted email_local_part]@victim.example, soon"


def test_kinds_are_named_in_the_order_asked_and_only_those() -> None:
    text = "0300-1234567 of 35202-1234567-1"
    assert found_kinds(text, ["cnic", "pk_mobile"]) == ("cnic", "pk_mobile")
    assert found_kinds(text, ["pk_mobile", "free_text_name", "cnic"]) == ("pk_mobile", "cnic")
    assert found_kinds(text, ["passport_pk", "no_such_kind"]) == ()
    assert redact(text, ["cnic"]) == "0300-1234567 of [redacted cnic]"


def test_signs_that_nobody_sees_are_kept_where_nothing_is_found() -> None:
    assert redact("\u200fسلام 35202\u200e-1234567-1\u200f آخر") == "\u200fسلام [redacted cnic]\u200f آخر"


def test_every_kind_but_names_has_a_pattern() -> None:
    assert set(FOUND_BY_PATTERN) == {kind for kind in PersonalKind if kind.has_pattern}


PIECES = st.sampled_from(
    ["35202", "1234567", "1", "-", "\n", " ", "0", "3", "00", "92", "+92", "300", "PK36", "SCBL", "0000", "AB", "@", ".", "a", "x.example",
     "[at]", "۳", "\u200e", "[redacted cnic]", "["]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=60))
def test_nothing_is_found_in_what_was_redacted(text: str) -> None:
    clean = redact(text)
    assert found_kinds(clean) == ()
    assert redact(clean) == clean
    assert (clean == text) == (found_kinds(text) == ())


HOSTILE = [
    "1",
    "1\n",
    "1 ",
    "a@",
    "@a.",
    "\n",
    "PK12",
    "0 3",
    "92 0 ",
    "(at) ",
    "9\u200e2",
    "35202-",
    "+92",
    "a",
    "[at]a.",
    "1\n\n\n\n",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_costs_time_in_proportion(piece: str) -> None:
    text = piece * (400_000 // len(piece))
    began = time.monotonic()
    redact(text)
    assert time.monotonic() - began < 20  # seconds; a bound against running away, not a measure of speed
