"""Shadowserver's daily reports, all types of them: what is wrong with the addresses that we answer for.

All are observations, those of things seen elsewhere (``malware_url``, ``sandbox_*``, ``blocklist``) included: a national team
receives them because an address in them is its own, and each row is one fact at one time.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from tocsin.formats import json_values
from tocsin.formats.csv_records import csv_records
from tocsin.formats.feed import Feed, Options
from tocsin.formats.feeds.shadowserver.report_types import (
    UNLISTED,
    ReportType,
    find_report_type,
    report_types,
    type_in_file_name,
)
from tocsin.formats.feeds.shadowserver.rows import Plan
from tocsin.text.streams import Member
from tocsin.vocab.classification import classification_name
from tocsin.vocab.errors import Unreadable
from tocsin.vocab.records import Row

_RAW = 500
_MARK = b"\xef\xbb\xbf"


def parse_report(report: ReportType, member: Member) -> Iterator[Row]:
    """The rows of one report: CSV with a header, or the API's JSON (an array of rows, or one row a line).

    Raises ``Unreadable`` where the header lacks a column without which no row can be used.
    """
    if _head(member.open()).removeprefix(_MARK).lstrip()[:1] in (b"[", b"{"):
        yield from _json_rows(report, member)
    else:
        yield from _csv_rows(report, member)


def _head(stream: BinaryIO) -> bytes:
    """The next bytes of a stream, which stay unread."""
    if hasattr(stream, "peek"):
        return bytes(stream.peek(512)[:512])
    head = stream.read(512)
    stream.seek(-len(head), 1)
    return head


def _csv_rows(report: ReportType, member: Member) -> Iterator[Row]:
    records = csv_records(member.lines())
    header = next(records, None)
    if header is None:
        return
    try:
        if header.problem:
            raise ValueError(header.problem)
        read = Plan(report, header.cells).read
    except ValueError as error:
        raise Unreadable(
            f"{member.name}, line {header.line}: not a Shadowserver {report.name} report: {error}"
        ) from error
    for record in records:
        if record.problem:
            yield Row(record.line, problem=record.problem, raw=record.text[:_RAW])
            continue
        try:
            yield Row(record.line, (read(record.cells),))
        except ValueError as error:
            yield Row(record.line, problem=str(error), raw=record.text[:_RAW])


def _json_rows(report: ReportType, member: Member) -> Iterator[Row]:
    plans: dict[tuple[str, ...], Plan] = {}
    for number, piece in enumerate(json_values.walk(member.open(), member.name, _is_row), 1):
        try:
            if piece.problem:
                raise ValueError(piece.problem)
            row = json_values.decode(piece.raw)
            header = tuple(row)
            plan = plans.get(header)
            if plan is None:
                plan = Plan(report, header)
                if len(plans) < 100:
                    plans[header] = plan
            yield Row(number, (plan.read([_cell(value) for value in row.values()]),))
        except ValueError as error:
            yield Row(number, problem=str(error), raw=piece.raw[:_RAW].decode("utf-8", "backslashreplace"))


def _is_row(path: json_values.Path, first: bytes) -> bool:
    return first == b"{" and path in ((), (None,))


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else orjson.dumps(value).decode()


def feed_for_member(name: str) -> str | None:
    """The report type that a file's name tells: ``2024-01-04-scan_http-company-ip.csv`` is ``scan_http``."""
    return type_in_file_name(name)


def feed_named(name: str) -> str | None:
    """The table's name of a report type: ``event4_sinkhole`` is ``event_sinkhole``."""
    return find_report_type(name)


def _feed(report: ReportType) -> Feed:
    def parse(member: Member, _options: Options) -> Iterator[Row]:
        return parse_report(report, member)

    kind = classification_name(report.classification)
    about = f"Shadowserver's {report.name} report ({kind})."
    if report.name == UNLISTED:
        about = "A Shadowserver report of a type that is not in our table yet: kept, not classified."
    return Feed(f"shadowserver/{report.name}", about, "observations", report.classification, parse)


FEEDS: tuple[Feed, ...] = tuple(_feed(report) for report in report_types().values())
