"""Reads of warning lists, and the matcher over them."""

from functools import lru_cache

from django.db.models import QuerySet

from tocsin.constituency.access import Permission, Viewer, require
from tocsin.intel.models import FalsePositiveReport, Revision, WarningList, WarningListEntry
from tocsin.intel.queries.views import PAGE_SIZE, Page, WarningListView
from tocsin.intel.rules.warning import AS_KIND, ListRule, WarningMatcher
from tocsin.vocab.errors import NotFound

REVISION = "warning-lists"
#: The name under which what we have reported ourselves is known as good.
REPORTED = "False positives that we have reported"


def warning_lists(viewer: Viewer) -> tuple[WarningListView, ...]:
    """All lists by name, enabled or not."""
    require(viewer, Permission.INTEL_READ)
    return tuple(_view(row) for row in WarningList.objects.select_related("source").order_by("name", "id"))


def warning_list(viewer: Viewer, slug: str) -> WarningListView:
    """One list. Raises ``NotFound``."""
    return _view(_list(viewer, slug))


def warning_list_entries(viewer: Viewer, slug: str, *, after: str | None = None, size: int = PAGE_SIZE) -> Page[str]:
    """The values of a list in its own order. Raises ``NotFound``."""
    rows: QuerySet[WarningListEntry] = WarningListEntry.objects.filter(warning_list=_list(viewer, slug)).order_by("id")
    if after:
        if not after.isascii() or not after.isdigit() or len(after) > 18:
            raise NotFound("There is no such page.")
        rows = rows.filter(id__gt=int(after))
    found = list(rows[: size + 1])
    return Page(tuple(row.value for row in found[:size]), str(found[size - 1].pk) if len(found) > size else None)


def warning_matcher(viewer: Viewer) -> WarningMatcher:
    """The matcher over all enabled lists and what we have reported as false positives, kept in memory until one of them changes."""
    require(viewer, Permission.INTEL_READ)
    token = Revision.objects.filter(name=REVISION).values_list("token", flat=True).first()
    return _matcher(token or "")


@lru_cache(maxsize=1)
def _matcher(_token: str) -> WarningMatcher:
    lists = list(WarningList.objects.filter(is_enabled=True).order_by("name", "id"))
    entries = WarningListEntry.objects.filter(warning_list__in=[row.pk for row in lists]).order_by("id")
    values: dict[int, list[str]] = {row.pk: [] for row in lists}
    for number, value in entries.values_list("warning_list_id", "value").iterator(chunk_size=10_000):
        values[number].append(value)
    reported = FalsePositiveReport.objects.filter(is_ours=True, is_revoked=False).exclude(value="").order_by("id")
    return WarningMatcher.build(
        [
            *(ListRule(row.name, row.kind, row.scope, tuple(row.matching_attributes), values[row.pk]) for row in lists),
            ListRule(REPORTED, "string", AS_KIND, (), list(reported.values_list("value", flat=True))),
        ]
    )


def _list(viewer: Viewer, slug: str) -> WarningList:
    require(viewer, Permission.INTEL_READ)
    found = WarningList.objects.select_related("source").filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no warning list {slug!r}.")
    return found


def _view(row: WarningList) -> WarningListView:
    return WarningListView(
        slug=row.slug,
        name=row.name,
        source=row.source.name,
        kind=row.kind,
        scope=row.scope,
        version=row.version,
        matching_attributes=tuple(row.matching_attributes),
        size=row.size,
        is_enabled=row.is_enabled,
        changed_at=row.changed_at,
    )
