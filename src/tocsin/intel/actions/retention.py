"""Raw bytes are kept for as long as their source allows; then a tombstone says what was there."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.intel.models import Delivery, DeliveryFile, Source
from tocsin.jobs.holdings import committed, the_lake
from tocsin.vocab.errors import NotFound


@dataclass(frozen=True, slots=True)
class Swept:
    """What counted nowhere and was removed: paths of parts, hashes of raw bytes."""

    parts: tuple[str, ...]
    raw: tuple[str, ...]


def bury_expired(*, actor: Actor, at: datetime) -> int:
    """Destroy the raw bytes of deliveries that are older than their source's ``retain_for`` days; gives the number of files.

    Bytes that another delivery, still within its time, holds too are kept until that one ends. May run twice without harm: a
    tombstone is written before the database says so, and burying again keeps it.
    """
    require(actor, Permission.SOURCES_WRITE)
    buried = 0
    for source in Source.objects.all():
        due = Delivery.objects.filter(
            source=source,
            state=Delivery.State.COMMITTED,
            received_at__lt=at - timedelta(days=source.retain_for),
            files__buried_at__isnull=True,
        ).distinct()
        for delivery in due.order_by("id"):
            buried += _bury(actor, delivery, source, at)
    return buried


def _bury(actor: Actor, delivery: Delivery, source: Source, at: datetime) -> int:
    """Bury one delivery's files."""
    files = list(DeliveryFile.objects.filter(delivery=delivery, buried_at__isnull=True))
    lake = the_lake()
    for file in files:
        if not _is_held_elsewhere(file, at):
            try:
                lake.raw.bury(file.sha256, f"kept for {source.retain_for} days, as agreed with {source.name}", at)
            except NotFound:
                # never arrived or lost: the check of the lake reports it, and there is nothing left to bury
                continue
    with transaction.atomic():
        DeliveryFile.objects.filter(pk__in=[file.pk for file in files]).update(buried_at=at)
        detail = {"source": source.name, "files": len(files), "retain_for": source.retain_for}
        record(actor, AuditAction.DELIVERY_BURIED, str(delivery.uid), detail)
    return len(files)


def _is_held_elsewhere(file: DeliveryFile, at: datetime) -> bool:
    others = DeliveryFile.objects.filter(sha256=file.sha256, buried_at__isnull=True).exclude(delivery=file.delivery_id)
    return any(
        other.delivery.received_at >= at - timedelta(days=other.delivery.source.retain_for)
        for other in others.select_related("delivery__source")
    )


def sweep_orphans(*, actor: Actor, wait_seconds: float = 0.0) -> Swept:
    """Remove what interrupted deliveries left in the lake. Raises ``Conflict`` while another process writes."""
    require(actor, Permission.SOURCES_WRITE)
    lake = the_lake()
    with lake.writing(wait_seconds):
        held = committed()
        return Swept(tuple(lake.sweep(held.parts)), tuple(lake.raw.sweep(held.raw)))
