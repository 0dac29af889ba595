"""Rows that are added, removed or expire: the set always reports what a set of the resulting rows would report."""

import io
import random
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine import adversarial, hostile

from tocsin.engine import spelling
from tocsin.engine.compiling import compile_set, compile_stream
from tocsin.engine.deltas import add_rows, remove_rows
from tocsin.engine.files import delta_of, locked
from tocsin.engine.reference import ReferenceSet
from tocsin.engine.sets import CHECKED_AT_ONCE_BYTES, IndicatorSet
from tocsin.vocab.errors import Conflict, InputError, Unreadable

Rows = list[tuple[str, str]]


def tsv(rows: Rows) -> io.BytesIO:
    return io.BytesIO("".join(f"{kind}\t{value}\n" for kind, value in rows).encode("utf-8", "surrogateescape"))


def found(path: Path, log: bytes, at: datetime | None = None) -> list[tuple[int, str, str]]:
    """Line, type and value of every hit."""
    with IndicatorSet.open(path, at) as opened:
        return sorted((hit.line, *opened.entry(hit.indicator)) for hit in opened.scan(io.BytesIO(log)))


def expected(rows: Rows, log: bytes) -> list[tuple[int, str, str]]:
    reference = ReferenceSet.compile(rows)
    return sorted((hit.line, *rows[hit.indicator]) for hit in reference.scan(io.BytesIO(log)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    compile_set(
        [("domain-name", "evil.example"), ("domain-name", "Evil.Example"), ("file", "ab" * 16)], tmp_path / "set"
    )
    return tmp_path / "set"


def test_an_added_row_counts_on_from_the_base_and_is_found(path: Path) -> None:
    report = add_rows(
        path, tsv([("ipv4-addr", "198.18.0.0/15"), ("url", "*.x.example/a/*"), ("email-addr", "a@x.example")])
    )
    assert (report.received, report.changed, report.unchanged, report.rejected) == (3, 3, 0, [])
    with IndicatorSet.open(path) as opened:
        assert (len(opened), opened.rows) == (6, 6)
        assert [opened.entry(row)[1] for row in (3, 4, 5)] == ["198.18.0.0/15", "*.x.example/a/*", "a@x.example"]
        lines = [b"198.19.1.1", b"http://b.x.example/a/c", b"a@x.example", b"evil.example"]
        assert [(hit.line, hit.indicator) for hit in opened.match_lines(lines)] == [
            (1, 3),
            (2, 4),
            (3, 5),
            (4, 0),
            (4, 1),
        ]


def test_what_is_there_already_is_said_and_not_added_however_it_is_spelt(path: Path) -> None:
    rows = [
        ("domain-name", "EVIL.example"),
        ("domain-name", "new.example"),
        ("domain-name", "NEW.example"),
        ("nonsense", "x"),
    ]
    report = add_rows(path, tsv(rows))
    assert (report.received, report.changed, report.unchanged, len(report.rejected)) == (4, 1, 2, 1)
    assert add_rows(path, tsv(rows)).changed == 0
    with IndicatorSet.open(path) as opened:
        assert opened.rows == 4


def test_a_removed_indicator_goes_with_all_its_spellings_and_comes_back(path: Path) -> None:
    report = remove_rows(
        path, tsv([("domain-name", "EVIL.EXAMPLE"), ("domain-name", "evil.example"), ("file", "cd" * 16), ("url", "")])
    )
    assert (report.received, report.changed, report.unchanged, len(report.rejected)) == (4, 1, 2, 1)
    assert found(path, b"evil.example") == []
    with IndicatorSet.open(path) as opened:
        assert (len(opened), opened.rows) == (1, 3)
    assert add_rows(path, tsv([("domain-name", "evil.example")])).changed == 1
    assert found(path, b"evil.example") == [(1, "domain-name", "Evil.Example"), (1, "domain-name", "evil.example")]


def test_an_added_row_is_removed_and_comes_back_under_its_number(path: Path) -> None:
    for change, values in ((add_rows, [b"a.example"]), (remove_rows, []), (add_rows, [b"a.example"])):
        change(path, tsv([("domain-name", "a.example")]))
        with IndicatorSet.open(path) as opened:
            hits = opened.match_lines([b"a.example"])
            assert [(hit.text, hit.indicator) for hit in hits] == [(value, 3) for value in values]


def test_a_hash_of_a_file_and_of_a_certificate_are_two(path: Path) -> None:
    assert remove_rows(path, tsv([("x509-certificate", "ab" * 16)])).changed == 0
    assert add_rows(path, tsv([("x509-certificate", "ab" * 16)])).changed == 1
    assert [kind for _, kind, _ in found(path, b"ab" * 16)] == ["file", "x509-certificate"]


def test_a_base_without_addresses_gets_them_from_its_delta(path: Path) -> None:
    add_rows(path, tsv([("ipv4-addr", "198.18.7.9"), ("ip-port", "198.19.0.1:80"), ("ipv6-addr", "2001:db8::/32")]))
    assert [line for line, *_ in found(path, b"198.18.7.9\n198.19.0.1:80\n2001:db8::7\n198.19.0.1:81\n")] == [1, 2, 3]


def test_an_empty_base_takes_a_delta(tmp_path: Path) -> None:
    compile_set([], tmp_path / "set")
    add_rows(tmp_path / "set", tsv([("domain-name", "evil.example")]))
    assert len(found(tmp_path / "set", b"evil.example")) == 1


def test_compiling_anew_forgets_the_delta(path: Path) -> None:
    add_rows(path, tsv([("domain-name", "a.example")]))
    compile_set([("domain-name", "b.example")], path)
    assert [file.name for file in path.parent.iterdir()] == ["set"]
    assert [value for *_, value in found(path, b"a.example b.example evil.example")] == ["b.example"]


def test_the_delta_of_another_base_is_passed_over_and_replaced(path: Path) -> None:
    add_rows(path, tsv([("domain-name", "a.example")]))
    old = delta_of(path).read_bytes()
    compile_set([("domain-name", "b.example")], path)
    delta_of(path).write_bytes(old)
    assert [value for *_, value in found(path, b"a.example b.example")] == ["b.example"]
    add_rows(path, tsv([("domain-name", "c.example")]))
    assert [value for *_, value in found(path, b"a.example b.example c.example")] == ["b.example", "c.example"]


def test_a_damaged_delta_is_refused(path: Path) -> None:
    add_rows(path, tsv([("domain-name", "a.example")]))
    content = delta_of(path).read_bytes()
    delta_of(path).write_bytes(content[:-1])
    with pytest.raises(Unreadable, match=r"set\.delta: the set is truncated"):
        IndicatorSet.open(path)


def test_a_second_writer_gets_one_sentence(path: Path) -> None:
    with locked(path, is_patient=False), pytest.raises(Conflict, match="somebody else is changing this set"):
        add_rows(path, tsv([("domain-name", "a.example")]))
    assert add_rows(path, tsv([("domain-name", "a.example")])).changed == 1


def test_readers_keep_what_they_opened(path: Path) -> None:
    with IndicatorSet.open(path) as old:
        add_rows(path, tsv([("domain-name", "a.example")]))
        remove_rows(path, tsv([("domain-name", "evil.example")]))
        assert [hit.indicator for hit in old.match_lines([b"a.example evil.example"])] == [0, 1]
    assert [value for *_, value in found(path, b"a.example evil.example")] == ["a.example"]


AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("until", "is_valid"),
    [
        ("", True),
        ("2026-06-01", True),  # a date is valid to its end
        ("2026-05-31", False),
        ("2026-06-01T12:00:00Z", False),  # the moment itself is no longer in it
        ("2026-06-01T12:00:01Z", True),
        ("2026-06-01t14:00:00.5+02:00", False),
        ("2026-06-01 14:00:01+02:00", True),
        ("2026-06-01T10:00:01-02:00", True),
        ("2026-06-01T10:00:00-02:00", False),
        ("1969-12-31", False),
        ("0001-01-01T00:00:00Z", False),
        ("9999-12-31T23:59:60Z", True),
        ("2024-02-29", False),
    ],
)
def test_a_row_is_valid_until_its_time(tmp_path: Path, until: str, is_valid: bool) -> None:
    path = tmp_path / "set"
    line = f"domain-name\tevil.example\t{until}\n".encode()
    assert compile_stream(io.BytesIO(line), path).rejected == []
    assert bool(found(path, b"evil.example", AT)) is is_valid
    compile_set([], path)
    assert add_rows(path, io.BytesIO(line)).changed == 1
    assert bool(found(path, b"evil.example", AT)) is is_valid


@pytest.mark.parametrize(
    "until",
    [
        "extra", "2026", "2026-13-01", "2026-02-29", "2026-00-01", "2026-01-00", "2026-01-32", "2026-01-01T", "2026-01-01T12:00Z",
        "2026-01-01T12:00:00", "2026-01-01T24:00:00Z", "2026-01-01T12:00:00+2:00", "20260101", "2026-01-01Z", "2026/01/01", "-026-01-01",
    ],
)  # fmt: skip
def test_a_third_column_that_is_no_time_refuses_the_row(tmp_path: Path, until: str) -> None:
    report = compile_stream(io.BytesIO(f"domain-name\tevil.example\t{until}\n".encode()), tmp_path / "set")
    assert report.compiled == 0
    assert "neither empty nor a time" in report.rejected[0][1]


def test_times_as_python_knows_them_and_every_day_of_centuries(tmp_path: Path) -> None:
    first = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    times = [first + timedelta(days=day, seconds=day) for day in range(0, 49_710, 7)]
    compile_set([("domain-name", f"d{number}.example", time) for number, time in enumerate(times)], tmp_path / "set")
    with IndicatorSet.open(tmp_path / "set", AT) as opened:
        lines = b"".join(opened.listed()).splitlines()
        assert [line.split(b"\t")[2].decode() for line in lines] == [
            time.strftime("%Y-%m-%dT%H:%M:%SZ") for time in times
        ]
        hits = opened.match_lines([f"d{number}.example".encode() for number in range(len(times))])
        assert [hit.indicator for hit in hits] == [number for number, time in enumerate(times) if time > AT]


def test_another_time_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "set"
    compile_set([("domain-name", "evil.example", "2026-01-31")], path)
    assert found(path, b"evil.example", AT) == []
    assert add_rows(path, io.BytesIO(b"domain-name\tevil.example\t2026-12-31\n")).changed == 1
    assert len(found(path, b"evil.example", AT)) == 1
    assert add_rows(path, io.BytesIO(b"domain-name\tevil.example\t2026-01-31\n")).changed == 1
    assert found(path, b"evil.example", AT) == []
    assert add_rows(path, io.BytesIO(b"domain-name\tevil.example\t2026-01-31\n")).unchanged == 1
    with IndicatorSet.open(path) as opened:
        assert (len(opened), opened.rows) == (1, 2)


@dataclass
class Kept:
    row: tuple[str, str]
    identity: object
    is_removed: bool = False


class Model:
    """What a set should hold after changes, said slowly: rows in order, each with what it is and whether it was removed."""

    def __init__(self, rows: Rows) -> None:
        refused = {number for number, _ in ReferenceSet.compile(rows).rejected}
        self.rows = [Kept(row, identity(row)) for number, row in enumerate(rows) if number not in refused]

    def add(self, given_rows: Rows) -> None:
        for fresh in Model(given_rows).rows:
            alike = [old for old in self.rows if old.identity == fresh.identity]
            if all(old.is_removed for old in alike):
                for old in alike:
                    old.is_removed = False
                if not alike:
                    self.rows.append(fresh)

    def remove(self, given_rows: Rows) -> None:
        gone = [row.identity for row in Model(given_rows).rows]
        for old in self.rows:
            old.is_removed |= old.identity in gone

    @property
    def live(self) -> Rows:
        return [kept.row for kept in self.rows if not kept.is_removed]


def identity(row: tuple[str, str]) -> object:
    return row[0], spelling.read_indicator(*row)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1 << 32), st.lists(st.tuples(st.booleans(), st.integers(0, 40)), max_size=6))
def test_base_and_delta_less_removals_is_the_set_of_the_resulting_rows(
    seed: int, changes: list[tuple[bool, int]]
) -> None:
    random_ = random.Random(seed)  # noqa: S311
    pool = [row for row in adversarial.indicators(random_, 60) if "\t" not in row[1] and "\n" not in row[1]]
    log = b"\n".join(adversarial.line(random_, pool) for _ in range(200))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "set"
        first = random_.sample(pool, random_.randint(0, len(pool)))
        model = Model(first)
        compile_set(first, path)
        for is_added, count in changes:
            rows = random_.choices(pool, k=count) if pool else []
            (model.add if is_added else model.remove)(rows)
            report = (add_rows if is_added else remove_rows)(path, tsv(rows))
            assert report.received == report.changed + report.unchanged + len(report.rejected) == len(rows)
            with IndicatorSet.open(path) as opened:
                lines = b"".join(opened.listed()).decode("utf-8", "surrogateescape").split("\n")[:-1]
            assert [tuple(line.split("\t")) for line in lines] == model.live
            assert found(path, log) == expected(model.live, log)


def _use(path: Path) -> None:
    """Everything that can be asked of a set; wrong answers are allowed."""
    with IndicatorSet.open(path) as opened:
        opened.checked()
        list(opened.scan(io.BytesIO(LOG)))
        for row in range(min(opened.rows, 30)):
            with suppress(InputError):
                opened.entry(row)
        with suppress(Unreadable):
            list(opened.listed())
        opened.verify()


LOG = b"a.example evil.example 198.18.7.9:80\n2001:db8::1 http://x.example/a/b\n" + b"ab" * 16 + b" a@x.example\n"
CHANGES = [
    ("domain-name", "a.example"),
    ("ipv6-addr", "2001:db8::/32"),
    ("url", "http://x.example/a/*"),
    ("email-addr", "a@x.example"),
    ("ip-port", "198.18.7.9:80"),
    ("domain-name", "A.example"),
]


@pytest.fixture
def changed(path: Path) -> Path:
    """A set with a delta that has every section."""
    until = b"domain-name\tlater.example\t2099-01-01\n"
    add_rows(path, io.BytesIO(tsv(CHANGES).read() + until))
    remove_rows(path, tsv(CHANGES[:1]))
    return path


def test_a_set_cut_anywhere_is_refused_base_and_delta(changed: Path) -> None:
    for file in (changed, delta_of(changed)):
        content = file.read_bytes()
        sizes = [
            *range(hostile.CHECKSUM_AT + 9),
            *range(4000, 4200, 7),
            *range(4096, len(content), 1009),
            len(content) - 1,
        ]
        for size in sizes:
            file.write_bytes(content[:size])
            with pytest.raises(Unreadable):
                IndicatorSet.open(changed)
        file.write_bytes(content)


def test_every_flipped_bit_of_a_delta_that_counts_is_refused(changed: Path) -> None:
    file, random_ = delta_of(changed), random.Random(7)  # noqa: S311
    content = file.read_bytes()
    places = list(range(hostile.CHECKSUM_AT + 8))
    for _, offset, size in hostile.sections(content):
        places += [offset + random_.randrange(size) for _ in range(40) if size]
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 1 << random_.randrange(8)
        file.write_bytes(damaged)
        with pytest.raises(Unreadable):
            IndicatorSet.open(changed)


@pytest.mark.parametrize("is_delta", [False, True])
def test_a_hostile_file_with_good_checksums_does_no_harm(changed: Path, is_delta: bool) -> None:
    file, random_ = delta_of(changed) if is_delta else changed, random.Random(8)  # noqa: S311
    content = file.read_bytes()
    fields = range(hostile.FIELDS_AT, hostile.CHECKSUM_AT, 8)
    parts = [part for part in hostile.sections(content) if part[2]]
    opened = 0
    for number in range(500):
        damaged = bytearray(content)
        if number < len(fields) * 4:  # every field of the header, with every kind of number
            value = [0, 1, (1 << 64) - 1, len(content)][number % 4]
            damaged[fields[number // 4] : fields[number // 4] + 8] = value.to_bytes(8, "little")
        for _ in range(random_.choice([1, 3, 30]) if number >= len(fields) * 4 else 0):
            _, offset, size = random_.choice(parts)
            damaged[offset + random_.randrange(size)] = random_.choice([0, 1, 127, 128, 255, random_.randrange(256)])
        file.write_bytes(hostile.repaired(bytes(damaged)))
        with suppress(Unreadable, InputError):
            with IndicatorSet.open(changed):
                opened += 1
            _use(changed)
    assert opened > 200


def test_a_large_set_that_is_damaged_hands_nothing_out(tmp_path: Path) -> None:
    path = tmp_path / "set"
    rows = b"".join(b"domain-name\tn%d.example\n" % number for number in range(150_000))
    compile_stream(io.BytesIO(rows), path)
    content = bytearray(path.read_bytes())
    assert len(content) > CHECKED_AT_ONCE_BYTES
    _, offset, size = hostile.sections(bytes(content))[3]
    content[offset + size - 1] ^= 1
    path.write_bytes(content)
    for use in (
        lambda opened: opened.checked(),
        lambda opened: opened.entry(0),
        lambda opened: opened.match_lines([b"n7.example"]),
        lambda opened: opened.match_lines([b"nothing"]),
        lambda opened: list(opened.listed()),
        lambda opened: opened.verify(),
    ):
        with IndicatorSet.open(path) as opened, pytest.raises(Unreadable, match="does not match its checksum"):
            use(opened)
    IndicatorSet.open(path).close()


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1 << 32), st.dates(min_value=AT.date() - timedelta(3), max_value=AT.date() + timedelta(3)))
def test_expired_rows_are_as_if_they_were_not_there(seed: int, today: date) -> None:
    random_ = random.Random(seed)  # noqa: S311
    pool = [row for row in adversarial.indicators(random_, 40) if "\t" not in row[1] and "\n" not in row[1]]
    days = [random_.choice([None, AT.date() + timedelta(random_.randint(-3, 3))]) for _ in pool]
    log = b"\n".join(adversarial.line(random_, pool) for _ in range(100))
    at = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    valid = [row for row, day in zip(pool, days, strict=True) if day is None or day >= today]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "set"
        compile_set([(*row, day.isoformat() if day else None) for row, day in zip(pool, days, strict=True)], path)
        assert found(path, log, at) == expected(valid, log)
