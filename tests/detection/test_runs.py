"""A run over logs, with the real engine, lake and deliveries: what is found, whom it concerns, what comes of it."""

import gzip
import io
import sys
import tarfile
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.cast import HANDED_OVER_AT, INDUS_POWER, KARAKORAM_BANK, RAVI_NET
from tests.detection.conftest import AFTERNOON, C2, INFECTED, MORNING, Intelligence, asked, hits_of, line, run, stix

from tocsin.constituency import queries as constituency
from tocsin.constituency.access import OPERATOR, STRANGER, Viewer
from tocsin.detection import actions, queries
from tocsin.detection.actions.judging import Judge
from tocsin.detection.models import Hit, HitParty, RunFile
from tocsin.engine import Hit as RawHit
from tocsin.engine.facts import reader_of
from tocsin.intel import actions as intel
from tocsin.jobs import changes
from tocsin.jobs.holdings import the_lake
from tocsin.vocab.errors import NotFound, UnknownName, Unreadable

pytestmark = pytest.mark.django_db


def observations(*columns: str) -> list[tuple[object, ...]]:
    """These columns of all observations that count, in order."""
    names = ", ".join(columns)
    sql = f"SELECT {names} FROM observations ORDER BY ALL"  # noqa: S608 (columns of this file)
    found = the_lake().query(sql, {"observations": queries.committed_parts(OPERATOR)})
    return [tuple(row.values()) for row in found.to_pylist()]


def test_a_hit_keeps_its_line_its_indicator_and_its_run(intelligence: Intelligence, tmp_path: Path) -> None:
    log = tmp_path / "dns.log"
    log.write_bytes(asked(MORNING, "198.18.10.7", "fine.example") + asked(MORNING, "198.18.10.7", "www.c2.example"))
    report = run(log, owner=INDUS_POWER)
    (hit,) = hits_of(report)
    assert (hit.file, hit.line, hit.indicator_value, hit.indicator_version) == (str(log), 2, "c2.example", 1)
    assert hit.evidence == asked(MORNING, "198.18.10.7", "www.c2.example").decode().rstrip("\n")
    assert (hit.observed_at, hit.time_is_assumed, hit.outcome) == (MORNING, False, "counted")
    assert [(party.organisation, party.address, party.because) for party in hit.parties] == [
        (INDUS_POWER, "198.18.10.7", "network-owner")
    ]
    seen = queries.run(OPERATOR, UUID(report.uid))
    assert (seen.state, seen.hits, seen.counted, seen.lines, seen.bytes) == ("done", 1, 1, 2, log.stat().st_size)
    assert [(file.name, file.lines, file.hits) for file in queries.run_files(OPERATOR, seen.uid)] == [(str(log), 2, 1)]


def test_what_a_hit_says_becomes_an_observation_with_the_marking_of_its_indicator(
    intelligence: Intelligence, tmp_path: Path
) -> None:
    log = tmp_path / "dns.log"
    log.write_bytes(asked(MORNING, "198.18.10.7", "c2.example"))
    run(log, owner=INDUS_POWER)
    ((*said, details),) = observations(
        "source", "feed", "observed_at", "ip", "classification", "identifier", "malware", "tlp", "line", "details"
    )
    assert said == [
        "log:indus-power", "detection/logs", MORNING, "198.18.10.7", INFECTED, "c2.example", "mirai", "green", 1,
    ]  # fmt: skip
    assert '"extra.sources":["partner"]' in str(details)


@pytest.mark.parametrize(
    ("name", "at", "outcome"),
    [
        ("c2.example", MORNING, "counted"),
        ("ended.example", HANDED_OVER_AT - timedelta(microseconds=1), "counted"),
        ("ended.example", HANDED_OVER_AT, "expired"),
        ("early.example", MORNING, "not-yet-valid"),
        ("early.example", MORNING + timedelta(days=1), "counted"),
        ("good.example", MORNING, "known-good"),
    ],
)
def test_only_what_stood_at_the_time_of_the_line_and_is_not_known_good_counts(
    intelligence: Intelligence, tmp_path: Path, name: str, at: object, outcome: str
) -> None:
    log = tmp_path / "dns.log"
    log.write_bytes(asked(at, "198.18.10.7", name))  # type: ignore[arg-type]
    report = run(log)
    (hit,) = hits_of(report)
    assert (hit.outcome, hit.known_good) == (outcome, "Good sites" if outcome == "known-good" else "")
    assert report.by_outcome == {outcome: 1}
    counts = outcome == "counted"
    assert (bool(hit.parties), len(observations("uid")), report.affected) == (
        counts, int(counts), {INDUS_POWER: 1} if counts else {},
    )  # fmt: skip


def test_what_is_for_context_only_is_not_looked_for(intelligence: Intelligence, tmp_path: Path) -> None:
    log = tmp_path / "dns.log"
    log.write_bytes(
        asked(MORNING, "198.18.10.7", "context.example") + asked(MORNING, "198.18.10.7", "campaign.example")
    )
    assert [hit.indicator_value for hit in hits_of(run(log))] == ["campaign.example"]


def test_what_was_withdrawn_is_not_looked_for_and_does_not_count_in_a_run_that_had_begun(
    intelligence: Intelligence, tmp_path: Path
) -> None:
    compiled = intel.compile_current_set(actor=OPERATOR)
    before = stix({"name": "ended.example"}, {"name": "early.example", "revoked": True})
    intelligence.take("partner", "stix/bundle", before, at=AFTERNOON)
    text = asked(MORNING, "198.18.10.7", "early.example")
    log = tmp_path / "dns.log"
    log.write_bytes(text)
    assert hits_of(run(log)) == ()
    judge = Judge(OPERATOR, compiled, None, MORNING)
    found = [
        judged.outcome.value
        for position in range(compiled.indicators)
        for judged in judge.judge([RawHit(1, position, text)], reader_of(text))
        if judged.indicator.value == "early.example"
    ]
    assert found == ["revoked"]


def test_a_network_that_changed_hands_that_day_is_each_owners_in_its_time(
    intelligence: Intelligence, tmp_path: Path
) -> None:
    log = tmp_path / "dns.log"
    log.write_bytes(
        asked(HANDED_OVER_AT - timedelta(seconds=1), "198.18.40.9", "c2.example")
        + asked(HANDED_OVER_AT, "198.18.40.9", "c2.example")
    )
    report = run(log, owner=RAVI_NET)
    assert [hit.parties[0].organisation for hit in hits_of(report)] == [KARAKORAM_BANK, INDUS_POWER]
    assert report.affected == {INDUS_POWER: 1, KARAKORAM_BANK: 1}


@pytest.mark.parametrize(
    ("client", "server", "owner", "parties"),
    [
        ("198.18.10.7", "203.0.113.5", RAVI_NET, [(INDUS_POWER, "198.18.10.7", "network-owner")]),
        ("10.0.0.5", "203.0.113.5", INDUS_POWER, [(INDUS_POWER, "10.0.0.5", "log-owner-private")]),
        ("10.0.0.5", "203.0.113.5", None, [(None, "10.0.0.5", "nobodys")]),
        (None, None, KARAKORAM_BANK, [(KARAKORAM_BANK, "", "log-owner-unnamed")]),
        ("240.0.0.9", "203.0.113.5", INDUS_POWER, [(None, "240.0.0.9", "nobodys")]),
    ],
)
def test_whom_a_hit_concerns(
    intelligence: Intelligence,
    tmp_path: Path,
    client: str | None,
    server: str | None,
    owner: str | None,
    parties: list[tuple[str | None, str, str]],
) -> None:
    log = tmp_path / "http.log"
    log.write_bytes(line(MORNING, client, server, host="c2.example"))
    report = run(log, owner=owner)
    (hit,) = hits_of(report)
    assert [(party.organisation, party.address, party.because) for party in hit.parties] == parties
    assert (report.nobodys, hit.outcome) == (int(parties[0][0] is None), "counted")
    assert len(observations("uid")) == 1


def test_a_constituents_own_address_on_a_list_is_told_what_the_list_says(
    intelligence: Intelligence, tmp_path: Path
) -> None:
    log = tmp_path / "conn.log"
    log.write_bytes(line(MORNING, "198.18.10.7", "198.18.20.66"))
    report = run(log, owner=INDUS_POWER)
    (hit,) = hits_of(report)
    assert [(party.organisation, party.because) for party in hit.parties] == [
        (INDUS_POWER, "network-owner"),
        (KARAKORAM_BANK, "matched-address-owner"),
    ]
    assert observations("ip", "classification") == [("198.18.10.7", INFECTED), ("198.18.20.66", C2)]


def test_a_line_without_a_time_takes_the_runs_and_is_marked_so(intelligence: Intelligence, tmp_path: Path) -> None:
    log = tmp_path / "dns.log"
    log.write_bytes(asked(None, "198.18.40.9", "c2.example"))
    (hit,) = hits_of(run(log, assumed_at=AFTERNOON))
    assert (hit.observed_at, hit.time_is_assumed, hit.parties[0].organisation) == (AFTERNOON, True, INDUS_POWER)
    assert observations("observed_at", "time_is_assumed") == [(AFTERNOON, True)]


def test_several_files_archives_and_standard_input_are_read_alike(
    intelligence: Intelligence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = asked(MORNING, "198.18.10.7", "fine.example") + asked(MORNING, "198.18.10.7", "c2.example")
    plain, packed, archive = tmp_path / "a.log", tmp_path / "b.log.gz", tmp_path / "c.tar.gz"
    plain.write_bytes(text)
    packed.write_bytes(gzip.compress(text))
    with tarfile.open(archive, "w:gz") as out:
        for name in ("monday/dns.log", "tuesday/dns.log"):
            info = tarfile.TarInfo(name)
            info.size = len(text)
            out.addfile(info, io.BytesIO(text))
    given = tmp_path / "given"
    given.write_bytes(gzip.compress(text))
    with given.open("rb") as stream:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
        report = run(plain, packed, archive, "-")
    names = [str(plain), str(packed), f"{archive}/monday/dns.log", f"{archive}/tuesday/dns.log", "-"]
    assert [(file.name, file.lines, file.bytes, file.hits) for file in report.files] == [
        (name, 2, len(text), 1) for name in names
    ]
    assert [(hit.file, hit.line) for hit in hits_of(report)] == [(name, 2) for name in names]
    assert len({uid for (uid,) in observations("uid")}) == 1, "one fact, however often it is written down"


def test_the_same_logs_again_are_the_same_facts(intelligence: Intelligence, tmp_path: Path) -> None:
    log = tmp_path / "dns.log"
    log.write_bytes(b"".join(asked(MORNING, f"198.18.10.{host}", "c2.example") for host in range(20)))
    run(log, owner=INDUS_POWER)
    first = set(observations("uid"))
    report = run(log, owner=INDUS_POWER)
    assert report.hits == 20
    assert (len(first), set(observations("uid"))) == (20, first)


def test_evidence_that_is_no_text_is_shown_as_escapes_and_cut(intelligence: Intelligence, tmp_path: Path) -> None:
    log = tmp_path / "raw.log"
    log.write_bytes(b"\xff\x00 c2.example " + b"x" * 10_000 + b"\n")
    (hit,) = hits_of(run(log, owner=INDUS_POWER))
    assert hit.evidence.startswith("\\xff\\x00 c2.example xxx")
    assert len(hit.evidence) == 4000


def test_a_log_that_cannot_be_read_to_its_end_makes_the_run_fail_and_count_for_nothing(
    intelligence: Intelligence, tmp_path: Path
) -> None:
    good, cut = tmp_path / "a.log", tmp_path / "b.log.gz"
    good.write_bytes(asked(MORNING, "198.18.10.7", "c2.example"))
    cut.write_bytes(
        gzip.compress(b"".join(asked(MORNING, "198.18.10.7", f"{n}.c2.example") for n in range(5000)))[:-20]
    )
    with pytest.raises(Unreadable, match=r"b\.log\.gz"):
        run(good, cut)
    ((failed,), count) = queries.runs(OPERATOR)
    assert (failed.state, count, failed.hits, failed.counted) == ("failed", 1, 0, 0)
    assert "b.log.gz" in failed.problem
    assert (Hit.objects.count(), HitParty.objects.count(), RunFile.objects.count()) == (0, 0, 0)
    assert queries.committed_parts(OPERATOR) == ()
    assert queries.counts(OPERATOR).runs == 0
    assert "b.log.gz" in constituency.audit_entries(OPERATOR, action="detection.run-failed").rows[0].detail["problem"]


def test_a_missing_log_and_an_unknown_owner_are_one_clear_sentence(intelligence: Intelligence, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"absent\.log: cannot be read \(no such file or directory\)"):
        run(tmp_path / "absent.log")
    with pytest.raises(UnknownName, match=r"no organisation 'nobody'.*tocsin constituency list"):
        run(tmp_path / "absent.log", owner="nobody")


def test_a_run_leaves_no_lock_behind_and_tells_the_rooms_above(
    intelligence: Intelligence, tmp_path: Path, storage: Path
) -> None:
    log = tmp_path / "dns.log"
    log.write_bytes(asked(MORNING, "198.18.10.7", "c2.example"))
    changes.advance("test", changes.latest())
    report = run(log)
    assert [(change.kind, change.subject) for change in changes.since("test")] == [("run", report.uid)]
    assert list((storage / "runs").iterdir()) == []


def test_who_may_not_start_runs_is_told_that_there_is_nothing(intelligence: Intelligence, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        actions.run_logs(actor=STRANGER, logs=[tmp_path])
    for ask in (queries.runs, queries.counts, queries.committed_parts):
        with pytest.raises(NotFound):
            ask(STRANGER)


def test_a_page_of_hits_takes_the_same_few_questions_however_long_it_is(
    intelligence: Intelligence, tmp_path: Path
) -> None:
    log = tmp_path / "dns.log"
    log.write_bytes(b"".join(asked(MORNING, f"198.18.10.{host % 250}", "c2.example") for host in range(300)))
    report = run(log)
    search = queries.HitSearch(run=UUID(report.uid))
    asked_for = []
    for size in (5, 200):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            page = queries.hits(OPERATOR, search, size=size)
        assert len(page.rows) == size
        asked_for.append(len(captured))
    assert asked_for == [2, 2]


def test_pages_of_hits_follow_each_other_without_gap_or_repetition(intelligence: Intelligence, tmp_path: Path) -> None:
    log = tmp_path / "dns.log"
    log.write_bytes(b"".join(asked(MORNING, f"198.18.10.{host}", "c2.example") for host in range(25)))
    report = run(log)
    for search in (queries.HitSearch(run=UUID(report.uid)), queries.HitSearch(organisation=INDUS_POWER)):
        seen: list[int] = []
        after = None
        while True:
            page = queries.hits(OPERATOR, search, after=after, size=10)
            seen += [hit.line for hit in page.rows]
            after = page.next
            if after is None:
                break
        assert sorted(seen) == list(range(1, 26))
        assert seen in (sorted(seen), sorted(seen, reverse=True))


def test_hits_are_found_by_their_outcome_organisation_and_indicator(
    intelligence: Intelligence, tmp_path: Path, cast: dict[str, Viewer]
) -> None:
    log = tmp_path / "dns.log"
    log.write_bytes(
        asked(MORNING, "198.18.10.7", "c2.example")
        + asked(MORNING, "198.18.20.7", "c2.example")
        + asked(MORNING, "198.18.10.7", "good.example")
    )
    run(log)

    def lines(**search: object) -> list[int]:
        return [hit.line for hit in queries.hits(cast["asad"], queries.HitSearch(**search)).rows]  # type: ignore[arg-type]

    assert lines() == [3, 2, 1]
    assert lines(outcome="known-good") == [3]
    assert lines(organisation=KARAKORAM_BANK) == [2]
    assert lines(text="GOOD") == [3]
    indicator = queries.hits(OPERATOR, queries.HitSearch(text="c2")).rows[0].indicator
    assert lines(indicator=indicator) == [2, 1]
    assert [hit.line for hit in queries.sightings(OPERATOR, indicator)] == [2, 1]
    uids = [uid for (uid,) in observations("uid")]
    assert {hit.line for hit in queries.hits_of_observations(OPERATOR, uids)} == {1, 2}  # type: ignore[arg-type]
