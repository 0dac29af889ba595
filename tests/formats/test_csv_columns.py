from datetime import UTC, datetime
from typing import Any

import pytest

from tocsin.formats.feed import Options, find_feed
from tocsin.text.streams import Member
from tocsin.vocab.errors import InputError, Unreadable
from tocsin.vocab.markings import Tlp
from tocsin.vocab.observables import ObservableType
from tocsin.vocab.records import IndicatorRecord, ObservationRecord, Row


def rows(feed: str, text: str, columns: dict[str, Any] | None, *, defanged: bool = False) -> list[Row]:
    options = Options(columns=columns, defanged=defanged)
    return list(find_feed(f"csv/{feed}").parse(Member.of("partner.csv", text.encode()), options))


def observation(text: str, columns: dict[str, Any]) -> ObservationRecord:
    [row] = rows("observations", text, columns)
    assert row.problem is None, row.problem
    assert isinstance(row.records[0], ObservationRecord)
    return row.records[0]


def indicators(text: str, columns: dict[str, Any], *, defanged: bool = False) -> list[IndicatorRecord]:
    found = [record for row in rows("indicators", text, columns, defanged=defanged) for record in row.records]
    assert all(isinstance(record, IndicatorRecord) for record in found)
    return [record for record in found if isinstance(record, IndicatorRecord)]


def test_columns_are_named_by_the_header() -> None:
    record = observation(
        "Seen;Host;Port;Why;Ticket\n2026-03-24T08:00:00+05:00;198.18.0.1;443;bots;77\n",
        {
            "delimiter": ";",
            "columns": {
                "Seen": "time.source",
                "Host": "source.ip|source.fqdn",
                "Port": "source.port",
                "Why": "malware.name",
            },
            "classification": "infected-system",
        },
    )
    assert record == ObservationRecord(
        observed_at=datetime(2026, 3, 24, 3, tzinfo=UTC),
        classification="malicious-code/infected-system",
        ip="198.18.0.1",
        port=443,
        malware="bots",
        details={"extra.ticket": "77"},
    )


def test_the_first_alternative_that_can_hold_the_cell_wins() -> None:
    columns = {"columns": ["source.ip|source.network|source.fqdn"]}
    assert observation("198.18.0.1\n", columns).ip == "198.18.0.1"
    assert observation("198.18.0.0/24\n", columns).network == "198.18.0.0/24"
    assert observation("Host.Example.\n", columns).host == "host.example"


@pytest.mark.parametrize(
    ("declared", "text", "expected"),
    [
        ({"time": "epoch"}, "1774339200", datetime(2026, 3, 24, 8, tzinfo=UTC)),
        ({"time": "%d/%b/%Y:%H:%M:%S %z"}, "24/Mar/2026:13:00:00 +0500", datetime(2026, 3, 24, 8, tzinfo=UTC)),
        (
            {"time": "%d.%m.%Y %H:%M", "time_zone": "Asia/Karachi"},
            "24.03.2026 13:00",
            datetime(2026, 3, 24, 8, tzinfo=UTC),
        ),
        ({}, "2026-03-24T08:00:00Z", datetime(2026, 3, 24, 8, tzinfo=UTC)),
        ({}, "2026-03-24 08:00:00", None),
        ({"time": "epoch"}, "yesterday", None),
    ],
)
def test_times_are_read_as_declared_and_a_time_without_a_zone_is_none(
    declared: dict[str, Any], text: str, expected: datetime | None
) -> None:
    record = observation(f"{text},198.18.0.1\n", {"columns": ["time.source", "source.ip"], **declared})
    assert record.observed_at == expected
    assert (record.details or {}).get("extra.column_1") == (None if expected else text)


def test_constants_kinds_and_translated_values() -> None:
    record = observation(
        '198.18.0.1,bot,"[1, ""two""]",no\n',
        {
            "columns": ["source.ip", "classification.type", "extra.list", "extra.fixed"],
            "constants": {"protocol.transport": "tcp"},
            "kinds": {"extra.list": "json", "extra.fixed": "boolean"},
            "values": {"classification.type": {"bot": "infected-system"}},
        },
    )
    assert (record.classification, record.protocol) == ("malicious-code/infected-system", "tcp")
    assert record.details == {"extra.list": [1, "two"], "extra.fixed": False}


def test_a_row_that_a_filter_leaves_out_is_in_the_accounts() -> None:
    columns = {"columns": ["source.ip", "extra.note"], "only": ["yes"], "leave_out": ["test"]}
    found = rows("observations", "198.18.0.1,yes\n198.18.0.2,no\n198.18.0.3,yes test\n", columns)
    assert [row.problem for row in found] == [None] + 2 * ["left out by the column map's filter"]


def test_bad_rows_are_shown_with_line_and_reason() -> None:
    found = rows(
        "observations", "host,port\n198.18.0.1,80\nnobody,80\n198.18.0.2\n", {"columns": {"host": "source.ip"}}
    )
    assert [(row.line, row.problem) for row in found] == [
        (2, None),
        (3, "names neither an address nor a host"),
        (4, "has 1 cells where the column map has 2"),
    ]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (None, "needs a column map"),
        ({}, "columns"),
        ({"columns": ["source.ip"], "colums": 1}, "colums"),
        ({"columns": ["source.pi"]}, "did you mean source.ip"),
        ({"columns": ["source.ip"], "kinds": {"extra.x": "float"}}, "no kind 'float'"),
        ({"columns": ["source.ip"], "classification": "evil"}, "no classification"),
        ({"columns": ["source.ip"], "time": "noon"}, "iso, epoch or a format"),
        ({"columns": ["source.ip"], "time_zone": "Mars/Base"}, "no time zone"),
        ({"columns": ["source.ip"], "delimiter": "--"}, "one character"),
    ],
)
def test_a_wrong_column_map_is_refused_in_one_sentence(columns: dict[str, Any] | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rows("observations", "198.18.0.1\n", columns)


def test_a_header_without_a_declared_column_is_refused() -> None:
    with pytest.raises(Unreadable, match="no column 'host'"):
        rows("observations", "ip,port\n198.18.0.1,80\n", {"columns": {"host": "source.ip"}})


def test_a_row_may_hold_several_indicators_that_share_the_rest() -> None:
    found = indicators(
        "Bad.Example,240.0.0.7:8080,Mirai,80,AMBER,2026-03-24T00:00:00Z,c2;iot\n",
        {
            "columns": ["domain-name", "ip-port", "malware", "confidence", "tlp", "valid_from", "tags"],
            "classification": "c2-server",
        },
    )
    shared: dict[str, Any] = {
        "classification": "malicious-code/c2-server",
        "malware": "Mirai",
        "confidence": 80,
        "tlp": Tlp.AMBER,
        "valid_from": datetime(2026, 3, 24, tzinfo=UTC),
        "tags": ("c2", "iot"),
    }
    assert found == [
        IndicatorRecord(ObservableType.DOMAIN, "bad.example", given="Bad.Example", **shared),
        IndicatorRecord(ObservableType.IP_PORT, "240.0.0.7:8080", **shared),
    ]


def test_the_kind_of_a_value_is_guessed_and_defanged_text_is_read() -> None:
    found = indicators("hxxp://bad[.]example/x\n240.0.0.9\n", {"columns": ["value"]}, defanged=True)
    assert [(record.type, record.value) for record in found] == [
        (ObservableType.URL, "bad.example/x"),
        (ObservableType.IPV4, "240.0.0.9"),
    ]


def test_a_row_without_an_indicator_says_why() -> None:
    [row] = rows("indicators", "not a name,x\n", {"columns": ["domain-name", "extra.note"]})
    assert row.problem
    assert "domain" in row.problem
    [impossible] = rows("indicators", "bad.example,300\n", {"columns": ["domain-name", "confidence"]})
    assert impossible.problem == "a confidence of 300 is not between 0 and 100"
