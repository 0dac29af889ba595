"""Lines made to break a matcher, from a seed: indicators mangled, glued, escaped and laid across every edge.

``python -m tests.engine.adversarial 300000 [SEED]`` compares core and reference on that many lines, on every instruction set.
"""

import io
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tocsin.engine.compiling import compile_set
from tocsin.engine.reference import ReferenceSet
from tocsin.engine.sets import IndicatorSet, Scanner

_LABELS = [
    "evil",
    "x-evil",
    "a",
    "mail",
    "www",
    "bücher",
    "почта",
    "ویب",
    "xn--bcher-kva",
    "cdn1",
    "0",
    "_dmarc",
    "1a",
    "straße",
]
_TOPS = ["example", "test.example", "com.example", "рф", "xn--p1ai", "invalid", "co.example", "3top"]
_PATHS = [
    "",
    "/",
    "/a",
    "/a/b",
    "/a/*",
    "/a/b/*",
    "/a*",
    "/a/*/c",
    "/?q=1",
    "/a?x=*",
    "/A%2Fb",
    "/a%20b/",
    "/*",
    "/a//b/../c/./",
    "/%41",
]
_GLUE = [
    " ",
    "",
    ".",
    "-",
    "_",
    "/",
    ":",
    "@",
    ",",
    '"',
    "'",
    "[",
    "]",
    "(",
    ")",
    "<",
    ">",
    "=",
    "%",
    "%2F",
    "%20",
    "%3a",
    "%",
    "\\",
    "\\n",
    "\\/",
    "\t",
    "\r",
    "\0",
    "\x7f",
    "é",
    "“",
    "”",
    "。",
    "و",
    "\u200c",
    "::",
    "//",
    "://",
    "http://",
    "https://",
    "hxxp://",
    "x",
    "1",
    "f",
    "src:",
    "Chrome/",
    "/64",
    ":80",
    ":443",
    "..",
    "..-",
    "%D0%BE",
    "%e9",
    "\\u002e",
    "\\u0041",
    "\\ud83d\\ude00",
    "[.]",
    "#",
    "?",
    "&",
    "+",
    "*",
    "|",
    "`",
    "~",
    "host",
    "\ud800",
    "\udcff",
    "zz:",
    "]:80",
    "@[",
    "{",
    "}",
]


def indicators(random_: random.Random, count: int) -> list[tuple[str, str]]:
    """Rows of every kind, some of them wrong, some of them the same thing written twice."""
    rows = [_indicator(random_) for _ in range(count)]
    rows += [
        (kind, random_.choice([str.upper, str.title, str.lower])(value))
        for kind, value in random_.sample(rows, count // 5)
    ]
    return rows


def _name(random_: random.Random) -> str:
    return ".".join(
        [random_.choice(_LABELS) for _ in range(random_.randint(0, 3))]
        + [random_.choice(_LABELS[:6]), random_.choice(_TOPS)]
    )


def _ipv4(random_: random.Random) -> str:
    return random_.choice(
        [
            "1.2.3.4",
            "198.18.0.7",
            "10.0.0.0",
            "120.0.0.0",
            "198.18.255.255",
            f"240.0.{random_.randint(0, 255)}.{random_.randint(0, 3)}",
        ]
    )


def _ipv6(random_: random.Random) -> str:
    groups = ["2001", "db8"] + [random_.choice(["0", "0", "0", "1", "ab", "ffff"]) for _ in range(6)]
    text = ":".join(groups)
    shapes = [
        text,
        text.replace(":0:0:0", "::", 1).replace(":::", "::"),
        text.replace("0", "0000"),
        "::ffff:1.2.3.4",
        "::1",
        "1:2:3:4:5:6:1.2.3.4",
        "::ffff:c612:7",
        "2001:db8::1",
        "2001:db8::",
        "::",
        "64:ff9b::1.2.3.4",
    ]
    return random_.choice(shapes)


def _hash(random_: random.Random) -> str:
    return (
        random_.choice("0123456789abcdef") * random_.choice([32, 40, 64, 128, 32, 31, 33])
        if random_.random() < 0.5
        else "0123456789abcdef" * random_.choice([2, 4, 8])
    )


def _url(random_: random.Random) -> str:
    scheme = random_.choice(["http://", "https://", "", "ftp://", "HTTP://user:pw@", "//"])
    host = random_.choice(
        [
            _name(random_),
            _ipv4(random_),
            f"[{_ipv6(random_)}]",
            "www." + _name(random_),
            "*." + _name(random_),
            "0x01020304",
            "0306.0.0.7",
            "1.2.772",
        ]
    )
    return scheme + host + random_.choice(["", "", "", ":80", ":8080", ":443", ":"]) + random_.choice(_PATHS)


def _indicator(random_: random.Random) -> tuple[str, str]:
    kind = random_.choice(
        ["domain-name"] * 4
        + [
            "ipv4-addr",
            "ipv6-addr",
            "ip-port",
            "url",
            "url",
            "url",
            "file",
            "email-addr",
            "x509-certificate",
            "nonsense",
        ]
    )
    match kind:
        case "domain-name" | "nonsense":
            return kind, _name(random_) + random_.choice(["", "", "."])
        case "ipv4-addr":
            return kind, _ipv4(random_) + random_.choice(["", "", "/24", "/31", "/8", "/9", "/16", "/7", "/32", "/033"])
        case "ipv6-addr":
            return kind, _ipv6(random_) + random_.choice(["", "", "/64", "/32", "/127", "/16", "/15", "/61"])
        case "ip-port":
            port = random_.choice([":80", ":443", ":0", ":65536", ":8080", ""])
            return kind, (f"[{_ipv6(random_)}]" if random_.random() < 0.4 else _ipv4(random_)) + port
        case "url":
            return kind, _url(random_)
        case "email-addr":
            return kind, random_.choice(["user", "a.user", "o'brien", "_x", "user+tag", "a/b"]) + "@" + _name(random_)
    return kind, _hash(random_)


def line(random_: random.Random, rows: list[tuple[str, str]]) -> bytes:
    """One line: fields, Zeek and JSON shapes, or a heap of pieces."""
    shape = random_.random()
    if shape < 0.06:
        return _zeek_line(random_, rows)
    if shape < 0.16:
        host, uri = _piece(random_, rows), random_.choice([*_PATHS, _url(random_)])
        blank, colon = random_.choice(["", " "]), random_.choice([":", ": ", " :"])
        text = f'{{"ts":1,{blank}"host"{colon}"{host}","uri":"{uri}","m":"{_piece(random_, rows)}"}}'
    elif shape < 0.25:
        text = '{"a":"' + "".join(_piece(random_, rows) for _ in range(3)) + '"}'
    else:
        text = "".join(_piece(random_, rows) for _ in range(random_.randint(1, 6)))
    if random_.random() < 0.2:
        place = random_.randrange(len(text) + 1)
        text = text[:place] + random_.choice(_GLUE) + text[place + random_.randint(0, 1) :]
    if random_.random() < 0.05:
        text = random_.choice(["x", ".", "-", "/", ":", "a.", "%41", "ب", "\0"]) * random_.randint(50, 400) + text
    data = text.encode("utf-8", "surrogatepass")
    if random_.random() < 0.05 and data:
        place = random_.randrange(len(data))
        data = data[:place] + random_.randbytes(2) + data[place:]
    return data.replace(b"\n", b" ")


def _zeek_line(random_: random.Random, rows: list[tuple[str, str]]) -> bytes:
    first = random_.random()
    if first < 0.2:
        return random_.choice(
            [
                b"#fields\tts\thost\turi\tx",
                b"#fields\turi\tts\thost",
                b"#fields\tts\tuid",
                b"#separator \\x09",
                b"#close\t1",
            ]
        )
    columns = [
        _piece(random_, rows),
        random_.choice([_name(random_), "-", "(empty)", _ipv4(random_)]),
        random_.choice([*_PATHS, "-"]),
        "x",
    ]
    random_.shuffle(columns)
    return "\t".join(columns).encode("utf-8", "surrogatepass").replace(b"\n", b" ")


def _piece(random_: random.Random, rows: list[tuple[str, str]]) -> str:
    value = (
        random_.choice(rows)[1]
        if random_.random() < 0.7
        else random_.choice([_name, _ipv4, _ipv6, _hash, _url])(random_)
    )
    change = random_.random()
    if change < 0.1:
        value = value.upper()
    elif change < 0.15:
        value = value.replace(".", random_.choice(["%2E", "%2e", "\\u002e", "[.]", "(.)", "[dot]", "。", ".."]))
    elif change < 0.2:
        value = value.replace("/", random_.choice(["\\/", "%2F", "//", "\\"]))
    elif change < 0.24:
        value = "".join(f"%{byte:02X}" for byte in value.encode("utf-8", "surrogatepass"))
    elif change < 0.28 and value:
        place = random_.randrange(len(value))
        value = value[:place] + random_.choice(["", *_GLUE]) + value[place + 1 :]
    return random_.choice(_GLUE) + value + random_.choice(_GLUE)


def differences(
    rows: list[tuple[str, str]], log: bytes, *, json: bool | None, defanged: bool, instructions: str
) -> Iterator[str]:
    """Where core and reference do not agree on a log."""
    reference = ReferenceSet.compile(rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "set"
        report = compile_set(rows, path)
        refused, refused_too = {row for row, _ in report.rejected}, {row for row, _ in reference.rejected}
        for row in sorted(refused ^ refused_too):
            yield f"row {rows[row]} is refused by one alone (core: {row in refused})"
        with (
            IndicatorSet.open(path) as indicator_set,
            Scanner(indicator_set, json, defanged=defanged, instructions=instructions) as scanner,
        ):
            for row, (kind, value) in enumerate(rows):
                if row not in refused and indicator_set.entry(row) != (kind, value):
                    yield f"row {row} {(kind, value)} comes back as {indicator_set.entry(row)}"
            ours = [(hit.line, hit.indicator) for hit in scanner.scan(log)]
        theirs = [(hit.line, hit.indicator) for hit in reference.scan(io.BytesIO(log), json, defanged=defanged)]
        lines = log.split(b"\n")
        for number, row in sorted(set(ours) ^ set(theirs)):
            who = "core" if (number, row) in set(ours) else "reference"
            yield f"only the {who} ({instructions}) finds {rows[row]} in line {number}: {lines[number - 1]!r}"
        if ours != theirs and not set(ours) ^ set(theirs):
            yield "the same hits in another order, or one of them twice"


def rounds(seed: int, lines: int, per_round: int = 2000) -> Iterator[str]:
    """Compare on ``lines`` lines, with another set and other options every ``per_round`` lines."""
    random_ = random.Random(seed)  # noqa: S311
    for number in range(0, lines, per_round):
        rows = indicators(random_, random_.choice([5, 40, 120]))
        log = b"\n".join(line(random_, rows) for _ in range(min(per_round, lines - number)))
        for instructions in ("", "avx2", "sse2", "portable") if number % (5 * per_round) == 0 else ("",):
            yield from differences(
                rows,
                log,
                json=random_.choice([None, None, None, True, False]),
                defanged=random_.random() < 0.3,
                instructions=instructions,
            )


def main() -> int:
    """Print every difference and how many there were."""
    lines, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    began, count = time.monotonic(), 0
    for count, difference in enumerate(rounds(seed, lines), 1):
        print(difference)
        if count >= 20:
            break
    print(f"{lines} lines, seed {seed}: {count} differences, {time.monotonic() - began:.0f} s")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
