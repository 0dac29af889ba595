"""From observations to findings: one open problem of one constituent, counted anew from the lake whatever happens."""

from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.cast import INDUS_POWER, KARAKORAM_BANK, RAVI_NET
from tests.detection.conftest import Intelligence, asked, run
from tests.findings.conftest import MORNING, Reports, absorb, found, infected

from tocsin.constituency import actions as constituency
from tocsin.constituency.access import OPERATOR, STRANGER
from tocsin.findings import actions, queries
from tocsin.findings.models import AttributedPart, Finding, FindingSource
from tocsin.findings.rules import State
from tocsin.jobs.holdings import committed, the_lake
from tocsin.vocab.errors import Conflict, InputError, NotFound

pytestmark = pytest.mark.django_db

BANK = "198.18.20.5"
#: 198.18.20.0/24 is this one's since that day, not the other's.
CORRECTED = """\
organisations:
  - slug: {now}
    name_en: {now}
    networks: [{{cidr: 198.18.20.0/24, valid_from: "{day}T00:00:00Z"}}]
  - slug: {before}
    name_en: {before}
    networks: [{{cidr: 198.18.20.0/24, {since}valid_until: "{day}T00:00:00Z"}}]
"""


def correct(folder: Path) -> None:
    """What was declared about a network turns out to have been wrong all year."""
    _declare(folder, now=INDUS_POWER, before=KARAKORAM_BANK, day="2026-01-01", since="")


def take_back(folder: Path) -> None:
    """It was right after all, but for January."""
    since = 'valid_from: "2026-01-01T00:00:00Z", '
    _declare(folder, now=KARAKORAM_BANK, before=INDUS_POWER, day="2026-02-01", since=since)


def _declare(folder: Path, **said: str) -> None:
    path = folder / "corrected.yaml"
    path.write_text(CORRECTED.format(**said), "utf-8")
    constituency.load(actor=OPERATOR, paths=[path])


def test_deliveries_and_runs_become_findings_of_whom_they_concern(
    intelligence: Intelligence, reports: Reports, tmp_path: Path
) -> None:
    reports.take("shadow", [infected(BANK), infected("240.0.0.1")])
    log = tmp_path / "dns.log"
    log.write_bytes(asked(MORNING, "198.18.10.7", "c2.example"))
    run(log, owner=RAVI_NET)
    done = absorb()
    assert str(done).startswith("2 parts: observations 3 = owned 2 + nobody's 1; findings: 2 new")
    bank, power = found(organisation=KARAKORAM_BANK)[0], found(organisation=INDUS_POWER)[0]
    assert (bank.asset, bank.problem, bank.severity, bank.state, bank.observations) == (
        BANK, "malicious-code/infected-system", "high", "new", 1,
    )  # fmt: skip
    assert (power.asset, power.malware, power.tlp, power.last_seen_at) == ("198.18.10.7", "mirai", "green", MORNING)
    (source,) = queries.finding(OPERATOR, power.reference).sources
    assert (source.source, source.feed) == ("log:ravi-net", "detection/logs")
    assert queries.attribution_accounts(OPERATOR) == (3, 2)


def test_five_sources_of_one_problem_are_one_finding_with_five_sources(reports: Reports) -> None:
    for number in range(5):
        marking = "red" if number == 3 else "green"
        row = infected(BANK, at=f"2026-11-2{number}T08:00:00Z", malware="mirai" if number else "Mirai.B")
        reports.take(f"source-{number}", [row], tlp=marking)
    assert absorb().new == 1
    (finding,) = found()
    assert (finding.observations, finding.tlp, finding.malware) == (5, "red", "mirai")
    assert (finding.first_seen_at.day, finding.last_seen_at.day) == (20, 24)
    sources = queries.finding(OPERATOR, finding.reference).sources
    assert [(one.source, one.observations) for one in sources] == [(f"source-{number}", 1) for number in range(5)]


def test_what_comes_later_is_counted_to_what_is_there(reports: Reports) -> None:
    reports.take("one", [infected(BANK)])
    absorb()
    (before,) = found()
    reports.take("two", [infected(BANK), infected(BANK, at="2026-11-23T08:30:00Z")])
    done = absorb()
    assert (done.new, done.updated, done.withdrawn) == (0, 1, 0)
    (after,) = found()
    assert (after.reference, after.observations, after.state) == (before.reference, 3, "new")


def test_the_same_delivery_twice_and_the_same_rows_in_another_change_no_number(reports: Reports) -> None:
    assert reports.take("one", [infected(BANK)])
    absorb()
    (before,) = found()
    assert not reports.take("one", [infected(BANK)])
    assert absorb().parts == 0
    assert reports.take("one", [infected(BANK), infected("198.18.20.6")]), "one row of it is known already"
    absorb()
    after = found(text=BANK)[0]
    assert (after.reference, after.observations) == (before.reference, 1)
    assert FindingSource.objects.filter(finding__asset=BANK).count() == 1


def test_a_run_over_the_same_logs_again_makes_no_new_finding_and_doubles_nothing(
    intelligence: Intelligence, tmp_path: Path
) -> None:
    log = tmp_path / "dns.log"
    log.write_bytes(b"".join(asked(MORNING, "198.18.10.7", f"{n}.c2.example") for n in range(3)))
    run(log, owner=RAVI_NET)
    absorb()
    before = found()
    run(log, owner=RAVI_NET)
    done = absorb()
    assert (done.parts, done.new, done.withdrawn) == (1, 0, 0)
    ((one,), (other,)) = before, found()
    assert (one.reference, one.observations, one.last_seen_at) == (
        other.reference,
        other.observations,
        other.last_seen_at,
    )


def test_two_weaknesses_of_one_service_are_two_problems_and_two_names_of_one_illness_are_one(reports: Reports) -> None:
    def weak(identifier: str) -> tuple[str, str, str, str, str, str]:
        return ("2026-11-23T08:00:00Z", BANK, "vulnerable-system", identifier, "", "")

    reports.take("one", [weak("open-telnet"), weak("weak-tls")])
    reports.take("two", [infected(BANK, identifier="mirai"), infected(BANK, identifier="iot-botnet")])
    absorb()
    assert sorted(one.problem for one in found()) == [
        "malicious-code/infected-system",
        "vulnerable/vulnerable-system:open-telnet",
        "vulnerable/vulnerable-system:weak-tls",
    ]
    for one in found(classification="vulnerable/vulnerable-system"):
        (behind,) = queries.observations(OPERATOR, one.reference)
        assert behind.identifier == one.identifier


def test_a_corrected_constituency_moves_the_finding_to_whose_it_is(reports: Reports, tmp_path: Path) -> None:
    reports.take("one", [infected(BANK), infected("198.18.10.9")])
    absorb()
    (old,) = AttributedPart.objects.all()
    correct(tmp_path)
    assert actions.is_anything_new()
    done = absorb()
    assert (done.parts, done.new, done.updated, done.withdrawn) == (1, 1, 1, 1)
    (withdrawn,) = found(organisation=KARAKORAM_BANK)
    assert (withdrawn.state, withdrawn.observations) == ("withdrawn", 0)
    assert queries.observations(OPERATOR, withdrawn.reference) == []
    moved = found(organisation=INDUS_POWER, text=BANK)[0]
    assert (moved.state, moved.observations) == ("new", 1)
    assert [(one.because, one.place) for one in queries.observations(OPERATOR, moved.reference)] == [
        ("declared-network", "198.18.20.0/24")
    ]
    (new,) = AttributedPart.objects.all()
    assert new.revision > old.revision
    lake = the_lake()
    assert (lake.part_file(old.path).exists(), lake.part_file(new.path).exists()) == (False, True)
    assert old.path not in committed().parts
    assert not actions.is_anything_new()


def test_a_correction_taken_back_reopens_what_was_withdrawn(reports: Reports, tmp_path: Path) -> None:
    reports.take("one", [infected(BANK)])
    absorb()
    before = found()[0].reference
    correct(tmp_path)
    absorb()
    take_back(tmp_path)
    absorb()
    states = {one.organisation: (one.state, one.reference, one.observations) for one in found()}
    assert states[KARAKORAM_BANK] == ("reopened", before, 1)
    assert states[INDUS_POWER][0] == "withdrawn"
    history = [(one.before, one.after) for one in queries.finding(OPERATOR, before).changes]
    assert history == [("", "new"), ("new", "withdrawn"), ("withdrawn", "reopened")]


def test_whose_log_it_was_stands_when_the_constituency_changes(intelligence: Intelligence, tmp_path: Path) -> None:
    log = tmp_path / "dns.log"
    log.write_bytes(asked(MORNING, "10.0.0.5", "c2.example"))
    run(log, owner=KARAKORAM_BANK)
    absorb()
    correct(tmp_path)
    absorb()
    (finding,) = found()
    assert (finding.organisation, finding.asset, finding.state) == (KARAKORAM_BANK, "10.0.0.5", "new")
    assert queries.observations(OPERATOR, finding.reference)[0].because == "log-owner"


def test_what_is_behind_a_finding_is_read_from_the_lake_newest_first(
    intelligence: Intelligence, tmp_path: Path
) -> None:
    log = tmp_path / "dns.log"
    moments = [MORNING.replace(minute=minute) for minute in (5, 40, 20)]
    log.write_bytes(b"".join(asked(at, "198.18.10.7", "c2.example") for at in moments))
    report = run(log, owner=RAVI_NET)
    absorb()
    (finding,) = found()
    behind = queries.observations(OPERATOR, finding.reference)
    assert [one.observed_at.minute for one in behind] == [40, 20, 5]
    first = behind[0]
    assert (first.delivery, first.member, first.line, first.ip) == (report.uid, str(log), 2, "198.18.10.7")
    assert first.details["extra.indicator"] == "c2.example"
    assert len(queries.observations(OPERATOR, finding.reference, most=2)) == 2
    from tocsin.detection import queries as detection

    assert detection.hits_of_observations(OPERATOR, [first.uid])[0].line == 2


def test_text_longer_than_a_column_is_cut_and_a_null_character_is_shown(reports: Reports) -> None:
    long = "x" * 400
    reports.take(
        "one", [infected(BANK, malware=long), ("2026-11-23T08:00:00Z", BANK, "vulnerable-system", long, "", "")]
    )
    reports.take("two", [infected("198.18.20.6", malware="null\0character")])
    assert absorb().new == 3
    shown = {one.asset: one for one in found(classification="malicious-code/infected-system")}
    assert len(shown[BANK].malware) == 200
    assert "\0" not in shown["198.18.20.6"].malware
    (weak,) = found(classification="vulnerable/vulnerable-system")
    assert len(queries.observations(OPERATOR, weak.reference)) == 1
    absorb()


# --- judgement


@pytest.fixture
def reference(reports: Reports) -> str:
    """One new finding."""
    reports.take("one", [infected(BANK)])
    absorb()
    return found()[0].reference


def judge(reference: str, state: State, reason: str = "seen") -> None:
    """As the operator."""
    actions.triage(actor=OPERATOR, reference=reference, state=state, reason=reason)


def test_a_judgement_is_kept_with_its_reason_and_what_may_follow(reference: str) -> None:
    judge(reference, State.ACKNOWLEDGED, "  told by telephone ")
    detail = queries.finding(OPERATOR, reference)
    assert detail.finding.state == "acknowledged"
    assert [(one.before, one.after, one.actor, one.reason) for one in detail.changes][1:] == [
        ("new", "acknowledged", "operator", "told by telephone")
    ]
    assert detail.next_states == ("false-positive", "accepted-risk", "reopened")


def test_a_judgement_needs_a_reason_a_finding_and_a_state_that_may_follow(reference: str) -> None:
    with pytest.raises(InputError, match="Say why"):
        judge(reference, State.ACKNOWLEDGED, " \n")
    with pytest.raises(NotFound):
        judge("FND-1999-0001", State.ACKNOWLEDGED)
    with pytest.raises(Conflict, match="is new and cannot become reopened"):
        judge(reference, State.REOPENED)
    with pytest.raises(Conflict, match="cannot become withdrawn"):
        judge(reference, State.WITHDRAWN)
    with pytest.raises(NotFound):
        actions.triage(actor=STRANGER, reference=reference, state=State.ACKNOWLEDGED, reason="x")


def test_a_false_positive_seen_again_later_is_reopened_and_an_accepted_risk_is_not(
    reports: Reports, reference: str
) -> None:
    judge(reference, State.FALSE_POSITIVE)
    reports.take("two", [infected(BANK, at="2026-11-22T00:00:00Z")])
    absorb()
    assert found()[0].state == "false-positive", "what was seen before the judgement is part of what was judged"
    reports.take("three", [infected(BANK, at="2099-01-01T00:00:00Z")])
    absorb()
    assert found()[0].state == "reopened"
    judge(reference, State.ACCEPTED_RISK)
    reports.take("four", [infected(BANK, at="2099-01-02T00:00:00Z")])
    absorb()
    assert (found()[0].state, found()[0].observations) == ("accepted-risk", 4)


# --- many


def test_absorbing_takes_few_questions_however_many_rows_there_are(reports: Reports) -> None:
    asked_for = []
    for number, count in enumerate((10, 200)):
        rows = [infected(f"198.18.{20 + number}.{host}") for host in range(count)]
        reports.take(f"source-{number}", rows)
        with CaptureQueriesContext(connection) as captured:
            assert absorb().new == count
        asked_for.append(len(captured))
    assert asked_for[1] <= asked_for[0] < 70


def test_a_page_of_findings_takes_the_same_few_questions_however_long_it_is(reports: Reports) -> None:
    reports.take("one", [infected(f"198.18.20.{host}") for host in range(100)])
    absorb()
    for size in (5, 100):
        with CaptureQueriesContext(connection) as captured:
            rows, count = queries.findings(OPERATOR, queries.FindingSearch(source="one"), size=size)
        assert (len(rows), count, len(captured)) == (size, 100, 3)


def test_who_may_not_read_findings_is_told_that_there_is_nothing(reference: str) -> None:
    for ask in (
        lambda: queries.findings(STRANGER, queries.FindingSearch()),
        lambda: queries.finding(STRANGER, reference),
        lambda: queries.observations(STRANGER, reference),
        lambda: queries.counts(STRANGER),
        lambda: actions.absorb(actor=STRANGER),
    ):
        with pytest.raises(NotFound):
            ask()


def test_references_are_given_in_the_order_in_which_problems_were_first_seen(reports: Reports) -> None:
    reports.take("one", [infected(f"198.18.20.{host}", at=f"2026-11-23T0{9 - host}:00:00Z") for host in range(1, 6)])
    absorb()
    rows = Finding.objects.order_by("first_seen_at").values_list("reference", flat=True)
    assert list(rows) == sorted(rows)
    assert len(set(rows)) == 5
    assert UUID(str(Finding.objects.all()[0].organisation.uid))
