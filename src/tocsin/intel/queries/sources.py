"""Reads of sources, and the figures of the situation page."""

from collections.abc import Iterable

from django.db.models import Count, Max, Q, QuerySet, Sum

from tocsin.constituency.access import Permission, Viewer, require
from tocsin.intel.models import Delivery, Indicator, Source, WarningList
from tocsin.intel.queries.views import IntelCounts, SourceView
from tocsin.vocab.errors import NotFound
from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.observables import ObservableType


def sources(viewer: Viewer) -> tuple[SourceView, ...]:
    """All sources by name."""
    require(viewer, Permission.INTEL_READ)
    return tuple(_views(Source.objects.all()))


def source(viewer: Viewer, name: str) -> SourceView:
    """One source by its slug. Raises ``NotFound``."""
    require(viewer, Permission.INTEL_READ)
    for view in _views(Source.objects.filter(name=name)):
        return view
    raise NotFound(f"There is no source named {name!r}.")


def situation(viewer: Viewer) -> IntelCounts:
    """What the room holds, in figures."""
    require(viewer, Permission.INTEL_READ)
    committed = Delivery.objects.filter(state=Delivery.State.COMMITTED)
    delivered = committed.aggregate(
        number=Count("id"), rejected=Sum("rejected"), observations=Sum("observations"), last=Max("received_at")
    )
    lists = WarningList.objects.filter(is_enabled=True).aggregate(number=Count("id"), entries=Sum("size"))
    by_type = Indicator.objects.values("type").order_by("type").annotate(number=Count("id"))
    counted = tuple((row["type"], row["number"]) for row in by_type)
    return IntelCounts(
        sources=Source.objects.filter(is_enabled=True).count(),
        deliveries=delivered["number"],
        rejected_rows=delivered["rejected"] or 0,
        indicators=sum(number for _, number in counted),
        matchable=sum(number for kind, number in counted if ObservableType(kind).is_matchable),
        observations=delivered["observations"] or 0,
        warning_lists=lists["number"],
        warning_list_entries=lists["entries"] or 0,
        last_delivery_at=delivered["last"],
        by_type=counted,
    )


def _views(rows: QuerySet[Source]) -> Iterable[SourceView]:
    is_committed = Q(deliveries__state=Delivery.State.COMMITTED)
    counted = rows.annotate(
        number=Count("deliveries", filter=is_committed),
        last=Max("deliveries__received_at", filter=is_committed),
    )
    for row in counted.prefetch_related("feeds").order_by("name"):
        yield SourceView(
            name=row.name,
            title=row.title,
            description=row.description,
            url=row.url,
            feeds=tuple(feed.name for feed in row.feeds.all()),
            tlp=Tlp(row.tlp),
            pap=Pap(row.pap),
            confidence=row.confidence,
            valid_for=row.valid_for,
            retain_for=row.retain_for,
            is_enabled=row.is_enabled,
            added_at=row.added_at,
            deliveries=row.number,
            last_delivery_at=row.last,
        )
