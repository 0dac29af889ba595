"""Searching side by side gives what one pass gives: the same hits, lines and order, wherever a file is cut."""

import io
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.engine import IndicatorSet, compile_set
from tocsin.engine.headers import header, in_force_after
from tocsin.engine.matching import Search
from tocsin.engine.tasks import Batch, Failed, Outcome, Passed, Results, tasks_of
from tocsin.vocab.errors import Unreadable

ROWS = [("domain-name", "evil.example"), ("ipv4-addr", "198.18.7.9"), ("url", "http://joined.example/a/b")]


@pytest.fixture(scope="module")
def indicators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IndicatorSet]:
    path = tmp_path_factory.mktemp("set") / "set"
    compile_set(ROWS, path)
    with IndicatorSet.open(path) as opened:
        yield opened


def found(indicators: IndicatorSet, *logs: Path, jobs: int = 3, piece_bytes: int = 50) -> list[tuple[str, int, int]]:
    rows = []
    with Search(indicators, tasks_of(map(str, logs), piece_bytes), jobs=jobs) as search:
        for outcome in search:
            assert not isinstance(outcome, Failed), outcome.problem
            if isinstance(outcome, Batch):
                rows += [(outcome.file, hit.line + outcome.offset, hit.indicator) for hit in outcome.hits]
    return rows


def in_one_pass(indicators: IndicatorSet, log: Path) -> list[tuple[str, int, int]]:
    with log.open("rb") as stream:
        return [(str(log), hit.line, hit.indicator) for hit in indicators.scan(stream)]


LINES = st.sampled_from(
    [
        b"",
        b"quiet",
        b"x evil.example y",
        b"198.18.7.9 evil.example",
        b"#fields\thost\turi",
        b"#fields\tts\turi\thost\r",
        b"#fields\thost",
        b"#fields\t",
        b"#fields\t\r",
        b"#separator \\x09",
        b"#close\t2026",
        b"# remark",
        b"joined.example\t/a/b",
        b"1.5\t/a/b\tjoined.example",
        b"-" * 200,
        b"\xff\x00evil.example",
    ]
)


@given(lines=st.lists(LINES, max_size=40), ends=st.booleans(), piece_bytes=st.integers(1, 300), jobs=st.integers(1, 4))
def test_pieces_cut_anywhere_give_the_hits_of_one_pass(
    indicators: IndicatorSet,
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[bytes],
    ends: bool,
    piece_bytes: int,
    jobs: int,
) -> None:
    log = tmp_path_factory.mktemp("log") / "a.log"
    log.write_bytes(b"\n".join(lines) + (b"\n" if ends else b""))
    assert found(indicators, log, jobs=jobs, piece_bytes=piece_bytes) == in_one_pass(indicators, log)


@example(lines=[b"#fields\tts\turi\thost\r", b"#fields\t", b"1.5\t/a/b\tjoined.example"], cut=2)
@given(lines=st.lists(LINES, max_size=30), cut=st.integers(0, 30))
def test_the_header_in_force_is_known_at_every_line(indicators: IndicatorSet, lines: list[bytes], cut: int) -> None:
    before, after = lines[:cut], lines[cut:]
    block = bytearray(b"".join(line + b"\n" for line in before))
    columns = in_force_after(memoryview(block), None)
    rest = header(columns) + b"".join(line + b"\n" for line in after)
    offset = len(before) - (columns is not None)
    whole = indicators.scan(io.BytesIO(bytes(block) + rest.removeprefix(header(columns))))
    assert [(hit.line + offset, hit.indicator) for hit in indicators.scan(io.BytesIO(rest))] == [
        (hit.line, hit.indicator) for hit in whole if hit.line > len(before)
    ]


def test_zeek_logs_with_several_headers_are_cut_soundly(indicators: IndicatorSet, tmp_path: Path) -> None:
    part = [
        ["#separator \\x09", "#fields\tts\thost\turi", *["1.5\tjoined.example\t/a/b"] * 300, "#close\t2026"],
        ["#fields\turi\tts\thost", *["/a/b\t1.5\tjoined.example"] * 300],
        ["#fields\tts\tquery", *["1.5\tjoined.example\t/a/b", "2\tevil.example\t-"] * 150],
    ]
    log = tmp_path / "http.log"
    log.write_text("".join(f"{line}\n" for turn in range(30) for line in part[turn * turn % 7 % 3]))
    expected = in_one_pass(indicators, log)
    assert len({line for _, line, row in expected if row == 2}) > 3000
    for piece_bytes in (100, 1_000, 7_777, 100_000):
        assert found(indicators, log, piece_bytes=piece_bytes) == expected


def test_several_files_come_in_the_order_of_the_input_however_slow_the_first(
    indicators: IndicatorSet, tmp_path: Path
) -> None:
    slow = tmp_path / "slow"
    os.mkfifo(slow)
    others = [tmp_path / f"{number}.log" for number in range(40)]
    for other in others:
        other.write_text("evil.example\n" * 3)

    def write_slowly() -> None:
        with slow.open("w") as pipe:
            time.sleep(0.3)
            pipe.write("quiet\nevil.example\n")

    thread = threading.Thread(target=write_slowly)
    thread.start()
    rows = found(indicators, slow, *others)
    thread.join()
    assert rows == [(str(slow), 2, 0)] + [(str(other), line, 0) for other in others for line in (1, 2, 3)]


def test_results_that_nobody_takes_hold_their_worker_up(indicators: IndicatorSet, tmp_path: Path) -> None:
    slow, many = tmp_path / "slow", tmp_path / "many.log"
    os.mkfifo(slow)
    many.write_text("evil.example\n" * 2_000_000)
    read: list[int] = []
    with Search(indicators, tasks_of([str(slow), str(many)]), jobs=2, told=read.append) as search:
        time.sleep(1)
        assert sum(read) < 8_000_000
        slow.write_text("quiet\n")
        hits = sum(len(outcome.hits) for outcome in search if isinstance(outcome, Batch))
    assert hits == 2_000_000
    assert sum(read) == 26_000_006


def test_leaving_early_stops_the_workers_even_where_one_waits_for_a_pipe(
    indicators: IndicatorSet, tmp_path: Path
) -> None:
    waits = tmp_path / "waits"
    os.mkfifo(waits)
    hits = tmp_path / "hits.log"
    hits.write_text("evil.example\n" * 1_000_000)
    writer = os.open(waits, os.O_RDWR)
    began = time.monotonic()
    with Search(indicators, tasks_of([str(hits), str(waits)]), jobs=2) as search:
        assert isinstance(next(iter(search)), Batch)
    os.close(writer)
    assert time.monotonic() - began < 5


def test_the_account_counts_every_line_and_byte_once(indicators: IndicatorSet, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("evil.example\n" * 99 + "last")
    with Search(indicators, tasks_of([str(log)], 100), jobs=2) as search:
        passed = [outcome for outcome in search if isinstance(outcome, Passed)]
    assert sum(one.lines for one in passed) == 100
    assert sum(one.size for one in passed) == log.stat().st_size
    assert sum(one.is_end for one in passed) == 1


def test_what_cannot_be_read_is_said_in_its_place(indicators: IndicatorSet, tmp_path: Path) -> None:
    good = tmp_path / "good.log"
    good.write_text("evil.example\n")
    with Search(indicators, tasks_of([str(good), str(tmp_path / "none"), str(good)]), jobs=2) as search:
        outcomes: list[Outcome] = list(search)
    assert [type(one) for one in outcomes] == [Batch, Passed, Failed, Batch, Passed]
    assert isinstance(outcomes[2], Failed)
    assert isinstance(outcomes[2].problem, Unreadable)


def test_a_fault_of_a_worker_reaches_the_taker() -> None:
    results = Results()
    results.put(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        next(results.take(lambda: None))
