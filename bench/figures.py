"""What the benchmark of matching found, the marks it is held against, and the tables of ``docs/run/speed.md`` made from both.

``python -m bench.figures`` writes the tables anew from what is kept in ``bench/``.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

KEPT = Path("bench/match.json")
INSTRUCTIONS = Path("bench/instructions.json")
PAGE = Path("docs/run/speed.md")
BEGIN, END = "<!-- figures: made by `make bench-match PAGE=yes` -->", "<!-- end of figures -->"
COUNTS = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000, "10m": 10_000_000}


@dataclass(frozen=True)
class Limit:
    """Something the machine itself cannot do faster, in MB/s."""

    name: str
    speed: float


@dataclass(frozen=True)
class Speed:
    """A scan: MB/s, the ratio to the memcpy just before it (median, least, most of the rounds), hits planted, missed and invented."""

    count: str
    rate: float
    threads: int
    instructions: str
    speed: float
    ratio: float
    least: float
    most: float
    planted: int
    missed: int
    invented: int


@dataclass(frozen=True)
class SetFigure:
    """A compiled set: indicators a second, bytes an indicator (all of the file), milliseconds until open and until all is checked."""

    count: str
    per_second: float
    bytes_each: float
    open_ms: float
    checked_ms: float


@dataclass(frozen=True)
class Peer:
    """A peer beside ours on the same small log: why it did not run, or seconds to build, MB/s, lines missed and invented."""

    name: str
    count: str
    absent: str
    build: float = 0
    speed: float = 0
    ours: float = 0
    missed: int = 0
    invented: int = 0


@dataclass
class Results:
    """One run."""

    machine: dict[str, Any] = field(default_factory=dict)
    limits: list[Limit] = field(default_factory=list)
    speeds: list[Speed] = field(default_factory=list)
    sets: list[SetFigure] = field(default_factory=list)
    peers: list[Peer] = field(default_factory=list)
    #: Single figures: ten_to_one, two_threads, first_hit_s, gz_mbs, isal_mbs, plain_mbs, resident_mb; NaN-free, absent where not measured.
    single: dict[str, float] = field(default_factory=dict)

    def keep(self, path: Path = KEPT) -> None:
        """Write all figures as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def kept(cls, path: Path = KEPT) -> Self:
        """What ``keep`` wrote."""
        read = json.loads(path.read_text())
        return cls(
            machine=read["machine"],
            limits=[Limit(**row) for row in read["limits"]],
            speeds=[Speed(**row) for row in read["speeds"]],
            sets=[SetFigure(**row) for row in read["sets"]],
            peers=[Peer(**row) for row in read["peers"]],
            single=read["single"],
        )

    def ratio(self, count: str) -> float | None:
        """Of memcpy, one thread, the best instructions, 0.1 % hits."""
        rows = [row.ratio for row in self.speeds if (row.count, row.rate, row.threads) == (count, 0.001, 1)]
        return rows[0] if rows else None

    def of_set(self, count: str, name: str) -> float | None:
        """One figure of a set."""
        rows = [float(getattr(row, name)) for row in self.sets if row.count == count]
        return rows[0] if rows else None


@dataclass(frozen=True)
class Mark:
    """A figure to reach: at least or at most ``limit``, in ``unit``."""

    name: str
    figure: float | None
    limit: float
    at_least: bool
    unit: str = ""

    @property
    def wanted(self) -> str:
        """The mark as text."""
        return f"{'≥' if self.at_least else '≤'} {_number(self.limit)}{self.unit}"

    @property
    def verdict(self) -> str:
        """Whether it is met, or by how much it is missed."""
        if self.figure is None:
            return "not measured"
        if self.figure >= self.limit if self.at_least else self.figure <= self.limit:
            return "met"
        short = abs(1 - self.figure / self.limit) if self.limit else 0
        return f"missed by {short:.{1 if short < 0.02 else 0}%}" if self.limit else f"missed: {self.figure:g}"


def marks(results: Results) -> list[Mark]:
    """All marks with their figures."""
    single = results.single
    slower = min(single["isal_mbs"], single["plain_mbs"]) if "gz_mbs" in single else None
    wrong = sum(row.missed + row.invented for row in results.speeds)
    return [
        Mark("hits missed or invented", wrong, 0, False),
        Mark("of memcpy, 1 M (the least that is acceptable)", results.ratio("1m"), 0.075, True),
        Mark("of memcpy, 1 M", results.ratio("1m"), 0.10, True),
        Mark("of memcpy, 10 M", results.ratio("10m"), 0.085, True),
        Mark("of memcpy, 1 M (moonshot)", results.ratio("1m"), 0.20, True),
        Mark("speed at 10 M ÷ speed at 1 M", single.get("ten_to_one"), 0.8, True),
        Mark("two threads ÷ one, 1 M", single.get("two_threads"), 1.7, True),
        Mark("compiled, 1 M", results.of_set("1m", "per_second"), 3, True, " M/s"),
        Mark("compiled, 10 M", results.of_set("10m", "per_second"), 3, True, " M/s"),
        Mark("bytes an indicator, 1 M", results.of_set("1m", "bytes_each"), 45, False),
        Mark("bytes an indicator, 10 M", results.of_set("10m", "bytes_each"), 45, False),
        Mark("opened, 1 M", results.of_set("1m", "open_ms"), 5, False, " ms"),
        Mark("opened, 10 M", results.of_set("10m", "open_ms"), 5, False, " ms"),
        Mark("start of the command to its first hit", single.get("first_hit_s"), 0.3, False, " s"),
        Mark("gz, 2 threads ÷ slower of isal and plain", single["gz_mbs"] / slower if slower else None, 0.8, True),
        Mark("resident, 10 M, 200 MB matched", single.get("resident_mb"), 600, False, " MB"),
    ]


def _number(value: float) -> str:
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown, its columns aligned so that it reads as text too."""
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]

    def line(row: list[str]) -> str:
        cells = [
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return f"| {' | '.join(cells)} |"

    rule = "|" + "|".join("-" * (width + 1) + (":" if at else "-") for at, width in enumerate(widths)) + "|"
    return "\n".join([line(head), rule, *map(line, rows)])


def mark_table(results: Results) -> str:
    """Mark, figure, met or missed."""
    rows = [
        [mark.name, "–" if mark.figure is None else f"{_number(mark.figure)}{mark.unit}", mark.wanted, mark.verdict]
        for mark in marks(results)
    ]
    return table(["mark", "figure", "wanted", ""], rows)


def speed_table(results: Results) -> str:
    """Limits and scans."""
    memcpy = results.limits[0].speed
    rows = [[limit.name, f"{limit.speed:,.0f}", f"{limit.speed / memcpy:.3f}", "", "", ""] for limit in results.limits]
    for row in results.speeds:
        threads = f"{row.threads} thread{'s' if row.threads > 1 else ''}"
        name = f"tocsin {_count(row.count)}, {row.rate:.1%} hits, {threads}" + (
            f", {row.instructions}" if row.instructions else ""
        )
        hits = f"{row.planted:,}" + ("" if not row.missed + row.invented else f" (−{row.missed} +{row.invented})")
        rows.append(
            [name, f"{row.speed:,.0f}", f"{row.ratio:.3f}", f"{row.least:.3f}–{row.most:.3f}", hits, _verdict(row)]
        )
    return table(["", "MB/s", "of memcpy", "least–most", "planted = found", ""], rows)


def _verdict(row: Speed) -> str:
    limit = {"1m": 0.10, "10m": 0.085}.get(row.count)
    if limit is None or row.threads > 1 or row.instructions:
        return ""
    return Mark("", row.ratio, limit, True).verdict


def _count(name: str) -> str:
    return f"{name[:-1]} {name[-1].upper() if name[-1] == 'm' else name[-1]}"


def set_table(results: Results) -> str:
    """Compiled sets."""
    rows = [
        [
            _count(row.count),
            f"{row.per_second:.2f} M/s",
            f"{row.bytes_each:.1f}",
            f"{row.open_ms:.2f} ms",
            f"{row.checked_ms:.1f} ms",
        ]
        for row in results.sets
    ]
    return table(["indicators", "compiled from TSV", "bytes each", "opened", "all of it checked"], rows)


def peer_table(results: Results) -> str:
    """Peers beside ours, on the same log."""
    rows = []
    for row in results.peers:
        name = f"{row.name}, {_count(row.count)}"
        if row.absent:
            rows.append([name, row.absent, "", "", "", ""])
        else:
            ratio = "" if row.name == "tocsin" else f"{row.ours / row.speed:,.1f}"
            speed = f"{row.speed:,.0f}" if row.speed >= 10 else f"{row.speed:.1f}"
            rows.append([name, speed, f"{row.build:.2f} s", ratio, str(row.missed), str(row.invented)])
    return table(["", "MB/s", "built in", "ours is × as fast", "lines missed", "lines invented"], rows)


def instruction_table(kept: Path = INSTRUCTIONS) -> str:
    """Instructions a byte, as ``bench.instructions`` keeps them."""
    read = json.loads(kept.read_text())
    rows = [[name, *(f"{value:.2f}" for value in row.values())] for name, row in read.items()]
    return table(["log", *read["mixed"]], rows)


def single_lines(results: Results) -> Iterator[str]:
    """Figures that stand alone."""
    s = results.single
    if "gz_mbs" in s:
        yield (
            f"`tocsin match` over gz, two threads: {s['gz_mbs']:,.0f} MB/s of text; isal alone {s['isal_mbs']:,.0f};"
            f" `tocsin match` over the same text plain, one thread {s['plain_mbs']:,.0f} (start-up, {s['start_s']:.2f} s, taken off both)."
        )
    if "two_threads" in s:
        yield f"Two threads ÷ one at 1 M: {s['two_threads']:.2f}; memcpy by two threads ÷ one: {s['two_memcpy']:.2f}."


def page_part(results: Results) -> str:
    """The part of the page that a run makes."""
    m = results.machine
    about = (
        f"Measured on {m['at']}: {m['cpu']}, {m['cores']} cores, {m['l2']} of second-level and {m['l3']} of third-level cache,"
        f" instructions {m['instructions']}, Python {m['python']}. Logs of {m['megabytes']} MB, nine formats, {m['line_bytes']:.0f} bytes a"
        f" line, no line twice; of the names in them {m['unique']:.0%} are there for the first time. Medians of {m['rounds']} rounds."
        f" Other work on the machine when it began: {m['load']:.1f} processes."
    )
    parts = [
        about,
        "### Marks",
        mark_table(results),
        "### Scans",
        speed_table(results),
        "### Compiled sets",
        set_table(results),
        *single_lines(results),
        "### Instructions",
        "Instructions a byte at 1 M, 0.1 % hits (`make bench-instructions`; callgrind knows no AVX-512):",
        instruction_table(),
        "### Peers",
        f"One thread each, {m['peer_megabytes']:.1f} MB of log; {m['peer_lines']:,} of its {m['peer_all']:,} lines mention an indicator,"
        " some in another spelling, and some lines only look as if they did.",
        peer_table(results),
    ]
    return "\n\n".join(parts)


def write_page(results: Results, page: Path = PAGE) -> None:
    """Put the figures into the page, between its two marks."""
    before, _, rest = page.read_text().partition(BEGIN)
    if not rest or END not in rest:
        raise SystemExit(f"{page}: the lines {BEGIN} and {END} are missing")
    page.write_text(f"{before}{BEGIN}\n\n{page_part(results)}\n\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    write_page(Results.kept())
