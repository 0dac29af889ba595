"""A transaction that a power cut cannot take back: for whatever was already said or sent (the ledger, notices, the audit log).

SQLite in WAL mode with ``synchronous=NORMAL``, which is ours, may lose the last commits to a power cut, never to a killed process.
``synchronous=FULL`` waits for the disk before a commit counts, and can be set only outside a transaction. PostgreSQL waits by default.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connection, transaction

_FULL = 2


class _Durable(transaction.Atomic):
    """A transaction that :func:`durable` has opened: known by its class to those inside it."""

    def __init__(self) -> None:
        super().__init__(using=DEFAULT_DB_ALIAS, savepoint=True, durable=False)


@contextmanager
def durable() -> Iterator[None]:
    """A transaction whose commit, once it counts, is on the disk. Inside another durable one it is a part of that.

    Raises ``TransactionManagementError`` inside a transaction that is not durable: the outermost one decides, so open that one
    with ``durable()``.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        _check_outermost()
        with _Durable():
            yield
        return
    before = _synchronous()
    _set_synchronous(_FULL)
    try:
        with _Durable():
            yield
    finally:
        if connection.connection is not None:
            _set_synchronous(before)


def _check_outermost() -> None:
    """The outermost transaction is durable; one that a test wraps around itself and takes back does not count."""
    ours = [block for block in connection.atomic_blocks if not getattr(block, "_from_testcase", False)]
    if ours and not isinstance(ours[0], _Durable):
        raise transaction.TransactionManagementError(
            "What must survive a power cut is written in a transaction that jobs.durability.durable() opened, not inside another."
        )


def _synchronous() -> int:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        level: int = cursor.fetchone()[0]
    return level


def _set_synchronous(level: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA synchronous = {int(level)}")
