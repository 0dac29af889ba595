"""When a partner's server is visited next."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.exchange.rules.visits import LONGEST_PAUSE, Quota, Used, is_spent, next_visit, pause_after

AT = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "minutes"), [(1, 1), (2, 2), (3, 4), (7, 64), (9, 256), (10, 360), (11, 360), (10**9, 360)]
)
def test_pauses_double_up_to_six_hours(failures: int, minutes: int) -> None:
    assert pause_after(failures, share=0) == timedelta(minutes=minutes)
    assert pause_after(failures, share=1) == timedelta(minutes=minutes) * 0.75


@given(st.integers(-5, 100), st.floats(0, 1), st.floats(0, 86_400))
def test_a_server_is_never_asked_sooner_than_it_says(failures: int, share: float, asked: float) -> None:
    pause = pause_after(failures, asked=asked, share=share)
    assert timedelta(seconds=asked) <= pause <= max(LONGEST_PAUSE, timedelta(seconds=asked))


@pytest.mark.parametrize(
    ("quota", "used", "spent"),
    [
        (Quota(), Used(10**9, 10**12), False),
        (Quota(requests=10), Used(9, 10**12), False),
        (Quota(requests=10), Used(10, 0), True),
        (Quota(size=100), Used(0, 100), True),
        (Quota(requests=0), Used(), True),
        (Quota(requests=10, size=100), Used(3, 101), True),
    ],
)
def test_a_quota_is_spent_by_requests_or_by_bytes(quota: Quota, used: Used, spent: bool) -> None:
    assert is_spent(quota, used) is spent


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ({}, AT + timedelta(hours=1)),
        ({"failures": 2, "share": 0.0}, AT + timedelta(minutes=2)),
        ({"failures": 1, "asked": 7200.0}, AT + timedelta(hours=2)),
        ({"spent": True}, datetime(2026, 11, 25, tzinfo=UTC)),
        ({"spent": True, "failures": 1, "asked": 7200.0}, AT + timedelta(hours=2)),
    ],
)
def test_the_next_visit(words: dict[str, float], due: datetime) -> None:
    assert next_visit(AT, timedelta(hours=1), **words) == due  # type: ignore[arg-type]
