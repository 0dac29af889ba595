"""The components, in the states that matter most."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.template import Context, RequestContext, Template
from django.test import RequestFactory
from django.utils import translation

from tocsin.vocab.markings import Tlp
from tocsin.vocab.records import Accounts
from tocsin.web import charts
from tocsin.web.paging import MOST_ROWS, having, numbered, page_of, walk, window


def _shown(source: str, **context: Any) -> str:
    return Template("{% load components %}" + source).render(Context(context))


def _shown_at(address: str, source: str, **context: Any) -> str:
    request = RequestFactory().get(address)
    return Template("{% load components %}" + source).render(RequestContext(request, {"request": request, **context}))


def test_evidence_marks_the_match_in_any_case_and_escapes_the_rest() -> None:
    html = _shown("{% evidence line value %}", line="<b> C2.Bad.example c2.bad.example", value="c2.bad.EXAMPLE")
    assert "&lt;b&gt; <mark>C2.Bad.example</mark> <mark>c2.bad.example</mark>" in html


def test_evidence_spells_out_characters_that_deceive_the_eye() -> None:
    html = _shown("{% evidence line %}", line="invoice\u202efdp.exe\x1b[2J\u200b")
    assert "invoice\\u202efdp.exe\\u001b[2J\\u200b" in html


def test_evidence_of_a_value_with_special_characters_is_text_and_no_pattern() -> None:
    assert "<mark>" not in _shown("{% evidence line value %}", line="aXb", value="a.b")
    assert "<mark>a.b(</mark>" in _shown("{% evidence line value %}", line="a.b(", value="a.b(")


def test_a_long_path_shows_its_end_and_keeps_the_whole_at_hand() -> None:
    html = _shown("{% evidence line '' place %}", line="x", place="/srv/logs/bank/dns.log:7")
    assert 'title="/srv/logs/bank/dns.log:7"' in html
    assert ">…/bank/dns.log:7<" in html


def test_a_value_from_outside_reads_left_to_right_and_is_escaped() -> None:
    assert _shown("{% raw value %}", value="<198.18.0.1>") == '<bdi class="raw" dir="ltr">&lt;198.18.0.1&gt;</bdi>'


def test_a_long_value_may_be_broken_after_its_marks_and_a_short_one_stays_whole() -> None:
    assert "<wbr>" not in _shown("{% raw value %}", value="198.18.100.200")
    assert "198.18.100.200:<wbr>8443/<wbr>tcp" in _shown("{% raw value %}", value="198.18.100.200:8443/tcp")
    assert "2001:<wbr>db8:<wbr>" in _shown("{% raw value %}", value="2001:db8:a6:0:408:11d6:f583:6ba4")
    assert "raw-long" in _shown("{% raw value %}", value="a" * 64)
    assert "raw-long" not in _shown("{% raw value %}", value="evil.example/a/b/c/d/e/f/g/h/i")


def test_numbers_keep_their_digits_in_urdu() -> None:
    with translation.override("ur"):
        assert ">1,283,217<" in _shown("{% num value %}", value=1283217)


def test_a_moment_shows_the_nations_time_and_keeps_utc_at_hand() -> None:
    html = _shown("{% when at %}", at=datetime(2026, 11, 23, 4, 30, 15, tzinfo=UTC))
    assert 'datetime="2026-11-23T04:30:15+00:00"' in html
    assert "2026-11-23 04:30:15 UTC" in html


def test_a_marking_reads_the_same_in_every_language() -> None:
    for language in ("en", "ur"):
        with translation.override(language):
            html = _shown('{% pill "tlp" value %}', value=Tlp.AMBER_STRICT)
            assert "pill-tlp-amber-strict" in html
            assert ">TLP:AMBER+STRICT<" in html


def test_a_state_reads_in_the_readers_language_and_an_unknown_one_as_it_is() -> None:
    with translation.override("ur"):
        assert ">تسلیم شدہ<" in _shown('{% pill "state" "acknowledged" %}')
    assert ">sideways<" in _shown('{% pill "state" "sideways" %}')


def test_books_that_balance_are_a_sum() -> None:
    html = _shown("{% accounts books %}", books=Accounts(10, 7, 2, 1))
    assert "≠" not in html
    assert 'role="alert"' not in html
    assert 'width="700"' in html


def test_books_that_do_not_balance_say_so() -> None:
    html = _shown("{% accounts books %}", books=Accounts(10, 7, 2, 0))
    assert "≠" in html
    assert 'role="alert"' in html


def test_a_page_of_a_list_knows_where_it_stands() -> None:
    page = page_of(range(120), RequestFactory().get("/?page=2"))
    assert (page.first, page.last, page.total, page.previous, page.next) == (51, 100, 120, 1, 3)


@pytest.mark.parametrize(("asked", "given"), [("0", 1), ("-3", 1), ("zzz", 1), ("99", 3), ("٣", 1), ("9" * 40, 1)])
def test_nonsense_in_the_address_leads_to_the_nearest_page(asked: str, given: int) -> None:
    assert page_of(range(120), RequestFactory().get("/", {"page": asked})).number == given


def test_nobody_pages_through_a_million_rows() -> None:
    request = RequestFactory().get("/?page=99999")
    assert page_of(range(1_000_000), request).last == MOST_ROWS
    asked = window(request)
    assert asked.offset < MOST_ROWS
    assert not numbered([], 1_000_000, asked).is_counted


def test_paging_keeps_the_filters_and_a_new_filter_begins_at_the_first_page() -> None:
    html = _shown_at("/?q=a%26b&page=2", "{% query page=3 %} {% query q='c' %}")
    assert html == "?q=a%26b&amp;page=3 ?q=c"


def test_a_walk_leads_onward_and_back_to_the_beginning() -> None:
    request = RequestFactory().get("/?after=9")
    html = _shown_at("/?after=9", "{% paging page %}", page=walk(request, [1, 2], "11"))
    assert 'href="?after=11"' in html
    assert 'rel="first" href="/"' in html


@dataclass(frozen=True)
class _Named:
    name: str


def test_short_lists_are_searched_in_any_case() -> None:
    assert having([_Named("Indus"), _Named("Ravi")], " rAv", "name") == [_Named("Ravi")]


def test_a_chart_stands_beside_its_numbers() -> None:
    drawn = charts.by_day("Hits", [(date(2026, 11, 23), "high", 3)], ("Day", "Severity", "Hits"))
    html = _shown("{% chart drawn %}", drawn=drawn)
    assert "2026-11-23" in html
    assert 'type="application/json"' in html
    assert 'dir="ltr"' in html


def test_a_chart_without_numbers_says_so() -> None:
    assert "<script" not in _shown("{% chart drawn %}", drawn=charts.bars("Hits", [], ("a", "b")))


def test_the_longest_bar_is_on_top() -> None:
    values = charts.bars("x", [("a", 1), ("b", 5)], ("a", "b")).spec["data"]["values"]
    assert [row["label"] for row in values] == ["b", "a"]


def test_text_in_a_chart_cannot_end_the_data_block() -> None:
    drawn = charts.bars("x", [("</script><b>", 1)], ("a", "b"))
    assert "</script><b>" not in _shown("{% chart drawn %}", drawn=drawn)


def test_structures_are_shown_as_text() -> None:
    value: Mapping[str, Any] = {"a": "<b>", "when": datetime(2026, 1, 1, tzinfo=UTC)}
    assert "&lt;b&gt;" in _shown("{% json_pretty value %}", value=value)
