"""The entries of the menu. Each desk names its own in ``apps.py``; web finds them and shows those that the visitor may open."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu: ``label`` (lazily translated), ``url_name`` (``intel:deliveries``), ``icon``, ``permission``.

    ``permission`` is whatever the viewer's ``permissions`` contain; ``None`` means everybody who is signed in. ``order`` sorts
    the menu from 0; ``group`` gathers entries under one heading.
    """

    label: str | Promise
    url_name: str
    icon: str
    permission: Any = None
    order: int = 100
    group: str | Promise = ""


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """A menu entry as one request shows it."""

    label: str
    address: str
    icon: str
    group: str
    is_current: bool


def entries() -> list[Entry]:
    """All entries of all rooms, in the order of the menu. A room declares ``navigation`` on its ``AppConfig``."""
    found = (entry for config in apps.get_app_configs() for entry in getattr(config, "navigation", ()))
    return sorted(found, key=lambda entry: entry.order)


def shown(request: HttpRequest, viewer: Any) -> list[ShownEntry]:
    """The entries that ``viewer`` may open, the one that ``request`` is in marked; none for a stranger."""
    permissions = getattr(viewer, "permissions", None)
    if permissions is None:
        return []
    allowed = [entry for entry in entries() if entry.permission is None or entry.permission in permissions]
    addresses = {entry.url_name: reverse(entry.url_name) for entry in allowed}
    current = max((a for a in addresses.values() if _is_within(request.path, a)), key=len, default=None)
    return [
        ShownEntry(str(e.label), addresses[e.url_name], e.icon, str(e.group), addresses[e.url_name] == current)
        for e in allowed
    ]


def _is_within(path: str, address: str) -> bool:
    return path == address if address == "/" else path.startswith(address)
