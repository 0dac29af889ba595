"""From a row of cells to a record: a plan is made once for each header, so that a row costs one pass over its cells."""

import re
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from tocsin.formats import harmonised
from tocsin.formats.feeds.shadowserver.report_types import ReportType, Variant
from tocsin.text import normal
from tocsin.vocab.records import ObservationRecord

#: What Shadowserver writes for "nothing" in text columns, besides the empty cell.
_NOTHING = harmonised.NO_VALUE | {"0", "unknown"}
_NOTHING_TYPED = harmonised.NO_VALUE | {"unknown"}

_CVE = re.compile(r"CVE-\d{4}-\d{4,}", re.IGNORECASE | re.ASCII)
_EMAIL_DOMAIN = re.compile(r"[^@\s]+@([^@\s]+)")
_FIELD_NAME = re.compile(r"[^a-z0-9_.]+", re.ASCII)
_PATH_OF_REQUEST = re.compile(r"[A-Z]{3,8} (\S+)(?: HTTP/[0-9.]+)?", re.ASCII)

#: What makes a row usable.
_ANCHORS = ("source.ip", "source.network", "source.fqdn", "source.url", "source.reverse_dns")
#: Columns that tell the host that a URL's path belongs to.
_HOST_COLUMNS = ("http_host", "host", "hostname")

Step = tuple[int, str, str, Callable[[str], Any]]


class Plan:
    """How the rows of one header become records of one report type.

    Raises ``ValueError``, in words for a person, if a column is missing without which no row can be used.
    """

    def __init__(self, report: ReportType, header: Sequence[str]) -> None:
        self.report = report
        self.columns = [_column(name, header[:index]) for index, name in enumerate(header)]
        self._place = {column: index for index, column in enumerate(self.columns)}
        self._require_columns()
        texts: list[tuple[int, str]] = []
        self._typed: list[Step] = []
        self._urls: list[tuple[int, str, str]] = []
        self._cve_columns: list[int] = []
        self._network_columns: list[tuple[int, str]] = []
        taken: set[str] = set()
        for index, column in enumerate(self.columns):
            fields = report.columns.get(column, (f"extra.{column}",))
            if set(fields) == {"source.ip", "source.network"}:
                self._network_columns.append((index, column))
                taken.update(fields)
                continue
            for field in fields:
                kind = report.kinds.get(field) or harmonised.kind_of(field)
                if field == "product.vulnerabilities" and column == "tag":
                    self._cve_columns.append(index)
                elif kind == "url":
                    self._urls.append((index, column, field))
                elif kind == "text" and field not in taken:
                    texts.append((index, field))
                else:
                    self._typed.append((index, column, field, harmonised.KINDS[kind]))
                taken.add(field)
        self._text_fields = [field for _, field in texts]
        self._text_cells = _picker([index for index, _ in texts])
        self._hosts = [self._place[column] for column in _HOST_COLUMNS if column in self._place]
        self._variants = [(self._place[c], by_value) for c, by_value in report.variants.items() if c in self._place]
        self._asset = [(what, self._place[column]) for what, column in report.asset.items() if column in self._place]
        self._any = [self._place[column] for column in report.any if column in self._place]
        self._always = dict(report.always)

    def _require_columns(self) -> None:
        report = self.report
        if "timestamp" not in self._place:
            raise ValueError(f"the column 'timestamp' of {report.name} reports is missing")
        anchors = [c for c, fields in report.columns.items() if set(fields) & set(_ANCHORS)]
        anchors += [*report.any, *report.asset.values()]
        if not any(column in self._place for column in anchors):
            raise ValueError(f"no column of {report.name} reports that says whom a row is about ({', '.join(anchors)})")

    def read(self, cells: Sequence[str]) -> ObservationRecord:
        """The record of one row. Raises ``ValueError``, in words for a person, if the row names neither address nor host."""
        fields = {
            field: cell
            for field, cell in zip(self._text_fields, self._text_cells(cells), strict=True)
            if cell not in _NOTHING
        }
        failed = self._add_typed(fields, cells)
        for index, column, field in self._urls:
            if cells[index] not in _NOTHING_TYPED:
                self._add_url(fields, cells, index, column, field)
        for index, column in self._network_columns:
            self._add_network(fields, cells[index], column)
        for column in failed:
            # A host column that only repeats the row's address says nothing of its own.
            if column in _HOST_COLUMNS and fields[f"extra.{column}"] == fields.get("source.ip"):
                del fields[f"extra.{column}"]
        for index in self._cve_columns:
            if "-" in cells[index] and (found := _CVE.findall(cells[index])):
                fields.setdefault("product.vulnerabilities", ";".join(dict.fromkeys(cve.upper() for cve in found)))
        return self._record(fields, cells)

    def _add_typed(self, fields: dict[str, Any], cells: Sequence[str]) -> list[str]:
        """Add the fields that are not plain text; the columns whose cells their fields cannot hold, which stay as text."""
        failed: list[str] = []
        for index, column, field, convert in self._typed:
            cell = cells[index]
            if cell in _NOTHING_TYPED:
                continue
            try:
                value = convert(cell)
            except ValueError:
                fields[f"extra.{column}"] = cell
                failed.append(column)
                continue
            if value is None:
                continue
            if field in fields:  # two columns of one meaning: the first counts, the second is kept
                fields.setdefault(f"extra.{column}", cell)
            else:
                fields[field] = value
        return failed

    def _record(self, fields: dict[str, Any], cells: Sequence[str]) -> ObservationRecord:
        report: ReportType | Variant = self.report
        always = self._always
        for index, by_value in self._variants:
            if cells[index] in by_value:
                report = by_value[cells[index]]
                always = {**self._always, **report.always}
                if "classification.type" not in report.always:
                    always.pop("classification.type", None)
        for field, value in always.items():
            fields.setdefault(field, value)
        take = fields.pop
        identifier = take("classification.identifier", None) if report is self.report else None
        ip, network = take("source.ip", None), take("source.network", None)
        port, host, url = take("source.port", None), take("source.fqdn", None), take("source.url", None)
        if self._asset:
            ip, port, host = self._other_asset(fields, cells, ip, port, host)
        if ip is None and host is None and url is None and network is None:
            host = fields.get("source.reverse_dns")
            if host is None:
                self._require_anchor(fields, cells)
        return ObservationRecord(
            observed_at=take("time.source", None),
            classification=report.classification,
            identifier=report.identifier or identifier,
            ip=ip,
            network=network,
            port=port,
            protocol=take("protocol.transport", None),
            host=host,
            url=url,
            malware=take("malware.name", None),
            severity=take("severity", None),
            details=fields,
        )

    def _require_anchor(self, fields: dict[str, Any], cells: Sequence[str]) -> None:
        if any(cells[index] not in _NOTHING for index in self._any):
            return
        for column in ("ip", "src_ip"):
            if f"extra.{column}" in fields:
                raise ValueError(f"{fields[f'extra.{column}'][:80]!r} in the column {column!r} is not an address")
        raise ValueError("names neither an address nor a host")

    def _other_asset(
        self, fields: dict[str, Any], cells: Sequence[str], ip: str | None, port: int | None, host: str | None
    ) -> tuple[str | None, int | None, str | None]:
        """Whom the row is about where that is not the report's source: the source stays in the details."""
        own = {what: cells[index] for what, index in self._asset}
        if "ip" in own:
            target = fields.get("destination.ip")
            if target is None:
                return ip, port, host
            source = {"source.ip": ip, "source.port": port, "source.fqdn": host}
            fields.update({field: value for field, value in source.items() if value is not None})
            return target, fields.get("destination.port"), fields.get("destination.fqdn")
        email = _EMAIL_DOMAIN.fullmatch(own.get("email", ""))
        name = email[1] if email else own.get("website", "")
        try:
            found = harmonised.hostname(
                name.partition("://")[2].partition("/")[0] if "://" in name else name.partition("/")[0]
            )
        except ValueError:
            found = None
        return ip, port, host or found

    def _add_network(self, fields: dict[str, Any], cell: str, column: str) -> None:
        if cell in _NOTHING_TYPED:
            return
        field, convert = ("source.network", normal.network) if "/" in cell else ("source.ip", normal.address)
        try:
            fields[field] = convert(cell)
        except ValueError:
            fields[f"extra.{column}"] = cell

    def _add_url(self, fields: dict[str, Any], cells: Sequence[str], index: int, column: str, field: str) -> None:
        cell = cells[index]
        request = _PATH_OF_REQUEST.fullmatch(cell)
        path = request[1] if request else cell
        if "://" not in path:
            host = next((cells[place] for place in self._hosts if cells[place] not in _NOTHING), None)
            application = fields.get("protocol.application") or fields.get("extra.application") or "http"
            scheme = application if application in ("http", "https", "ftp") else "http"
            path = f"{scheme}://{host}{'' if path.startswith('/') else '/'}{path}" if host else path
        try:
            fields[field] = harmonised.url(path)
        except ValueError:
            fields[f"extra.{column}"] = cell


def _column(name: str, before: Sequence[str]) -> str:
    """A column's name in the spelling of field names; a second column of the same name gets a number."""
    plain = _FIELD_NAME.sub("_", name.strip().lower()).strip("_.") or f"column_{len(before) + 1}"
    count = sum(other.strip().lower() == name.strip().lower() for other in before)
    return f"{plain}_{count + 1}" if count else plain


def _picker(indexes: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    if not indexes:
        return lambda _cells: ()
    if len(indexes) == 1:
        only = indexes[0]
        return lambda cells: (cells[only],)
    return itemgetter(*indexes)
