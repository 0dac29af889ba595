"""What is one problem, how severe it is, which states follow which: the decisions as tables."""

import pytest

from tocsin.findings.rules import (
    NEXT,
    OPEN,
    Severity,
    State,
    may_follow,
    problem_code,
    severity_of,
    state_after_support,
)


@pytest.mark.parametrize(
    ("classification", "identifier", "expected"),
    [
        ("malicious-code/infected-system", "mirai", "malicious-code/infected-system"),
        ("malicious-code/infected-system", None, "malicious-code/infected-system"),
        (
            "vulnerable/potentially-unwanted-accessible",
            "open-rdp",
            "vulnerable/potentially-unwanted-accessible:open-rdp",
        ),
        ("vulnerable/vulnerable-system", None, "vulnerable/vulnerable-system:any"),
    ],
)
def test_five_names_of_one_infection_are_one_problem_and_two_open_services_are_two(
    classification: str, identifier: str | None, expected: str
) -> None:
    assert problem_code(classification, identifier) == expected


@pytest.mark.parametrize(
    ("classification", "said", "expected"),
    [
        ("malicious-code/infected-system", [None, "low", "critical"], Severity.CRITICAL),
        ("malicious-code/infected-system", [None], Severity.HIGH),
        ("malicious-code/infected-system", ["terrible"], Severity.HIGH),
        ("fraud/phishing", [], Severity.MEDIUM),
        ("other/undetermined", [], Severity.INFO),
    ],
)
def test_the_worst_word_of_any_source_is_the_severity(
    classification: str, said: list[str | None], expected: Severity
) -> None:
    assert severity_of(classification, said) is expected


def test_a_finding_without_support_is_withdrawn_and_reopened_when_it_comes_back() -> None:
    assert state_after_support(State.ACKNOWLEDGED, is_supported=False, is_seen_again=False) is State.WITHDRAWN
    assert state_after_support(State.WITHDRAWN, is_supported=True, is_seen_again=False) is State.REOPENED


def test_a_false_positive_stays_one_until_it_is_seen_after_the_judgement() -> None:
    assert state_after_support(State.FALSE_POSITIVE, is_supported=True, is_seen_again=False) is State.FALSE_POSITIVE
    assert state_after_support(State.FALSE_POSITIVE, is_supported=True, is_seen_again=True) is State.REOPENED


def test_an_accepted_risk_stays_accepted_when_it_is_seen_again() -> None:
    assert state_after_support(State.ACCEPTED_RISK, is_supported=True, is_seen_again=True) is State.ACCEPTED_RISK


def test_nobody_can_withdraw_by_hand_or_judge_what_is_withdrawn() -> None:
    assert all(State.WITHDRAWN not in following for following in NEXT.values())
    assert not any(may_follow(State.WITHDRAWN, state) for state in State)


def test_every_state_has_its_row_and_open_ones_can_be_closed() -> None:
    assert set(NEXT) == set(State)
    assert all(may_follow(state, State.FALSE_POSITIVE) for state in OPEN)
