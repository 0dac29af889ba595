"""Finding indicators: in any spelling, by their beginning, by who vouches for them; page by page."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.intel.conftest import enter

from tocsin.constituency.access import OPERATOR, STRANGER
from tocsin.intel import queries
from tocsin.intel.queries import IndicatorSearch
from tocsin.vocab.errors import NotFound
from tocsin.vocab.observables import ObservableType as T

VALUES = "evil.example\nevil.example.net\nevilest.example\nhttp://evil.example/Gate.php\n198.18.0.1\n198.18.0.1:443\n2001:db8::1\n"


@pytest.fixture
def known(take: Callable[..., Any]) -> None:
    from tocsin.formats.feed import Options

    enter("one", "plain/mixed")
    enter("two", "plain/domains", "maltrail/trails")
    take("one", "plain/mixed", VALUES)
    rat = Options(feed_arguments={"malware": "Rat"})
    take("two", "plain/domains", "evil.example\nother.example\n", options=rat)


def values(**wanted: Any) -> list[str]:
    return [row.value for row in queries.indicators(OPERATOR, IndicatorSearch(**wanted)).rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("evil.example", ["evil.example", "evil.example.net", "evil.example/gate.php"]),
        ("EVIL[.]example", ["evil.example", "evil.example.net", "evil.example/gate.php"]),
        ("evil.", ["evil.example", "evil.example.net", "evil.example/gate.php"]),
        ("evi", ["evil.example", "evil.example.net", "evilest.example", "evil.example/gate.php"]),
        ("hxxp://evil.example/Gate.php", ["evil.example/gate.php"]),
        ("http://www.evil.example/Gate.php", ["evil.example/gate.php"]),
        ("198.18.0.1", ["198.18.0.1", "198.18.0.1:443"]),
        ("198.18.0.1:443", ["198.18.0.1:443"]),
        ("198.18.", ["198.18.0.1", "198.18.0.1:443"]),
        ("2001:0DB8:0::1", ["2001:db8::1"]),
        ("  evilest.example ", ["evilest.example"]),
        ("nothing.example", []),
        ("%", []),
    ],
)
@pytest.mark.usefixtures("known")
def test_a_value_is_found_in_any_spelling_and_by_its_beginning(text: str, expected: list[str]) -> None:
    assert values(text=text) == expected


@pytest.mark.usefixtures("known")
def test_it_is_found_by_type_source_and_family_together() -> None:
    assert values(type=T.URL) == ["evil.example/gate.php"]
    assert values(type=T.DOMAIN, source="two") == ["other.example", "evil.example"]
    assert values(source="two", text="ev") == ["evil.example"]
    assert values(malware="rat") == ["other.example", "evil.example"]
    assert values(malware="Rat", source="one") == []
    assert values(malware="worm") == []
    assert values(source="three") == []
    assert len(values(source="one")) == 7
    assert values()[0] == "other.example", "the newest first"


@pytest.mark.parametrize(
    "wanted",
    [{}, {"text": "e"}, {"type": T.DOMAIN}, {"source": "one"}, {"malware": "Rat"}, {"source": "two", "text": "o"}],
)
@pytest.mark.usefixtures("known")
def test_pages_neither_skip_nor_repeat(wanted: dict[str, Any]) -> None:
    search = IndicatorSearch(**wanted)
    whole = [row.uid for row in queries.indicators(OPERATOR, search).rows]
    paged, after = [], None
    while True:
        page = queries.indicators(OPERATOR, search, after=after, size=1)
        paged += [row.uid for row in page.rows]
        after = page.next
        if after is None:
            break
    assert paged == whole
    assert list(queries.all_indicators(OPERATOR, search)) == list(queries.indicators(OPERATOR, search).rows)


@pytest.mark.parametrize("after", ["x", "0", "-1", "1.2", "99.1.x", "0.x.y", "9" * 30, "0.1."])
@pytest.mark.usefixtures("known")
def test_a_page_that_was_never_given_is_not_found(after: str) -> None:
    with pytest.raises(NotFound):
        queries.indicators(OPERATOR, IndicatorSearch(text="e"), after=after)


def test_values_longer_than_the_index_are_found_and_paged(take: Callable[..., Any]) -> None:
    enter("one", "plain/urls")
    long = "evil.example/" + "a" * 200
    take("one", "plain/urls", f"{long}1\n{long}2\n{long}3\n")
    assert sorted(values(text=long)) == [f"{long}1", f"{long}2", f"{long}3"]
    assert values(text=f"{long}2") == [f"{long}2"]
    first = queries.indicators(OPERATOR, IndicatorSearch(text=long), size=2)
    second = queries.indicators(OPERATOR, IndicatorSearch(text=long), after=first.next, size=2)
    assert sorted(row.value[-1] for row in (*first.rows, *second.rows)) == ["1", "2", "3"]


@pytest.mark.usefixtures("known")
def test_the_exact_value_is_found_or_nothing() -> None:
    found = queries.find_indicator(OPERATOR, "hxxp://EVIL[.]example/Gate.php")
    assert found is not None
    assert found.indicator.value == "evil.example/gate.php"
    assert queries.find_indicator(OPERATOR, "evil") is None
    assert queries.find_indicator(OPERATOR, "not an observable at all") is None


def test_a_tag_is_found_whole_and_in_any_case(take: Callable[..., Any]) -> None:
    import json

    enter("one", "misp/event")
    attributes = [
        {"type": "domain", "value": "a.example", "to_ids": True, "Tag": [{"name": "Pirate"}]},
        {"type": "domain", "value": "b.example", "to_ids": True, "Tag": [{"name": "rat"}]},
    ]
    take("one", "misp/event", json.dumps({"Event": {"info": "x", "Attribute": attributes}}), name="a.json")
    assert values(tag="RAT") == ["b.example"]
    assert values(tag="pirate") == ["a.example"]


@pytest.mark.usefixtures("known")
def test_who_may_not_read_is_told_that_there_is_nothing() -> None:
    for read in (
        lambda: queries.indicators(STRANGER, IndicatorSearch()),
        lambda: queries.sources(STRANGER),
        lambda: queries.deliveries(STRANGER),
        lambda: queries.situation(STRANGER),
        lambda: queries.warning_lists(STRANGER),
        lambda: queries.warning_matcher(STRANGER),
        lambda: queries.known_indicators(STRANGER, [1]),
        lambda: queries.committed_parts(STRANGER),
    ):
        with pytest.raises(NotFound):
            read()


@pytest.mark.usefixtures("known")
def test_the_figures_add_up() -> None:
    counts = queries.situation(OPERATOR)
    assert (counts.sources, counts.deliveries, counts.indicators, counts.matchable) == (2, 2, 8, 8)
    assert dict(counts.by_type)["domain-name"] == 4
