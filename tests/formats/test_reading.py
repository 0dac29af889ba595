"""A delivery's books balance, its duplicates are counted, and what does not belong to it is named."""

import io
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.formats.feed import Feed, Options, find_feed
from tocsin.formats.reading import Reading, identity
from tocsin.text.streams import Limits, Member
from tocsin.vocab.errors import Unreadable
from tocsin.vocab.observables import ObservableType as Kind
from tocsin.vocab.records import Accounts, IndicatorRecord, ListRecord, ObservationRecord, Record, Row


def reading_of(*rows: tuple[Record, ...] | str) -> tuple[list[Row], Accounts]:
    """Rows and books of a delivery whose parser gives these records, or problems where a text stands."""

    def parse(member: Member, options: Options) -> Iterator[Row]:
        for number, row in enumerate(rows, 1):
            yield Row(number, problem=row, raw="?") if isinstance(row, str) else Row(number, row)

    feed = Feed("test/rows", "Rows of a test.", "indicators", "other/other", parse)
    reading = Reading(feed, [Path(__file__)])
    return [row for _, row in reading], reading.accounts


def domain(value: str, malware: str | None = None, external_id: str | None = None) -> IndicatorRecord:
    return IndicatorRecord(Kind.DOMAIN, value, malware=malware, external_id=external_id)


def test_a_row_that_says_nothing_new_is_a_duplicate() -> None:
    rows, accounts = reading_of((domain("a.example"),), (domain("b.example"),), (domain("a.example"),))
    assert [row.line for row in rows] == [1, 2]
    assert accounts == Accounts(received=3, kept=2, duplicate=1)


def test_another_family_or_another_id_of_the_source_is_one_more_provenance() -> None:
    rows, _ = reading_of((domain("a.example"),), (domain("a.example", "mirai"),), (domain("a.example", "mirai", "7"),))
    assert len(rows) == 3


def test_a_row_of_several_records_is_kept_while_one_of_them_is_new() -> None:
    a, b, c = domain("a.example"), domain("b.example"), domain("c.example")
    rows, accounts = reading_of((a, b), (b, c), (c, a))
    assert [row.line for row in rows] == [1, 2]
    assert accounts == Accounts(received=3, kept=2, duplicate=1)


def test_rejected_rows_come_in_order_between_the_kept_ones() -> None:
    rows, accounts = reading_of((domain("a.example"),), "nonsense", "nonsense", (domain("b.example"),))
    assert [row.problem for row in rows] == [None, "nonsense", "nonsense", None]
    assert accounts == Accounts(received=4, kept=2, rejected=2)


def test_a_row_without_records_is_rejected_and_not_lost() -> None:
    rows, accounts = reading_of(())
    assert rows[0].problem == "the row holds nothing that can be used"
    assert accounts == Accounts(received=1, rejected=1)


def test_observations_are_duplicates_only_if_they_say_the_same_in_everything() -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    one = ObservationRecord(at, "vulnerable/ddos-amplifier", ip="198.18.0.1", port=53, details={"extra.tag": "a"})
    same = ObservationRecord(at, "vulnerable/ddos-amplifier", ip="198.18.0.1", port=53, details={"extra.tag": "a"})
    others = [
        ObservationRecord(at, "vulnerable/ddos-amplifier", ip="198.18.0.1", port=53, details={"extra.tag": "b"}),
        ObservationRecord(None, "vulnerable/ddos-amplifier", ip="198.18.0.1", port=53),
        ObservationRecord(at, "vulnerable/ddos-amplifier", ip="198.18.0.1", port=123),
        ObservationRecord(at, "malicious-code/infected-system", ip="198.18.0.1", port=53),
        ObservationRecord(at, "malicious-code/infected-system", ip="198.18.0.1", port=53, malware="mirai"),
        ObservationRecord(at, "fraud/phishing", url="http://a.example/1"),
        ObservationRecord(at, "fraud/phishing", url="http://a.example/2"),
    ]
    assert identity(one) == identity(same)
    assert len({identity(record) for record in (one, *others)}) == 8


def test_entries_of_a_warning_list_are_known_by_list_and_value() -> None:
    one = ListRecord("popular", "hostname", "a.example")
    assert identity(one) != identity(ListRecord("other", "hostname", "a.example"))
    assert identity(one) == identity(ListRecord("popular", "hostname", "a.example", version="2"))


@given(st.lists(st.one_of(st.just("wrong"), st.lists(st.sampled_from("abcdef"), max_size=3))))
def test_the_books_always_balance(plan: list[str | list[str]]) -> None:
    rows = [row if isinstance(row, str) else tuple(domain(f"{name}.example") for name in row) for row in plan]
    shown, accounts = reading_of(*rows)
    assert accounts.is_balanced
    assert accounts.received == len(plan)
    assert len(shown) == accounts.kept + accounts.rejected
    assert accounts.kept <= 6


def tar_of(folder: Path, files: dict[str, bytes]) -> Path:
    file = folder / "delivery.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        for name, content in files.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))
    return file


def test_members_that_do_not_belong_to_the_feed_are_passed_over_by_name(tmp_path: Path) -> None:
    file = tar_of(tmp_path, {"trails/README.md": b"read me", "trails/static/malware/mirai.txt": b"evil.example"})
    reading = Reading(find_feed("maltrail/trails"), [file])
    assert [
        (member, row.records[0].value) for member, row in reading if isinstance(row.records[0], IndicatorRecord)
    ] == [("trails/static/malware/mirai.txt", "evil.example")]
    assert reading.passed_over == ["trails/README.md"]


def test_a_file_that_somebody_names_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    file = tmp_path / "mirai.list"
    file.write_bytes(b"evil.example")
    reading = Reading(find_feed("maltrail/trails"), [file])
    assert len(list(reading)) == 1
    assert reading.passed_over == []


def test_several_files_are_one_delivery(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_bytes(b"evil.example\n")
    reading = Reading(find_feed("plain/domains"), [tmp_path / "a.txt", tmp_path / "b.txt"])
    assert [member for member, _ in reading] == ["a.txt"]
    assert reading.accounts == Accounts(received=2, kept=1, duplicate=1)


def test_bounds_of_the_settings_hold_for_a_reading(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_bytes(b"a" * 5000)
    with pytest.raises(Unreadable, match=r"list\.txt, line 1"):
        list(Reading(find_feed("plain/domains"), [file], limits=Limits(max_line_bytes=1024)))


@pytest.mark.real
def test_the_books_of_the_maltrail_tar_are_exact(real_data: Path) -> None:
    reading = Reading(find_feed("maltrail/trails"), [real_data / "blocklists" / "maltrail-static-trails.tar.xz"])
    kinds: dict[Kind, int] = {}
    for _, row in reading:
        for record in row.records:
            assert isinstance(record, IndicatorRecord)
            kinds[record.type] = kinds.get(record.type, 0) + 1
    assert reading.accounts.received == 1_283_217
    assert reading.accounts.is_balanced
    assert reading.rejected == 65
    assert sum(kinds.values()) == reading.accounts.kept
    # Host-less paths and regular expressions are kept though nothing can match them.
    assert kinds[Kind.PATTERN] == 19
    assert kinds[Kind.URL_PATH] > 80_000


@pytest.mark.real
@pytest.mark.parametrize("level", [3, 5])
def test_every_address_of_ipsum_is_kept(real_data: Path, level: int) -> None:
    reading = Reading(find_feed("ipsum/ipsum"), [real_data / "blocklists" / f"ipsum_levels_{level}.txt"])
    assert all(row.problem is None for _, row in reading)
    assert reading.accounts.kept == reading.accounts.received > 1000
