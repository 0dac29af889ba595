"""How fast logs are matched: ours beside the machine's limits and beside peers, in one table with the marks that are to be met.

``make bench-match`` or ``python -m bench.match [--quick] [--megabytes 500] [--counts 10k,100k,1m,10m] [--rounds 5] [--keep FOLDER]``

Logs and indicators are made from a seed (``bench/logs.py``). Everything is measured in rounds, one after the other in each round, because
the speed of memory on a shared machine changes from minute to minute: each ratio is to the memcpy of the same bytes just before. What
is found is compared with what was planted, to the line. ``--write-page`` puts the figures into ``docs/run/speed.md``.
"""

import argparse
import os
import platform
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt
from bench import commands, figures, logs
from bench.beside import peers
from bench.figures import COUNTS, Limit, Results, SetFigure, Speed

from tocsin.engine import IndicatorSet, Scanner, compile_stream

#: Parts of a run that can be measured on their own; sets are compiled always.
PARTS = ("scans", "command", "peers")
Bytes = npt.NDArray[np.uint8]
Pairs = list[tuple[int, int]]


def timed(work: Callable[[], object]) -> float:
    """Seconds that ``work`` took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def say(text: str) -> None:
    """What is being done now, on one line of a terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{time.strftime('%H:%M:%S')} {text}", end="", file=sys.stderr, flush=True)


def show(text: str) -> None:
    """A part of the result."""
    say("")
    print(f"\n{text}", flush=True)


def parts_of(log: Bytes, threads: int) -> list[memoryview]:
    """The log in as many parts of whole lines."""
    view, cuts = log.data, [0]
    for number in range(1, threads):
        start = len(log) * number // threads
        cuts.append(start + int(np.flatnonzero(log[start : start + (1 << 20)] == 10)[0]) + 1)
    return [view[start:end] for start, end in zip(cuts, [*cuts[1:], len(log)], strict=True)]


def blocks(part: memoryview, size: int = 1 << 22) -> Iterator[memoryview]:
    """A part as blocks of whole lines."""
    start = 0
    while start < len(part):
        end = min(start + size, len(part))
        while end < len(part) and part[end - 1] != 10:
            end -= 1
        yield part[start:end]
        start = end


def scan(opened: IndicatorSet, parts: list[memoryview], instructions: str = "") -> list[Pairs]:
    """Scan each part in a thread of its own; (line in the part, row) of each hit."""
    found: list[Pairs] = [[] for _ in parts]

    def one(index: int) -> None:
        with Scanner(opened, instructions=instructions) as scanner:
            for block in blocks(parts[index]):
                found[index] += [(hit.line, hit.indicator) for hit in scanner.scan(block)]

    threads = [threading.Thread(target=one, args=(index,)) for index in range(1, len(parts))]
    for thread in threads:
        thread.start()
    one(0)
    for thread in threads:
        thread.join()
    return found


def wrong(found: list[Pairs], parts: list[memoryview], planted: npt.NDArray[np.int64]) -> tuple[int, int]:
    """How many planted hits are missing, and how many are there that were not planted."""
    wanted = set(map(tuple, planted.tolist()))
    got, before = set(), 0
    for pairs, part in zip(found, parts, strict=True):
        got |= {(line + before, row) for line, row in pairs}
        before += int(np.count_nonzero(np.frombuffer(part, np.uint8) == 10))
    return len(wanted - got), len(got - wanted)


def copy(log: Bytes, target: Bytes, threads: int = 1) -> float:
    """Seconds of memcpy, the log cut in as many parts."""
    cuts = [len(log) * number // threads for number in range(threads + 1)]
    helpers = [
        threading.Thread(target=np.copyto, args=(target[cuts[n] : cuts[n + 1]], log[cuts[n] : cuts[n + 1]]))
        for n in range(1, threads)
    ]

    def work() -> None:
        for helper in helpers:
            helper.start()
        np.copyto(target[: cuts[1]], log[: cuts[1]])
        for helper in helpers:
            helper.join()

    return timed(work)


def limits(log: Bytes, target: Bytes, rounds: int, results: Results) -> None:
    """What the machine can do with these bytes."""
    text = log.tobytes()
    works: dict[str, Callable[[], float]] = {
        "memcpy": lambda: copy(log, target),
        "memcpy, 2 threads": lambda: copy(log, target, 2),
        "memchr of a byte that is not there": lambda: timed(lambda: text.find(b"\0")),
        "counting line ends (CPython)": lambda: timed(lambda: text.count(b"\n")),
    }
    seconds: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds + 1):
        for name, work in works.items():
            seconds[name].append(work())
    results.limits = [Limit(name, len(log) / median(taken[1:]) / 1e6) for name, taken in seconds.items()]
    results.single["two_memcpy"] = results.limits[1].speed / results.limits[0].speed


Case = tuple[str, int, str]


class Race:
    """All sets over one log, in rounds; a memcpy before each scan."""

    def __init__(
        self, opened: dict[str, IndicatorSet], log: Bytes, target: Bytes, planted: npt.NDArray[np.int64]
    ) -> None:
        self.opened, self.log, self.target, self.planted = opened, log, target, planted
        self.parts = {threads: parts_of(log, threads) for threads in (1, 2)}
        self.seconds: dict[Case, list[float]] = defaultdict(list)
        self.ratios: dict[Case, list[float]] = defaultdict(list)
        self.wrong: dict[Case, tuple[int, int]] = {}

    def run(self, cases: list[Case], rounds: int) -> None:
        """A round to warm up and to compare hits, then ``rounds`` that count."""
        for turn in range(rounds + 1):
            for case in cases:
                say(f"{case[0]}, {case[1]} thread(s) {case[2]}: round {turn} of {rounds}")
                count, threads, instructions = case
                before = copy(self.log, self.target)
                began = time.perf_counter()
                found = scan(self.opened[count], self.parts[threads], instructions)
                taken = time.perf_counter() - began
                if turn:
                    self.seconds[case].append(taken)
                    self.ratios[case].append(before / taken)
                else:
                    self.wrong[case] = wrong(found, self.parts[threads], self.planted)

    def speeds(self, rate: float) -> Iterator[Speed]:
        """One row for each case."""
        for case, taken in self.seconds.items():
            ratios, (missed, invented) = self.ratios[case], self.wrong[case]
            yield Speed(
                *(case[0], rate, case[1], case[2], len(self.log) / median(taken) / 1e6, median(ratios)),
                *(min(ratios), max(ratios), len(self.planted), missed, invented),
            )

    def against(self, one: Case, other: Case) -> float:
        """How many times as fast ``one`` is, the median of the rounds."""
        return median(b / a for a, b in zip(self.seconds[one], self.seconds[other], strict=True))


def sets_of(names: list[str], folder: Path, rounds: int, results: Results) -> dict[str, Path]:
    """Write the indicators, compile them, and open what came of it."""
    paths = {}
    for name in names:
        say(f"{name}: indicators")
        tsv, path = folder / f"{name}.tsv", folder / f"{name}.set"
        logs.write_indicators(tsv, COUNTS[name])
        seconds = []
        for turn in range(rounds):
            say(f"{name}: compiled, round {turn + 1} of {rounds}")
            with tsv.open("rb") as stream:
                seconds.append(timed(partial(compile_stream, stream, path)))
        opening, checked = np.median([opened_in(path) for _ in range(21)], axis=0).tolist()
        size = path.stat().st_size / COUNTS[name]
        results.sets.append(SetFigure(name, COUNTS[name] / median(seconds) / 1e6, size, opening * 1000, checked * 1000))
        paths[name] = path
    return paths


def opened_in(path: Path) -> tuple[float, float]:
    """Seconds until a set is open, and until all its checksums are known to be right."""
    began = time.perf_counter()
    with IndicatorSet.open(path) as opened:
        first = time.perf_counter() - began
        opened.checked()
        return first, time.perf_counter() - began


def races(paths: dict[str, Path], made: dict[float, logs.Log], rounds: int, results: Results) -> None:
    """All scans."""
    opened = {name: IndicatorSet.open(path) for name, path in paths.items()}
    for rate, log in sorted(made.items(), key=lambda pair: pair[0] != 0.001):
        data = np.fromfile(log.path, np.uint8)
        target = np.ones_like(data)
        if not results.limits:
            limits(data, target, rounds, results)
        race = Race(opened, data, target, log.planted)
        cases: list[Case] = [(name, threads, "") for name in opened for threads in (1, 2)]
        if rate == 0.001 and "1m" in opened:
            cases += [("1m", 1, instructions) for instructions in other_instructions(opened["1m"], results)]
        race.run(cases, rounds)
        results.speeds += race.speeds(rate)
        if rate == 0.001 and "1m" in opened:
            results.single["two_threads"] = race.against(("1m", 2, ""), ("1m", 1, ""))
            if "10m" in opened:
                results.single["ten_to_one"] = race.against(("10m", 1, ""), ("1m", 1, ""))
    for one in opened.values():
        one.close()


def other_instructions(opened: IndicatorSet, results: Results) -> list[str]:
    """What the processor could use besides its best."""
    with Scanner(opened) as scanner:
        best = scanner.instructions
    results.machine["instructions"] = best
    known = ["avx512", "avx2", "sse2", "portable"]
    return known[known.index(best) + 1 :] if best in known else []


def about_machine(given: argparse.Namespace, log: logs.Log) -> dict[str, object]:
    """What was measured on what."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    size = log.path.stat().st_size
    return {
        "at": time.strftime("%Y-%m-%d", time.gmtime()),
        "cpu": cpu,
        "cores": os.cpu_count(),
        "l2": "".join(_lines("/sys/devices/system/cpu/cpu0/cache/index2/size")) or "?",
        "l3": "".join(_lines("/sys/devices/system/cpu/cpu0/cache/index3/size")) or "?",
        "python": platform.python_version(),
        "megabytes": round(size / 1e6),
        "line_bytes": size / log.lines,
        "unique": log.distinct / log.mentions,
        "rounds": given.rounds,
        "load": os.getloadavg()[0],
    }


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two minutes: 100 MB, 3 rounds, 1 million at most")
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--counts", default=",".join(COUNTS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=PARTS, action="append", help="this part anew (may repeat), the rest as kept")
    parser.add_argument(
        "--keep", type=Path, help="leave indicators, sets and logs in this folder, and use what is there"
    )
    parser.add_argument(
        "--peers", type=Path, default=Path(".venv-bench/bin/python"), help="the Python that has the peers"
    )
    parser.add_argument("--peer-seconds", type=int, default=60, help="how long a peer may take with one count")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    parser.add_argument(
        "--write-page", action="store_true", help="keep the figures in bench/ and put them into docs/run/speed.md"
    )
    given = parser.parse_args()
    if given.quick:
        given.megabytes, given.rounds, given.counts, given.peer_seconds = 100, 3, "10k,1m", 15
    return given


def main() -> int:
    """Print the tables; exit code 1 where a hit was missed or invented, or the command failed."""
    given = options()
    results, failed = Results.kept() if given.only else Results(), False
    wanted = given.only or PARTS
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        say("logs")
        made = logs.write_logs(folder, given.megabytes)
        results.machine |= about_machine(given, made[0.0])
        results.sets = []
        paths = sets_of(given.counts.split(","), folder, given.rounds, results)
        show(figures.set_table(results))
        if "scans" in wanted:
            results.limits, results.speeds = [], []
            races(paths, made, given.rounds, results)
            show(figures.speed_table(results))
        if "command" in wanted and "1m" in paths:
            say("the command")
            try:
                commands.measure(paths, made[0.001], folder, given.rounds, results)
            except commands.Failed as problem:
                failed = True
                show(str(problem))
            show("\n".join(figures.single_lines(results)))
        if "peers" in wanted:
            results.peers = []
            small = [name for name in paths if COUNTS[name] <= COUNTS["100k"]]
            peers(small, paths, folder, given.peers, given.peer_seconds, results, say)
            show(figures.peer_table(results))
    show(figures.mark_table(results))
    if given.out:
        results.keep(given.out)
    if given.write_page:
        results.keep()
        figures.write_page(results)
    return int(failed or any(row.missed or row.invented for row in results.speeds))


if __name__ == "__main__":
    sys.exit(main())
