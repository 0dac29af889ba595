"""What an indicator is as the sum of its provenances: the rule, and the SQL that must say the same."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from tests.intel.conftest import MONDAY, enter

from tocsin.intel.actions.upsert import staging
from tocsin.intel.models import Delivery, Indicator, Source
from tocsin.intel.rules.effective import Said, effective, is_news
from tocsin.intel.rules.packing import Defaults, pack_rows
from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.observables import ObservableType
from tocsin.vocab.records import IndicatorRecord, Row

MOMENTS = [None, *(datetime(2026, 11, day, 1, 2, 3, tzinfo=UTC) for day in (1, 10, 20))]
SAID = some.builds(
    Said,
    tlp=some.sampled_from(Tlp),
    pap=some.sampled_from(Pap),
    confidence=some.integers(0, 100),
    valid_from=some.sampled_from(MOMENTS),
    valid_until=some.sampled_from(MOMENTS),
    is_revoked=some.booleans(),
    to_ids=some.booleans(),
)
PLAIN = Said(Tlp.GREEN, Pap.GREEN, 50, None, None, False, True)


def _with(**values: Any) -> Said:
    from dataclasses import replace

    return replace(PLAIN, **values)


def test_marking_is_the_strictest_even_of_those_withdrawn() -> None:
    assert effective([PLAIN, _with(tlp=Tlp.RED, pap=Pap.RED, is_revoked=True)]).tlp is Tlp.RED


def test_confidence_is_the_highest_of_those_that_stand() -> None:
    assert (
        effective([_with(confidence=30), _with(confidence=90, is_revoked=True), _with(confidence=60)]).confidence == 60
    )


def test_it_is_revoked_when_all_are() -> None:
    assert not effective([PLAIN, _with(is_revoked=True)]).is_revoked
    assert effective([_with(is_revoked=True)]).is_revoked


def test_an_open_end_keeps_the_validity_open() -> None:
    assert effective([_with(valid_until=MOMENTS[1]), PLAIN]).valid_until is None
    assert effective([_with(valid_until=MOMENTS[1]), _with(valid_until=MOMENTS[3])]).valid_until == MOMENTS[3]
    assert effective([_with(valid_from=MOMENTS[2]), _with(valid_from=MOMENTS[1])]).valid_from == MOMENTS[1]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (_with(valid_until=MOMENTS[3]), False),
        (_with(valid_until=MOMENTS[1]), True),
        (_with(valid_until=None), True),
        (_with(valid_until=MOMENTS[2]), False),
        (_with(valid_until=MOMENTS[3], tlp=Tlp.RED), True),
        (_with(valid_until=MOMENTS[2], confidence=51), True),
        (_with(valid_until=MOMENTS[2], is_revoked=True), True),
    ],
)
def test_a_later_end_alone_is_no_news(after: Said, expected: bool) -> None:
    assert is_news(_with(valid_until=MOMENTS[2]), after) is expected


def _record(said: Said, number: int) -> IndicatorRecord:
    return IndicatorRecord(
        ObservableType.DOMAIN,
        "evil.example",
        tlp=said.tlp,
        pap=said.pap,
        confidence=said.confidence,
        valid_from=said.valid_from,
        valid_until=said.valid_until,
        is_revoked=said.is_revoked,
        external_id=str(number),
        details={"to_ids": said.to_ids},
    )


def _write(records: list[IndicatorRecord], delivery: Delivery) -> None:
    feed = delivery.source.feeds.get()
    rows = (("list.txt", Row(line, (record,))) for line, record in enumerate(records, 1))
    with staging() as staged:
        for batch in pack_rows(Defaults(Tlp.AMBER, Pap.AMBER, 50, "other/other", None))(rows):
            staged.add(batch)
        staged.write(feed.pk, delivery.pk, MONDAY)


def _stored() -> tuple[Said, int]:
    row = Indicator.objects.get()
    said = Said(Tlp(row.tlp), Pap(row.pap), row.confidence, row.valid_from, row.valid_until, row.is_revoked, row.to_ids)
    return said, row.version


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=some.lists(SAID, min_size=1, max_size=4), second=some.lists(SAID, min_size=1, max_size=4))
def test_the_database_says_what_the_rule_says(first: list[Said], second: list[Said]) -> None:
    Indicator.objects.all().delete()
    if not Source.objects.exists():
        enter("partner", "plain/domains")
    source = Source.objects.get()
    delivery, _ = Delivery.objects.get_or_create(
        uid="00000000-0000-4000-8000-000000000001", source=source, feed="plain/domains", digest="1", received_at=MONDAY
    )
    _write([_record(said, number) for number, said in enumerate(first)], delivery)
    before = effective(first)
    assert _stored() == (before, 1)
    # the second delivery says something else under some of the same outside ids, and perhaps something more
    _write([_record(said, number + 1) for number, said in enumerate(second)], delivery)
    after = effective([first[0], *second, *first[1 + len(second) :]])
    assert _stored() == (after, 2 if is_news(before, after) else 1)


@pytest.mark.django_db
def test_text_that_databases_refuse_is_kept_with_a_replacement() -> None:
    enter("partner", "plain/domains")
    delivery = Delivery.objects.create(
        uid="00000000-0000-4000-8000-000000000001",
        source=Source.objects.get(),
        feed="plain/domains",
        digest="1",
        received_at=MONDAY,
    )
    record = IndicatorRecord(
        ObservableType.PATTERN,
        "null \0 and half \ud800",
        given="\0",
        malware="\udfff",
        description="a\0b",
        external_id="\ud800",
        tags=("\0", "\ud800", "راوی"),
        details={"\0key": ["\ud800"]},
    )
    _write([record], delivery)
    row = Indicator.objects.get()
    (provenance,) = row.provenances.select_related("statement")
    said = provenance.statement
    assert row.value == "null \ufffd and half \ufffd"
    assert (provenance.given, provenance.external_id, said.malware) == ("\ufffd", "\ufffd", "\ufffd")
    assert (said.description, said.tags, said.details) == (
        "a\ufffdb",
        ["\ufffd", "\ufffd", "راوی"],
        {"\ufffdkey": ["\ufffd"]},
    )
