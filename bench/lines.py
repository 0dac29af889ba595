"""Lines of nine log formats, and the names and addresses in them.

Names of indicators carry ``-x``, ``-u`` or ``-m``, innocent ones no hyphen; addresses of indicators end in an odd number, innocent ones in
an even one below 224. ``bench/logs.py`` says why.
"""

# ruff: noqa: E501, UP031  the lines of nine log formats are data, and % is quickest at millions of them

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Generator = np.random.Generator

#: How many names and how many addresses popularity is spread over.
POPULATION = 1 << 22
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
