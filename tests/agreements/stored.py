"""The sample agreement as it is stored, and exits asked about."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.db import connection
from tests.agreements.written import AT, sample_text

from tocsin.agreements import actions
from tocsin.agreements.rules.asked import Asked, Decided
from tocsin.agreements.rules.decision import Exit, Subject
from tocsin.constituency.access import OPERATOR

HARBOUR = "agr--harbour"
SOON = AT + timedelta(hours=1)


def store(old: str = "", new: str = "", revision: int = 4) -> None:
    """Import the sample, with some words of it changed."""
    text = sample_text().decode().replace(old or "\0", new).replace("revision: 4", f"revision: {revision}")
    actions.import_agreement(actor=OPERATOR, text=text.encode(), name="harbour.yaml", at=AT)


def about(number: int, way: str = "harbour>beacon", by: Exit = Exit.TAXII, **known: Any) -> Asked:
    """A question about the object with this number: an indicator, TLP green, unless it is known otherwise."""
    sender, _, recipient = way.partition(">")
    known = {"type": "indicator", "tlp": "GREEN", **known}
    name = f"{known['type']}--{number:08d}-0000-4000-8000-000000000000"
    return Asked(Subject.of(known), name, sha256(name.encode()).hexdigest(), sender, recipient, by)


def decide(*asked: Asked) -> list[Decided]:
    """Ask as the operator, at the sample's time."""
    return actions.decide_exits(actor=OPERATOR, asked=asked, at=AT)


def exits(count: int, first: int = 1) -> list[Decided]:
    """Let some indicators go."""
    return decide(*(about(number) for number in range(first, first + count)))


@contextmanager
def unguarded() -> Iterator[Any]:
    """A cursor of somebody who writes to the database itself, its triggers dropped meanwhile."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            yield cursor
            for _, definition in triggers:
                cursor.execute(definition)
        else:
            cursor.execute("SET session_replication_role = replica")
            yield cursor
            cursor.execute("SET session_replication_role = origin")
