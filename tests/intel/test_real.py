"""Real lists, whole."""

from pathlib import Path

import pytest
from tests.intel.conftest import MONDAY, TUESDAY, enter

from tocsin.constituency.access import OPERATOR
from tocsin.intel import actions, queries
from tocsin.intel.queries import IndicatorSearch
from tocsin.vocab.observables import ObservableType as T


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.django_db
def test_every_row_of_the_trails_is_accounted_for(real_data: Path) -> None:
    enter("maltrail", "maltrail/trails")
    trails = [real_data / "blocklists" / "maltrail-static-trails.tar.xz"]
    report = actions.ingest(actor=OPERATOR, source="maltrail", feed="maltrail/trails", paths=trails, at=MONDAY)
    accounts = report.accounts
    assert accounts.received == 1_283_217
    assert accounts.is_balanced
    assert accounts.rejected < 1000
    delivery = queries.delivery(OPERATOR, report.uid)
    assert (delivery.accounts, delivery.indicators_new) == (accounts, report.upserted.new)

    counts = queries.situation(OPERATOR)
    assert counts.indicators == report.upserted.new > 1_200_000
    assert counts.matchable < counts.indicators, "paths without a host and patterns are kept, and not matchable"
    assert dict(counts.by_type)[T.URL_PATH] > 0

    again = actions.ingest(actor=OPERATOR, source="maltrail", feed="maltrail/trails", paths=trails, at=TUESDAY)
    assert again.is_unchanged

    for text in ("whatismyipaddress.com", "weebly.com", "freegeoip.net"):
        page = queries.indicators(OPERATOR, IndicatorSearch(text=text))
        assert page.rows[0].value == text


@pytest.mark.real
@pytest.mark.django_db
def test_every_real_warning_list_loads(real_data: Path) -> None:
    enter("misp", "misp/warning-lists")
    report = actions.ingest(
        actor=OPERATOR, source="misp", feed="misp/warning-lists", paths=[real_data / "warninglists"], at=MONDAY
    )
    assert report.accounts.is_balanced
    assert len(report.lists) >= 43
    views = {view.slug: view for view in queries.warning_lists(OPERATOR)}
    assert views["top-10k-most-used-sites-from-tranco"].scope == "exact-host"
    matcher = queries.warning_matcher(OPERATOR)
    assert "List of RFC 1918 CIDR blocks" in matcher.known_good(T.IPV4, "10.0.0.1")
