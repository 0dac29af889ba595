"""What goes into the lake: observations once, raw bytes for as long as agreed, warning lists whole."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.intel.conftest import MONDAY, TUESDAY, enter

from tocsin.constituency.access import OPERATOR
from tocsin.intel import actions, jobs, queries
from tocsin.jobs.holdings import committed, the_lake
from tocsin.vocab.errors import Conflict, NotFound
from tocsin.vocab.observables import ObservableType as T

Take = Callable[..., Any]


def report(*addresses: str, day: int = 22) -> str:
    """A Shadowserver report about open time servers."""
    rows = [
        {"timestamp": f"2026-11-{day} 03:04:05Z", "ip": ip, "protocol": "udp", "port": 123, "severity": "medium"}
        for ip in addresses
    ]
    return json.dumps(rows)


def observed() -> list[dict[str, Any]]:
    """All observations that count."""
    parts = {"observations": queries.committed_parts(OPERATOR)}
    found: list[dict[str, Any]] = the_lake().query("SELECT * FROM observations ORDER BY ip", parts).to_pylist()
    return found


def test_observations_go_into_one_part_of_the_lake(take: Take) -> None:
    enter("shadowserver", "shadowserver/scan_ntp", tlp="green", confidence=80)
    taken = take("shadowserver", "shadowserver/scan_ntp", report("198.18.9.1", "198.18.9.2"), name="a.json")
    assert (taken.observations, str(taken.accounts)) == (2, "received 2 = kept 2 + duplicate 0 + rejected 0")
    first = observed()[0]
    assert (first["source"], first["feed"], first["delivery"]) == (
        "shadowserver",
        "shadowserver/scan_ntp",
        str(taken.uid),
    )
    assert (first["asset"], first["tlp"], first["confidence"]) == ("198.18.9.1:123/udp", "green", 80)
    assert set(committed().parts) == set(queries.committed_parts(OPERATOR))


def test_what_the_same_feed_said_before_is_a_duplicate(take: Take) -> None:
    enter("shadowserver", "shadowserver/scan_ntp")
    take("shadowserver", "shadowserver/scan_ntp", report("198.18.9.1", "198.18.9.2"), name="a.json")
    again = take("shadowserver", "shadowserver/scan_ntp", report("198.18.9.2", "198.18.9.3"), name="b.json", at=TUESDAY)
    assert str(again.accounts) == "received 2 = kept 1 + duplicate 1 + rejected 0"
    assert [row["ip"] for row in observed()] == ["198.18.9.1", "198.18.9.2", "198.18.9.3"]
    nothing_new = take("shadowserver", "shadowserver/scan_ntp", report("198.18.9.3"), name="c.json", at=TUESDAY)
    assert (nothing_new.observations, nothing_new.accounts.duplicate) == (0, 1)
    assert len(observed()) == 3


def test_the_same_from_another_source_is_one_more(take: Take) -> None:
    enter("one", "shadowserver/scan_ntp")
    enter("two", "shadowserver/scan_ntp")
    take("one", "shadowserver/scan_ntp", report("198.18.9.1"), name="a.json")
    take("two", "shadowserver/scan_ntp", report("198.18.9.1"), name="a.json")
    assert [row["source"] for row in observed()] != []
    assert len({row["uid"] for row in observed()}) == 2


def test_the_same_on_another_day_is_one_more(take: Take) -> None:
    enter("one", "shadowserver/scan_ntp")
    take("one", "shadowserver/scan_ntp", report("198.18.9.1", day=21), name="a.json")
    take("one", "shadowserver/scan_ntp", report("198.18.9.1", day=22), name="b.json")
    assert len(observed()) == 2


def test_a_delivery_waits_its_turn_and_then_says_who_is_writing(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    from tocsin.intel.actions import ingesting

    monkeypatch.setattr(ingesting, "WAIT_SECONDS", 0.1)
    enter("one", "shadowserver/scan_ntp")
    with the_lake().writing(), pytest.raises(Conflict, match="is being written by process"):
        take("one", "shadowserver/scan_ntp", report("198.18.9.1"), name="a.json")
    assert take("one", "shadowserver/scan_ntp", report("198.18.9.1"), name="a.json").observations == 1


def test_a_delivery_of_indicators_does_not_wait_for_the_lake(take: Take) -> None:
    enter("one", "plain/domains")
    with the_lake().writing():
        assert take("one", "plain/domains", "evil.example\n").upserted.new == 1


def test_raw_bytes_are_buried_when_their_time_is_over(take: Take) -> None:
    enter("one", "plain/domains", retain_for=10)
    taken = take("one", "plain/domains", "evil.example\n")
    (file,) = queries.delivery_files(OPERATOR, taken.uid)
    assert actions.bury_expired(actor=OPERATOR, at=MONDAY + timedelta(days=10)) == 0
    later = MONDAY + timedelta(days=10, seconds=1)
    assert actions.bury_expired(actor=OPERATOR, at=later) == 1
    assert actions.bury_expired(actor=OPERATOR, at=later) == 0
    assert queries.delivery_files(OPERATOR, taken.uid)[0].buried_at == later
    with pytest.raises(NotFound, match="kept for 10 days, as agreed with one"):
        the_lake().raw.open(file.sha256)


def test_bytes_that_another_source_may_still_keep_are_kept_until_that_one_ends(take: Take) -> None:
    enter("short", "plain/domains", retain_for=10)
    enter("long", "plain/domains", retain_for=100)
    taken = take("short", "plain/domains", "evil.example\n")
    take("long", "plain/domains", "evil.example\n")
    (file,) = queries.delivery_files(OPERATOR, taken.uid)
    actions.bury_expired(actor=OPERATOR, at=MONDAY + timedelta(days=50))
    assert the_lake().raw.has(file.sha256)
    actions.bury_expired(actor=OPERATOR, at=MONDAY + timedelta(days=101))
    assert not the_lake().raw.has(file.sha256)


def test_handing_in_again_what_is_buried_does_not_dig_it_up(take: Take) -> None:
    enter("one", "plain/domains", retain_for=10)
    taken = take("one", "plain/domains", "evil.example\n")
    actions.bury_expired(actor=OPERATOR, at=MONDAY + timedelta(days=11))
    assert take("one", "plain/domains", "evil.example\n", at=MONDAY + timedelta(days=12)).is_unchanged
    (file,) = queries.delivery_files(OPERATOR, taken.uid)
    assert not the_lake().raw.has(file.sha256)


def test_the_nightly_jobs_say_what_they_did(take: Take) -> None:
    enter("one", "plain/domains")
    take("one", "plain/domains", "evil.example\n")
    assert jobs.retain.call() == "buried 0 files whose time was over"
    assert jobs.sweep.call() == "swept 0 parts and 0 raw files that counted nowhere"
    assert len(jobs.holdings("default").raw) == 1


def warning_list(*values: str, name: str = "Good sites", kind: str = "hostname", version: int = 1) -> str:
    return json.dumps({"name": name, "version": version, "type": kind, "list": list(values)})


def test_a_warning_list_is_replaced_whole(take: Take) -> None:
    enter("misp", "misp/warning-lists")
    first = take("misp", "misp/warning-lists", warning_list("a.example", "b.example"), name="list.json")
    assert first.lists == ("Good sites",)
    assert queries.warning_matcher(OPERATOR).known_good(T.DOMAIN, "a.example") == ("Good sites",)
    take("misp", "misp/warning-lists", warning_list("b.example", "c.example", version=2), name="list.json", at=TUESDAY)
    (view,) = queries.warning_lists(OPERATOR)
    assert (view.slug, view.size, view.version, view.scope) == ("good-sites", 2, "2", "as-kind")
    assert queries.warning_list_entries(OPERATOR, "good-sites").rows == ("b.example", "c.example")
    matcher = queries.warning_matcher(OPERATOR)
    assert matcher.known_good(T.DOMAIN, "a.example") == ()
    assert matcher.known_good(T.DOMAIN, "x.c.example") == ("Good sites",)


def test_a_list_that_has_not_changed_stays_as_it_is(take: Take) -> None:
    enter("misp", "misp/warning-lists")
    take("misp", "misp/warning-lists", warning_list("a.example"), name="one.json")
    again = take("misp", "misp/warning-lists", warning_list("a.example"), name="two.json", at=TUESDAY)
    assert again.lists == ()
    assert queries.warning_list(OPERATOR, "good-sites").changed_at == MONDAY


def test_a_list_that_is_switched_off_knows_nothing_as_good(take: Take) -> None:
    enter("misp", "misp/warning-lists")
    take("misp", "misp/warning-lists", warning_list("a.example"), name="one.json")
    actions.enable_warning_list(actor=OPERATOR, slug="good-sites", is_enabled=False, at=TUESDAY)
    assert queries.warning_matcher(OPERATOR).known_good(T.DOMAIN, "a.example") == ()
    actions.enable_warning_list(actor=OPERATOR, slug="good-sites", is_enabled=True, at=TUESDAY)
    assert queries.warning_matcher(OPERATOR).known_good(T.DOMAIN, "a.example") == ("Good sites",)
    with pytest.raises(NotFound, match="tocsin warning-list list"):
        actions.enable_warning_list(actor=OPERATOR, slug="absent", is_enabled=True, at=TUESDAY)


def test_a_popularity_list_is_stored_with_its_narrow_scope(take: Take) -> None:
    enter("misp", "misp/warning-lists")
    take("misp", "misp/warning-lists", warning_list("good.example", name="Tranco top sites"), name="one.json")
    matcher = queries.warning_matcher(OPERATOR)
    assert matcher.known_good(T.DOMAIN, "good.example") == ("Tranco top sites",)
    assert matcher.known_good(T.DOMAIN, "www.good.example") == ()


def test_a_listed_indicator_is_kept_and_shown_as_known_good(take: Take) -> None:
    enter("misp", "misp/warning-lists")
    enter("one", "plain/domains")
    take("misp", "misp/warning-lists", warning_list("good.example"), name="one.json")
    take("one", "plain/domains", "good.example\n")
    detail = queries.find_indicator(OPERATOR, "good.example")
    assert detail is not None
    assert detail.known_good == ("Good sites",)
    assert actions.compile_current_set(actor=OPERATOR).indicators == 1


def test_two_sources_may_have_lists_of_one_name(take: Take) -> None:
    enter("one", "misp/warning-lists")
    enter("two", "misp/warning-lists")
    take("one", "misp/warning-lists", warning_list("a.example"), name="one.json")
    take("two", "misp/warning-lists", warning_list("b.example"), name="one.json")
    assert sorted(view.slug for view in queries.warning_lists(OPERATOR)) == ["good-sites", "good-sites-two-2"]
