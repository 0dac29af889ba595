"""Reads of deliveries: their books, their files, what was refused."""

from uuid import UUID

from django.db.models import QuerySet

from tocsin.constituency.access import Permission, Viewer, require
from tocsin.intel.models import Delivery, DeliveryFile, RejectedRow
from tocsin.intel.queries.views import PAGE_SIZE, DeliveryFileView, DeliveryView, Page, RejectedRowView
from tocsin.vocab.errors import NotFound
from tocsin.vocab.markings import Pap, Tlp


def deliveries(
    viewer: Viewer, *, source: str | None = None, after: str | None = None, size: int = PAGE_SIZE
) -> Page[DeliveryView]:
    """Deliveries, newest first, of all sources or of one."""
    require(viewer, Permission.INTEL_READ)
    rows = Delivery.objects.select_related("source").order_by("-id")
    if source:
        rows = rows.filter(source__name=source)
    found, following = _page(rows, after, size)
    return Page(tuple(_view(row) for row in found), following)


def delivery(viewer: Viewer, uid: UUID) -> DeliveryView:
    """One delivery. Raises ``NotFound``."""
    return _view(_delivery(viewer, uid))


def delivery_files(viewer: Viewer, uid: UUID) -> tuple[DeliveryFileView, ...]:
    """The files of a delivery in the order in which they were handed in. Raises ``NotFound``."""
    rows = DeliveryFile.objects.filter(delivery=_delivery(viewer, uid)).order_by("id")
    return tuple(DeliveryFileView(row.name, row.sha256, row.size, row.buried_at) for row in rows)


def rejected_rows(
    viewer: Viewer, uid: UUID, *, after: str | None = None, size: int = PAGE_SIZE
) -> Page[RejectedRowView]:
    """What was refused of a delivery, in the delivery's order. Raises ``NotFound``."""
    rows = RejectedRow.objects.filter(delivery=_delivery(viewer, uid)).order_by("id")
    if after:
        rows = rows.filter(id__gt=_number(after))
    found = list(rows[: size + 1])
    views = tuple(RejectedRowView(row.member, row.line, row.problem, row.raw) for row in found[:size])
    return Page(views, str(found[size - 1].pk) if len(found) > size else None)


def committed_parts(viewer: Viewer) -> tuple[str, ...]:
    """Paths of all lake parts of committed deliveries (``observations/NAME.parquet``), oldest first."""
    require(viewer, Permission.INTEL_READ)
    rows = Delivery.objects.filter(state=Delivery.State.COMMITTED, observations__gt=0).order_by("id")
    return tuple(path for parts in rows.values_list("parts", flat=True) for path in sorted(parts))


def held_in_lake(viewer: Viewer, using: str = "default") -> tuple[dict[str, str], frozenset[str]]:
    """What committed deliveries keep in the lake: parts as ``{path: SHA-256}``, and the hashes of all their files."""
    require(viewer, Permission.INTEL_READ)
    rows = Delivery.objects.using(using).filter(state=Delivery.State.COMMITTED, observations__gt=0)
    parts = {path: digest for stored in rows.values_list("parts", flat=True) for path, digest in stored.items()}
    raw = DeliveryFile.objects.using(using).filter(delivery__state=Delivery.State.COMMITTED)
    return parts, frozenset(raw.values_list("sha256", flat=True).iterator())


def _delivery(viewer: Viewer, uid: UUID) -> Delivery:
    require(viewer, Permission.INTEL_READ)
    found = Delivery.objects.select_related("source").filter(uid=uid).first()
    if found is None:
        raise NotFound(f"There is no delivery {uid}.")
    return found


def _page(rows: QuerySet[Delivery], after: str | None, size: int) -> tuple[list[Delivery], str | None]:
    if after:
        rows = rows.filter(id__lt=_number(after))
    found = list(rows[: size + 1])
    return found[:size], str(found[size - 1].pk) if len(found) > size else None


def _number(after: str) -> int:
    if not after.isascii() or not after.isdigit() or len(after) > 18:
        raise NotFound("There is no such page.")
    return int(after)


def _view(row: Delivery) -> DeliveryView:
    return DeliveryView(
        uid=row.uid,
        source=row.source.name,
        source_title=row.source.title,
        feed=row.feed,
        gives=row.gives,
        state=row.state,
        received_at=row.received_at,
        digest=row.digest,
        size=row.size,
        members=row.members,
        accounts=row.accounts,
        indicators_new=row.indicators_new,
        indicators_seen=row.indicators_seen,
        retracted=row.retracted,
        observations=row.observations,
        tlp=Tlp(row.tlp),
        pap=Pap(row.pap),
        actor=row.actor,
        seconds=row.seconds,
    )
