"""Sets as files: what they give back, and that a damaged or hostile one is refused or at least harmless."""

import ctypes
import io
import random
import threading
from pathlib import Path

import pytest
from tests.engine import hostile

from tocsin.engine.compiling import compile_set, compile_stream
from tocsin.engine.sets import IndicatorSet
from tocsin.vocab.errors import InputError, Unreadable

ROWS = [
    ("domain-name", "Evil.Example"),
    ("domain-name", "bücher.example"),
    ("ipv4-addr", "198.18.7.9"),
    ("ipv4-addr", "198.18.0.0/16"),
    ("ipv4-addr", "198.18.7.9/32"),
    ("ipv6-addr", "2001:DB8::1"),
    ("ip-port", "198.18.7.9:80"),
    ("ip-port", "[2001:db8::1]:65535"),
    ("url", "http://evil.example/A"),
    ("url", "https://evil.example/a"),
    ("url", "evil.example"),
    ("url", "*.evil.example/x/*"),
    ("file", "0123456789abcdef" * 2),
    ("file", "0123456789ABCDEF" * 4),
    ("x509-certificate", "ab" * 20),
    ("email-addr", "User@evil.example"),
    ("domain-name", " spaced.example "),
]
LOG = b"nothing here\nGET http://evil.example/a from 198.18.7.9:80\n" + b"x " * 50 + b"user@evil.example 2001:db8::1\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    compile_set(ROWS, tmp_path / "set")
    return tmp_path / "set"


def test_every_row_comes_back_as_it_was_given(path: Path) -> None:
    with IndicatorSet.open(path) as opened:
        assert [opened.entry(row) for row in range(len(ROWS))] == ROWS
        assert (len(opened), opened.rows) == (len(ROWS), len(ROWS))


def test_values_come_back_byte_for_byte_even_if_they_are_not_utf8(tmp_path: Path) -> None:
    report = compile_stream(
        io.BytesIO(b"url\thttp://evil.example/\xff\r\ndomain-name\tevil.example\t\textra\n"), tmp_path / "set"
    )
    assert (report.compiled, report.rejected) == (2, [])
    with IndicatorSet.open(tmp_path / "set") as opened:
        assert opened.entry_bytes(0) == ("url", b"http://evil.example/\xff")
        assert opened.entry(1) == ("domain-name", "evil.example")
        assert [hit.indicator for hit in opened.match_lines([b"GET http://evil.example/\xff"])] == [0, 1]


def test_a_row_that_was_refused_or_never_was_is_asked_for_in_vain(tmp_path: Path) -> None:
    compile_set([("domain-name", "good.example"), ("nonsense", "x")], tmp_path / "set")
    with IndicatorSet.open(tmp_path / "set") as opened:
        for row in (1, 2, -1, 1 << 40):
            with pytest.raises(InputError, match="no indicator in row"):
                opened.entry(row)


def test_blank_lines_and_comments_of_a_file_keep_their_number(tmp_path: Path) -> None:
    report = compile_stream(io.BytesIO(b"# types\n\ndomain-name\tevil.example\nbroken\nurl\n"), tmp_path / "set")
    assert (report.compiled, [row for row, _ in report.rejected]) == (1, [3, 4])
    with IndicatorSet.open(tmp_path / "set") as opened:
        assert [hit.indicator for hit in opened.match_lines([b"evil.example"])] == [2]


def test_values_with_tabs_and_line_ends_are_refused_and_numbers_stay_right(tmp_path: Path) -> None:
    rows = [
        ("domain-name", "a.example"),
        ("domain-name", "b\n.example"),
        ("domain-name", "c\t.example"),
        ("", ""),
        ("domain-name", "d.example"),
    ]
    report = compile_set(rows, tmp_path / "set")
    assert [row for row, _ in report.rejected] == [1, 2, 3]
    with IndicatorSet.open(tmp_path / "set") as opened:
        assert opened.entry(4) == ("domain-name", "d.example")


def test_an_empty_set_matches_nothing(tmp_path: Path) -> None:
    assert compile_set([], tmp_path / "set").compiled == 0
    with IndicatorSet.open(tmp_path / "set") as opened:
        assert list(opened.scan(io.BytesIO(LOG))) == []


def test_a_hit_has_line_row_and_the_lines_text(path: Path) -> None:
    with IndicatorSet.open(path) as opened:
        hits = list(opened.scan(io.BytesIO(LOG)))
    assert [(hit.line, hit.indicator) for hit in hits] == [
        *((2, row) for row in (0, 2, 3, 4, 6, 8, 9, 10)),
        *((3, row) for row in (0, 5, 15)),
    ]
    assert {hit.text for hit in hits} == {*LOG.split(b"\n")[1:3]}


def test_a_set_is_replaced_under_its_readers(path: Path) -> None:
    with IndicatorSet.open(path) as old:
        compile_set([("domain-name", "new.example")], path)
        assert [hit.indicator for hit in old.match_lines([b"evil.example"])] == [0]
        with IndicatorSet.open(path) as new:
            assert new.match_lines([b"evil.example"]) == []
            assert len(new.match_lines([b"new.example"])) == 1
    assert [file.name for file in path.parent.iterdir()] == ["set"]


def test_scans_run_in_threads_at_once(path: Path) -> None:
    found: list[int] = []
    with IndicatorSet.open(path) as opened:
        threads = [
            threading.Thread(target=lambda: found.append(len(list(opened.scan(io.BytesIO(LOG * 2000))))))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [11 * 2000] * 4


def test_a_million_hits_of_one_block_are_all_given(tmp_path: Path) -> None:
    rows = [("domain-name", "evil.example")] * 300
    compile_set(rows, tmp_path / "set")
    with IndicatorSet.open(tmp_path / "set") as opened:
        hits = [(hit.line, hit.indicator) for hit in opened.scan(io.BytesIO(b"evil.example\n" * 1000))]
    assert hits == [(line, row) for line in range(1, 1001) for row in range(300)]


@pytest.mark.parametrize("content", [b"", b"short", b"TOCSNSET" + bytes(5000), bytes(10000)])
def test_what_is_no_set_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "set").write_bytes(content)
    with pytest.raises(Unreadable, match="set: the set"):
        IndicatorSet.open(tmp_path / "set")


def test_a_missing_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="cannot be opened"):
        IndicatorSet.open(tmp_path / "nowhere")


def test_a_truncated_or_lengthened_set_is_refused(path: Path) -> None:
    content = path.read_bytes()
    for size in [*range(0, len(content), 40_961), len(content) - 1]:
        path.write_bytes(content[:size])
        with pytest.raises(Unreadable):
            IndicatorSet.open(path)
    path.write_bytes(content + b"\0")
    with pytest.raises(Unreadable, match="truncated or has something appended"):
        IndicatorSet.open(path)


def test_a_flipped_bit_is_refused_wherever_it_counts(path: Path) -> None:
    content = path.read_bytes()
    random_ = random.Random(5)  # noqa: S311
    places = [random_.randrange(hostile.CHECKSUM_AT + 8) for _ in range(100)]
    for _, offset, size in hostile.sections(content):
        places += [offset + random_.randrange(size) for _ in range(60) if size]
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 1 << random_.randrange(8)
        path.write_bytes(damaged)
        with pytest.raises(Unreadable):
            IndicatorSet.open(path)


def test_a_hostile_set_with_good_checksums_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "set"
    compile_set(
        [row for row in ROWS if row[0] != "ipv4-addr" and row[1] != "198.18.7.9:80"], path
    )  # no map of 2 MB to checksum in Python
    content = path.read_bytes()
    random_ = random.Random(6)  # noqa: S311
    opened_count = 0
    for _ in range(600):
        changed = bytearray(content)
        for _ in range(random_.choice([1, 1, 2, 20])):
            place, offset, size = random_.choice([part for part in hostile.sections(content) if part[2]])
            target = random_.choice(
                [
                    offset + random_.randrange(size),
                    offset + random_.randrange(size),
                    random_.randrange(hostile.FIELDS_AT, hostile.SECTIONS_AT),
                    place + random_.randrange(16),
                ]
            )
            changed[target] = random_.choice([0, 1, 127, 128, 255, random_.randrange(256)])
        path.write_bytes(hostile.repaired(bytes(changed)))
        try:
            with IndicatorSet.open(path) as opened:
                opened_count += 1
                list(opened.scan(io.BytesIO(LOG * 3)))
                for row in range(20):
                    opened.entry(row)
        except (Unreadable, InputError):
            continue
    assert opened_count > 100


def test_the_header_is_where_these_tests_think_it_is(path: Path) -> None:
    content = path.read_bytes()
    assert hostile.repaired(content) == content
    assert ctypes.sizeof(ctypes.c_void_p) == 8
