"""The one door through which anything is downloaded.

It stands here, in the lowest room that knows people and the audit log, because every room above has downloads and none of them may
import another in its line. An agreement that decides about an exit will decide inside this function, for all of them at once.
"""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from django.db import transaction

from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record

T = TypeVar("T")


def release(*, actor: Actor, what: str, permission: Permission, rows: Iterable[T]) -> Iterator[T]:
    """The rows, on their way out: nothing is downloaded but what this gives.

    The permission is checked and the audit log written when it is called, before the first row leaves. ``what`` names the download
    for the log (``indicators source=maltrail``). Raises ``NotFound`` without the permission.
    """
    require(actor, permission)
    with transaction.atomic():
        record(actor, AuditAction.RELEASED, what, {"permission": permission.value})
    return iter(rows)
