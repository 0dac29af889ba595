"""One peer over one log, in a process of its own: ``python -m bench.peers PEER INDICATORS.tsv LOG ROUNDS`` prints one line of JSON.

It runs in the peers' own environment (``.venv-bench``) and imports nothing of Tocsin. What is printed: seconds to build, seconds of each
round, and the numbers (from 1) of the lines in which something was found. A peer is told what it can be told: networks and masks
that it cannot express are given as the text before the mask, or not at all. Exit code 3 where the peer is not installed.
"""

import atexit
import ipaddress
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

#: Rounds end when they have taken this long, in seconds.
LONGEST = 10.0
Find = Callable[[], Iterable[int]]


class Task(NamedTuple):
    """Indicators as (type, value) rows and a log."""

    rows: list[tuple[str, str]]
    log: Path

    @property
    def literals(self) -> list[str]:
        """What can be looked for as plain text: no networks, masks cut before their star."""
        return list(dict.fromkeys(value.partition("*")[0] for _, value in self.rows if not re.search(r"/\d+$", value)))

    def lines_at(self, ends: Iterable[int]) -> set[int]:
        """The lines in which these byte positions lie."""
        text = self.log.read_bytes()
        breaks = [found.start() for found in re.finditer(b"\n", text)]
        return {bisect_left(breaks, end) + 1 for end in ends}


def grep(task: Task) -> Find:
    """``grep -F -f``: each of its runs builds anew, so its build is what a run over nothing takes."""
    find = Grep(task)
    find.over(Path("/dev/null"))
    return find


class Grep:
    """Lines that grep finds, and how long it takes without its build."""

    #: The log is repeated, so that the build does not outweigh the scan.
    TIMES = 8

    def __init__(self, task: Task) -> None:
        self.program = shutil.which("grep")
        if not self.program:
            raise ImportError("grep")
        folder = Path(tempfile.mkdtemp(prefix="tocsin-bench-"))
        atexit.register(shutil.rmtree, folder)
        self.patterns, self.log, self.many = folder / "patterns", task.log, folder / "log"
        self.patterns.write_text("\n".join(task.literals) + "\n")
        self.many.write_bytes(task.log.read_bytes() * self.TIMES)

    def over(self, log: Path) -> bytes:
        """What grep prints."""
        command = [str(self.program), "-n", "-F", "-f", str(self.patterns), str(log)]
        return subprocess.run(command, check=False, capture_output=True, env={"LC_ALL": "C"}).stdout

    def seconds(self) -> float:
        """Of one scan of the log once."""
        began = time.perf_counter()
        self.over(Path("/dev/null"))
        built = time.perf_counter()
        self.over(self.many)
        return max(time.perf_counter() - built - (built - began), 0.01) / self.TIMES

    def __call__(self) -> Iterable[int]:
        """The lines found."""
        return [int(line.partition(b":")[0]) for line in self.over(self.log).splitlines()]


def hyperscan(task: Task) -> Find:
    """Literals of any case, in block mode."""
    module: Any = import_module("hyperscan")
    values = [value.encode() for value in task.literals]
    database = module.Database(mode=module.HS_MODE_BLOCK)
    flags = [module.HS_FLAG_CASELESS] * len(values)
    database.compile(expressions=values, ids=list(range(len(values))), elements=len(values), flags=flags, literal=True)
    text = task.log.read_bytes()

    def find() -> Iterable[int]:
        ends: list[int] = []
        database.scan(text, match_event_handler=lambda _id, _start, end, _flags, _context: ends.append(end - 1))
        return ends

    return _by_position(task, find)


def pyahocorasick(task: Task) -> Find:
    """One automaton over the text of the log."""
    automaton = import_module("ahocorasick").Automaton()
    for value in task.literals:
        automaton.add_word(value, 0)
    automaton.make_automaton()
    text = task.log.read_text("latin-1")
    return _by_position(task, lambda: [end for end, _ in automaton.iter(text)])


def ahocorasick_rs(task: Task) -> Find:
    """The Rust automaton as its wheel builds it."""
    automaton = import_module("ahocorasick_rs").AhoCorasick(task.literals)
    text = task.log.read_text("latin-1")
    return _by_position(
        task, lambda: [end - 1 for _, _, end in automaton.find_matches_as_indexes(text, overlapping=True)]
    )


def polars_words(task: Task) -> Find:
    """``contains_any`` over lines: Polars' own automaton, any case."""
    pl: Any = import_module("polars")
    frame = _frame(pl, task)
    found = pl.col("line").str.contains_any(task.literals, ascii_case_insensitive=True)
    return lambda: list(frame.lazy().filter(found).select("number").collect()["number"])


def polars_join(task: Task) -> Find:
    """Tokens by one regular expression, joined with the values: names also by their parents, addresses also by network."""
    pl: Any = import_module("polars")
    frame = _frame(pl, task)
    lengths = sorted(
        {int(value.partition("/")[2]) for kind, value in task.rows if kind == "ipv4-addr" and "/" in value}
    )
    wanted = pl.DataFrame({"token": [value.lower() for value in task.literals]}).unique()
    networks = {
        length: pl.DataFrame(
            {
                "network": [
                    int(ipaddress.IPv4Network(value).network_address)
                    for kind, value in task.rows
                    if kind == "ipv4-addr" and value.endswith(f"/{length}")
                ]
            },
            schema={"network": pl.UInt32},
        ).unique()
        for length in lengths
    }
    tokens = r"https?://[^\s\"<>|]+|[A-Za-z0-9_-]+@[A-Za-z0-9._-]+|[0-9a-f:]{3,}:[0-9a-f:]+|[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+(?::\d+)?|[0-9A-Fa-f]{32,64}"
    host = r"^(?:https?://|[^@]*@)?([^/:]+)"

    def find() -> Iterable[int]:
        found = frame.lazy().select("number", pl.col("line").str.extract_all(tokens).alias("token")).explode("token")
        found = found.drop_nulls().with_columns(pl.col("token").str.to_lowercase()).collect()
        name = pl.col("token").str.extract(host)
        parent = name.str.replace(r"^[^.]*\.", "")
        folder = pl.col("token").str.replace(r"[^/]*$", "")
        above = folder.str.replace(r"[^/]*/$", "")
        spelled = [pl.col("token"), name, parent, parent.str.replace(r"^[^.]*\.", ""), folder, above]
        asked = pl.concat([found.select("number", form.alias("token")) for form in spelled])
        numbers = set(asked.join(wanted, on="token", how="semi")["number"])
        quads = found.with_columns(name.str.extract_groups(r"^(\d+)\.(\d+)\.(\d+)\.(\d+)$").alias("quad")).unnest(
            "quad"
        )
        quads = quads.drop_nulls("1").with_columns(pl.col("1", "2", "3", "4").cast(pl.UInt32, strict=False))
        address = pl.col("1") * 16777216 + pl.col("2") * 65536 + pl.col("3") * 256 + pl.col("4")
        for length, network in networks.items():
            size = 1 << (32 - length)
            asked = quads.select("number", (address // size * size).cast(pl.UInt32).alias("network"))
            numbers |= set(asked.join(network, on="network", how="semi")["number"])
        return numbers

    return find


def _frame(pl: Any, task: Task) -> Any:
    return pl.DataFrame({"line": task.log.read_text("latin-1").rstrip("\n").split("\n")}).with_row_index(
        "number", offset=1
    )


class _by_position:  # noqa: N801
    """A search whose positions are turned into lines only after the clock has stopped."""

    def __init__(self, task: Task, find: Find) -> None:
        self.task, self.find = task, find

    def __call__(self) -> Iterable[int]:
        return self.find()


PEERS: dict[str, Callable[[Task], Find]] = {
    "hyperscan": hyperscan,
    "polars-join": polars_join,
    "polars-contains_any": polars_words,
    "pyahocorasick": pyahocorasick,
    "ahocorasick-rs": ahocorasick_rs,
    "grep": grep,
}


def main(name: str, indicators: str, log: str, rounds: int) -> int:
    """Run one peer and print what it did."""
    rows = [tuple(line.split("\t", 1)) for line in Path(indicators).read_text().splitlines()]
    task = Task([(row[0], row[1]) for row in rows], Path(log))
    began = time.perf_counter()
    try:
        find = PEERS[name](task)
    except ImportError:
        return 3
    build = time.perf_counter() - began
    seconds: list[float] = []
    lines: Iterable[int] = ()
    until = time.perf_counter() + LONGEST
    while len(seconds) < rounds and time.perf_counter() < until:
        if isinstance(find, Grep):
            seconds.append(find.seconds())
            continue
        began = time.perf_counter()
        lines = find()
        seconds.append(time.perf_counter() - began)
    if isinstance(find, _by_position):
        lines = task.lines_at(lines)
    elif isinstance(find, Grep):
        lines = find()
    print(json.dumps({"build": build, "seconds": seconds, "lines": sorted(set(lines))}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
