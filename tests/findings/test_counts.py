"""The figures of the situation page, and how the database finds what pages show."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.cast import INDUS_POWER, KARAKORAM_BANK
from tests.findings.conftest import Reports, absorb, found, infected

from tocsin.constituency.access import OPERATOR
from tocsin.findings import actions, queries
from tocsin.findings.models import Finding
from tocsin.findings.rules import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(reports: Reports) -> None:
    """Five findings of two constituents on two days; one of them a false positive."""
    rows = [infected(f"198.18.20.{host}", at="2026-11-20T12:00:00Z") for host in range(3)]
    weak = ("2026-11-22T12:00:00Z", "198.18.10.1", "vulnerable-system", "open-telnet", "", "")
    reports.take("one", [*rows, infected("198.18.10.1", at="2026-11-22T12:00:00Z"), weak])
    absorb()
    reference = found(text="198.18.20.0")[0].reference
    actions.triage(actor=OPERATOR, reference=reference, state=State.FALSE_POSITIVE, reason="a test of ours")


def test_figures_count_what_is_open_by_severity_class_sector_organisation_and_day(known: None) -> None:
    counted = queries.counts(OPERATOR)
    assert (counted.all, counted.open, counted.organisations) == (5, 4, 2)
    assert counted.by_severity == (("high", 3), ("medium", 1))
    assert counted.by_classification == (("malicious-code/infected-system", 3), ("vulnerable/vulnerable-system", 1))
    assert [(slug, number) for slug, _, _, number in counted.by_organisation] == [(INDUS_POWER, 2), (KARAKORAM_BANK, 2)]
    assert [(slug, name, number) for slug, name, _, number in counted.by_sector] == [
        ("energy", "Energy", 2),
        ("finance", "Finance", 2),
    ]
    assert counted.by_day == (("2026-11-20", 3), ("2026-11-22", 2))
    assert queries.open_by_organisation(OPERATOR) == {INDUS_POWER: 2, KARAKORAM_BANK: 2}


def test_days_end_where_it_is_said_and_a_clock_that_is_ahead_moves_nothing(known: None, reports: Reports) -> None:
    until = datetime(2026, 11, 21, tzinfo=UTC)
    assert queries.counts(OPERATOR, until=until).by_day == (("2026-11-20", 3),)
    assert queries.counts(OPERATOR, days=1, until=datetime(2026, 11, 22, 12, tzinfo=UTC)).by_day == (("2026-11-22", 2),)
    reports.take("ahead", [infected("198.18.10.9", at="2099-01-01T00:00:00Z")])
    absorb()
    shown = dict(queries.counts(OPERATOR).by_day)
    assert "2099-01-01" not in shown


def test_no_figures_of_nothing_are_a_fault(constituency: None) -> None:
    counted = queries.counts(OPERATOR)
    assert (counted.all, counted.open, counted.by_day, counted.by_severity) == (0, 0, (), ())


def _plans(search: queries.FindingSearch) -> str:
    """How SQLite finds a page: the plan of each question."""
    with CaptureQueriesContext(connection) as captured:
        queries.findings(OPERATOR, search)
    plans = []
    with connection.cursor() as cursor:
        for asked in captured.captured_queries:
            cursor.execute("EXPLAIN QUERY PLAN " + asked["sql"])
            plans += [row[-1] for row in cursor.fetchall()]
    return "\n".join(plans)


def test_a_page_is_walked_in_the_order_of_an_index_and_never_sorted_whole(known: None) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL plans small tables differently")
    plan = _plans(queries.FindingSearch())
    assert "SCAN findings_finding USING COVERING INDEX finding_order" in plan
    assert Finding.objects.count() == 5
