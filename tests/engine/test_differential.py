"""The core reports exactly what the reference reports: on adversarial lines, at every alignment, across every chunk border."""

import io
import os
import random
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine import adversarial
from tests.engine.mangling import Maker

from tocsin.engine.compiling import compile_set
from tocsin.engine.reference import ReferenceSet
from tocsin.engine.sets import IndicatorSet, Scanner

ROWS = [
    ("domain-name", "evil.example"),
    ("domain-name", "почта.рф"),
    ("ipv4-addr", "198.18.7.9"),
    ("ipv4-addr", "198.18.0.0/16"),
    ("ipv6-addr", "2001:db8::1"),
    ("ip-port", "198.18.7.9:80"),
    ("url", "http://evil.example/a/*"),
    ("url", "*.evil.example"),
    ("file", "0123456789abcdef" * 2),
    ("email-addr", "user@evil.example"),
]
PIECES = [value for _, value in ROWS] + [
    "http://x.evil.example/a",
    "http://evil.example/a/b",
    " ",
    ".",
    "-",
    "/",
    ":",
    "@",
    "%2e",
    "\\u002e",
    "é",
    "[",
    "]",
]


def test_a_few_ten_thousand_adversarial_lines() -> None:
    assert list(adversarial.rounds(seed=20, lines=12_000)) == []


@pytest.mark.slow
@pytest.mark.skipif(
    not (os.environ.get("TOCSIN_SLOW") or os.environ.get("CI")),
    reason="some minutes; set TOCSIN_SLOW=1 (CI runs it)",
)
@pytest.mark.parametrize("share", range(20))
def test_a_million_adversarial_lines(share: int) -> None:
    """In twenty shares, so that all processors are used; one of a share's rounds has a set of a hundred thousand rows."""
    rounds = range(share * 25, share * 25 + 25)
    assert [difference for number in rounds for difference in adversarial.one_round(21, number)] == []


def test_lines_give_the_same_wherever_a_stream_is_cut() -> None:
    """The same lines again and again, each time moved, so that they lie across the blocks of the pass, of reading, and of 4 MB."""
    random_ = random.Random(22)  # noqa: S311
    maker = Maker(random_)
    rows = maker.make_rows(60)
    lines = b"\n".join(maker.line() for _ in range(1500))
    expected = [(hit.line, hit.indicator) for hit in ReferenceSet.compile(rows).scan(io.BytesIO(b"#close\n" + lines))]
    assert len(expected) > 200
    log, repeated, before = io.BytesIO(), [], 0
    while log.tell() < 9_000_000:  # "#close": no repetition knows the headers of the one before it
        log.write(b"#close" + b" " * random_.randrange(70) + b"\n" + lines + b"\n")
        repeated += [(before + line, row) for line, row in expected]
        before += 1501
    with tempfile.TemporaryDirectory() as folder:
        compile_set(rows, Path(folder) / "set")
        with IndicatorSet.open(Path(folder) / "set") as opened:
            log.seek(0)
            assert [(hit.line, hit.indicator) for hit in opened.scan(log)] == repeated
            for name in adversarial.instruction_sets():
                with Scanner(opened, instructions=name) as scanner:
                    found = [(hit.line, hit.indicator) for hit in scanner.scan(log.getvalue())]
                assert found == repeated, name


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=8).map("".join), max_size=12),
    st.sampled_from([None, True, False]),
    st.booleans(),
)
def test_any_text_around_indicators(lines: list[str], json: bool | None, defanged: bool) -> None:
    log = "\n".join(lines).encode("utf-8", "replace")
    assert list(adversarial.differences(ROWS, log, json=json, defanged=defanged)) == []


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=300))
def test_any_bytes(log: bytes) -> None:
    assert list(adversarial.differences(ROWS, log, json=None, defanged=False)) == []


@pytest.fixture(scope="module")
def small_set(tmp_path_factory: pytest.TempPathFactory) -> IndicatorSet:
    path = tmp_path_factory.mktemp("sets") / "set"
    compile_set(ROWS, path)
    return IndicatorSet.open(path)


@pytest.mark.parametrize("instructions", ["", "avx2", "sse2", "portable"])
def test_every_alignment_of_the_buffer_and_of_the_indicator_in_it(small_set: IndicatorSet, instructions: str) -> None:
    values = [value for kind, value in ROWS if kind != "url"] + ["http://x.evil.example/", "http://evil.example/a/b"]
    with Scanner(small_set, instructions=instructions) as scanner:
        for shift in range(64):
            room = bytearray(4096)
            for value in values:
                text = value.encode()
                expected = scanner_hits(scanner, text)
                assert expected
                for before in (0, 1, 15, 31, 33, 62, 63, 64):
                    log = b" " * before + text + b"\n"
                    room[shift : shift + len(log)] = log
                    found = [hit.indicator for hit in scanner.scan(memoryview(room)[shift : shift + len(log)])]
                    assert found == expected, (shift, before, value)


def scanner_hits(scanner: Scanner, text: bytes) -> list[int]:
    return [hit.indicator for hit in scanner.scan(text)]


@pytest.mark.parametrize("instructions", ["", "avx2", "sse2", "portable"])
def test_indicators_across_every_word_and_block_border(small_set: IndicatorSet, instructions: str) -> None:
    value = b"198.18.7.9:80 a.evil.example user@evil.example 2001:db8::1 " + b"0123456789abcdef" * 2
    reference = sorted(ReferenceSet.compile(ROWS).match_line(value))
    with Scanner(small_set, instructions=instructions) as scanner:
        for border in (64, 128, 16384, 32768):
            for shift in range(-len(value) - 2, 3):
                filler = (b"filler line\n" * (border // 12 + 1))[: border + shift - 1] + b"\n"
                log = filler + value + b"\nlast evil.example"
                scanner.restart()
                line = filler.count(b"\n") + 1
                found = [(hit.line, hit.indicator) for hit in scanner.scan(log)]
                assert found == [(line, row) for row in reference] + [(line + 1, 0)], (border, shift)


@pytest.mark.parametrize("instructions", ["", "avx2", "sse2", "portable"])
def test_fields_are_joined_wherever_in_a_word_of_64_bytes_they_stand(tmp_path: Path, instructions: str) -> None:
    compile_set([("url", "evil.example/a/b")], tmp_path / "set")
    with IndicatorSet.open(tmp_path / "set") as opened:
        for shift in range(130):
            for log in (
                b"x" * shift + b"\n#fields\thost\turi\nevil.example\t/a/b\n",
                b"\n" + b'{"x":"' + b"x" * shift + b'","host":"evil.example","uri":"/a/b"}\n',
            ):
                with Scanner(opened, instructions=instructions) as scanner:
                    assert len(scanner.scan(log)) == 1, (shift, log)


def test_a_long_line_is_one_line(small_set: IndicatorSet) -> None:
    log = b"first\n" + b"x" * 100_000 + b" evil.example " + b"y." * 100_000 + b" 198.18.7.9\nlast user@evil.example\n"
    found = [(hit.line, hit.indicator) for hit in small_set.scan(io.BytesIO(log))]
    assert found == [(2, 0), (2, 2), (2, 3), (3, 0), (3, 9)]


def test_blocks_of_a_stream_are_cut_at_line_ends_whatever_its_reads_give(small_set: IndicatorSet) -> None:
    random_ = random.Random(3)  # noqa: S311
    lines = [
        b"%d %s" % (n, random_.choice([b"", b"evil.example", b"x" * random_.randint(0, 3000)])) for n in range(4000)
    ]
    expected = [(n, 0) for n, line in enumerate(lines, 1) if b"evil" in line]

    class Dripping(io.RawIOBase):
        """A stream that gives a few bytes at a time."""

        def __init__(self, data: bytes) -> None:
            self._rest = memoryview(data)

        def readable(self) -> bool:
            return True

        def readinto(self, room: memoryview) -> int:  # type: ignore[override]
            size = min(len(room), len(self._rest), random_.randint(1, 70_000))
            room[:size], self._rest = self._rest[:size], self._rest[size:]
            return size

    for end in (b"", b"\n"):
        hits = list(small_set.scan(Dripping(b"\n".join(lines) + end)))  # type: ignore[arg-type]
        assert [(hit.line, hit.indicator) for hit in hits] == expected
        assert all(hit.text == lines[hit.line - 1] for hit in hits)


def test_real_logs_give_the_same_as_the_reference(small_set: IndicatorSet, real_data: Path) -> None:
    import gzip

    with gzip.open(real_data / "logs/zeek-wrccdc/zeek-default/dns.log.gz") as stream:
        log = b"".join(line for _, line in zip(range(3000), stream, strict=False))
    names = sorted(set(re.findall(rb"\t([a-z0-9.-]+\.[a-z]{2,})\t", log)))[:200]
    addresses = sorted(set(re.findall(rb"\t(\d+\.\d+\.\d+\.\d+)\t", log)))[:50]
    rows = [("domain-name", name.decode()) for name in names] + [
        ("ipv4-addr", address.decode()) for address in addresses
    ]
    assert list(adversarial.differences(rows, log, json=None, defanged=False)) == []
