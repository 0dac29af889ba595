"""Taking deliveries in: every row accounted for, every provenance kept, nothing doubled."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.intel.conftest import MONDAY, TUESDAY, enter

from tocsin.constituency import queries as constituency
from tocsin.constituency.access import OPERATOR, STRANGER
from tocsin.intel import actions, queries
from tocsin.intel.actions import IngestReport
from tocsin.intel.queries import IndicatorDetail, IndicatorSearch
from tocsin.jobs import changes
from tocsin.vocab.errors import Conflict, NotFound, UnknownName, Unreadable
from tocsin.vocab.identity import indicator_id
from tocsin.vocab.markings import Pap, Tlp

Take = Callable[..., IngestReport]

TRAILS = "# Aliases: rat\n\n# Reference: https://one.example/\n\nevil.example\n198.18.0.1:8080\nnot a trail at all\n"


def found(value: str, kind: str = "domain-name") -> IndicatorDetail:
    return queries.indicator(OPERATOR, indicator_id(kind, value))


def bundle(*indicators: dict[str, Any]) -> str:
    """A STIX bundle of indicators about domains; each needs at least a ``name``, its domain."""
    made = [
        {
            "type": "indicator",
            "spec_version": "2.1",
            "id": f"indicator--00000000-0000-4000-8000-{number:012d}",
            "created": "2026-11-01T00:00:00.000Z",
            "modified": "2026-11-01T00:00:00.000Z",
            "pattern_type": "stix",
            "pattern": f"[domain-name:value = '{given['name']}']",
            "valid_from": "2026-11-01T00:00:00Z",
            **given,
        }
        for number, given in enumerate(indicators)
    ]
    return json.dumps({"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000000", "objects": made})


def test_a_source_that_nobody_has_entered_is_refused_and_the_answer_tells_how_to_enter_it(take: Take) -> None:
    with pytest.raises(UnknownName, match=r"tocsin source add partner --feed plain/domains"):
        take("partner", "plain/domains", "evil.example\n")
    assert queries.deliveries(OPERATOR).rows == ()


def test_a_feed_that_its_source_does_not_publish_is_refused(take: Take) -> None:
    enter("partner", "plain/domains")
    with pytest.raises(UnknownName, match="does not publish 'plain/urls' but plain/domains"):
        take("partner", "plain/urls", "evil.example/x\n")


def test_a_source_that_is_switched_off_gives_nothing(take: Take) -> None:
    enter("partner", "plain/domains", is_enabled=False)
    with pytest.raises(Conflict, match="switched off"):
        take("partner", "plain/domains", "evil.example\n")


def test_who_may_not_ingest_is_told_that_there_is_nothing(db: Any) -> None:
    with pytest.raises(NotFound):
        actions.ingest(actor=STRANGER, source="partner", feed="plain/domains", paths=["x"])


def test_the_books_balance_and_every_rejected_row_is_kept_with_its_place(take: Take) -> None:
    enter("partner", "plain/domains")
    report = take("partner", "plain/domains", "# head\nevil.example\nEVIL.example.\nno domain!\nbad.example\n")
    assert str(report.accounts) == "received 4 = kept 2 + duplicate 1 + rejected 1"
    delivery = queries.delivery(OPERATOR, report.uid)
    assert delivery.accounts == report.accounts
    assert delivery.accounts.is_balanced
    (row,) = queries.rejected_rows(OPERATOR, report.uid).rows
    assert (row.member, row.line, row.raw) == ("list.txt", 4, "no domain!")
    assert row.problem


def test_raw_bytes_are_kept_as_received(take: Take) -> None:
    from tocsin.jobs.holdings import the_lake

    enter("partner", "plain/domains")
    report = take("partner", "plain/domains", "evil.example\n")
    (file,) = queries.delivery_files(OPERATOR, report.uid)
    assert the_lake().raw.open(file.sha256).read() == b"evil.example\n"


def test_where_a_record_is_silent_its_source_speaks(take: Take) -> None:
    enter("partner", "plain/domains", tlp="green", pap="clear", confidence=70, valid_for=30)
    take("partner", "plain/domains", "evil.example\n")
    view = found("evil.example").indicator
    assert (view.tlp, view.pap, view.confidence) == (Tlp.GREEN, Pap.CLEAR, 70)
    assert (view.valid_from, view.valid_until) == (None, MONDAY + timedelta(days=30))
    assert (view.first_seen_at, view.last_seen_at, view.version) == (MONDAY, MONDAY, 1)


def test_a_source_begins_at_amber(take: Take) -> None:
    enter("partner", "plain/domains")
    take("partner", "plain/domains", "evil.example\n")
    assert (found("evil.example").indicator.tlp, found("evil.example").indicator.pap) == (Tlp.AMBER, Pap.AMBER)


def test_what_a_record_says_itself_wins_over_its_source(take: Take) -> None:
    enter("partner", "stix/bundle", confidence=70, valid_for=30, tlp="red")
    clear = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"  # TLP:WHITE of STIX 2.1 §7.2.1.4
    said = {
        "name": "evil.example",
        "confidence": 10,
        "valid_until": "2026-12-24T00:00:00Z",
        "object_marking_refs": [clear],
    }
    take("partner", "stix/bundle", bundle(said), name="a.json")
    view = found("evil.example").indicator
    assert (view.tlp, view.confidence) == (Tlp.CLEAR, 10)
    assert view.valid_until is not None
    assert view.valid_until.isoformat() == "2026-12-24T00:00:00+00:00"


def test_the_same_delivery_again_changes_nothing(take: Take) -> None:
    enter("partner", "maltrail/trails", valid_for=30)
    first = take("partner", "maltrail/trails", TRAILS, name="rat.txt")
    again = take("partner", "maltrail/trails", TRAILS, name="rat.txt", at=TUESDAY)
    assert not first.is_unchanged
    assert again.is_unchanged
    assert (again.uid, again.accounts) == (first.uid, first.accounts)
    detail = found("evil.example")
    assert detail.indicator.last_seen_at == MONDAY
    assert detail.provenances[0].count == 1
    assert len(queries.deliveries(OPERATOR).rows) == 1


def test_the_same_bytes_read_in_another_way_are_another_delivery(take: Take) -> None:
    from tocsin.formats.feed import Options

    enter("partner", "plain/domains")
    take("partner", "plain/domains", "evil.example\n")
    other = take("partner", "plain/domains", "evil.example\n", options=Options(feed_arguments={"malware": "rat"}))
    assert not other.is_unchanged
    assert [one.malware for one in found("evil.example").provenances] == [None, "rat"]


def test_the_next_days_list_is_seen_again_and_adds_no_rows(take: Take) -> None:
    enter("partner", "maltrail/trails", valid_for=30)
    take("partner", "maltrail/trails", TRAILS, name="rat.txt")
    report = take("partner", "maltrail/trails", f"{TRAILS}new.example\n", name="rat.txt", at=TUESDAY)
    assert (report.upserted.new, report.upserted.seen) == (1, 2)
    detail = found("evil.example")
    assert (detail.indicator.first_seen_at, detail.indicator.last_seen_at) == (MONDAY, TUESDAY)
    assert detail.indicator.valid_until == TUESDAY + timedelta(days=30)
    assert detail.indicator.version == 1, "the same said again later is no new version"
    (provenance,) = detail.provenances
    assert (provenance.count, provenance.first_delivery_at, provenance.last_delivery_at) == (2, MONDAY, TUESDAY)


def test_one_value_in_two_families_and_two_sources_keeps_every_provenance(take: Take, tmp_path: Path) -> None:
    enter("maltrail", "maltrail/trails")
    enter("partner", "plain/domains", tlp="amber+strict", pap="green", confidence=90)
    for name in ("rat.txt", "worm.txt"):
        (tmp_path / "trails").mkdir(exist_ok=True)
        (tmp_path / "trails" / name).write_text("evil.example\n")
    actions.ingest(actor=OPERATOR, source="maltrail", feed="maltrail/trails", paths=[tmp_path / "trails"], at=MONDAY)
    assert len(found("evil.example").provenances) == 2
    take("partner", "plain/domains", "evil.example\n", at=TUESDAY)
    detail = found("evil.example")
    assert [(one.source, one.malware) for one in detail.provenances] == [
        ("partner", None),
        ("maltrail", "rat"),
        ("maltrail", "worm"),
    ]
    view = detail.indicator
    assert (view.tlp, view.pap, view.confidence, view.version) == (Tlp.AMBER_STRICT, Pap.AMBER, 90, 2)
    assert (view.malware, view.sources) == (("rat", "worm"), ("maltrail", "partner"))
    assert queries.situation(OPERATOR).indicators == 1


def test_a_provenance_names_the_member_and_line_of_its_last_delivery(take: Take) -> None:
    enter("partner", "maltrail/trails")
    take("partner", "maltrail/trails", TRAILS, name="rat.txt")
    (provenance,) = found("evil.example").provenances
    assert (provenance.member, provenance.line, provenance.malware) == ("rat.txt", 5, "rat")
    assert provenance.references == ("https://one.example/",)


def test_an_indicator_is_revoked_when_all_who_vouch_for_it_have_withdrawn(take: Take) -> None:
    enter("one", "stix/bundle")
    enter("two", "plain/domains")
    take("one", "stix/bundle", bundle({"name": "evil.example"}, {"name": "only.example"}), name="a.json")
    take("two", "plain/domains", "evil.example\n")
    withdrawn = bundle({"name": "evil.example", "revoked": True}, {"name": "only.example", "revoked": True})
    report = take("one", "stix/bundle", withdrawn, name="a.json", at=TUESDAY)
    assert report.upserted.retracted == 1
    assert found("only.example").indicator.is_revoked
    assert found("only.example").indicator.version == 2
    assert not found("evil.example").indicator.is_revoked
    assert [one.is_revoked for one in found("evil.example").provenances] == [False, True]
    (told,) = changes.since("test", kinds=["indicators-retracted"])
    assert (told.subject, told.detail) == (str(report.uid), {"count": 1})


def test_a_file_that_cannot_be_read_to_its_end_leaves_nothing_but_a_line_in_the_audit_log(
    db: Any, tmp_path: Path
) -> None:
    enter("partner", "plain/domains")
    path = tmp_path / "cut.gz"
    import gzip

    path.write_bytes(gzip.compress(b"evil.example\n" * 1000)[:-12])
    with pytest.raises(Unreadable):
        actions.ingest(actor=OPERATOR, source="partner", feed="plain/domains", paths=[path])
    assert queries.deliveries(OPERATOR).rows == ()
    assert queries.situation(OPERATOR).indicators == 0
    (line,) = constituency.audit_entries(OPERATOR, action="intel.delivery-refused").rows
    assert "cut.gz" in line.detail["problem"]


def test_a_missing_file_is_one_clear_sentence(db: Any, tmp_path: Path) -> None:
    enter("partner", "plain/domains")
    with pytest.raises(Unreadable, match=r"absent\.txt: cannot be read \(no such file or directory\)"):
        actions.ingest(actor=OPERATOR, source="partner", feed="plain/domains", paths=[tmp_path / "absent.txt"])


def test_what_cannot_be_matched_is_kept_and_marked(take: Take) -> None:
    enter("partner", "maltrail/trails")
    take("partner", "maltrail/trails", "/gate.php?id=1\n", name="rat.txt")
    (view,) = queries.indicators(OPERATOR, IndicatorSearch()).rows
    assert (view.type, view.is_matchable) == ("url-path", False)


def test_a_large_delivery_is_parsed_in_another_process_with_the_same_result(
    take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tocsin.formats import parallel

    monkeypatch.setattr(parallel, "WORTH_A_PROCESS", 0)
    enter("partner", "maltrail/trails")
    report = take("partner", "maltrail/trails", TRAILS, name="rat.txt")
    assert str(report.accounts) == "received 3 = kept 2 + duplicate 0 + rejected 1"
    assert found("198.18.0.1:8080", "ip-port").indicator.malware == ("rat",)


def test_what_the_other_process_cannot_read_is_refused_like_here(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    from tocsin.formats import parallel

    monkeypatch.setattr(parallel, "WORTH_A_PROCESS", 0)
    enter("partner", "misp/warning-lists")
    with pytest.raises(Unreadable, match=r"list\.json"):
        take("partner", "misp/warning-lists", '{"name": "x", "type": "no such type", "list": []}', name="list.json")


def test_a_delivery_is_in_the_audit_log_and_the_change_log(take: Take) -> None:
    enter("partner", "plain/domains")
    report = take("partner", "plain/domains", "evil.example\n")
    (line,) = constituency.audit_entries(OPERATOR, action="intel.delivery-ingested").rows
    assert (line.subject, line.actor_name) == (str(report.uid), "operator")
    kinds = [change.kind for change in changes.since("test")]
    assert kinds == ["delivery-committed", "indicators-added"]
