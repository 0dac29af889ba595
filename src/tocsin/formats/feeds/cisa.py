"""CISA's catalogue of Known Exploited Vulnerabilities (KEV).

Layout of 2025-06 (JSON, schema 1.0 with ``cwes``): a head (title, catalogue version, day of release, count) and a list
``vulnerabilities``; each with the CVE's number, vendor, product, name, the day it was added, a short description, what has to be
done and until when (dates ``YYYY-MM-DD``), whether ransomware uses it (Known, Unknown), notes (links with semicolons between) and
CWE numbers. A row is a vulnerability, its line its ordinal from 1. The day it must be fixed by is CISA's order to United States
agencies: kept in ``details``, no validity of ours. A vulnerability is nothing that the engine looks for in logs.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tocsin.formats.feed import Feed, Options
from tocsin.formats.json_values import JsonSlice, Path, decode, records
from tocsin.formats.outcome import refused
from tocsin.formats.times import iso_time
from tocsin.text.streams import Member
from tocsin.vocab.errors import Unreadable
from tocsin.vocab.observables import ObservableType
from tocsin.vocab.records import IndicatorRecord, Row

_CVE = re.compile(r"CVE-\d{4}-\d{4,}")
_LINK = re.compile(r"https?://[^\s;,]+")
_USED = frozenset({"cveID", "dateAdded", "shortDescription", "knownRansomwareCampaignUse"})


def _parse(member: Member, _options: Options) -> Iterator[Row]:
    is_catalogue = False

    def wanted(path: Path, first: bytes) -> bool:
        nonlocal is_catalogue
        is_catalogue = is_catalogue or path == ("vulnerabilities",)
        return path in (("vulnerabilities", None), (None,)) or (path == ("vulnerabilities",) and first != b"[")

    line = 0
    for line, piece in enumerate(records(member, wanted), 1):
        yield _row(line, piece)
    if not line and not is_catalogue:
        raise Unreadable(
            f"{member.name} is not the KEV catalogue: it has no list of vulnerabilities; name another feed."
        )


def _row(line: int, piece: JsonSlice) -> Row:
    try:
        if piece.problem:
            raise ValueError(piece.problem)
        return Row(line, (_record(decode(piece.raw)),))
    except ValueError as error:
        return refused(line, str(error), piece.raw)


def _record(found: Any) -> IndicatorRecord:
    if not isinstance(found, Mapping):
        raise ValueError("the vulnerability is not a JSON object")
    number = str(found.get("cveID") or "").strip().upper()
    if not _CVE.fullmatch(number):
        raise ValueError(f"{number or 'nothing'!r} is no CVE number such as CVE-2026-12345")
    is_used = str(found.get("knownRansomwareCampaignUse")).strip().lower() == "known"
    return IndicatorRecord(
        ObservableType.VULNERABILITY,
        number,
        classification="vulnerable/vulnerable-system",
        valid_from=iso_time(str(found["dateAdded"])) if found.get("dateAdded") else None,
        external_id=number,
        description=str(found.get("shortDescription") or "") or None,
        references=tuple(dict.fromkeys(_LINK.findall(str(found.get("notes") or "")))),
        tags=("ransomware",) if is_used else (),
        details={"is_used_by_ransomware": is_used}
        | {key: value for key, value in found.items() if key not in _USED and value not in (None, "", [])},
    )


FEEDS = (
    Feed(
        name="cisa/kev",
        about="Vulnerabilities known to be exploited (JSON).",
        gives="indicators",
        classification="vulnerable/vulnerable-system",
        parse=_parse,
    ),
)
