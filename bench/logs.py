"""Seeded indicators and logs for the benchmarks of matching, in spaces that cannot meet by chance.

What an indicator is and what an innocent line mentions never coincide, so that what is found must be what was planted, to the line:
names of indicators carry ``-x``, ``-u`` or ``-m``, innocent ones no hyphen; addresses of indicators end in an odd number, innocent ones in
an even one below 224. Both kinds of address are spread over the same /24 networks, and innocent names share their last two labels
(``com.qm``) with indicators, so a line is not thrown away more cheaply than in life.

Innocent names and addresses repeat as they do in life: the k-th most frequent is drawn 1/k as often as the first (Zipf). The first 10,000
indicators are the same for every count, and all that is planted is taken from them: one log serves every set.
"""

# ruff: noqa: E501, UP031  the lines of nine log formats are data, and % is quickest at millions of them

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Generator = np.random.Generator

SEED, CHUNK = 20231121, 10_000
#: How many names and how many addresses popularity is spread over.
POPULATION = 1 << 22
RATES = (0.0, 0.001, 0.01)
PIECE_LINES = 100_000
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
#: Short tops that nobody can register (RFC 2606, ISO 3166's user-assigned codes): a long common end would slow automata down unfairly.
TOPS = ("test", "xa", "com.qm", "co.xb", "net.qz")
AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
)
#: First numbers of public addresses; that of the first is kept for the networks that are planted.
FIRSTS = [n for n in range(1, 224) if n not in (10, 100, 127, 169, 172, 192, 198, 203)]
FORMATS = (
    "zeek-dns",
    "zeek-json",
    "squid",
    "apache",
    "iptables",
    "cef",
    "postfix",
    "process-json",
    "named",
)


class Plant(NamedTuple):
    """One indicator to put into a line: its row in the set, its kind, its value, and the text that stands for it in a log."""

    row: int
    kind: str
    value: str
    text: str


@dataclass(frozen=True)
class Log:
    """A log on disk: what was planted as (line from 1, row) pairs, in the order of the lines, and how often names repeat."""

    path: Path
    planted: npt.NDArray[np.int64]
    lines: int
    mentions: int
    distinct: int


def names(numbers: Numbers, mark: str) -> list[str]:
    """One name for each number below 2²⁴; none is a parent of another. Two of five have a label in front."""
    mixed, choice = numbers * 0x9E3779 & 0xFFFFFF, numbers * 0x2545F491 >> 9
    words, tops, fronts = choice % len(WORDS), choice // 15 % 5, choice // 75 % 38
    return [
        f"{WORDS[word]}{mark}{number:x}.{TOPS[top]}"
        if front > 14
        else f"{WORDS[front]}.{WORDS[word]}{mark}{number:x}.{TOPS[top]}"
        for word, number, top, front in zip(words.tolist(), mixed.tolist(), tops.tolist(), fronts.tolist(), strict=True)
    ]


def addresses(numbers: Numbers, odd: int) -> list[str]:
    """One public IPv4 address for each number, spread over the /24 networks; the last octet is odd or even and below 224."""
    firsts = len(FIRSTS) - 1
    rest, last = np.divmod(numbers * 1_000_000_007 % (firsts * 256 * 240 * 112), 112)
    rest, third = np.divmod(rest, 240)
    first, second = np.divmod(rest, 256)
    columns = (np.array(FIRSTS[1:])[first], second, third, last * 2 + odd)
    return ["%d.%d.%d.%d" % quad for quad in zip(*(column.tolist() for column in columns), strict=True)]


def _domains(_: Generator, places: Numbers) -> list[str]:
    return [f"domain-name\t{name}" for name in names(places, "-x")]


def _ipv4(_: Generator, places: Numbers) -> list[str]:
    return [f"ipv4-addr\t{address}" for address in addresses(places, 1)]


def _networks(generator: Generator, places: Numbers) -> list[str]:
    """Two of three are /28 at .224 in the /24 networks of the innocent; the others have a third octet that no address has."""
    rows = []
    for turn, (place, second, third) in enumerate(
        zip(places.tolist(), generator.integers(0, 256, len(places)).tolist(), (places % 240).tolist(), strict=True)
    ):
        first = FIRSTS[0] if place < CHUNK else FIRSTS[1 + place * 7919 % (len(FIRSTS) - 1)]
        second = turn % 256 if place < CHUNK else second
        if turn % 3:
            rows.append(f"ipv4-addr\t{first}.{second}.{turn % 240 if place < CHUNK else third}.224/28")
        else:
            network = {0: "240.0/20", 1: "252.0/22"}.get(second % 16, f"{240 + place % 16}.0/24")
            rows.append(f"ipv4-addr\t{first}.{second}.{network}")
    return rows


def _ports(_: Generator, places: Numbers) -> list[str]:
    return [
        f"ip-port\t{address}:{1 + n % 65535}" for address, n in zip(addresses(places, 1), places.tolist(), strict=True)
    ]


def _hashes(generator: Generator, places: Numbers) -> list[str]:
    data = generator.bytes(32 * len(places)).hex()
    lengths = generator.choice([32, 40, 64, 64], len(places)).tolist()
    return [f"file\t{data[64 * n : 64 * n + length]}" for n, length in enumerate(lengths)]


def _urls(generator: Generator, places: Numbers) -> list[str]:
    pages, ends = generator.integers(0, 1 << 20, len(places)).tolist(), ("", ".php", "/*")
    return [
        f"url\thttp://{name}/{WORDS[page % 15]}/{page:x}{ends[page % 3]}"
        for name, page in zip(names(places, "-u"), pages, strict=True)
    ]


def _ipv6(generator: Generator, places: Numbers) -> list[str]:
    parts = generator.integers(0, 1 << 15, (len(places), 2)).tolist()
    return [
        f"ipv6-addr\t2001:db8:{a + 1:x}:{b:x}::{place:x}"
        for (a, b), place in zip(parts, (places >> 8).tolist(), strict=True)
    ]


def _mails(_: Generator, places: Numbers) -> list[str]:
    return [
        f"email-addr\t{WORDS[n % 15]}{n}@{name}" for n, name in zip(places.tolist(), names(places, "-m"), strict=True)
    ]


Makes = Callable[[Generator, Numbers], list[str]]
#: Share of each kind of indicator and what makes its rows.
KINDS: tuple[tuple[str, float, Makes], ...] = (
    ("name", 0.50, _domains),
    ("address", 0.19, _ipv4),
    ("network", 0.04, _networks),
    ("port", 0.01, _ports),
    ("hash", 0.15, _hashes),
    ("url", 0.095, _urls),
    ("ipv6", 0.01, _ipv6),
    ("mail", 0.005, _mails),
)


def indicator_chunk(number: int) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Rows ``type<TAB>value`` of the ``number``-th 10,000 indicators, and the place in ``KINDS`` of each."""
    generator = np.random.default_rng([SEED, 1, number])
    kinds = generator.choice(len(KINDS), CHUNK, p=[share for _, share, _ in KINDS])
    rows = np.empty(CHUNK, object)
    for kind, (_, _, make) in enumerate(KINDS):
        places = np.flatnonzero(kinds == kind)
        rows[places] = make(generator, places + number * CHUNK)
    return rows.tolist(), kinds


def write_indicators(path: Path, count: int) -> None:
    """``count`` indicators (a multiple of 10,000) as TSV."""
    with path.open("w") as file:
        for number in range(count // CHUNK):
            file.write("\n".join(indicator_chunk(number)[0]) + "\n")


def plants() -> list[Plant]:
    """The first 10,000 indicators with the text by which each is mentioned."""
    rows, kinds = indicator_chunk(0)
    made = []
    for row, (line, kind) in enumerate(zip(rows, kinds.tolist(), strict=True)):
        value, text = line.partition("\t")[2], line.partition("\t")[2]
        if KINDS[kind][0] == "name" and row % 3 == 0:
            text = f"www.{value}"
        elif KINDS[kind][0] == "network":
            start, _, length = value.partition("/")
            base, _, last = start.rpartition(".")
            text = f"{base}.{int(last) + 5}" if length != "20" else f"{base.rpartition('.')[0]}.250.9"
        elif value.endswith("/*"):
            text = f"{value[:-1]}{row:x}/page.html"
        made.append(Plant(row, KINDS[kind][0], value, text))
    return made


class Columns:
    """What the lines of one format are filled with, one list for each slot; slots may be overwritten before the lines are made."""

    def __init__(self, generator: Generator, size: int) -> None:
        def draw(most: int) -> list[int]:
            return list(generator.integers(0, most, size).tolist())

        self.name_ranks, address_ranks = popular(generator, size), popular(generator, size)
        self.number = draw(1 << 30)
        self.second = draw(60)
        self.word = [WORDS[n] for n in draw(len(WORDS))]
        self.host = names_of(self.name_ranks)
        self.outside = addresses_of(address_ranks)
        self.answer = addresses_of(popular(generator, size))
        self.inside = [f"10.{n >> 12}.{n >> 4 & 255}.{n & 15}" for n in draw(1 << 16)]
        self.ipv6 = [f"2001:db8:{0x9000 + (n & 255):x}:{n >> 8 & 255:x}::{n >> 16:x}" for n in draw(1 << 30)]
        digits = generator.bytes(32 * size).hex()
        self.hash = [digits[64 * n : 64 * n + 64] for n in range(size)]
        self.short_hash = [digest[:32] for digest in self.hash]
        self.url = [
            f"http://{host}/{word}/{number >> 6:x}"
            for host, word, number in zip(self.host, self.word, self.number, strict=True)
        ]
        self.request = [f"GET {url}?id={n % 4096}" for url, n in zip(self.url, self.number, strict=True)]
        self.referer = [f"https://{host}/" for host in self.host]
        self.mail = [f"{word}@{host}" for word, host in zip(self.word, self.host, strict=True)]

    def put(self, place: int, plant: Plant) -> None:
        """Let the line at ``place`` mention what is planted, and mention it in every slot that is made of it."""
        text = plant.text
        if plant.kind == "name":
            self.host[place], self.mail[place] = text, f"user@{text}"
            self.url[place] = self.referer[place] = f"http://{text}/"
            self.request[place] = f"GET http://{text}/a?id=1"
        elif plant.kind in ("address", "network"):
            self.outside[place] = text
        elif plant.kind == "port":
            self.request[place] = f"CONNECT {text}"
        elif plant.kind == "url":
            self.url[place] = self.referer[place] = text
            self.request[place] = f"GET {text}"
        elif plant.kind == "hash":
            self.hash[place] = self.short_hash[place] = text
        else:
            {"ipv6": self.ipv6, "mail": self.mail}[plant.kind][place] = text


def popular(generator: Generator, size: int) -> Numbers:
    """Ranks from 0, the k-th drawn 1/k as often as the first."""
    return np.asarray(np.exp(generator.random(size) * np.log(POPULATION)), np.int64)


def names_of(ranks: Numbers) -> list[str]:
    """The innocent name of each rank."""
    distinct, places = np.unique(ranks, return_inverse=True)
    return list(np.array(names(distinct, ""), object)[places].tolist())


def addresses_of(ranks: Numbers) -> list[str]:
    """The innocent address of each rank."""
    distinct, places = np.unique(ranks, return_inverse=True)
    return list(np.array(addresses(distinct, 0), object)[places].tolist())


#: Formats in which each kind can be planted.
PLACES = {
    "name": (0, 1, 2, 3, 5, 6, 8),
    "address": (0, 1, 2, 3, 4, 5, 6),
    "network": (0, 1, 2, 3, 4, 5, 6),
    "port": (2,),
    "hash": (5, 7),
    "url": (2, 3, 5),
    "ipv6": (8,),
    "mail": (6,),
}


def lines_of(shape: int, c: Columns) -> list[str]:
    """One line of the format ``FORMATS[shape]`` for each row of the columns."""
    return _LINES[shape](c)


def _zeek_dns(c: Columns) -> list[str]:
    return [
        f"1700{n % 1000000:06d}.{n % 999999:06d}\tC{n:012x}z\t{inside}\t{n % 60000}\t{outside}\t53\tudp\t{n % 65536}\t0.023415\t{host}\t1\tC_INTERNET\t1\tA\t0\tNOERROR\tF\tF\tT\tT\t0\t{answer},{inside}\t300.000000,300.000000\tF"
        for n, inside, outside, host, answer in zip(c.number, c.inside, c.outside, c.host, c.answer, strict=True)
    ]


def _zeek_json(c: Columns) -> list[str]:
    return [
        f'{{"ts":1700{n % 1000000:06d}.{n % 999999:06d},"uid":"C{n:012x}z","id.orig_h":"{inside}","id.orig_p":{n % 60000},"id.resp_h":"{outside}","id.resp_p":443,"proto":"tcp","service":"ssl","server_name":"{host}","duration":1.{n % 1000000:06d},"orig_bytes":{n % 9999},"resp_bytes":{n % 99999},"conn_state":"SF"}}'
        for n, inside, outside, host in zip(c.number, c.inside, c.outside, c.host, strict=True)
    ]


def _squid(c: Columns) -> list[str]:
    return [
        f"1700{n % 1000000:06d}.{n % 999:03d} {n % 5000:6d} {inside} TCP_MISS/200 {n % 99999} {request} - HIER_DIRECT/{outside} text/html"
        for n, inside, outside, request in zip(c.number, c.inside, c.outside, c.request, strict=True)
    ]


def _apache(c: Columns) -> list[str]:
    return [
        f'{outside} - - [21/Nov/2023:10:{s:02d}:{n % 59:02d} +0500] "GET /{word}/{n >> 6:x}.html?q={n % 999}%20{word} HTTP/1.1" 200 {n % 99999} "{referer}" "{AGENT}"'
        for n, s, outside, word, referer in zip(c.number, c.second, c.outside, c.word, c.referer, strict=True)
    ]


def _iptables(c: Columns) -> list[str]:
    return [
        f"Nov 21 10:{s:02d}:{n % 59:02d} fw1 kernel: [{n % 999999}.{n % 999999:06d}] FW-DROP IN=eth0 OUT=eth1 MAC=00:16:3e:{n % 256:02x}:11:22 SRC={outside} DST={inside} LEN=60 TOS=0x00 PREC=0x00 TTL=51 ID={n % 65536} DF PROTO=TCP SPT={n % 60000} DPT=443 WINDOW=29200 RES=0x00 SYN URGP=0 "
        for n, s, inside, outside in zip(c.number, c.second, c.inside, c.outside, strict=True)
    ]


def _cef(c: Columns) -> list[str]:
    return [
        f"Nov 21 10:{s:02d}:{n % 59:02d} sensor CEF:0|Vendor|Product|1.0|{n % 999}|Connection {word}|5|src={inside} spt={n % 60000} dst={outside} dpt=80 proto=TCP request={url} act=allowed cnt={n % 9} fileHash={digest}"
        for n, s, word, inside, outside, url, digest in zip(
            c.number, c.second, c.word, c.inside, c.outside, c.url, c.short_hash, strict=True
        )
    ]


def _postfix(c: Columns) -> list[str]:
    return [
        f"Nov 21 10:{s:02d}:{n % 59:02d} mx1 postfix/smtp[{n % 32768}]: {n:010X}: to=<{mail}>, relay=mx.{host}[{outside}]:25, delay=0.{n % 99}, delays=0.01/0/0.1/0.2, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {n:x})"
        for n, s, mail, host, outside in zip(c.number, c.second, c.mail, c.host, c.outside, strict=True)
    ]


def _process_json(c: Columns) -> list[str]:
    return [
        f'{{"timestamp":"2023-11-21T10:{s:02d}:{n % 59:02d}.000Z","event":{{"id":{n},"kind":"process"}},"host":{{"name":"pc-{n % 9999}"}},"process":{{"path":"C:\\\\Windows\\\\System32\\\\{word}.exe","sha256":"{digest}","parent":"{word}.exe"}},"note":""}}'
        for n, s, word, digest in zip(c.number, c.second, c.word, c.hash, strict=True)
    ]


def _named(c: Columns) -> list[str]:
    return [
        f"2023-11-21T10:{s:02d}:{n % 59:02d}Z ns1 named[{n % 999}]: client @0x7f{n:09x} {inside}#{n % 60000} ({host}): query: {host} IN AAAA +E(0)K ({ipv6}) latency={n % 99}.{n % 999}ms cache=miss view=internal"
        for n, s, inside, host, ipv6 in zip(c.number, c.second, c.inside, c.host, c.ipv6, strict=True)
    ]


_LINES: tuple[Callable[[Columns], list[str]], ...] = (
    _zeek_dns,
    _zeek_json,
    _squid,
    _apache,
    _iptables,
    _cef,
    _postfix,
    _process_json,
    _named,
)


def piece(number: int, formats: Sequence[int] = range(9)) -> tuple["npt.NDArray[np.object_]", list[Numbers]]:
    """The ``number``-th 100,000 innocent lines, in any of the formats, and the ranks of the names in them."""
    generator = np.random.default_rng([SEED, 2, number])
    shapes = generator.choice(list(formats), PIECE_LINES)
    lines, ranks = np.empty(PIECE_LINES, object), []
    for shape in formats:
        places = np.flatnonzero(shapes == shape)
        columns = Columns(generator, len(places))
        lines[places] = lines_of(shape, columns)
        ranks += [columns.name_ranks] if shape not in (4, 7) else []
    return lines, ranks


def planted_lines(generator: Generator, chosen: Sequence[Plant], formats: Sequence[int] = range(9)) -> list[str]:
    """One line for each plant, in one of the formats that can mention it."""
    able = {kind: [shape for shape in shapes if shape in formats] for kind, shapes in PLACES.items()}
    shapes = np.array([generator.choice(able[plant.kind]) for plant in chosen], np.int64)
    lines = np.empty(len(chosen), object)
    for shape in range(len(FORMATS)):
        places = np.flatnonzero(shapes == shape)
        columns = Columns(generator, len(places))
        for at, place in enumerate(places.tolist()):
            columns.put(at, chosen[place])
        lines[places] = lines_of(shape, columns)
    return list(lines.tolist())


def write_logs(folder: Path, megabytes: int) -> dict[float, Log]:
    """Logs of about ``megabytes`` for each hit rate, no two lines alike; made once for each folder, size and state of this program."""
    mark = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]
    paths = {rate: folder / f"{megabytes}mb-{rate:g}-{mark}.log" for rate in RATES}
    if not all(path.with_suffix(".npz").exists() for path in paths.values()):
        _make(paths, megabytes * 1_000_000)
    return {rate: _opened(path) for rate, path in paths.items()}


def _opened(path: Path) -> Log:
    with np.load(path.with_suffix(".npz")) as kept:
        lines, mentions, distinct = kept["counts"].tolist()
        return Log(path, kept["planted"], lines, mentions, distinct)


def _make(paths: dict[float, Path], size: int) -> None:
    planted: dict[float, list[npt.NDArray[np.int64]]] = {rate: [] for rate in paths}
    seen, mentions, written, number, pool = np.zeros(POPULATION + 1, bool), 0, 0, 0, plants()
    for path in paths.values():
        path.write_bytes(b"")
    while written < size:
        base, ranks = piece(number)
        for drawn in ranks:
            seen[drawn] = True
            mentions += len(drawn)
        for rate, path in paths.items():
            generator = np.random.default_rng([SEED, 3, number, int(rate * 1e6)])
            lines, count = base.copy(), round(PIECE_LINES * rate)
            places = np.sort(generator.choice(PIECE_LINES, count, replace=False))
            chosen = [pool[n] for n in generator.integers(0, len(pool), count).tolist()]
            lines[places] = planted_lines(generator, chosen)
            rows = np.array([plant.row for plant in chosen], np.int64)
            planted[rate].append(np.stack([places + number * PIECE_LINES + 1, rows], axis=1))
            with path.open("ab") as file:
                data = "\n".join(lines.tolist()) + "\n"
                file.write(data.encode())
                written += len(data) if not rate else 0
        number += 1
    for rate, path in paths.items():
        counts = [number * PIECE_LINES, mentions, int(seen.sum())]
        np.savez(path.with_suffix(".npz"), planted=np.concatenate(planted[rate]), counts=np.array(counts))


def lookalikes(pool: Sequence[Plant]) -> Iterator[str]:
    """Lines that look as if they mentioned an indicator and do not."""
    for plant in pool:
        if plant.kind == "name":
            yield f"a visit to not{plant.value} and to {plant.value}.zz was allowed"
        elif plant.kind == "address":
            yield f"version 1{plant.value}.9 and {plant.value}7 of the program 9.{plant.value}"
        elif plant.kind == "hash":
            yield f"sum {plant.value}0 kept"


def spellings(pool: Sequence[Plant]) -> Iterator[tuple[Plant, str]]:
    """Lines that mention an indicator otherwise than it is written."""
    for plant in pool:
        if plant.kind == "name":
            yield plant, f"GET /r?to=https%3A%2F%2F{plant.value.upper()}%2Findex 200"
        elif plant.kind == "hash":
            yield plant, f"kept as /srv/files/{plant.value.upper()}.exe"
        elif plant.kind == "url" and not plant.value.endswith("*"):
            yield plant, '{"url":"' + plant.value.replace("/", "\\/") + '"}'
