"""Core and reference compared, and every way of feeding the core with every other, on lines made to break a matcher.

``python -m tests.engine.adversarial LINES [SEED]`` (``make exact``) does so on all processors and prints each difference with the
round that shows it; ``python -m tests.engine.adversarial round SEED NUMBER`` repeats one round.
"""

import ctypes
import io
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

from tests.engine.mangling import Maker, Row, blocks

from tocsin.engine.compiling import compile_set
from tocsin.engine.reference import ReferenceSet
from tocsin.engine.sets import IndicatorSet, Scanner
from tocsin.vocab.errors import TocsinError

LINES_A_ROUND = 2000
#: Every so many rounds one has a set of a hundred thousand rows.
LARGE_SET_EVERY = 100
_LARGE = 120_000
Pair = tuple[int, int]


@cache
def instruction_sets() -> tuple[str, ...]:
    """The instruction sets that this processor has, best first."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        compile_set([("domain-name", "evil.example")], Path(folder) / "set")
        with IndicatorSet.open(Path(folder) / "set") as indicator_set:
            for name in ("avx512", "avx2", "sse2", "portable"):
                try:
                    Scanner(indicator_set, instructions=name).close()
                except TocsinError:
                    continue
                found.append(name)
    return tuple(found)


class Aligned:
    """Memory in which a log can begin at any of 64 alignments."""

    def __init__(self, size: int) -> None:
        self._room = bytearray(size + 192)
        self._start = -ctypes.addressof(ctypes.c_char.from_buffer(self._room)) % 64

    def put(self, log: bytes, shift: int) -> memoryview:
        """A copy of the log that begins ``shift`` bytes after a 64-byte border. What is around it would match, if it were read."""
        self._room[:] = (b"198.18.7.9 evil.example\n" * (len(self._room) // 24 + 1))[: len(self._room)]
        start = self._start + shift
        self._room[start : start + len(log)] = log
        return memoryview(self._room)[start : start + len(log)]


def differences(
    rows: Sequence[Row],
    log: bytes,
    *,
    json: bool | None,
    defanged: bool,
    instructions: Sequence[str] | None = None,
    seed: int = 0,
) -> Iterator[str]:
    """Where core and reference do not agree on a log; the core with each of the instruction sets, each at another alignment."""
    reference = ReferenceSet.compile(rows)
    expected = [(hit.line, hit.indicator) for hit in reference.scan(io.BytesIO(log), json, defanged=defanged)]
    random_ = random.Random(seed)  # noqa: S311
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "set"
        report = compile_set(rows, path)
        refused = {row for row, _ in report.rejected}
        for row in sorted(refused ^ {row for row, _ in reference.rejected}):
            yield f"row {rows[row]} is refused by one alone (core: {row in refused})"
        with IndicatorSet.open(path) as indicator_set:
            for row, given in enumerate(rows if len(rows) < _LARGE else ()):
                if row not in refused and indicator_set.entry(row) != given:
                    yield f"row {row} {given} comes back as {indicator_set.entry(row)}"
            names = instruction_sets() if instructions is None else instructions
            memory = Aligned(len(log))
            for name in names:
                with Scanner(indicator_set, json, defanged=defanged, instructions=name) as scanner:
                    shift = random_.randrange(64)
                    found = [(hit.line, hit.indicator) for hit in scanner.scan(memory.put(log, shift))]
                    yield from _told_apart(rows, log, expected, found, f"core ({name}, alignment {shift})")
            name = random_.choice(names)
            found = _in_blocks(indicator_set, log, json, defanged=defanged, instructions=name, random_=random_)
            yield from _told_apart(rows, log, expected, found, f"core ({name}, in small blocks)")


def _in_blocks(
    indicator_set: IndicatorSet,
    log: bytes,
    json: bool | None,
    *,
    defanged: bool,
    instructions: str,
    random_: random.Random,
) -> list[Pair]:
    """The hits of a log that comes in blocks of few lines: every line begins a block now and then, every line ends one."""
    with Scanner(indicator_set, json, defanged=defanged, instructions=instructions) as scanner:
        return [(hit.line, hit.indicator) for block in blocks(random_, log) for hit in scanner.scan(block)]


def _told_apart(rows: Sequence[Row], log: bytes, expected: list[Pair], found: list[Pair], who: str) -> Iterator[str]:
    """One sentence for each pair that only one side reports, or one for an order that is not the same."""
    if found == expected:
        return
    lines = log.split(b"\n")
    for number, row in sorted(set(found) ^ set(expected)):
        finder = f"only the {who} finds" if (number, row) in set(found) else f"the {who} misses"
        yield f"{finder} {rows[row]} in line {number}: {lines[number - 1]!r}"
    if not set(found) ^ set(expected):
        yield f"the {who} gives the same hits in another order, or one of them twice"


def one_round(seed: int, number: int, lines: int = LINES_A_ROUND) -> list[str]:
    """Compare on ``lines`` lines with a set and options of this round's own."""
    random_ = random.Random(f"{seed}/{number}")  # noqa: S311
    maker = Maker(random_)
    if number % LARGE_SET_EVERY == LARGE_SET_EVERY - 1:
        rows = maker.make_many_rows(_LARGE)
    else:
        rows = maker.make_rows(random_.choice([5, 40, 120, 120]))
    log = maker.log(lines)
    json, defanged = random_.choice([None, None, None, True, False]), random_.random() < 0.3
    found = differences(rows, log, json=json, defanged=defanged, seed=random_.getrandbits(32))
    return [f"round {seed} {number}: {difference}" for difference in found]


def indicators(random_: random.Random, count: int) -> list[Row]:
    """Rows of every kind, for tests that only need some."""
    maker = Maker(random_)
    while len(maker.kinds) < 3:
        maker = Maker(random_)
    return maker.make_rows(count)


def line(random_: random.Random, rows: list[Row]) -> bytes:
    """One line about these rows."""
    maker = Maker(random_)
    maker.rows = rows
    return maker.line()


def rounds(seed: int, lines: int) -> Iterator[str]:
    """Compare on ``lines`` lines, one round after another."""
    for number in range(-(-lines // LINES_A_ROUND)):
        yield from one_round(seed, number)


def _round_of(pair: Pair) -> list[str]:
    return one_round(*pair)


def main(arguments: list[str]) -> int:
    """Print every difference (at most 40) and how many there were; 1 if there were any."""
    if arguments[0] == "round":
        found = one_round(int(arguments[1]), int(arguments[2]))
        print("\n".join(found) or "no difference")
        return 1 if found else 0
    lines, seed = int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 1
    began, count = time.monotonic(), 0
    with ProcessPoolExecutor(int(os.environ.get("EXACT_PROCESSES", 0)) or os.cpu_count()) as pool:
        numbers = [(seed, number) for number in range(-(-lines // LINES_A_ROUND))]
        for found in pool.map(_round_of, numbers):
            for difference in found[: max(0, 40 - count)]:
                print(difference, flush=True)
            count += len(found)
            if count > 40:
                pool.shutdown(cancel_futures=True)
                break
    print(
        f"{lines} lines, seed {seed}, {', '.join(instruction_sets())}: {count} differences, {time.monotonic() - began:.0f} s"
    )
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
