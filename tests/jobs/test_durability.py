"""What was said or sent survives a power cut: its transaction waits for the disk."""

from typing import Any

import pytest
from django.db import connection, transaction

from tocsin.jobs.durability import durable


def _level() -> int:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        level: int = cursor.fetchone()[0]
    return level


@pytest.fixture
def only_sqlite() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL waits for the disk by itself")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("only_sqlite")
def test_sqlite_waits_for_the_disk_inside_and_only_inside() -> None:
    assert _level() == 1
    with durable():
        assert _level() == 2
        with durable():
            assert _level() == 2
    assert _level() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("only_sqlite")
def test_after_a_failure_commits_are_as_before() -> None:
    with pytest.raises(ZeroDivisionError), durable():
        raise ZeroDivisionError
    assert _level() == 1
    assert not connection.in_atomic_block


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_that_does_not_wait_it_is_refused() -> None:
    with transaction.atomic(), pytest.raises(transaction.TransactionManagementError, match="durable"), durable():
        pass


def test_a_transaction_that_a_test_wraps_around_itself_does_not_count(db: Any) -> None:
    with durable(), durable():
        assert connection.in_atomic_block
    with transaction.atomic(), pytest.raises(transaction.TransactionManagementError), durable():
        pass
