"""The entries of the menu, and panels: what a desk adds to the page of a desk below it.

Each desk names its own in ``apps.py``; web finds them and shows those that the visitor may open.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

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
class Panel:
    """A list of an upper room on the page of a lower one: hits on the page of an indicator, findings on an organisation's.

    ``page`` is the url name of the page below. The list at ``url_name`` is asked for with ``parameter`` set to the page's key and
    loaded when the page is open; without JavaScript it is a link.
    """

    label: str | Promise
    page: str
    url_name: str
    parameter: str
    permission: Any = None
    order: int = 100


@dataclass(frozen=True, slots=True)
class ShownPanel:
    """A panel as one request shows it."""

    label: str
    address: str


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
    if viewer is None:
        return []
    allowed = [entry for entry in entries() if _may_open(viewer, entry)]
    addresses = {entry.url_name: reverse(entry.url_name) for entry in allowed}
    current = max((a for a in addresses.values() if _is_within(request.path, a)), key=len, default=None)
    return [
        ShownEntry(str(e.label), addresses[e.url_name], e.icon, str(e.group), addresses[e.url_name] == current)
        for e in allowed
    ]


def panels(viewer: Any, page: str, key: str) -> list[ShownPanel]:
    """The panels that upper rooms add to a page, those that ``viewer`` may open. ``key`` names the page's object."""
    found = (
        panel for config in apps.get_app_configs() for panel in getattr(config, "panels", ()) if panel.page == page
    )
    return [
        ShownPanel(str(panel.label), f"{reverse(panel.url_name)}?{urlencode({panel.parameter: key})}")
        for panel in sorted(found, key=lambda panel: panel.order)
        if viewer is not None and _may_open(viewer, panel)
    ]


def _may_open(viewer: Any, entry: Entry | Panel) -> bool:
    return entry.permission is None or entry.permission in viewer.permissions


def _is_within(path: str, address: str) -> bool:
    return path == address if address == "/" else path.startswith(address)
