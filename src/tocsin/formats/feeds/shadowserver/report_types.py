"""Shadowserver's report types, read from ``types.json``: what each is called, classified, and which column is which field.

The table holds facts of Shadowserver's published report pages as of its ``as_of``. To add a report type, add a line there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

#: ``2024-01-04-scan_http-company-ip.csv`` (Shadowserver, "report filename format"); older deliveries lack the last part.
_FILE_NAME = re.compile(
    r"(?:^|/)\d{4}-\d{2}-\d{2}-([a-z0-9_]+)(?:-[^/]*)?\.(?:csv|json|jsonl)$", re.ASCII | re.IGNORECASE
)
_VERSIONED = re.compile(r"(event|scan|population)[46]_(.+)", re.ASCII)

#: The feed of reports that the table does not know yet.
UNLISTED = "unlisted"


class Variant(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"classification": "class"}):
    """What is different in rows whose column has a certain value."""

    classification: str
    identifier: str
    always: Mapping[str, str] = {}


class _Entry(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"classification": "class"}):
    names: tuple[str, ...]
    classification: str
    identifier: str | None = None
    severity: str | None = None
    always: Mapping[str, str] = {}
    columns: Mapping[str, str | tuple[str, ...]] = {}
    asset: Mapping[str, str] = {}
    any: tuple[str, ...] = ()
    variants: Mapping[str, Mapping[str, Variant]] = {}


class _Retired(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A column that reports had until the day it ``left``: its field, or the number ``beside`` another column that it belongs to."""

    column: str
    left: str
    field: str | None = None
    beside: str | None = None
    reports: tuple[str, ...] = ()


class _Table(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    as_of: str
    about: tuple[str, ...]
    columns: Mapping[str, str | tuple[str, ...]]
    kinds: Mapping[str, tuple[str, ...]]
    retired: tuple[_Retired, ...]
    reports: tuple[_Entry, ...]


@dataclass(frozen=True, slots=True)
class ReportType:
    """One report type. ``columns`` gives every column's fields, those of all reports included; ``kinds`` the kind of a field.

    ``severity`` is Shadowserver's default where a row has none. ``asset`` gives the columns (ip, port, host …) that say whom a
    row is about where that is not IntelMQ's ``source``; ``any`` names columns one of which suffices where a report has no address.
    ``variants``: column → its value → what is different then.
    """

    name: str
    classification: str
    identifier: str | None
    severity: str | None
    always: Mapping[str, str]
    columns: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, str]
    asset: Mapping[str, str] = field(default_factory=dict)
    any: tuple[str, ...] = ()
    variants: Mapping[str, Mapping[str, Variant]] = field(default_factory=dict)


@cache
def _table() -> _Table:
    return msgspec.json.decode(files(__package__).joinpath("types.json").read_bytes(), type=_Table)


@cache
def report_types() -> dict[str, ReportType]:
    """All report types by name, :data:`UNLISTED` included."""
    table = _table()
    general = {column: _fields(value) for column, value in table.columns.items()}
    kinds = {f"extra.{name}": kind for kind, names in table.kinds.items() for name in names}
    unlisted = _Entry((UNLISTED,), "other/undetermined")
    return {
        name: ReportType(
            name,
            entry.classification,
            entry.identifier,
            entry.severity,
            entry.always,
            _with_retired(name, general | {column: _fields(value) for column, value in entry.columns.items()}),
            kinds,
            entry.asset,
            entry.any,
            entry.variants,
        )
        for entry in (*table.reports, unlisted)
        for name in entry.names
    }


def _with_retired(report: str, columns: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The columns of one report and those that it, or every report, once had."""
    for retired in _table().retired:
        if retired.reports and report not in retired.reports:
            continue
        if retired.beside:
            # NAICS and SIC are two numberings of one sector: they stand under the same party.
            field = columns[retired.beside][0].removesuffix(retired.beside) + retired.column
        else:
            field = retired.field or f"extra.{retired.column}"
        columns.setdefault(retired.column, (field,))
    return columns


def _fields(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def find_report_type(name: str) -> str | None:
    """The proper name of a report type: ``event4_x`` and ``event6_x`` are ``event_x`` unless they stand in the table themselves,
    ``scan6_x`` is ``scan_x`` likewise, and the other way round. ``None`` where there is none."""
    known = report_types()
    name = name.lower()
    if name in known:
        return name
    versioned = _VERSIONED.fullmatch(name)
    if versioned:
        stem, rest = versioned.groups()
        candidates = (f"{stem}_{rest}", f"{stem}4_{rest}", f"{stem}6_{rest}")
    else:
        stem, _, rest = name.partition("_")
        candidates = (f"{stem}4_{rest}", f"{stem}6_{rest}", name.removesuffix("6"))
    return next((candidate for candidate in candidates if candidate in known), None)


def type_in_file_name(name: str) -> str | None:
    """The report type that a file's name tells (``2024-01-04-scan_http-company-ip.csv``): its proper name, :data:`UNLISTED` for
    a type that the table does not know; ``None`` where the name has another form."""
    found = _FILE_NAME.search(name)
    return (find_report_type(found[1]) or UNLISTED) if found else None
