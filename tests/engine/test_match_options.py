"""What `tocsin match` writes, counts and says, as a duty officer asks for it."""

import gzip
import io
import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.engine import Hit, compile_set
from tocsin.engine.context import Span, Surroundings
from tocsin.engine.output import TextWriter
from tocsin.engine.tasks import Batch

COMMAND = [sys.executable, "-m", "tocsin", "match"]
LINES = [
    "one",
    "two evil.example",
    "three",
    "four",
    "five",
    "six",
    "seven evil.example 198.18.7.9",
    "eight evil.example",
    "nine",
]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("set") / "set"
    compile_set([("domain-name", "evil.example"), ("ipv4-addr", "198.18.7.9")], path)
    return path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "a.log").write_text("".join(f"{line}\n" for line in LINES))
    return tmp_path / "a.log"


def match(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *map(str, arguments)], input=stdin, capture_output=True, check=False, timeout=60)


def test_text_with_context_reads_as_grep_writes_it(compiled: Path, log: Path) -> None:
    done = match(compiled, log, "--context", "1")
    assert done.stdout.decode().replace(str(log), "a.log").splitlines() == [
        "a.log-1- one",
        "a.log:2: [domain-name evil.example] two evil.example",
        "a.log-3- three",
        "--",
        "a.log-6- six",
        "a.log:7: [domain-name evil.example, ipv4-addr 198.18.7.9] seven evil.example 198.18.7.9",
        "a.log:8: [domain-name evil.example] eight evil.example",
        "a.log-9- nine",
    ]


def test_context_in_jsonl_is_the_lines_themselves(compiled: Path, log: Path) -> None:
    done = match(compiled, log, "-B", "2", "-A", "1", "--format", "jsonl")
    first, second, *_ = [json.loads(row) for row in done.stdout.splitlines()]
    assert (first["text"], first["before"], first["after"]) == ("two evil.example", ["one"], ["three"])
    assert (second["before"], second["after"]) == (["five", "six"], ["eight evil.example"])


def test_rows_have_no_place_for_context(compiled: Path, log: Path) -> None:
    done = match(compiled, log, "-C", "1", "--format", "tsv")
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)


@given(
    lines=st.lists(st.sampled_from(["x", "", "evil"]), max_size=30),
    sizes=st.lists(st.integers(1, 5), min_size=30, max_size=30),
    before=st.integers(0, 4),
    after=st.integers(0, 4),
)
def test_context_is_the_same_wherever_blocks_end(lines: list[str], sizes: list[int], before: int, after: int) -> None:
    around, found, at = Surroundings(Span(before, after)), [], 0
    for size in sizes:
        part = lines[at : at + size]
        block = bytearray("".join(f"{line}\n" for line in part).encode())
        hits = [Hit(at + place + 1, 0, b"evil") for place, line in enumerate(part) if line == "evil"]
        found += around.add(memoryview(block), at + 1, hits)
        at += len(part)
    found += around.end()
    texts = [line.encode() for line in lines]
    assert [(hit.line, hit.before, hit.after) for hit in found] == [
        (place + 1, texts[max(0, place - before) : place], texts[place + 1 : place + 1 + after])
        for place, line in enumerate(lines)
        if line == "evil"
    ]


def test_text_cannot_steer_a_terminal() -> None:
    out = io.BytesIO()
    writer = TextWriter(out)
    writer.use(lambda _: ("domain-name", b"evil.example"))
    writer.write(Batch("a\x1b.log", [Hit(1, 0, b"\x1b[2J\xff evil.example\r")]))
    assert out.getvalue() == b"a\\x1b.log:1: [domain-name evil.example] \\x1b[2J\\xff evil.example\n"


def test_counts_come_with_the_most_first(compiled: Path, log: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.log"
    other.write_text("evil.example\n")

    def rows(*options: str) -> list[str]:
        return match(compiled, log, other, *options).stdout.decode().replace(str(tmp_path), "").splitlines()

    assert rows("--count-by", "indicator") == ["4\tdomain-name\tevil.example", "1\tipv4-addr\t198.18.7.9"]
    assert rows("--count-by", "type") == ["4\tdomain-name", "1\tipv4-addr"]
    assert rows("--count-by", "file") == ["4\t/a.log", "1\t/b.log"]
    assert rows("--count-by", "type", "--format", "jsonl")[0] == '{"count": 4, "type": "domain-name"}'


def test_only_matching_writes_values(compiled: Path, log: Path) -> None:
    assert match(compiled, log, "-o").stdout.decode().split() == [
        "evil.example",
        "evil.example",
        "198.18.7.9",
        "evil.example",
    ]


def test_quiet_says_nothing_and_stops_at_the_first_hit_of_an_endless_input(compiled: Path, tmp_path: Path) -> None:
    with subprocess.Popen([*COMMAND, compiled, "-", "-q"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as endless:
        assert endless.stdin is not None
        endless.stdin.write(b"evil.example\n")
        endless.stdin.flush()
        assert endless.wait(timeout=20) == 0
    assert match(compiled, tmp_path / "missing", "-", "-q", stdin=b"evil.example").returncode == 0
    none = match(compiled, "-", "-q", stdin=b"good.example")
    assert (none.returncode, none.stdout, none.stderr) == (1, b"", b"")


def test_one_job_and_many_give_the_same_bytes(compiled: Path, tmp_path: Path) -> None:
    zeek = "#fields\tts\thost\turi\n" + "1\tevil.example\t/\n2\tgood.example\t/\n" * 400_000 + "#fields\turi\thost\n"
    (tmp_path / "http.log").write_text(zeek * 2)
    (tmp_path / "http.log.gz").write_bytes(gzip.compress(zeek.encode(), 1))
    one = match(compiled, tmp_path, "--jobs", "1")
    many = match(compiled, tmp_path, "--jobs", "4")
    assert one.stdout == many.stdout
    assert one.stdout.count(b"\n") == 1_200_000
    assert b"2 files searched" in many.stderr


def test_a_reader_that_leaves_is_no_fault(compiled: Path, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("evil.example\n" * 300_000)
    with subprocess.Popen(
        [*COMMAND, compiled, tmp_path / "a.log"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=20) == 141


def test_the_bar_is_shown_on_a_terminal_only(compiled: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "slow"
    os.mkfifo(pipe)
    for options, is_shown in (([], True), (["--no-progress"], False)):
        ours, theirs = pty.openpty()
        with subprocess.Popen([*COMMAND, compiled, pipe, *options], stdout=subprocess.PIPE, stderr=theirs) as process:
            with pipe.open("wb") as writer:
                for _ in range(20):
                    writer.write(b"evil.example\n" * 1000)
                    writer.flush()
                    time.sleep(0.1)
            assert process.stdout is not None
            assert process.stdout.read().count(b"\n") == 20_000
        os.close(theirs)
        said = os.read(ours, 1 << 16)
        os.close(ours)
        assert (b"/s  " in said and b"\r\x1b[K" in said) is is_shown
        assert b"1 file searched" in said
