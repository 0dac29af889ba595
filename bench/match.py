"""How fast logs are matched: ours beside the machine's limits and beside peers, in one table.

``python bench/match.py [--megabytes 500] [--counts 10k,100k,1m,10m] [--rounds 5] [--peers]``

Logs (nine formats, about 230 bytes a line) and indicators (half domains, then addresses, hashes, URLs, networks, IPv6, mail
addresses) are made from a seed. Every figure is the median of the rounds; the ratio is to memcpy of the same bytes in the same run,
which is the figure to compare across machines and days. Peers run only where they are installed.
"""

# ruff: noqa: E501, D102, UP031  the lines of nine log formats are data, and % is quickest at millions of them

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from tocsin.engine import IndicatorSet, Scanner, compile_stream

COUNTS = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000, "10m": 10_000_000}
WORDS = [
    "alpha",
    "north",
    "mail",
    "shop",
    "cloud",
    "data",
    "secure",
    "login",
    "update",
    "portal",
    "news",
    "bank",
    "green",
    "river",
    "stone",
]
AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
)


class Maker:
    """Seeded names, addresses and lines. Indicators and the innocent live in different parts of the name space."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def ipv4(self) -> str:
        return "%d.%d.%d.%d" % (self.random.randrange(1, 224), *self.random.randbytes(3))

    def inside(self) -> str:
        return "10.%d.%d.%d" % tuple(self.random.randbytes(3))

    def name(self, mark: str) -> str:
        r = self.random
        top = r.choice(["example", "example", "com.example", "net.example", "org.example"])
        base = f"{r.choice(WORDS)}{mark}{r.randrange(1 << 24):x}.{top}"
        return base if r.random() < 0.6 else f"{r.choice(WORDS)}.{base}"

    def indicator(self) -> tuple[str, str]:
        r = self.random
        share = r.random()
        if share < 0.50:
            return "domain-name", self.name("-x")
        if share < 0.69:
            return "ipv4-addr", self.ipv4()
        if share < 0.73:
            return "ipv4-addr", "%s.0/%d" % (self.ipv4().rpartition(".")[0], 24)
        if share < 0.74:
            return "ip-port", f"{self.ipv4()}:{r.randrange(1, 65536)}"
        if share < 0.89:
            return "file", r.randbytes(r.choice([16, 20, 32, 32])).hex()
        if share < 0.985:
            return (
                "url",
                f"http://{self.name('-u')}/{r.choice(WORDS)}/{r.randrange(1 << 20):x}{r.choice(['', '.php', '/*'])}",
            )
        if share < 0.995:
            return "ipv6-addr", "2001:db8:%x:%x::%x" % tuple(r.randrange(1 << 16) for _ in range(3))
        return "email-addr", f"{r.choice(WORDS)}{r.randrange(1 << 20)}@{self.name('-m')}"

    def line(self, planted: str) -> str:
        r, inside, outside, host = self.random, self.inside(), self.ipv4(), planted or self.name("")
        number, path = r.randrange(1 << 30), f"/{r.choice(WORDS)}/{r.randrange(1 << 24):x}"
        shape = r.randrange(9)
        if shape == 0:
            return f"1700{number % 1000000:06d}.{number % 999999:06d}\tC{number:012x}z\t{inside}\t{number % 60000}\t{outside}\t53\tudp\t{number % 65536}\t0.023415\t{host}\t1\tC_INTERNET\t1\tA\t0\tNOERROR\tF\tF\tT\tT\t0\t{self.ipv4()},{self.ipv4()}\t300.000000,300.000000\tF"
        if shape == 1:
            return f'{{"ts":1700{number % 1000000:06d}.{number % 999999:06d},"uid":"C{number:012x}z","id.orig_h":"{inside}","id.orig_p":{number % 60000},"id.resp_h":"{outside}","id.resp_p":443,"proto":"tcp","service":"ssl","server_name":"{host}","duration":1.{number % 1000000:06d},"orig_bytes":{number % 9999},"resp_bytes":{number % 99999},"conn_state":"SF"}}'
        if shape == 2:
            return f"1700{number % 1000000:06d}.{number % 999:03d} {number % 5000:6d} {inside} TCP_MISS/200 {number % 99999} GET http://{host}{path}?id={number % 4096} - HIER_DIRECT/{outside} text/html"
        if shape == 3:
            return f'{outside} - - [21/Nov/2023:10:{number % 60:02d}:{number % 59:02d} +0500] "GET {path}.html?q={number % 999}%20{r.choice(WORDS)} HTTP/1.1" 200 {number % 99999} "https://{host}/" "{AGENT}"'
        if shape == 4:
            return f"Nov 21 10:{number % 60:02d}:{number % 59:02d} fw1 kernel: [{number % 999999}.{number % 999999:06d}] FW-DROP IN=eth0 OUT=eth1 MAC=00:16:3e:{number % 256:02x}:11:22 SRC={outside} DST={inside} LEN=60 TOS=0x00 PREC=0x00 TTL=51 ID={number % 65536} DF PROTO=TCP SPT={number % 60000} DPT=443 WINDOW=29200 RES=0x00 SYN URGP=0 {planted}"
        if shape == 5:
            return f"Nov 21 10:{number % 60:02d}:{number % 59:02d} sensor CEF:0|Vendor|Product|1.0|{number % 999}|Connection {r.choice(WORDS)}|5|src={inside} spt={number % 60000} dst={outside} dpt=80 proto=TCP request=http://{host}{path} act=allowed cnt={number % 9} fileHash={r.randbytes(16).hex()}"
        if shape == 6:
            return f"Nov 21 10:{number % 60:02d}:{number % 59:02d} mx1 postfix/smtp[{number % 32768}]: {number:010X}: to=<{r.choice(WORDS)}@{host}>, relay=mx.{host}[{outside}]:25, delay=0.{number % 99}, delays=0.01/0/0.1/0.2, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {number:x})"
        if shape == 7:
            return f'{{"timestamp":"2023-11-21T10:{number % 60:02d}:{number % 59:02d}.000Z","event":{{"id":{number},"kind":"process"}},"host":{{"name":"pc-{number % 9999}"}},"process":{{"path":"C:\\\\Windows\\\\System32\\\\{r.choice(WORDS)}.exe","sha256":"{r.randbytes(32).hex()}","parent":"{r.choice(WORDS)}.exe"}},"note":"{planted}"}}'
        return f"2023-11-21T10:{number % 60:02d}:{number % 59:02d}Z ns1 named[{number % 999}]: client @0x7f{number:09x} {inside}#{number % 60000} ({host}): query: {host} IN AAAA +E(0)K (2001:db8::{number % 65536:x}) latency={number % 99}.{number % 999}ms cache=miss view=internal"


def logs(megabytes: int, hit_rate: float, planted: list[str], seed: int) -> bytes:
    """About ``megabytes`` of mixed lines; a share of ``hit_rate`` carries an indicator. Made once, then repeated with a twist of order."""
    maker, pieces, size = Maker(seed), [], 0
    unique = min(megabytes, 96) * 1_000_000
    while size < unique:
        value = maker.random.choice(planted) if hit_rate and maker.random.random() < hit_rate else ""
        pieces.append(maker.line(value))
        size += len(pieces[-1]) + 1
    part = ("\n".join(pieces) + "\n").encode()
    return part * max(1, megabytes * 1_000_000 // len(part))


def indicator_file(path: Path, count: int, seed: int) -> list[str]:
    """Write a TSV; give back some domains of it to plant."""
    planted: list[str] = []
    maker = Maker(seed)
    with path.open("w") as file:
        for _ in range(count):
            kind, value = maker.indicator()
            file.write(f"{kind}\t{value}\n")
            if kind == "domain-name" and len(planted) < 5000:
                planted.append(value)
    return planted


def median(rounds: int, work: Callable[[], object]) -> float:
    """Median seconds of some rounds after one to warm up."""
    seconds = []
    for turn in range(rounds + 1):
        began = time.perf_counter()
        work()
        if turn:
            seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def scan(opened: IndicatorSet, parts: list[memoryview], instructions: str = "") -> int:
    """Scan each part in a thread of its own; the number of hits."""
    found = [0] * len(parts)

    def one(index: int) -> None:
        with Scanner(opened, instructions=instructions) as scanner:
            for start, end in blocks(parts[index]):
                found[index] += len(scanner.scan(parts[index][start:end]))

    threads = [threading.Thread(target=one, args=(index,)) for index in range(1, len(parts))]
    for thread in threads:
        thread.start()
    one(0)
    for thread in threads:
        thread.join()
    return sum(found)


def blocks(part: memoryview, size: int = 1 << 22) -> Iterator[tuple[int, int]]:
    """A part as blocks of whole lines."""
    start = 0
    while start < len(part):
        end = min(start + size, len(part))
        while end < len(part) and part[end - 1] != 10:
            end -= 1
        yield start, end
        start = end


def halves(log: bytearray) -> list[memoryview]:
    """The log in two parts of whole lines."""
    view, middle = memoryview(log), log.index(b"\n", len(log) // 2) + 1
    return [view[:middle], view[middle:]]


def row(*cells: object) -> None:
    """One row of the table."""
    print(f"{cells[0]!s:<34}" + "".join(f"{cell!s:>12}" for cell in cells[1:]), flush=True)


def limits(log: bytearray, rounds: int) -> float:
    """Print what the machine can do; MB/s of memcpy."""
    source, target = np.frombuffer(log, np.uint8), np.empty(len(log), np.uint8)
    memcpy = len(log) / median(rounds, lambda: np.copyto(target, source)) / 1e6
    row("memcpy", f"{memcpy:.0f}", "1.000")
    newline = len(log) / median(rounds, lambda: log.count(b"\n")) / 1e6
    row("counting line ends (CPython)", f"{newline:.0f}", f"{newline / memcpy:.3f}")
    return memcpy


def ours(name: str, count: int, megabytes: int, rounds: int, folder: Path, memcpy: float | None) -> float | None:
    """Print our rows for one number of indicators."""
    tsv, set_path = folder / f"{name}.tsv", folder / f"{name}.set"
    planted = indicator_file(tsv, count, seed=1)
    began = time.perf_counter()
    with tsv.open("rb") as stream:
        report = compile_stream(stream, set_path)
    build = time.perf_counter() - began
    opening = median(5, lambda: IndicatorSet.open(set_path).close())
    size = set_path.stat().st_size
    with IndicatorSet.open(set_path) as opened:
        for hit_rate in (0.001, 0.0, 0.01) if name == "1m" else (0.001,):
            log = bytearray(logs(megabytes, hit_rate, planted, seed=2))
            if memcpy is None:
                memcpy = limits(log, rounds)
            for threads, parts in ((1, [memoryview(log)]), (2, halves(log))):
                hits = scan(opened, parts)
                speed = len(log) / median(rounds, partial(scan, opened, parts)) / 1e6
                row(
                    f"tocsin {name}, {threads} thread(s), {hit_rate:.1%} hit",
                    f"{speed:.0f}",
                    f"{speed / memcpy:.3f}",
                    hits,
                )
            if name == "1m" and hit_rate == 0.001:
                for instructions in ("avx2", "sse2", "portable"):
                    speed = len(log) / median(rounds, partial(scan, opened, [memoryview(log)], instructions)) / 1e6
                    row(f"tocsin {name}, {instructions}", f"{speed:.0f}", f"{speed / memcpy:.3f}")
    print(
        f"    compiled {report.compiled / build / 1e6:.2f} M/s ({build:.2f} s), {(size - (1 << 21)) / count:.1f} bytes/indicator"
        f" + 2 MB map, opened in {opening * 1000:.1f} ms",
        flush=True,
    )
    return memcpy


def peers(folder: Path, name: str) -> None:
    """Peers on a small share of the log: they are slow, and their speed does not depend on its size."""
    values = [line.partition("\t")[2].strip() for line in (folder / f"{name}.tsv").open()]
    log = logs(4, 0.001, values[:5000], seed=2)
    (folder / "peer.log").write_bytes(log)
    (folder / "peer.txt").write_text("\n".join(values))
    if shutil.which("grep"):
        began = time.perf_counter()
        subprocess.run(
            ["grep", "-c", "-F", "-f", folder / "peer.txt", folder / "peer.log"], stdout=subprocess.DEVNULL, timeout=600
        )
        row(f"grep -F {name} (with its build)", f"{len(log) / (time.perf_counter() - began) / 1e6:.1f}")
    try:
        import hyperscan  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        row("hyperscan", "absent")
    else:
        began = time.perf_counter()
        database = hyperscan.Database()
        database.compile_literals(
            expressions=[value.encode() for value in values], ids=list(range(len(values))), elements=len(values)
        )
        built = time.perf_counter() - began
        speed = len(log) / median(3, lambda: database.scan(log, match_event_handler=lambda *_: None)) / 1e6
        row(f"hyperscan literals {name}", f"{speed:.0f}", f"built {built:.1f} s")
    try:
        import polars as pl  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        row("polars", "absent")
    else:
        frame, wanted = pl.DataFrame({"line": log.decode().splitlines()}), pl.DataFrame({"token": values}).unique()

        def find() -> int:
            tokens = frame.select(pl.col("line").str.extract_all(r"[A-Za-z0-9._-]+\.[A-Za-z0-9._-]+").alias("token"))
            return int(tokens.explode("token").join(wanted, on="token", how="semi").height)

        row(f"polars regex + join {name}", f"{len(log) / median(3, find) / 1e6:.0f}")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--counts", default="10k,100k,1m")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--keep", type=Path, help="leave indicators, sets and a log in this folder")
    given = parser.parse_args()
    about = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = next((line.partition(":")[2].strip() for line in about if line.startswith("model name")), "?")
    print(
        json.dumps(
            {"cpu": cpu, "cores": os.cpu_count(), "python": sys.version.split()[0], "megabytes": given.megabytes}
        )
    )
    row("", "MB/s", "of memcpy", "hits")
    memcpy: float | None = None
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for name in given.counts.split(","):
            memcpy = ours(name, COUNTS[name], given.megabytes, given.rounds, folder, memcpy)
            if given.peers and name in ("10k", "100k"):
                peers(folder, name)
        if given.keep:
            (folder / "bench.log").write_bytes(logs(min(given.megabytes, 96), 0.0, [], seed=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
