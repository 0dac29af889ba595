"""The change log: every reader sees every committed change once, in whatever order transactions end."""

import random
import threading
from collections.abc import Callable

import pytest
from django.db import connection, connections, transaction

from tocsin.jobs import changes
from tocsin.jobs.models import ChangeEntry


def in_thread(act: Callable[[], None]) -> threading.Thread:
    """Run ``act`` in a thread with a database connection of its own."""

    def run() -> None:
        try:
            act()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db
def test_changes_come_in_order_with_what_was_said() -> None:
    changes.append("intel", "delivery-committed", "7", {"rows": 3})
    changes.append_many("intel", "indicator-retracted", [("a", {}), ("b", {"why": "wrong"})])
    got = changes.since("hunt")
    assert [(change.room, change.kind, change.subject, change.detail) for change in got] == [
        ("intel", "delivery-committed", "7", {"rows": 3}),
        ("intel", "indicator-retracted", "a", {}),
        ("intel", "indicator-retracted", "b", {"why": "wrong"}),
    ]
    assert [change.position for change in got] == [1, 2, 3]


@pytest.mark.django_db
def test_each_cursor_advances_for_itself_and_never_back() -> None:
    changes.append_many("intel", "x", [(str(number), {}) for number in range(10)])
    changes.advance("a", 4)
    changes.advance("a", 2)
    assert [change.subject for change in changes.since("a", limit=3)] == ["4", "5", "6"]
    assert len(changes.since("b")) == 10
    assert changes.latest() == 10


@pytest.mark.django_db
def test_a_reader_of_some_kinds_does_not_look_at_the_others_again() -> None:
    for number in range(6):
        changes.append("intel", "even" if number % 2 == 0 else "odd", str(number))
    with changes.reading("c", kinds=["odd"]) as got:
        assert [change.subject for change in got] == ["1", "3", "5"]
    assert changes.since("c") == []
    with changes.reading("d", limit=2, kinds=["odd"]) as got:
        assert [change.subject for change in got] == ["1", "3"]
    assert [change.subject for change in changes.since("d", kinds=["odd"])] == ["5"]


@pytest.mark.django_db
def test_a_reader_that_breaks_sees_the_same_again() -> None:
    changes.append("intel", "x", "1")
    with pytest.raises(RuntimeError), changes.reading("c"):
        raise RuntimeError
    assert [change.subject for change in changes.since("c")] == ["1"]


@pytest.mark.django_db(transaction=True)
def test_a_change_is_said_only_inside_a_transaction_and_only_if_it_commits() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        changes.append("intel", "x", "1")
    with transaction.atomic():
        changes.append("intel", "x", "rolled back")
        transaction.set_rollback(True)
    assert changes.since("c") == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    "connection.vendor == 'sqlite'", reason="SQLite has one writer at a time: transactions cannot overlap"
)
def test_a_change_that_was_drawn_earlier_and_commits_later_is_not_skipped() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time: transactions cannot overlap")
    is_drawn, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            changes.append("intel", "x", "slow")
            is_drawn.set()
            assert may_commit.wait(20)

    writer = in_thread(slow)
    assert is_drawn.wait(20)
    with transaction.atomic():  # does not wait for the other writer
        changes.append("intel", "x", "quick")
    with changes.reading("c") as got:
        assert [change.subject for change in got] == ["quick"]
    may_commit.set()
    writer.join()
    assert list(ChangeEntry.objects.order_by("id").values_list("subject", flat=True)) == ["slow", "quick"]
    assert [change.subject for change in changes.since("c")] == ["slow"]


@pytest.mark.django_db(transaction=True)
def test_many_writers_and_readers_at_once_lose_nothing_and_double_nothing() -> None:
    writers, each = 4, 25
    seen: dict[str, list[str]] = {"shared": [], "alone": []}
    guard, written = threading.Lock(), threading.Event()

    def write(name: int) -> None:
        draw = random.Random(name)  # noqa: S311 - moments, not secrets
        for number in range(each):
            with transaction.atomic():
                changes.append("intel", "x", f"{name}-{number}")
                threading.Event().wait(draw.uniform(0, 0.01))
                if draw.random() < 0.2:
                    transaction.set_rollback(True)
                else:
                    transaction.on_commit(lambda subject=f"{name}-{number}": committed.append(subject))  # type: ignore[misc]

    def read(cursor: str) -> None:
        while True:
            was_written = written.is_set()
            with changes.reading(cursor, limit=7) as got, guard:
                seen[cursor] += [change.subject for change in got]
            if was_written and not got:
                return

    committed: list[str] = []
    writing = [in_thread(lambda name=name: write(name)) for name in range(writers)]  # type: ignore[misc]
    reading = [in_thread(lambda cursor=cursor: read(cursor)) for cursor in ("shared", "shared", "alone")]  # type: ignore[misc]
    for thread in writing:
        thread.join()
    written.set()
    for thread in reading:
        thread.join()
    assert len(committed) > writers * each / 2
    assert sorted(seen["alone"]) == sorted(committed)
    assert sorted(seen["shared"]) == sorted(committed)
