"""Reference numbers under concurrency: each is given out once, on both databases."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from tocsin.findings.actions.counting import _take_numbers

THREADS, ROUNDS, COUNT = 8, 10, 3


def _take() -> list[int]:
    taken: list[int] = []
    try:
        for _ in range(ROUNDS):
            with transaction.atomic():
                first = _take_numbers(2026, COUNT)
            taken += range(first, first + COUNT)
    finally:
        connection.close()
    return taken


@pytest.mark.django_db(transaction=True)
def test_numbers_that_many_take_at_once_are_each_given_out_once_and_without_a_gap() -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        taken = [number for each in [pool.submit(_take) for _ in range(THREADS)] for number in each.result()]
    assert sorted(taken) == list(range(1, THREADS * ROUNDS * COUNT + 1))


@pytest.mark.django_db
def test_each_year_begins_at_one() -> None:
    with transaction.atomic():
        assert [_take_numbers(2026, 5), _take_numbers(2026, 1), _take_numbers(2027, 1)] == [1, 6, 1]
