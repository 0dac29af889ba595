"""Where the events that IntelMQ expected of older reports differ from what IntelMQ would say of the same rows today.

IntelMQ's test events were written for Shadowserver's mapping of 2023. Since then fields were renamed, one by one and on known days
(Shadowserver's report schema and its list of completed changes). Each line undoes one such change, for the reports that it
concerned, so that our events of today can be compared field by field with the older ones. Nothing else may differ.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Rename:
    """Since the day ``on`` the field is ``ours``; before it was ``theirs`` (``None``: there was none), its value as ``was`` says.

    ``reports`` limits it (empty: all). With ``is_copy`` the field of today existed already and the older one came on top.
    """

    on: str
    ours: str
    theirs: str | None
    reason: str
    reports: tuple[str, ...] = ()
    was: Callable[[Any], Any] = _as_it_is
    is_copy: bool = False


_SINKHOLES = ("event_sinkhole", "event_sinkhole_dns", "event_sinkhole_http")
_TAG_WAS_MALWARE = ("compromised_website", "malware_url", "population_http_proxy", "special")

RENAMES: tuple[Rename, ...] = (
    Rename(
        "2023-10-31",
        "extra.tag",
        "malware.name",
        "the tag of these reports was read as malware",
        _TAG_WAS_MALWARE,
        str.lower,
    ),
    Rename("2023-10-31", "status", "extra.status", "status became a field of its own", ("special",)),
    Rename("2023-11-16", "status", "extra.status", "status became a field of its own", ("scan_xdmcp",)),
    Rename("2023-11-16", "protocol.application", None, "the constant 'exchange' was added", ("scan_exchange",)),
    Rename(
        "2024-01-29", "malware.name", "extra.infection", "the infection, not the family, became the malware", _SINKHOLES
    ),
    Rename(
        "2024-01-29", "extra.family", "malware.name", "the infection, not the family, became the malware", _SINKHOLES
    ),
    Rename(
        "2024-01-29",
        "extra.tag",
        "classification.identifier",
        "the identifier became the infection; it was the tag",
        ("event_sinkhole_http",),
        is_copy=True,
    ),
    Rename("2025-08-04", "extra.source_name", "extra.source", "it collided with extra.source.naics", ("blocklist",)),
    Rename(
        "2025-09-11", "extra.isakmp_exchange_type", "extra.exchange_type", "named after its protocol", ("scan_isakmp",)
    ),
    Rename("2025-09-11", "extra.isakmp_spi_size", "extra.spi_size", "named after its protocol", ("scan_isakmp",)),
    Rename(
        "2025-09-11",
        "classification.type",
        "classification.type",
        "FREAK is weak cryptography",
        ("scan_ssl_freak",),
        {"weak-crypto": "vulnerable-system"}.__getitem__,
    ),
    Rename("2025-11-21", "product.name", "extra.product", "product fields came with IntelMQ 3.5", ("scan_vnc",)),
    Rename(
        "2025-11-21",
        "product.name",
        "extra.device_model",
        "product fields came with IntelMQ 3.5",
        ("device_id", "event_ddos_participant", "scan_dvr_dhcpdiscover", "scan_ics"),
    ),
    Rename("2025-11-21", "product.vendor", "extra.device_vendor", "product fields came with IntelMQ 3.5"),
    Rename("2025-11-21", "product.version", "extra.device_version", "product fields came with IntelMQ 3.5"),
    Rename("2026-01-05", "product.vulnerabilities", None, "CVE numbers are read out of the tag since then"),
    Rename(
        "always",
        "classification.taxonomy",
        None,
        "IntelMQ's CSV parser leaves the class of a type to the bot that comes next; Tocsin says it at once",
        ("csv/observations",),
    ),
)


def as_it_was(fields: dict[str, Any], report: str, used: set[Rename] | None = None) -> dict[str, Any]:
    """An event of today as the older mapping would have written it; the renames that did something are added to ``used``."""
    result = dict(fields)
    moved: dict[str, Any] = {}
    for rename in RENAMES:
        if rename.ours in fields and (not rename.reports or report in rename.reports):
            if not rename.is_copy:
                result.pop(rename.ours, None)
            if rename.theirs is not None:
                moved[rename.theirs] = rename.was(fields[rename.ours])
            if used is not None:
                used.add(rename)
    return result | moved
