"""What the database says must be in the lake: the one place that may judge what an orphan is.

A room that publishes a part records it here, in the transaction that makes the part count::

    with lake.writing():
        lake.sweep(committed().parts)
        ...
        part = writer.close().publish()
        with transaction.atomic():
            record(part)
            ...

A room that keeps raw bytes, or parts that it does not record here, tells of them in its ``jobs.py``::

    def holdings(using: str) -> Holdings:
        return Holdings(raw=frozenset(DeliveryFile.objects.using(using).values_list("sha256", flat=True)))
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from tocsin.jobs.models import LakePart
from tocsin.lake.store import Lake, Part
from tocsin.vocab.clock import now


@dataclass(frozen=True, slots=True)
class Holdings:
    """Committed parts as ``{path: sha256}`` (empty where the hash is not known) and the hashes of raw bytes, buried
    ones included."""

    parts: Mapping[str, str] = field(default_factory=dict)
    raw: frozenset[str] = frozenset()


def the_lake() -> Lake:
    """The lake of this Tocsin: ``lake`` below the storage folder."""
    return Lake(Path(settings.TOCSIN.storage.folder) / "lake")


def record(part: Part) -> None:
    """Make a published part count, in the caller's transaction. Recording the same part twice changes nothing.

    Raises ``TransactionManagementError`` outside a transaction.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A part is recorded inside the transaction that it belongs to.")
    told = {"kind": part.kind, "sha256": part.sha256, "size": part.size, "rows": part.rows, "committed_at": now()}
    LakePart.objects.get_or_create(path=part.path, defaults=told)


def forget(path: str) -> None:
    """A part counts no more, once the caller's transaction commits: the next sweep removes its file."""
    LakePart.objects.filter(path=path).delete()


def committed(using: str = "default") -> Holdings:
    """The holdings of all rooms together, read through the database alias ``using``.

    Pass its ``parts`` to ``Lake.sweep``: the parts of one room alone would doom those of the others.
    """
    told = [module.holdings(using) for module in job_modules() if hasattr(module, "holdings")]
    parts = {path: digest for each in told for path, digest in each.parts.items()}
    parts.update(LakePart.objects.using(using).values_list("path", "sha256"))
    return Holdings(parts, frozenset().union(*(each.raw for each in told)))


def job_modules() -> Iterator[ModuleType]:
    """The ``jobs.py`` of every room of ours that has one, in the order of the rooms."""
    for name in room_names():
        if find_spec(f"{name}.jobs"):
            yield import_module(f"{name}.jobs")


def room_names() -> Iterable[str]:
    """Our own Django rooms: ``tocsin.jobs``, ``tocsin.web`` and so on."""
    return [config.name for config in apps.get_app_configs() if config.name.startswith("tocsin.")]
